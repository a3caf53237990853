"""Requests that come again are answered as if they were new."""

import asyncio
import re
from collections import Counter

import pytest
from asgi import Caller

from mockgrid.app import auth, record, validate
from mockgrid.app.validate import REPEATS_KEPT
from mockgrid.control import scripts
from mockgrid.reply import generic, scripted, tokens
from mockgrid.schema import values
from mockgrid.schema.values import Recent
from mockgrid.session import session
from mockgrid.session.turns import all_at_once

TOOL = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}}},
}
OTHER = {"type": "function", "function": {"name": "g"}}
ODD = {**TOOL, "function": {**TOOL["function"], "strict": True}}
SCHEMA = {"type": "array", "items": {"type": "string"}, "minItems": 2}
HELLO = [{"role": "user", "content": "Hello @id@ 100 % %b chatcmpl- call_ \u00fc \U0001f30d"}]
OPTIONS = [
    {},
    {"n": 3},
    {"stream": True},
    {"stream": False, "n": 1},
    {"model": "text-prime", "max_tokens": 2},
    {"logprobs": True, "top_logprobs": 3, "n": 2},
    {"tools": [TOOL], "tool_choice": "auto"},
    {"tools": [TOOL, OTHER], "tool_choice": "required", "parallel_tool_calls": True, "n": 2},
    {"tools": [ODD], "tool_choice": {"type": "function", "function": {"name": "f"}}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}, "n": 2},
    {"response_format": {"type": "json_object"}},
    {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
    {"not_known": 1, "user": "x", "seed": 2**70},
    {"model": "no-such-model"},
    {"n": "many"},
]
HEADERS = [
    {},
    {"prefer": "code=200, seed=7"},
    {"prefer": "code=429"},
    {"content-type": "application/json; charset=utf-8"},
]


def told(caller):
    """What the report counts of requests; its verdicts tell of the seconds between them."""
    turns = caller.app.recorder.report(caller.app.sessions, dropped=0, dropped_violations=0)
    report = all_at_once(turns)
    return {name: report[name] for name in ("rows", "branches", "violations", "warnings")}


@pytest.mark.parametrize(
    ("looked_at", "settings"),
    [(4096, {}), (4, {"style": "prose", "prose_tokens": 3000}), (1, {"strict": True})],
)
def test_replies_and_report_are_those_of_a_server_that_remembers_nothing(monkeypatch, settings, looked_at):
    monkeypatch.setattr(record, "_LOOKED_AT", looked_at)
    monkeypatch.setattr(record, "_ONE_IN", 2)
    remembers, forgets = Caller(**settings), Caller(**settings)
    forgets.app._validator.repeats = Recent(0)
    requests = [({"messages": HELLO, **options}, headers) for options in OPTIONS for headers in HEADERS]
    for body, headers in requests * 5:
        assert remembers.call(body=body, headers=headers) == forgets.call(body=body, headers=headers)
    assert told(remembers) == told(forgets)
    assert remembers.app._validator.repeats.size > 0
    assert forgets.app._validator.repeats.size == 0


def test_what_is_remembered_is_bounded_and_told_in_metrics():
    caller = Caller()
    for number in range(80):
        caller.chat("x" * 100_000, user=str(number // 2))
    size = caller.app._validator.repeats.size
    assert 0 < size <= REPEATS_KEPT
    metrics, _ = asyncio.run(caller.app.metrics.text())
    name = b'mockgrid_remembered_bytes{of="%b"} '
    sizes = {
        of: float(line.split()[1])
        for line in metrics.splitlines()
        for of in (b"compiled", b"requests", b"schemas", b"scripts", b"values")
        if line.startswith(name % of)
    }
    compiled = sizes.pop(b"compiled")
    assert sizes == {b"requests": size, b"schemas": 0, b"scripts": 0, b"values": 0}
    assert compiled == caller.app.contract.compiled_bytes > Caller().app.contract.compiled_bytes
    caller = Caller()
    for _ in range(3):
        caller.chat("x" * 600_000)
        caller.chat("x", not_known=[[]] * 10_000)
    assert caller.app._validator.repeats.size == 0


MOST = 10
"""Of all that grows with what clients send, in the test below: how many, or how many bytes."""

ENDS = {
    "answers": (record, "_MOST_ALIKE"),
    "attempts": (session, "_REMEMBERED_BY_ALL"),
    "bodies": (record, "_MOST_SHAPES"),
    "errors": (scripted, "_REMEMBERED"),
    "fields": (record, "_MOST_SHAPES"),
    "keys": (auth, "_REMEMBERED"),
    "lengths": (validate, "_MOST_LENGTHS"),
    "media_types": (record, "_MOST_MEDIA"),
    "replies": (generic, "_BODIES_KEPT"),
    "requests": (validate, "REPEATS_KEPT"),
    "schemas": (values, "SCHEMAS_KEPT"),
    "scripts": (scripts, "SCRIPTS_KEPT"),
    "texts": (tokens, "_CUT_TEXTS"),
    "values": (values, "VALUES_KEPT"),
}
IN_BYTES = {"replies": 8_000, "requests": 200_000, "schemas": 600, "scripts": 40_000, "values": 1_500}


def test_all_that_grows_with_what_clients_send_has_an_end_and_is_told_in_metrics(monkeypatch):
    for of, (module, name) in ENDS.items():
        monkeypatch.setattr(module, name, IN_BYTES.get(of, MOST))
    caller = Caller(max_sessions=10_000)
    most = Counter()
    for number in range(3 * MOST):
        key, field = f"mg-{number}", f"field_{number}"
        schema = {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]}
        form = {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}
        body = {"messages": [{"role": "user", "content": "x" * number}], field: 1, "response_format": form}
        sent = {"content-type": f"application/json; a={number}"}
        for headers in ({}, {}, sent):
            assert caller.call(body=body, headers=headers, key=key).status == 200
        streamed = {"messages": [{"role": "user", "content": f"Say {number}"}], "stream": True}
        assert caller.call(body=streamed, key=key).status == 200
        drawn = {"prefer": f"code=200, dynamic=true, seed={number}"}
        assert caller.call("GET", "/v1/models", headers=drawn, key=key).status == 200
        caller.app.operator.script(key, {"steps": [{"error": {"status": 503, "detail": f"Down {number}"}}]})
        assert caller.call(body=body, key=key).status == 503
        remembered = Counter(remembered_by(caller, "mockgrid_remembered"))
        sizes = remembered_by(caller, "mockgrid_remembered_bytes")
        assert all(sizes[of] <= size for of, size in IN_BYTES.items())
        most |= remembered
    assert {*remembered} == {*ENDS}
    # What has no room is one more: a body of another kind, an answer of another status. Of answers those
    # without their step have as much room again, and those without their media types, too.
    assert 0 < most.pop("answers") <= 3 * MOST + 2
    statuses = [(row["status"], row["count"]) for row in told(caller)["rows"] if row["count"]]
    assert sorted(statuses) == [("200", 3 * MOST), ("200", 3 * MOST), ("200", 9 * MOST), ("503", 3 * MOST)]
    assert all(0 < most[of] <= MOST + 1 for of in most if of not in IN_BYTES), most
    assert all(0 < most[of] < 3 * MOST for of in IN_BYTES), most


def remembered_by(caller, name):
    """Read a metric's values by what they are of."""
    metrics, _ = asyncio.run(caller.app.metrics.text())
    return {of: float(value) for of, value in re.findall(name + r'\{of="(\w+)"\} (\S+)', metrics.decode())}


def test_bodies_with_other_fields_each_time_are_looked_at_no_more_often_than_others(monkeypatch):
    monkeypatch.setattr(record, "_MOST_SHAPES", 3)
    monkeypatch.setattr(record, "_LOOKED_AT", 4)
    monkeypatch.setattr(record, "_ONE_IN", 2)
    looks = []
    monkeypatch.setattr(
        record, "odd_fields", lambda *args, of=record.odd_fields: looks.append(1) or of(*args)
    )
    caller = Caller()
    for number in range(40):
        assert caller.chat("x", **{f"not_known_{number}": 1}).status == 200
    assert len(looks) == 3 + 4 + (40 - 3 - 4 + 1) // 2
    assert sum(warning["count"] for warning in told(caller)["warnings"]) in (40, 41)
