"""The page about the control interface: commands print what it shows, and its tables leave nothing out."""

import json
import re
import socket
import subprocess
from itertools import pairwise
from threading import Timer

import httpx
import pytest
from docs.reader import ROOT, SECONDS

from mockgrid import MockGrid
from mockgrid.document import yaml

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/control.md").read_text("utf-8")
DOCUMENT = yaml.load((ROOT / "mockgrid/control/openapi.yaml").read_text("utf-8"), name="openapi.yaml").data
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
# Those of the way to an operation: the document has what the operations themselves answer.
AROUND = {405, 429}

BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
START, ELSEWHERE = "mockgrid serve --clock virtual", "http://mockgrid:8080"


def commands():
    """Each block of commands, with what it prints: empty where nothing is shown."""
    following = [*BLOCKS[1:], ("", "")]
    for (language, text), (after, shown) in zip(BLOCKS, following, strict=True):
        if language == "sh":
            yield text.strip(), shown if after in {"json", "text"} else ""


def is_shown(printed, shown):
    """Whether something was printed as the page has it: `…` is any text, and an indented line goes on."""
    joined = re.sub(r"\n +", "", shown.strip())
    assert re.fullmatch(re.escape(joined).replace("…", ".*"), printed.strip(), re.DOTALL), printed


def test_blocks_are_commands_and_what_they_print():
    languages = [language for language, _ in BLOCKS]
    assert set(languages) == {"sh", "json", "text"}
    assert all(before == "sh" for before, after in pairwise(languages) if after != "sh")


def test_commands_print_what_is_shown(reader):
    start, *others = (pair for pair in commands() if ELSEWHERE not in pair[0])
    assert start == (START, "")
    done = []
    with reader.running(START):
        for command, shown in others:
            if "/events" in command:
                follow(reader, command, shown)
                continue
            # Where nothing stands between two replies, the page has each on a line of its own.
            lines = re.sub(r" \\\n", " ", command).splitlines()
            printed = [reader.shell(line) for line in lines]
            is_shown("\n".join(text.strip() for text in printed if text), shown)
            done += lines
        assert sum("/chat/completions" in line for line in done) == 2
    archive, report = (json.loads((reader.home / name).read_bytes()) for name in ("demo.har", "report.json"))
    assert len(archive["log"]["entries"]) == 2
    assert report["format"] == "mockgrid.report"
    assert reader.shell("mockgrid report report.json").startswith("Never exercised: ")


def follow(reader, command, shown):
    """Follows the events until one has come that somebody's request causes."""
    ask = next(text for text, _ in commands() if "/v1/chat/completions" in text)
    watching = subprocess.Popen(
        ["bash", "-c", f"exec {reader.at_port(command)}"], env=reader.environment, stdout=subprocess.PIPE
    )
    patience = Timer(SECONDS, watching.kill)
    patience.start()
    try:
        lines = [watching.stdout.readline().decode()]
        assert json.loads(reader.shell(ask))["choices"][0]["message"]["content"] == "Good morning"
        lines += [watching.stdout.readline().decode() for _ in range(3)]
        is_shown("".join(lines), shown)
    finally:
        patience.cancel()
        watching.kill()
        watching.communicate()


def test_who_comes_from_elsewhere_needs_the_token(reader):
    (command,) = (text for text, _ in commands() if ELSEWHERE in text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells by which address one would leave
        except OSError:
            pytest.skip("this machine has no address but its own")
        address = probe.getsockname()[0]
    command = f"{command.replace(ELSEWHERE, f'http://{address}:{reader.port}')} --noproxy '*'"
    reader.environment["MOCKGRID_CONTROL_TOKEN"] = "secret"
    with reader.running("mockgrid serve --host 0.0.0.0"):
        assert "mockgrid" in json.loads(reader.shell(command))
        refused = json.loads(reader.shell(f"MOCKGRID_CONTROL_TOKEN=wrong; {command}"))
        assert "is not the control token" in refused["errors"]["detail"]
        for _ in range(9):
            reader.shell(f"MOCKGRID_CONTROL_TOKEN=wrong; {command}")
        assert reader.shell(f"{command} --output told.json --write-out '%{{http_code}}'") == "429"


@pytest.fixture(scope="module")
def grid():
    """Every key is accepted, and the clock is real."""
    with MockGrid(accept_any_key=True) as grid, httpx.Client() as client:
        client.base_url = grid.base_url.removesuffix("/v1")
        yield client


def put(script, kind="application/json"):
    return {"method": "PUT", "url": "/sessions/k", "content": script, "headers": {"content-type": kind}}


@pytest.mark.parametrize(
    ("status", "call"),
    [
        (400, put("{")),
        (400, {"method": "GET", "url": "/sessions/k/exchanges?after=x"}),
        (403, {"method": "GET", "url": "/version", "headers": {"origin": "http://elsewhere.example"}}),
        (404, {"method": "GET", "url": "/sessions/none"}),
        (404, put('{"scenario": "none"}')),
        (405, {"method": "DELETE", "url": "/version"}),
        (409, put('{"steps": [{"sya": "Hello"}]}')),
        (409, put('{"steps": [{"body": {}}]}')),
        (409, {"method": "POST", "url": "/sessions/k/clock", "json": {"advance": 1}}),
        (409, {"method": "POST", "url": "/explain", "json": {"session": "k", "request": {}}}),
        (413, put(b" " * (4 * 1024 * 1024 + 1))),
        (415, put("{}", "application/x-www-form-urlencoded")),
        (422, put('{"steps": 1}')),
    ],
)
def test_errors_are_as_the_table_says(grid, status, call):
    assert grid.put("/__mockgrid__/sessions/k").status_code == 200
    told = grid.request(**call | {"url": f"/__mockgrid__{call['url']}"})
    assert (told.status_code, next(iter(told.json()))) == (status, "errors")
    assert isinstance(told.json()["errors"]["detail"], str)
    assert str(status) in dict(rows("Errors"))


@pytest.mark.parametrize("name", ["alpha", "mg-demo"])
def test_a_session_is_called_the_same_by_the_header_and_by_the_operator(grid, name):
    before = grid.put(f"/__mockgrid__/sessions/{name}").json()["exchanges"]["count"]
    grid.get("/v1/models", headers={"authorization": "Bearer any", "x-mockgrid-session": name})
    told = grid.get(f"/__mockgrid__/sessions/{name}").json()
    assert (before, told["exchanges"]["count"]) == (0, 1)


def rows(heading):
    """The cells of the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]


def test_all_operations_are_listed():
    assert rows("All operations") == [
        [f"`{method.upper()}`", f"`{path}`", item[method]["summary"]]
        for path, item in DOCUMENT["paths"].items()
        for method in METHODS
        if method in item
    ]


def test_all_statuses_of_errors_are_listed():
    declared = {
        int(status)
        for item in DOCUMENT["paths"].values()
        for method in METHODS
        if method in item
        for status in item[method]["responses"]
    }
    assert [int(status) for status, _ in rows("Errors")] == sorted({s for s in declared if s >= 400} | AROUND)
