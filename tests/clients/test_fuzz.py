"""docs/fuzz.md: its tutorial finds what it says in a client for Node, and nothing once that is mended.

Its table of what a real client raises is held to that client.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pydantic
import pytest
from environments import node
from openai import OpenAI, OpenAIError

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


class City(pydantic.BaseModel):
    city: str


def create(client, asked):
    client.create(**asked)


def create_streamed(client, asked):
    list(client.create(**asked, stream=True))


def parse(client, asked):
    client.parse(**asked, response_format=City)


CALLS = {"`create`": create, "`create`, streamed": create_streamed, "`parse`": parse}
ROWS = re.findall(r"^\| (`create`(?:, streamed)?|`parse`) \| `([^|]+)` \| `(\w+)` \|$", PAGE, re.MULTILINE)


def test_the_table_has_rows():
    assert len(ROWS) == PAGE.count("Error` |\n") > 3


@pytest.mark.parametrize(("call", "reply", "raised"), ROWS)
def test_what_is_said_of_a_real_client_is_true(call, reply, raised):
    with MockGrid() as grid, OpenAI(base_url=grid.base_url, api_key=grid.api_key, max_retries=0) as client:
        grid.play([json.loads(reply)])
        asked = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the page says which
            CALLS[call](client.chat.completions, asked)
    assert type(caught.value).__name__ == raised
    assert not isinstance(caught.value, OpenAIError)
