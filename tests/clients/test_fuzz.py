"""docs/fuzz.md: its tutorial finds what it says in a client for Node, and nothing once that is mended.

Its table of what real clients raise is held to those clients.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from environments import node
from outcomes import raised_in_node, raised_in_python

from mockgrid import MockGrid

PAGE = (Path(__file__).parents[2] / "docs/fuzz.md").read_text("utf-8")
CLIENT, MENDED = re.findall(r"^```js\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
(FOUND,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FUZZ, REPLAY = re.findall(r"^mockgrid (fuzz .*node client\.mjs)$", PAGE, re.MULTILINE)
SECONDS = 300


def mockgrid(folder, arguments):
    node()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "mockgrid", *arguments.split()]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_the_tutorial_finds_three_bugs_and_none_once_they_are_mended(tmp_path):
    client = tmp_path / "client.mjs"
    client.write_text(CLIENT, "utf-8")
    done = mockgrid(tmp_path, FUZZ)
    found = done.stdout.partition("\n\n")[2].split("\n\n")
    assert done.returncode == 1, done.stderr
    assert sorted(map(str.strip, found)) == sorted(FOUND.strip().split("\n\n"))
    assert mockgrid(tmp_path, REPLAY).returncode == 1

    kept = CLIENT.splitlines(keepends=True)[: -len(MENDED.splitlines())]
    client.write_text("".join([*kept, MENDED]), "utf-8")
    assert mockgrid(tmp_path, REPLAY).returncode == 0
    done = mockgrid(tmp_path, FUZZ)
    assert done.returncode == 0, done.stderr
    assert ", 0 distinct failures" in done.stdout


CLIENTS = {
    "openai-python 3": (raised_in_python, "openai_python", "openai-3"),
    "openai-node 7": (raised_in_node, "openai_node", "openai-node-7"),
    "AI SDK 6": (raised_in_node, "ai_sdk", "ai-sdk"),
    "langchain-openai 1": (raised_in_python, "langchain", "langchain"),
    "LiteLLM 1": (raised_in_python, "litellm", "litellm"),
    "pydantic-ai 2": (raised_in_python, "pydantic_ai", "pydantic-ai"),
    "instructor 1": (raised_in_python, "instructor", "instructor"),
    "llama-index-llms-openai 0.8": (raised_in_python, "llama_index", "llama-index"),
    "llm 0.36": (raised_in_python, "llm", "llm"),
    "openai-agents 0.24": (raised_in_python, "openai_agents", "agents"),
}
ROWS = [
    (client, call.replace("`", ""), reply.strip("`"), raised.strip("`"))
    for client, call, reply, raised in re.findall(
        r"^\| ([\w .-]+) \| (`[^|]+) \| (any|`[^|]+`) \| (nothing else|`\w+`) \|$", PAGE, re.MULTILINE
    )
]
REPLIES = sorted({reply for _, _, reply, _ in ROWS} - {"any"})


def test_the_table_has_rows_of_each_client():
    named, _, table = PAGE.partition("## What real clients do\n")[2].partition("| client | call |")
    assert len(ROWS) == table.count("\n| ")
    for of in (table, named):
        assert set(re.findall(r"^\| ([\w .-]+) \| ", of, re.MULTILINE)) - {"client"} == set(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_said_of_a_real_client_is_true(client, tmp_path, subtests):
    run, suite, environment = CLIENTS[client]
    # Where nothing else is raised at any reply, those of the other rows are tried.
    asked = [
        (call, each, raised)
        for of, call, reply, raised in ROWS
        if of == client
        for each in (REPLIES if reply == "any" else [reply])
    ]
    with MockGrid() as grid:
        calls = []
        for call, reply, _ in asked:
            session = grid.session()
            session.play([json.loads(reply)])
            calls.append((call, session.base_url, session.api_key))
        answers = run(suite, environment, calls, tmp_path)
    for (call, reply, raised), answer in zip(asked, answers, strict=True):
        with subtests.test(f"{call} at {reply}"):
            # Its own error is null, and none is empty.
            assert answer in ((None, "") if raised == "nothing else" else (raised,))
