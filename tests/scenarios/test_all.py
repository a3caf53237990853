"""What holds of all that ship: they load, obey the contract, and play the same bytes twice."""

import json
from pathlib import Path

import httpx
import pytest
from asgi import Caller
from scenarios.grid import HELLO, Grid

from mockgrid.app.build import build_app, load_scenarios
from mockgrid.data import bundled
from mockgrid.http.server import start_in_thread
from mockgrid.reply.checking import Checking
from mockgrid.scenario.library import load_library
from mockgrid.settings import Settings

NAMES = [
    "balance-replenishing", "flaky-supplier", "free-tier", "out-of-credit", "overloaded", "rate-limited",
    "reasoning", "routed", "slow-first-token", "sse-torture", "stream-cut", "stream-error", "stream-stall",
    "structured-output", "tool-loop", "unauthorized", "unknown-model",
]  # fmt: skip
FILES = sorted(bundled("scenarios").iterdir())
SCHEMA = "# yaml-language-server: $schema="
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "city", "schema": {"type": "object", "properties": {"name": {"type": "string"}}}},
}
FUNCTION = {"name": "get_weather", "arguments": "{}"}
CALLED = [
    {
        "role": "assistant",
        "tool_calls": [{"id": call, "type": "function", "function": FUNCTION} for call in "ab"],
    },
    *({"role": "tool", "tool_call_id": call, "content": "12 °C"} for call in "ab"),
]
REQUESTS = [
    {"messages": [*HELLO, *CALLED], "tools": [TOOL]},
    {"messages": [*HELLO, *CALLED, *CALLED], "tools": [TOOL], "stream": True},
    {"messages": HELLO, "tools": [TOOL]},
    {"messages": HELLO, "tools": [TOOL], "stream": True, "stream_options": {"include_usage": True}},
    {"messages": HELLO, "tools": [TOOL], "response_format": FORMAT, "n": 2},
    {"messages": HELLO, "tools": [TOOL], "response_format": FORMAT, "stream": True, "max_tokens": 20},
]
TIMES = 2  # the second attempt of a request may be answered otherwise


def test_they_are_all_there():
    library = load_library([bundled("scenarios")], operations=["createChatCompletion"])
    assert library.findings == ()
    assert list(library.scenarios) == NAMES == [file.stem for file in FILES]
    assert known(Caller()) == NAMES
    contract = Caller().app.contract
    assert [Checking(contract).findings(scenario) for scenario in library.scenarios.values()] == [[]] * len(
        NAMES
    )
    assert all(scenario.description for scenario in library.scenarios.values())
    assert all(step.name for scenario in library.scenarios.values() for step in scenario.steps)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_says_where_its_schema_is_and_which_mistake_it_finds(file):
    first, blank, finds, *_ = file.read_text("utf-8").splitlines()
    assert first.startswith(SCHEMA)
    schema = json.loads((Path(__file__).parents[2] / "scenarios" / first.removeprefix(SCHEMA)).read_text())
    assert schema["title"] == "MockGrid scenario"
    assert blank == "#"
    assert finds.startswith("# Finds ")


@pytest.fixture
def fresh():
    settings = Settings(port=0, log="off", clock="virtual", shutdown_timeout=0.2)
    app = build_app(settings)
    with start_in_thread(app, settings) as server:
        yield Grid(server.url, app)


def answers(grid, name):
    """What a scenario answers to a session that sends everything; a stream that is cut ends where it does."""
    found = []
    with grid.httpx(name) as client:
        for body in REQUESTS * TIMES:
            with client.stream("POST", "/chat/completions", json=body) as response:
                data = b""
                try:
                    for part in response.iter_raw():
                        data += part
                except httpx.RemoteProtocolError:
                    data += b"(cut)"
                location = response.headers.pop("location", "")  # names the port
                assert bool(location) == (response.status_code == 307)
                page = data if not location else data.replace(location.encode(), b"")
                found.append((response.status_code, sorted(response.headers.multi_items()), page))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_reply_obeys_the_contract(hurried, name):
    operation = next(item for item in hurried.app.contract.operations if item.id == "createChatCompletion")
    for status, headers, data in answers(hurried, name):
        declared, sent = operation.response(status), dict(headers)
        assert declared is not None, status
        assert sent["x-request-id"]
        media = declared.media.get(sent.get("content-type", "").partition(";")[0])
        if media is None:
            assert (status, data) == (307, b"")
        elif media.name == "text/event-stream":
            chunks = [event for event in events(data) if name != "stream-error" or "error" not in event]
            assert chunks
            assert all(map(media.schema.accepts, chunks))
        elif media.is_json:
            assert media.schema.accepts(json.loads(data)), data


@pytest.mark.parametrize("name", NAMES)
def test_fresh_sessions_get_the_same_bytes(hurried, name):
    assert answers(hurried, name) == answers(hurried, name)


def test_so_do_sessions_of_another_server(hurried, fresh):
    for name in NAMES:
        assert answers(hurried, name) == answers(fresh, name)


def events(data):
    """The data of each event that came whole, [DONE] left out."""
    lines = data.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [json.loads(item) for item in found if item != "[DONE]"]


# Which scenarios there are for a server.


def known(caller):
    return list(load_scenarios(caller.app.settings, caller.app.contract).scenarios)


MINE = "steps:\n  - reply: {error: 402}\n"


def test_an_operators_scenario_takes_the_place_of_a_shipped_one(tmp_path):
    (tmp_path / "rate-limited.yaml").write_text(MINE)
    caller = Caller("mg.rate-limited.a", scenarios=(str(tmp_path),))
    assert caller.chat().status == 402
    assert known(caller) == NAMES


def test_a_shipped_scenario_by_flag_and_by_header():
    assert Caller(scenario="unauthorized").chat().status == 401
    header = {"x-mockgrid-scenario": "out-of-credit"}
    assert Caller().call(body={"messages": HELLO}, headers=header).status == 402


def test_an_unknown_name_is_told_the_known_ones():
    detail = Caller("mg.rate-limitd.a").chat().json()["errors"]["detail"]
    assert "Did you mean 'rate-limited'?" in detail or "rate-limited" in detail
    detail = Caller("mg.zzz.a").chat().json()["errors"]["detail"]
    assert ", ".join(NAMES) in detail


def test_another_contract_has_those_that_fit_it():
    document = Path(__file__).parents[1] / "documents" / "petstore.yaml"
    assert known(Caller(document=str(document))) == ["free-tier", "rate-limited"]
