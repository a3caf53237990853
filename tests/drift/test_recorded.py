"""Recorded scenarios: what the provider has changed since is found, and what it says otherwise is not."""

from __future__ import annotations

import json

import pytest
from drift.asked import drifts, questions, scripted
from drift.provider import CHAT, DONE, ERROR, body, chunks, chunks_of, each, put, raw, status
from drift.recordings import LIMITED, MESSAGE, SINCE, Retelling, recordings, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.cli.flags import load
from mockgrid.drift.fake import Fake
from mockgrid.drift.judge import DriftJudge
from mockgrid.drift.steps import ScenarioQuestions
from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest
from mockgrid.recording.scribe import Scribe
from mockgrid.scenario.loading import load_text

pytestmark = pytest.mark.once


def test_what_was_recorded_has_not_drifted():
    assert len(recordings()) == 17
    for question, reply in recordings().values():
        assert {drift.severity for drift in drifts(question, reply)} <= {"note"}


@pytest.mark.parametrize("name", SINCE)
def test_each_change_since_a_recording_is_found_with_its_code_its_party_and_its_place(name):
    planted = SINCE[name]
    question, reply = recordings()[planted.title]
    changed = planted.change(reply)
    assert (changed.headers, changed.body) != (reply.headers, reply.body)
    found = drifts(question, changed)
    assert (planted.code, planted.party, planted.pointer) in {
        (drift.code, drift.party, drift.pointer) for drift in found
    }, found
    assert {drift.code for drift in found if drift.severity != "note"} == {planted.code}


@pytest.mark.parametrize(("code", "told"), [(418, ("error", "MG401")), (404, ("note", "MG446"))])
def test_a_status_that_nobody_declares_is_drift_even_beside_one_of_the_moment(code, told):
    question, reply = recordings()[LIMITED]
    assert [(drift.severity, drift.code) for drift in drifts(question, status(code)(reply))][:1] == [told]


def places(value, path=()):
    """Yield where something stands in a value, items of lists as ``*``."""
    if path:
        yield path
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from places(item, (*path, key))
    for item in value if isinstance(value, list) else ():
        yield from places(item, (*path, "*"))


def at_each(value, path, edit):
    """Do something with what holds a place, for all items of lists."""
    head, *tail = path
    if head == "*":
        for item in value if isinstance(value, list) and tail else ():
            at_each(item, tail, edit)
    elif isinstance(value, dict) and head in value:
        if tail:
            at_each(value[head], tail, edit)
        else:
            edit(value, head)


@pytest.mark.parametrize("title", recordings())
def test_whatever_a_recording_has_is_missed_and_so_is_its_type(title):
    question, reply = recordings()[title]
    streamed = reply.body.startswith(b"data: ")
    change = chunks if streamed else lambda edit: body(lambda value: edit([value]))
    known = {
        path
        for value in (chunks_of(reply) if streamed else [json.loads(reply.body)])
        for path in places(value)
    }
    assert len(known) > 1
    for path in sorted(path for path in known if path[-1] != "*"):
        for edit in (dict.pop, lambda holder, key: holder.update({key: [{}] if holder[key] != [] else {}})):
            changed = change(
                lambda values, path=path, edit=edit: each(lambda value: at_each(value, path, edit))(values)
            )
            found = drifts(question, changed(reply))
            assert [drift for drift in found if drift.severity != "note"], (path, edit)


def without(value, *path):
    head, *tail = path
    if isinstance(value, list):
        return [without(item, *tail) if tail else item for item in value]
    if not tail:
        return {name: item for name, item in value.items() if name != head}
    return {**value, head: without(value[head], *tail)}


def same(reply):
    return reply


UNENDED = raw(lambda data: data.removesuffix(DONE))
OPENAI = body(lambda _: ERROR)
OTHER = {"error": {**ERROR["error"], "type": "other"}}
BROKEN_OFF = chunks(lambda values: [values[0], ERROR])
CALLS = [{"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]
FINISHED = {"finish_reason": "tool_calls"}
CALL = body(
    lambda value: value["choices"][0].update(
        {**FINISHED, "message": {"role": "assistant", "tool_calls": CALLS}}
    )
)
REFUSAL = body(lambda value: value["choices"][0]["message"].update(content=None, refusal="No."))
MIXED = chunks(lambda values: [{**value, "id": f"i{place}"} for place, value in enumerate(values)])
REPEATED = chunks(each(lambda value: value["choices"][0]["delta"].update(role="assistant")))


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        # What the provider broke when it was recorded is no drift, and is compared all the same.
        ("streamed", UNENDED, UNENDED, []),
        ("streamed", same, UNENDED, ["MG421"]),
        ("streamed", BROKEN_OFF, BROKEN_OFF, []),
        ("streamed", BROKEN_OFF, chunks(lambda values: [values[0], OTHER]), ["MG408"]),
        ("streamed", BROKEN_OFF, same, []),
        ("streamed", same, BROKEN_OFF, ["MG423"]),
        ("streamed", MIXED, MIXED, []),
        ("streamed", REPEATED, REPEATED, []),
        ("streamed", REPEATED, same, []),
        ("of an unknown model", OPENAI, OPENAI, []),
        ("of an unknown model", OPENAI, body(lambda _: OTHER), ["MG408"]),
        ("of an unknown model", OPENAI, body(lambda _: without(ERROR, "error", "param")), ["MG406"]),
        ("of an unknown model", OPENAI, same, ["MG411"]),
        ("of an unknown model", same, OPENAI, ["MG411"]),
        # What a model says otherwise is said once.
        ("whole", same, CALL, ["MG431"]),
        ("whole", CALL, same, ["MG431"]),
        ("whole", same, REFUSAL, ["MG431"]),
        ("whole", REFUSAL, same, ["MG431"]),
        ("with a tool", body(put("Wait.", *MESSAGE, "content")), same, []),
        ("with a tool", same, body(put("Wait.", *MESSAGE, "content")), []),
        ("with a tool", same, body(put([*CALLS, *CALLS], *MESSAGE, "tool_calls")), []),
        ("with a tool", body(put([*CALLS, *CALLS], *MESSAGE, "tool_calls")), same, []),
    ],
)
def test_what_was_recorded_is_the_measure(name, before, after, told):
    sample = questions()[f"{CHAT}{name}"]
    recorded = before(sample.expected)
    (question,) = scripted(text_of(RecordedExchange(sample.request, recorded)))
    assert {drift.severity for drift in drifts(question, recorded)} <= {"note"}
    found = drifts(question, after(sample.expected))
    assert [drift.code for drift in found if drift.severity != "note"] == told


@settings(max_examples=1000)
@given(st.sampled_from(sorted(recordings())), st.integers(0, 2**32))
def test_the_same_another_time_in_other_words_has_not_drifted(title, seed):
    question, reply = recordings()[title]
    again = Retelling(seed).of(reply)
    assert [drift for drift in drifts(question, again) if drift.severity != "note"] == [], again.body


STORE = """\
openapi: 3.1.0
info: {title: Store, version: "1"}
paths:
  /orders:
    get:
      operationId: listOrders
      responses:
        "200":
          description: All.
          content:
            application/json:
              schema:
                type: object
                properties:
                  kind: {enum: [page, last]}
                  orders: {type: array, items: {$ref: "#/components/schemas/Order"}}
                  next: {type: [string, "null"]}
                  totals: {type: object}
                  labels: {type: object}
                  counts: {type: object, additionalProperties: {type: integer}}
        "404": {description: Gone., content: {application/json: {schema: {type: object}}}}
        "422": {description: Wrong., content: {application/json: {}}}
  /events:
    get:
      operationId: watchOrders
      responses:
        "200":
          description: As they come.
          content: {text/event-stream: {}}
components:
  schemas:
    Order:
      type: object
      required: [id]
      properties:
        id: {type: [string, integer]}
        note: {type: [string, array, object, "null"]}
        price: {type: number}
        lines: {type: array, items: {type: object, properties: {type: {type: string}, sku: {}, text: {}}}}
"""
ORDER = {"id": "a", "note": "x", "price": 1, "lines": [{"type": "item", "sku": "s"}]}
SAID = {"type": "text", "text": "Hi"}
PAGE = {"kind": "page", "orders": [ORDER], "totals": {"sum": {"net": 1}}, "labels": {"a": "b"}}
WRONG = {"error": {"type": "not_found", "code": "no_order", "message": "No.", "param": None}}


def order(**fields):
    return {**PAGE, "orders": [{**ORDER, **fields}]}


def judged(directory, target, before, after, media=("application/json", "application/json")):
    """Return codes, pointers and parties of what is told of a second reply, where the first was recorded."""
    (directory / "store.yaml").write_text(STORE, "utf-8")
    store = load(str(directory / "store.yaml"), (), ())
    replies = [
        RecordedReply(status, ((b"content-type", kind.encode()),), ((0.0, data),))
        for (status, data), kind in zip((before, after), media, strict=True)
    ]
    exchange = RecordedExchange(RecordedRequest("GET", target), replies[0])
    scenario = load_text(Scribe(store, paced=False).scenario([exchange]).text, name="s.yaml")
    (question,) = [each for each in ScenarioQuestions(store, Fake(store)).of(scenario) if each.recorded]
    assert {drift.severity for drift in DriftJudge(store).drifts(question, replies[0])} <= {"note"}
    drifts = DriftJudge(store).drifts(question, replies[1])
    return [(drift.code, drift.pointer, drift.party) for drift in drifts if drift.severity != "note"]


@pytest.mark.parametrize(
    ("status", "before", "after", "told"),
    [
        (200, PAGE, without(PAGE, "totals"), [("MG406", "/totals")]),
        (200, PAGE, without(PAGE, "totals", "sum", "net"), [("MG406", "/totals/sum/net")]),
        (200, PAGE, without(PAGE, "orders", 0, "note"), [("MG406", "/orders/*/note")]),
        (200, PAGE, without(PAGE, "orders", 0, "lines", 0, "sku"), [("MG406", "/orders/*/lines/*/sku")]),
        (
            200,
            {**PAGE, "orders": [ORDER, {"id": "b"}]},
            {**PAGE, "orders": [without(ORDER, "note"), {"id": "b"}]},
            [("MG406", "/orders/*/note")],
        ),
        (200, PAGE, order(note=None), [("MG407", "/orders/*/note")]),
        (200, PAGE, order(note=["x"]), [("MG407", "/orders/*/note")]),
        (200, PAGE, order(id=1), [("MG407", "/orders/*/id")]),
        (200, PAGE, {**PAGE, "totals": {"sum": {"net": 1}, "tax": 1}}, [("MG409", "/totals/tax")]),
        (200, PAGE, order(lines=[{"type": "gift", "sku": "s"}]), [("MG408", "/orders/*/lines/*/type")]),
        (200, PAGE, {"data": PAGE}, [("MG411", "")]),
        (404, WRONG, without(WRONG, "error", "param"), [("MG406", "/error/param")]),
        (404, WRONG, {"error": {**WRONG["error"], "code": "gone"}}, [("MG408", "/error/code")]),
        (404, WRONG, {"error": "No."}, [("MG407", "/error")]),
        (404, WRONG, {"errors": WRONG["error"]}, [("MG411", "")]),
        (404, WRONG, [WRONG], [("MG411", "")]),
        (422, WRONG, without(WRONG, "error", "type"), [("MG406", "/error/type")]),
        (418, WRONG, without(WRONG, "error", "type"), [("MG406", "/error/type")]),
        (422, WRONG, "", [("MG412", "")]),
        # Other texts, ids, counts, numbers of items; values where there were none.
        (200, PAGE, order(id="b", note="", price=2.5), []),
        (200, PAGE, {**PAGE, "orders": []}, []),
        (200, PAGE, {**PAGE, "orders": [ORDER, {**ORDER, "id": "b"}, {"id": "c"}]}, []),
        (200, {**PAGE, "orders": []}, PAGE, []),
        (200, {**PAGE, "orders": [ORDER, {"id": "b"}]}, {**PAGE, "orders": [{"id": "b"}]}, []),
        (200, order(lines=[SAID, *ORDER["lines"]]), order(lines=[SAID]), []),
        (200, order(lines=[SAID, *ORDER["lines"]]), order(lines=[SAID] * 2), []),
        (200, {**PAGE, "next": None}, {**PAGE, "next": "b"}, []),
        (200, PAGE, {**PAGE, "kind": "last", "labels": {"c": "d"}, "next": "b"}, []),
        (200, {**PAGE, "counts": {"a": 1}}, {**PAGE, "counts": {"b": 2}}, []),
        (404, WRONG, {"error": {**WRONG["error"], "message": "Not here.", "param": "id"}}, []),
    ],
)
def test_replies_of_any_document(tmp_path, status, before, after, told):
    bodies = [(status, json.dumps(value).encode() if value else b"") for value in (before, after)]
    got = judged(tmp_path, "/orders", *bodies)
    assert [(code, pointer) for code, pointer, _ in got] == told


def events(*values):
    return 200, b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)


START, PIECE, STOP = {"type": "start", "id": "a"}, {"type": "piece", "at": 0, "say": "x"}, {"type": "stop"}


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ([START, without(PIECE, "at"), STOP], [("MG406", "/at")]),
        ([{"type": "start"}, PIECE, STOP], [("MG406", "/id")]),
        ([START, {**PIECE, "say": ["x"]}, STOP], [("MG407", "/say")]),
        ([START, {**PIECE, "new": 1}, STOP], [("MG409", "/new")]),
        ([START, PIECE, {"type": "ping"}, STOP], [("MG408", "/type")]),
        ([PIECE, START, STOP], [("MG420", "")]),
        ([{**START, "id": "b"}, *({**PIECE, "at": at, "say": ""} for at in range(9)), STOP], []),
        ([START, STOP], []),
    ],
)
def test_streams_of_any_document(tmp_path, after, told):
    streams = ("text/event-stream",) * 2
    got = judged(tmp_path, "/events", events(START, PIECE, PIECE, STOP), events(*after), streams)
    assert [(code, pointer) for code, pointer, _ in got] == told


def test_another_media_type_where_the_contract_declares_none(tmp_path):
    page = (418, b"<p>No.</p>")
    got = judged(
        tmp_path, "/orders", (418, json.dumps(WRONG).encode()), page, ("application/json", "text/html")
    )
    assert got == [("MG403", "", "scenario")]
