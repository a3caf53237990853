"""How a reply came and how it ended: times, cuts, clients that left, and streams without their last event."""

import json

import pytest
from asgi import CHAT
from recording.again import ask, contract, findings, player, scribe
from recording.cases import ROLE, chunk, sse, whole

from mockgrid.http.asgi import CutError
from mockgrid.recording.events import events_in
from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest
from mockgrid.recording.scribe import Scribe

pytestmark = pytest.mark.once
SSE = ((b"content-type", b"text/event-stream"),)
JSON = ((b"content-type", b"application/json"),)
CHUNKS = [
    chunk(ROLE),
    chunk({"content": "It "}),
    chunk({"content": "is"}),
    chunk({"content": " so."}),
    chunk({}, "stop"),
]
USER = {"role": "user", "content": "Ho"}
BODY = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}


def recorded(reply, body=BODY, where=""):
    request = RecordedRequest("POST", CHAT, JSON, json.dumps(body).encode())
    return RecordedExchange(request, reply, where)


def streamed(chunks, *, ended="whole", first=0.3, step=0.05, done=True):
    events = [sse(each, done=False) for each in chunks] + ([b"data: [DONE]\n\n"] if done else [])
    pieces = tuple((round(first + place * step, 6), event) for place, event in enumerate(events))
    return recorded(RecordedReply(200, SSE, pieces, ended, pieces[-1][0]), {**BODY, "stream": True})


def written(*exchanges, **settings):
    text = (Scribe(contract(), **settings) if settings else scribe()).scenario(exchanges).text
    assert findings(text) == [], text
    return text


def test_a_stream_has_the_pace_that_it_had():
    text = written(streamed(CHUNKS))
    assert "pace: {first_token: 300ms, per_token: 50ms}" in text
    assert "pace" not in written(streamed(CHUNKS), paced=False)


def test_a_whole_reply_is_held_back():
    exchange = recorded(
        RecordedReply(200, JSON, ((0.8, json.dumps(whole("Hi")).encode()),), "whole", 0.81234)
    )
    assert "delay: 800ms" in written(exchange)
    assert "delay" not in written(exchange, paced=False)


def test_a_stream_that_was_cut_is_cut_again():
    text = written(streamed(CHUNKS[:3], ended="cut", done=False))
    assert "fault: {kind: disconnect, after: 3}" in text
    with pytest.raises(CutError):
        player(text).call(body={**BODY, "stream": True})


def test_a_stream_that_was_cut_within_an_event_is_cut_before_it():
    exchange = streamed(CHUNKS[:3], ended="cut", done=False)
    cut = (*exchange.reply.chunks, (0.9, b'data: {"id": "chat'))
    text = written(recorded(RecordedReply(200, SSE, cut, "cut", 0.9), {**BODY, "stream": True}))
    assert "fault: {kind: disconnect, after: 3}" in text


def test_a_stream_without_its_last_event_has_none_again():
    text = written(streamed(CHUNKS, done=False))
    assert "fault: no_done" in text
    body = player(text).call(body={**BODY, "stream": True}).body
    assert b"[DONE]" not in body
    assert body.count(b"data: ") == len(CHUNKS)


def test_a_client_that_left_is_told_of():
    text = written(streamed(CHUNKS[:3], ended="left", done=False))
    assert "# The client left before its end; what would have followed is not known." in text
    assert "fault" not in text


def test_a_body_that_was_cut_is_cut_again():
    text = written(recorded(RecordedReply(200, JSON, ((0.1, b'{"id": "chatcmpl-1", "obj'),), "cut", 0.1)))
    assert "fault: {kind: cut_body, after: 25}" in text
    with pytest.raises(CutError):
        player(text).call(body=BODY)


def test_what_got_no_reply_is_told_of():
    made = scribe().scenario([recorded(None, where="log:3")])
    assert (made.steps, made.left_out) == (0, ("log:3: POST /v1/chat/completions: There was no reply.",))
    assert "# log:3: POST /v1/chat/completions: There was no reply." in made.text


def test_what_is_no_text_is_told_of():
    made = scribe().scenario(
        [recorded(RecordedReply(200, ((b"content-type", b"audio/mpeg"),), ((0.0, b"\xff\xfb\x90"),)))]
    )
    assert made.left_out == ("POST /v1/chat/completions: Its body of 3 bytes (audio/mpeg) is no text.",)


def test_a_reply_that_breaks_the_contract_is_kept_and_says_so():
    broken = {**whole("Hi"), "created": "now"}
    exchange = recorded(RecordedReply(200, JSON, ((0.0, json.dumps(broken).encode()),)))
    text = written(exchange)
    assert "# MG201: The body breaks the contract: created must be an integer" in text
    assert "contract: off" in text
    assert player(text).call(body=BODY).json() == broken


def test_a_request_that_the_contract_refuses_is_answered_all_the_same_and_told_of():
    reply = RecordedReply(400, JSON, ((0.0, b'{"errors": {"detail": "No"}}'),))
    made = scribe().scenario([recorded(reply, {**BODY, "temperature": 9})])
    assert "# The contract refuses this request: temperature must be at most 2, got 9.\n" in made.text
    asked = player(made.text)
    for _ in range(2):
        answer = asked.call(body={**BODY, "temperature": 9})
        assert (answer.status, answer.json()) == (400, {"errors": {"detail": "No"}})
    assert asked.call(body={**BODY, "messages": [], "temperature": 9}).status == 422
    assert [remark.partition(" have ")[0] for remark in made.remarks] == ["1 of the exchanges"]
    assert scribe().scenario([recorded(reply)]).remarks == []


@pytest.mark.parametrize("sent", [b"{nope", b"", b"[1]", b'{"messages": "x"}', b"{}", b"\xff\x00"])
def test_a_refused_request_of_which_nothing_is_known_answers_no_other(sent):
    refusal = RecordedReply(400, JSON, ((0.0, b'{"error": {"message": "No"}}'),))
    good = recorded(RecordedReply(200, JSON, ((0.0, json.dumps(whole("Hi")).encode()),)))
    made = scribe().scenario([RecordedExchange(RecordedRequest("POST", CHAT, JSON, sent), refusal), good])
    assert (made.steps, made.exchanges) == (1, 1), made.text
    assert "The contract refuses this request:" in made.left_out[0]
    other = {"model": "text-prime", "messages": [{"role": "user", "content": "Never recorded"}]}
    assert player(made.text).call(body=other).status == 424


@pytest.mark.parametrize(
    ("status", "headers"), [(101, ()), (199, ()), (200, ((b"x-ratelimit-reset", b"a\x7f"),))]
)
def test_a_reply_that_no_scenario_can_have_costs_no_other(status, headers):
    body = ((0.0, json.dumps(whole("Hi")).encode()),)
    odd = recorded(RecordedReply(status, (*JSON, *headers), body), {**BODY, "messages": [USER]})
    made = scribe().scenario([odd, recorded(RecordedReply(200, JSON, body))])
    assert (made.steps, len(made.left_out)) == (1, 1)
    assert findings(made.text) == []


def test_one_exchange_is_one_step():
    exchange = recorded(RecordedReply(200, JSON, ((0.0, json.dumps(whole("Hi")).encode()),)), where="here")
    step = scribe().step(exchange)
    assert step.startswith("  # here\n  - when: {last_user: Hi}\n    reply:\n      say: Hi\n")
    assert findings(f"steps:\n{step}") == []
    assert scribe().step(recorded(None)) == "# POST /v1/chat/completions: There was no reply.\n"


@pytest.mark.parametrize("kind", ["stall", "reset"])
def test_what_mockgrid_broke_on_purpose_breaks_so_again(kind):
    first = ask(player("steps: [{reply: {say: 'one two three'}}]"), {**BODY, "stream": True})
    pieces = events_in(first.reply.chunks)[0][:3]
    chunks = tuple((0.0, b"data: " + event.data + b"\n\n") for event in pieces)
    cut = RecordedReply(200, first.reply.headers, chunks, "left", fault=f"stream.fault={kind}")
    text = written(recorded(cut, {**BODY, "stream": True}))
    assert f"fault: {{kind: {kind}, after: 3}}" in text


@pytest.mark.parametrize("kind", ["reset", "empty", "hang", "garbage", "slow_headers", "wrong_length"])
@pytest.mark.parametrize("body", [b"", json.dumps(whole("Hi")).encode()])
def test_what_mockgrid_broke_before_its_beginning_breaks_so_again(kind, body):
    reply = RecordedReply(200, JSON, ((0.0, body),) if body else (), "left", fault=f"fault={kind}")
    text = written(recorded(reply))
    assert f"fault: {kind}" in text
    assert findings(text) == []
