"""Every block of the README is run as it stands, and prints what the README shows."""

import json
import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import httpx
import pytest
from docs.reader import BINARIES, ROOT, Block, blocks
from packaging.requirements import Requirement

from mockgrid import MockGrid
from mockgrid.settings import Settings

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = blocks("README.md")


def start(block, reader):
    """Runs what follows the installation, which `.ci/run start` does in an empty environment."""
    create, install, serve = block.text.strip().split(" && ")
    assert create == "python3 -m venv .venv"
    assert install == ".venv/bin/pip install ."
    with reader.running(serve) as ready:
        assert ready == reader.at_port(BLOCKS["Start", "text", 1].text)
        reader.shell("mockgrid wait http://127.0.0.1:8080")


def ready_line(block, served):
    """Is compared with what `start` printed; here, that the two addresses in it answer."""
    api, control = re.findall(r"http://[^ )]+", block.text)
    assert json.loads(served.shell(f"curl -sSf {control}/health")) == {"status": "ready"}
    models = json.loads(served.shell(f"curl -sSf -H 'Authorization: Bearer mg-demo' {api}/models"))
    assert "text-prime" in [model["id"] for model in models["data"]]


def completion(block, served):
    answer = json.loads(served.shell(block.text))
    assert answer["choices"][0]["message"]["content"] == "You said: Hello there"
    assert answer["usage"]["total_tokens"] > 0


def client(block, served):
    """Prints what its comments say."""
    said, streamed = re.findall(r"^ *print\(.*\)  # (.+)$", block.text, re.MULTILINE)
    assert streamed.startswith("the same")
    (served.home / "client.py").write_text(served.at_port(block.text), "utf-8")
    assert served.shell("python client.py").splitlines() == [said, said]


def broken_request(block, served):
    answer = json.loads(served.shell(block.text))
    assert [error["path"] for error in answer["errors"]] == ["messages.0.role", "temperature"]
    headers = served.shell(block.text.strip() + " -sS -o body.json -D -")
    assert headers.startswith("HTTP/1.1 422 ")
    found = re.search(r"^x-mockgrid-violations: (.+)\r$", headers, re.MULTILINE)
    codes = [violation["code"] for violation in json.loads(found[1])]
    assert "MG112" in codes


def errors_shown(block, served):
    assert served.shell(BLOCKS["What it answers", "sh", 1].text) == block.text.rstrip("\n")


def command_lines(block, reader):
    """Each line does what its comment says."""
    assert set(COMMAND_LINES) == {line.partition("#")[0].strip() for line in block.text.splitlines()}
    for line in block.text.splitlines():
        command, _, comment = line.partition("#")
        COMMAND_LINES[command.strip()](command.strip(), comment.strip(), reader)


def serve_help(command, comment, reader):
    shown = reader.shell(command)
    assert "MOCKGRID_PORT" in comment
    # A server always stops within five seconds, so that takes no flag; a document is an argument.
    named = {field.name for field in fields(Settings)} - {"shutdown_timeout", "document"}
    for name in named - {"overlays", "api_keys", "allow_refs"} | {"overlay", "api_key", "allow_ref"}:
        assert f"--{name.replace('_', '-')} " in shown
        assert f"MOCKGRID_{name.upper()}" in shown


def serve_document(command, comment, reader):
    assert comment.endswith("at its own base path")
    with reader.running(command) as ready:
        assert ready.startswith(f"MockGrid serves Petstore 1.0.7 at http://127.0.0.1:{reader.port}/v3 ")
        document = json.loads(reader.shell("curl -sS http://127.0.0.1:8080/openapi.json"))
        assert document["info"]["title"] == "Petstore"


def serve_on_a_free_port(command, comment, reader):
    with reader.running(command) as ready:
        told = json.loads(ready)
        assert list(told) == re.findall(r'"(\w+)": …', comment)
        assert told["port"] not in (0, reader.port)
        reader.shell(f"mockgrid wait {told['url']}")


def serve_on_a_socket(command, _comment, reader):
    path = Path(command.rpartition(" ")[2])
    with reader.running(command) as ready:
        assert f" on the socket {path} " in ready
        assert path.is_socket()
    assert not path.exists()


def wait(command, _comment, reader):
    with reader.running("mockgrid serve"):
        assert reader.shell(command) == ""


def explain(command, _comment, reader):
    code = command.rpartition(" ")[2]
    assert reader.shell(command).startswith(f"{code} ")


COMMAND_LINES = {
    "mockgrid serve --help": serve_help,
    "mockgrid serve petstore.yaml": serve_document,
    "mockgrid serve --port 0 --ready json": serve_on_a_free_port,
    "mockgrid serve --uds /tmp/grid.sock": serve_on_a_socket,
    "mockgrid wait http://127.0.0.1:8080": wait,
    "mockgrid explain MG112": explain,
}


def first_scenario(block, reader):
    """Each line does what its comment says, one after the other."""
    init, check, serve = (line.partition("#")[0].strip() for line in block.text.splitlines())
    written = reader.shell(init)
    assert (reader.home / "scenarios" / "first.yaml").is_file(), written
    reader.shell(check)
    with reader.running(serve):
        answer = reader.shell(BLOCKS["Start", "sh", 2].text.replace("mg-demo", "mg.first.x"))
        assert json.loads(answer)["object"] == "chat.completion"


def first_test(block, reader):
    """Is a test that passes."""
    (reader.home / "test_first.py").write_text(block.text, "utf-8")
    shown = reader.shell("python -m pytest -q --mockgrid-report report.html test_first.py")
    assert "1 passed" in shown
    assert "<html" in (reader.home / "report.html").read_text("utf-8")


def reports(block, served):
    """Each line gives a report of the server that runs."""
    text, markdown, judged = (line.partition("#")[0].strip() for line in block.text.splitlines())
    served.shell(BLOCKS["Start", "sh", 2].text)
    assert served.shell(text).startswith("Never exercised: ")
    served.shell(markdown)
    assert (served.home / "summary.md").is_file()
    served.shell(judged)


def container(block, served):
    """Is run by `.ci/run container`, word for word; here, that its last command works on any server."""
    commands = block.text.replace("\\\n", "").splitlines()
    assert [command.split()[0] for command in commands] == ["docker", "docker", "docker", "curl"]
    completion(Block(block.place, commands[-1]), served)


def set_up_for_tests(block, _reader):
    """Is run by `.ci/run test`, word for word; here, that it installs all that pyproject.toml names."""
    create, install, editable, run = block.text.strip().split(" && ")
    assert create == "python3 -m venv .venv"
    assert editable == ".venv/bin/pip install --no-deps -e ."
    assert run == ".venv/bin/pytest -n 2"
    lock = (ROOT / install.removeprefix(".venv/bin/pip install -r ")).read_text("utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)(?: ;.*)? \\\n    --hash=sha256:", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for text in [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked[wanted.name]), text


RUNNERS = {
    ("Start", "sh", 1): (start, "reader"),
    ("Start", "text", 1): (ready_line, "served"),
    ("Start", "sh", 2): (completion, "served"),
    ("Start", "python", 1): (client, "served"),
    ("What it answers", "sh", 1): (broken_request, "served"),
    ("What it answers", "json", 1): (errors_shown, "served"),
    ("Scenarios", "sh", 1): (first_scenario, "reader"),
    ("In tests", "python", 1): (first_test, "reader"),
    ("In tests", "sh", 1): (reports, "served"),
    ("In a container", "sh", 1): (container, "served"),
    ("Running it", "sh", 1): (command_lines, "reader"),
    ("Tests", "sh", 1): (set_up_for_tests, "reader"),
}


def test_every_block_has_its_test():
    assert list(BLOCKS) == list(RUNNERS)


@pytest.mark.parametrize("place", RUNNERS, ids=lambda place: " ".join(map(str, place)))
def test_block(place, request):
    runner, world = RUNNERS[place]
    runner(BLOCKS[place], request.getfixturevalue(world))


def test_activating_the_environment_puts_the_command_on_the_path(reader):
    (activate,) = re.findall(r"`(source [^`]+)`", README)
    if not (reader.home / activate.split()[1]).is_file():
        pytest.skip("this Python is no environment of its own")
    reader.environment["PATH"] = os.environ["PATH"].replace(f"{BINARIES}{os.pathsep}", "")
    assert reader.shell(f"{activate} && command -v mockgrid") == f"{BINARIES / 'mockgrid'}\n"


@pytest.mark.parametrize("shape", ["vendor", "both"])
def test_errors_have_the_shapes_that_the_readme_tells(shape):
    """The statuses are those of its table, and those that the contract declares."""
    said = re.search(r"any scripted\s+one, is `(.*?)`, but (\d+) is `(.*?)`\.", README, re.DOTALL)
    usual, alone = ({*re.findall(r'"(\w+)":', said[number])} for number in (1, 3))
    with MockGrid(error_shape=shape) as grid, httpx.Client() as client:
        declared = {*re.findall(r"\| (4\d\d(?:; \d+)?) \|", README)}
        statuses = sorted(
            {int(status) for cell in declared for status in cell.split("; ")} | {402, 429, 500, 503}
        )
        grid.play([{"error": status} for status in statuses])
        for status in statuses:
            told = client.post(
                f"{grid.base_url}/chat/completions",
                json={"messages": [{"role": "user", "content": str(status)}]},
                headers={"authorization": f"Bearer {grid.api_key}"},
            )
            assert told.status_code == status
            keys = {*told.json()} | {key for value in told.json().values() for key in value}
            expected = alone if status == int(said[2]) else usual
            assert keys == expected | (alone if shape == "both" else set())


def test_links_lead_to_files():
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_python_that_the_readme_asks_for_is_the_oldest_supported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    assert f"You need Python {oldest} or newer." in README
