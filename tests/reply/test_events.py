"""Streams that are scripted event by event: what each says, and that all else is as for any stream."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from asgi import Caller

from mockgrid.errors import DocumentError
from mockgrid.http.asgi import CutError

EVENTS = str(Path(__file__).parents[1] / "documents" / "events.yaml")
# Two calls under one index, as one provider sends them.
CALLS = """
      events:
        - delta:
            role: assistant
            tool_calls: [{index: 0, id: a, type: function, function: {name: f, arguments: "{}"}}]
        - delta: {tool_calls: [{index: 0, id: b, type: function, function: {name: g, arguments: "{}"}}]}
          finish: tool_calls
"""
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
FAULTS = ("disconnect", "reset", "stall", "error_event", "malformed_json", "cut_utf8", "garbage")
FAULTS += ("duplicate_chunk", "no_finish", "no_done")


@pytest.fixture
def play(tmp_path):
    def write(text, **settings):
        (tmp_path / "mine.yaml").write_text(text, "utf-8")
        return Caller(scenarios=(str(tmp_path),), scenario="mine", **settings)

    return write


def events(text, beside=""):
    return f"steps: [{{reply: {{events: [{text}]{beside}}}}}]"


def test_two_calls_under_one_index(play):
    chunks = play(f"steps:\n  - reply:{CALLS}").chat(stream=True, model="text-max").chunks()
    calls = [chunk["choices"][0]["delta"]["tool_calls"][0] for chunk in chunks]
    assert [(call["index"], call["id"], call["function"]["name"]) for call in calls] == [
        (0, "a", "f"),
        (0, "b", "g"),
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, "tool_calls"]
    assert {chunk["model"] for chunk in chunks} == {"text-max"}
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_an_event_says_all_that_a_chunk_can(play):
    text = (
        f"{{delta: 'Hi ${{last_user}}', index: 1}}, {{usage: {json.dumps(USAGE)}}}, "
        "{delta: {content: x, annotations: []}, chunk: {id: mine, model: other, provider: Supplier 7}}, "
        "{finish: stop, index: 1}"
    )
    first, usage, extra, last = play(events(text)).chat("Bob", stream=True).chunks()
    assert first["choices"] == [
        {"index": 1, "delta": {"content": "Hi Bob"}, "logprobs": None, "finish_reason": None}
    ]
    assert (usage["choices"], usage["usage"]) == ([], USAGE)
    assert extra["choices"][0]["delta"] == {"content": "x", "annotations": []}
    assert (extra["id"], extra["model"], extra["provider"]) == ("mine", "other", "Supplier 7")
    assert last["choices"] == [{"index": 1, "delta": {}, "logprobs": None, "finish_reason": "stop"}]


def test_an_event_is_written_as_it_stands(play):
    text = (
        "{event: ping, id: '7', retry: 1.5s, data: {a: 1}}, {comment: OPENROUTER PROCESSING}, "
        "'not json', {data: \"two\\nlines\"}, {event: bare}, '[DONE]', after"
    )
    answer = play(events(text, ", contract: 'off'")).chat(stream=True)
    assert answer.header("content-type") == "text/event-stream; charset=utf-8"
    assert answer.body == (
        b'event: ping\nid: 7\nretry: 1500\ndata: {"a":1}\n\n'
        b": OPENROUTER PROCESSING\n\n"
        b"data: not json\n\n"
        b"data: two\ndata: lines\n\n"
        b"event: bare\n\n"
        b"data: [DONE]\n\n"
        b"data: after\n\n"
    )


def test_what_stands_beside_them_is_for_those_who_want_no_stream(play):
    caller = play(events("{delta: streamed}", ", say: whole, think: Hm, served: m"))
    message = caller.chat().json()["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("whole", "Hm")
    (chunk,) = caller.chat(stream=True).chunks()
    assert (chunk["choices"][0]["delta"], chunk["model"]) == ({"content": "streamed"}, "m")
    assert (
        play(events("{delta: x}")).chat("Hey").json()["choices"][0]["message"]["content"] == "You said: Hey"
    )


def test_no_default_reply_is_made_for_a_stream_that_has_none(play):
    impossible = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}}
    caller = play(events("{delta: x}"))
    assert caller.chat(response_format=impossible).status == 422
    assert caller.chat(response_format=impossible, stream=True).status == 200


def test_usage_is_null_where_it_is_asked_for_and_comes_later(play):
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    first, last = play(events(f"{{delta: x}}, {{usage: {json.dumps(USAGE)}}}")).chat(**asked).chunks()
    assert (first["usage"], last["usage"]) == (None, USAGE)


def test_they_keep_to_a_pace_and_are_cut(play):
    beside = ", stream: {pace: {first_token: 1s, per_token: 2s}, split: 7}"
    caller = play(events("{delta: a}, {comment: hm}, {delta: b}, {finish: stop}", beside), clock="virtual")
    body = caller.chat(stream=True).body
    (exchange,) = exchanges(caller)
    assert exchange.virtual_seconds == 7  # a comment takes its time, too
    assert b"".join(piece for _, piece in exchange.chunks) == body
    assert {len(piece) for _, piece in exchange.chunks} <= set(range(1, 8))


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_breaks_them(play, kind):
    text = "events: [{delta: a}, {comment: hm}, text, {finish: stop}], contract: 'off'"
    options = {"stall": ", for: 1s", "error_event": ", shape: beside_choices"}.get(kind, "")
    wires = ("", ", split: 3", ", comments: ping, newline: crlf", ", coalesce: 2")
    faults = [
        f"{{{text}, stream: {{fault: {{kind: {kind}{options}{after}}}{wire}}}}}"
        for wire in wires
        for after in ([""] if kind.startswith("no_") else [f", after: {count}" for count in range(5)])
    ]
    caller = play(f"steps: [{{replies: [{{{text}}}, {', '.join(faults)}]}}]", clock="virtual")
    for _ in ("", *faults):
        with suppress(CutError):
            caller.chat(stream=True)
    for exchange in exchanges(caller)[1:]:
        assert (unadorned(exchange) == unadorned(exchanges(caller)[0])) == (kind == "stall")
        assert exchange.answer.status == 200


def unadorned(exchange):
    """What was sent, without what differs at each attempt, line ends and the comments of the wire."""
    body = b"".join(piece for _, piece in exchange.chunks).replace(b"\r\n", b"\n").replace(b": ping\n\n", b"")
    return re.sub(rb"chatcmpl-[0-9a-f]+", b"", body)


def exchanges(caller):
    (session,) = caller.app.sessions
    return list(session.journal)


@pytest.mark.parametrize("wire", ["", ", split: 3", ", coalesce: 9", ", comments: {every: 0, idle: 2s}"])
@pytest.mark.parametrize("form", ["say: a b", "events: [{delta: a}]"])
def test_a_stream_may_stay_open_after_its_end(play, form, wire):
    caller = play(f"steps: [{{reply: {{{form}, stream: {{linger: 5s{wire}}}}}}}]", clock="virtual")
    body = caller.chat(stream=True).body
    caller.chat()
    streamed, whole = exchanges(caller)
    assert (streamed.virtual_seconds, whole.virtual_seconds) == (5, 0)
    assert body.endswith(b"data: [DONE]\n\n" + (b": keep-alive\n\n" * 2 if "idle" in wire else b""))
    assert streamed.whole


@pytest.mark.parametrize(("fault", "seconds"), [("no_done", 5), ("disconnect", 0)])
def test_it_stays_open_after_a_fault_that_leaves_it_open(play, fault, seconds):
    caller = play(f"steps: [{{reply: {{say: a, stream: {{linger: 5s, fault: {fault}}}}}}}]", clock="virtual")
    with suppress(CutError):
        caller.chat(stream=True)
    (exchange,) = exchanges(caller)
    assert exchange.virtual_seconds == seconds


def test_comments_are_not_counted(play):
    beside = ", stream: {fault: {kind: error_event, after: 2, data: {error: x}}}"
    body = play(events("{delta: a}, {comment: hm}, {delta: b}, {delta: c}", beside)).chat(stream=True).body
    assert body.count(b'"content"') == 2
    assert body.endswith(b'data: {"error":"x"}\n\n')


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ("streamEvents", "{data: {kind: stopped, after: 1}, event: stopped}"),
        ("feedEvents", '{data: {kind: stopped, after: 1}}, {data: \'{"kind": "stopped", "after": 2}\'}'),
        ("toldEvents", "tick, {data: '1'}, {comment: x}, {event: ping}"),
    ],
)
def test_any_operation_that_streams_can_have_them(play, operation, text):
    path = {"streamEvents": "stream", "feedEvents": "feed", "toldEvents": "told"}[operation]
    caller = play(
        f"steps: [{{when: {{operation: {operation}}}, reply: {{events: [{text}]}}}}]", document=EVENTS
    )
    answer = caller.call("GET", f"/api/events/{path}")
    assert answer.header("content-type").startswith("text/event-stream")
    assert b"data: " in answer.body
    assert b"[DONE]" not in answer.body


@pytest.mark.parametrize(
    ("operation", "event", "message"),
    [
        ("streamEvents", "{data: {kind: stopped}}", "A chunk of the stream breaks the contract"),
        ("feedEvents", "{data: text}", "A chunk of the stream breaks the contract"),
        ("feedEvents", "{delta: text}", "feedEvents gives no chat completions"),
        ("numbers", "{data: text}", "numbers declares"),
    ],
)
def test_and_they_are_held_to_its_contract(play, operation, event, message):
    text = f"steps: [{{when: {{operation: {operation}}}, reply: {{events: [{event}]}}}}]"
    with pytest.raises(DocumentError, match=message):
        play(text, document=EVENTS)


@pytest.mark.parametrize(
    "event",
    ["{finish: stopp}", "{delta: {role: usr}}", "text", "{data: {id: x}}", "{usage: {prompt_tokens: 1}}"],
)
def test_an_event_that_breaks_the_contract_is_told_at_its_place(play, event):
    with pytest.raises(DocumentError) as raised:
        play(f"steps:\n  - reply:\n      events:\n        - {{delta: x}}\n        - {event}\n")
    assert raised.value.where.endswith("mine.yaml:5:11")
    assert "A chunk of the stream breaks the contract" in raised.value.message
    play(f"steps:\n  - reply:\n      contract: off\n      events: [{event}]\n")
