"""The step that would answer an exchange again, as the control interface writes it."""

import json
import re
from contextlib import suppress
from http.client import HTTPException
from urllib.request import Request, urlopen

import pytest
from asgi import Caller
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from recording.again import findings

from mockgrid import MockGrid
from mockgrid.strategies import errors, replies, scenario_text, streams

JSON = {"content-type": "application/json"}
SESSION = "/__mockgrid__/sessions/mg-test"
PLAIN = {"model": "text-prime", "messages": [{"role": "user", "content": "What is it like?"}]}
# Seconds; a fifth of what the last piece waits.
SLACK = 0.04


@pytest.fixture(scope="module")
def caller():
    return Caller(clock="virtual")


def play(caller, text):
    answer = caller.call("PUT", SESSION, {"source": text}, JSON)
    assert answer.status == 200, answer.body


def step(caller, number=1):
    return caller.call("GET", f"{SESSION}/exchanges/{number}/step")


# What is asked, and replies to it: what shows in a body, in a stream, or in headers that clients act upon.
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
SENT = [
    {},
    {"stream": True},
    {"logprobs": True, "top_logprobs": 2},
    {"logprobs": True, "stream": True, "n": 2, "tools": TOOLS},
    {"n": 3},
    {"n": 3, "stream": True, "stream_options": {"include_usage": True}},
    {"tools": TOOLS, "tool_choice": "required"},
    {"tools": TOOLS, "stream": True},
    {"response_format": {"type": "json_object"}},
    {"max_tokens": 2},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "a\n ${b} 'c' \u2028 \u202e"}]}]},
    {
        "messages": [
            *PLAIN["messages"],
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "3"},
        ]
    },
]
REPLIES = [
    {"error": 503, "retry_after": "2s"},
    {"error": 429, "retry_after": {"seconds": "3s", "ms": "20ms"}},
    {"error": {"status": 429, "detail": "Slow"}, "retry_after": "20ms"},
    {"error": {"status": 502, "by": "gateway"}},
    {"redirect": "same"},
    {"redirect": "other"},
    {"redirect": {"to": "other", "page": True}},
    {"redirect": "http://localhost/elsewhere?a=b"},
    {"refuse": "No."},
    {"think": "Hm", "say": "Well"},
    {"think": "Hm", "refuse": "No."},
    {"say": "Look", "call": [{"weather": {"city": "Oslo"}}, {"weather": {}}]},
    {"call": {"weather": {}}, "stream": {"newline": "cr", "interleave": True}},
    {"choices": [{"say": "A"}, {"refuse": "B"}, {"call": {"f": {}}}]},
    {"say": "a b", "finish": "content_filter", "usage": {"completion_tokens": 5, "reasoning_tokens": 2}},
    {"say": "x", "fields": {"/service_tier": "flex"}, "without": ["/system_fingerprint"]},
    {"say": "a b c d", "stream": {"newline": "crlf", "fault": "malformed_json"}},
    {"say": "a b c d", "stream": {"fault": "error_event"}},
    {"say": "a b c d", "stream": {"fault": "no_done"}},
    {"events": [{"comment": "c"}, {"delta": {"content": "Hi"}}, {"finish": "stop"}, {"data": "[DONE]"}]},
    {"auto": True},
]


def alike(answer):
    """What must be the same: all but the order of members, and what names one request."""
    headers = {
        name: answer.header(name) for name in ("content-type", "location", "retry-after", "retry-after-ms")
    }
    lines = re.split(r"(\r\n|\r|\n)", answer.body.decode())
    is_json = answer.header("content-type") == "application/json"
    said = answer.json() if is_json else [parsed(line.removeprefix("data: ")) for line in lines]
    return answer.status, headers, said


def parsed(text):
    with suppress(ValueError):
        return json.loads(text)
    return text


def is_answered_alike(caller, reply, sent):
    play(caller, scenario_text([reply]))
    first = caller.call(body=PLAIN | sent)
    written = step(caller)
    assert written.status == 200, written.body
    source = written.json()["source"]
    assert source == f"steps:\n{written.json()['step']}"
    assert findings(source) == [], source
    play(caller, source)
    again = caller.call(body=PLAIN | sent)
    assert again.header("x-mockgrid-step") == "step 1"
    assert alike(again) == alike(first), source


@settings(max_examples=25)
@given(st.one_of(replies(), streams(), errors()), st.sampled_from(SENT))
def test_it_passes_the_check_and_answers_the_same_request_alike(caller, reply, sent):
    assume("idle" not in str(reply))  # comments that come with time
    is_answered_alike(caller, reply, sent)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_so_do_those_that_lead_elsewhere_ask_to_wait_refuse_and_think(caller, reply):
    place = REPLIES.index(reply)
    for sent in (SENT[place % len(SENT)], *SENT[1:4]):
        is_answered_alike(caller, reply, sent)


@pytest.mark.parametrize(
    "kind", ["application/json", None, "text/plain", "application/json; charset=latin-1"]
)
def test_what_a_step_answered_that_breaks_the_contract_is_so_again_and_is_explained(caller, kind):
    """Such a step sees the body as JSON, whatever type it was sent as; so does who asks why it matched."""
    source = "steps: [{contract: off, when: {body: {temperature: 9}}, reply: {say: Hot}}]"
    sent = PLAIN | {"temperature": 9}
    for _ in range(2):
        play(caller, source)
        answer = caller.call(body=sent, headers={"content-type": kind})
        assert (answer.status, answer.header("x-mockgrid-step")) == (200, "step 1"), source
        assert answer.json()["choices"][0]["message"]["content"] == "Hot"
        why = caller.call("GET", f"{SESSION}/exchanges/1/steps").json()
        assert why["message"] == "step 1 answered."
        assert all(each["held"] for each in why["steps"][0]["predicates"])
        source = f"strict: true\n{step(caller).json()['source']}"
        assert findings(source) == []


def test_it_holds_no_secret_and_is_named_for_the_test(caller):
    caller.call("PUT", f"{SESSION}?label=test_it.py::test_a", {"steps": [{"say": "Hello"}]}, JSON)
    caller.call(
        body={"messages": [{"role": "user", "content": "my key is mg-test, or sk-abcdefghijklmnop123"}]}
    )
    text = step(caller).json()["step"]
    assert "# test_it.py::test_a" in text
    assert "mg-test" not in text
    assert "sk-abcdefghijklmnop123" not in text


@pytest.mark.parametrize(
    "sent",
    [
        PLAIN,
        PLAIN | {"stream": True},
        PLAIN | {"response_format": {"type": "json_object"}},
        PLAIN | {"messages": [{"role": "user", "content": "It costs ${last_user} and $5"}]},
    ],
)
@pytest.mark.parametrize("scenario", ["when: {last_user: Weather}", "times: 1\n    then: fail"])
def test_what_met_no_step_has_one_that_would_answer_it(caller, scenario, sent):
    play(caller, f"strict: true\nsteps:\n  - reply: {{say: Sunny}}\n    {scenario}\n")
    answers = [caller.call(body=sent) for _ in range(2)]
    assert answers[-1].status == 424
    source = step(caller, 2).json()["source"]
    assert "contract: off" not in source
    assert "No step matches" not in source
    assert findings(source) == []
    play(caller, f"strict: true\n{source}")
    again = caller.call(body=sent)
    assert (again.status, again.header("x-mockgrid-step")) == (200, "step 1")
    assert caller.call(body=PLAIN | {"messages": [{"role": "user", "content": "Else"}]}).status == 424


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"body": PLAIN | {"temperature": 9}}, "The contract refuses this request before any step is asked."),
        (
            {"body": PLAIN | {"user": "x" * 2**20}},
            "Of a body in this exchange only the first 1048576 bytes are kept.",
        ),
        ({"path": "/v1/nowhere"}, "The contract refuses this request before any step is asked."),
    ],
)
def test_what_no_step_could_answer_says_why(caller, sent, reason):
    play(caller, "steps: [{reply: {say: Hello}}]")
    caller.call(**sent)
    answer = step(caller)
    assert (answer.status, json.loads(answer.body)) == (409, {"errors": {"detail": reason}})
    assert step(caller, 2).status == 404


def test_a_slash_within_a_part_of_a_path_stays_there(tmp_path):
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    reply = {"description": "It", "content": {"application/json": {"schema": {"type": "integer"}}}}
    get = {"operationId": "getIt", "parameters": [parameter], "responses": {"200": reply}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things/{id}": {"get": get}},
    }
    (tmp_path / "things.json").write_text(json.dumps(document))
    caller = Caller(document=str(tmp_path / "things.json"))
    assert caller.call("GET", "/things/a%2Fb%20c").status == 200
    assert step(caller).json()["step"].startswith("  - when: {operation: getIt")
    asked = caller.call("GET", f"{SESSION}/exchanges/1").json()["request"]
    assert (asked["path"], asked["raw_path"]) == ("/things/a/b c", "/things/a%2Fb%20c")


@pytest.mark.once
@pytest.mark.parametrize(
    "stream",
    [
        {"pace": {"first_token": "80ms", "per_token": "40ms"}},
        {"pace": {"first_token": "80ms", "per_token": "40ms"}, "chunks": {"chars": 2}},
        {"pace": {"per_token": "40ms"}, "fault": {"kind": "stall", "after": 2, "for": "150ms"}},
        {"fault": {"kind": "stall", "after": 3, "for": "150ms"}},
        {"pace": {"first_token": "80ms", "per_token": "40ms"}, "fault": {"kind": "reset", "after": 3}},
        {"pace": {"per_token": "40ms"}, "fault": {"kind": "disconnect", "after": 3}},
    ],
)
def test_a_stream_comes_at_its_pace_and_with_its_fault_again(stream):
    """Compared is what was ordered; a first piece that nothing holds back comes as it can."""
    said = scenario_text([{"say": "one two three four five", "stream": stream}])
    ways = []
    with MockGrid() as grid:
        control = f"{grid.base_url.removesuffix('/v1')}/__mockgrid__/sessions/mg-again"
        for _ in range(2):
            over_http(control, json.dumps({"source": said}).encode(), "PUT")
            body = json.dumps(PLAIN | {"stream": True}).encode()
            with suppress(OSError, HTTPException):
                over_http(f"{grid.base_url}/chat/completions", body, "POST")
            exchange = json.loads(over_http(f"{control}/exchanges/1"))
            chunks = exchange["reply"]["chunks"]
            due = [chunk.get("due") or 0.0 for chunk in chunks]
            ways.append((exchange.get("fault"), due, [chunk["data"] for chunk in chunks]))
            said = json.loads(over_http(f"{control}/exchanges/1/step"))["source"]
    (fault, due, texts), (fault_again, due_again, texts_again) = ways
    assert fault_again == fault, said
    assert texts_again == texts, said
    if stream.get("fault", {}).get("kind") in {"reset", "disconnect"}:
        # Event by event, the one that names the role has a time of its own.
        assert due_again[:-1] == pytest.approx(due[1:], abs=SLACK), said
    else:
        assert due_again == pytest.approx(due, abs=SLACK), said


def test_a_reply_that_was_held_back_is_so_again():
    with MockGrid() as grid:
        control = f"{grid.base_url.removesuffix('/v1')}/__mockgrid__/sessions/mg-again"
        source = scenario_text([{"say": "Hi", "delay": "500ms"}])
        over_http(control, json.dumps({"source": source}).encode(), "PUT")
        over_http(f"{grid.base_url}/chat/completions", json.dumps(PLAIN).encode(), "POST")
        written = json.loads(over_http(f"{control}/exchanges/1/step"))["step"]
    delay = re.search(r"delay: (\d+)ms", written)
    assert delay is not None, written
    assert 500 <= int(delay[1]) < 2500


@pytest.mark.parametrize("kind", ["reset", "empty", "garbage", "wrong_length"])
def test_a_reply_that_broke_at_its_beginning_does_so_again(kind):
    faults = []
    said = scenario_text([{"say": "Hi", "fault": kind}])
    with MockGrid() as grid:
        control = f"{grid.base_url.removesuffix('/v1')}/__mockgrid__/sessions/mg-again"
        for _ in range(2):
            over_http(control, json.dumps({"source": said}).encode(), "PUT")
            with suppress(OSError, HTTPException):
                over_http(f"{grid.base_url}/chat/completions", json.dumps(PLAIN).encode(), "POST")
            faults.append(json.loads(over_http(f"{control}/exchanges/1"))["fault"])
            said = json.loads(over_http(f"{control}/exchanges/1/step"))["source"]
    assert faults == [f"fault={kind}"] * 2


def over_http(url, body=None, method="GET"):
    headers = JSON | {"authorization": "Bearer mg-again"}
    request = Request(url, body, headers, method=method)
    with urlopen(request, timeout=30) as reply:
        return reply.read()


ITEMS = """\
openapi: 3.1.0
info: {title: Items, version: '1'}
paths:
  /items/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: It, content: {application/json: {schema: {const: 1}}}}}
"""
NAMES = [
    "a",
    "a%3Fb",
    "%2A",
    "*",
    "a%2Fb%20c%25",
    "a%23b",
    "%5B1%5D",
    "%3Cb%3E",
    "%E2%80%AE",
    "~a!$&'()+,;=:@",
]


def test_a_path_is_told_as_it_was_sent_whatever_is_in_it(tmp_path):
    file = tmp_path / "items.yaml"
    file.write_text(ITEMS, "utf-8")
    caller = Caller(document=str(file))
    kept = {"x-mockgrid-session": "kept"}
    for name in NAMES:
        caller.call("GET", f"/items/{name}", headers=kept)
    archive = caller.call("GET", "/__mockgrid__/sessions/kept/exchanges?format=har").json()
    told = [entry["request"]["url"].partition("/items/")[2] for entry in archive["log"]["entries"]]
    assert told == [name.replace("%2A", "*") for name in NAMES]
    for number, name in enumerate(NAMES, 1):
        source = caller.call("GET", f"/__mockgrid__/sessions/kept/exchanges/{number}/step").json()["source"]
        found = caller.call("POST", "/__mockgrid__/check", {"source": source, "where": "it.yaml"}, JSON)
        assert found.json()["findings"] == [], source
        caller.call("PUT", "/__mockgrid__/sessions/again/steps", {"source": f"strict: true\n{source}"}, JSON)
        again = caller.call("GET", f"/items/{name}", headers={"x-mockgrid-session": "again"})
        assert again.header("x-mockgrid-step") == "step 1", source
