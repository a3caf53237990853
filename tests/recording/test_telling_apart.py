"""Requests are told apart by the least that does it, whichever of them comes first."""

import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording.again import contract, findings, player
from recording.cases import whole

from mockgrid.recording import telling_apart
from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest
from mockgrid.recording.scribe import Scribe
from mockgrid.recording.telling_apart import _Searched
from mockgrid.scenario.when import read_when

pytestmark = pytest.mark.once
JSON = ((b"content-type", b"application/json"),)
PREFIX = "Answer (in a word)? " * 20


def exchange(place, messages, **more):
    body = {"model": "text-prime", "messages": messages, **more}
    request = RecordedRequest("POST", "/v1/chat/completions", JSON, json.dumps(body).encode())
    return RecordedExchange(
        request, RecordedReply(200, JSON, ((0.0, json.dumps(whole(f"A{place}")).encode()),))
    )


def user(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    "messages",
    [
        lambda place: user(f"{PREFIX}{place}"),
        lambda place: user(f"{PREFIX}\n[{place}"),
        lambda place: user(f"{place} {PREFIX}"),
        lambda place: [{"role": "system", "content": f"{PREFIX}{place}"}, *user("Go")],
    ],
    ids=["end", "last line", "beginning", "system"],
)
def test_a_text_that_is_a_part_of_another_has_its_own_step(messages):
    exchanges = [exchange(place, messages(place)) for place in range(30)]
    written = Scribe(contract()).scenario(exchanges)
    assert written.steps == len(exchanges)
    assert findings(written.text) == []
    random.Random(1).shuffle(exchanges)
    serving = player(written.text)
    for each in exchanges:
        reply = json.loads(each.reply.body)
        assert serving.call(body=each.request.body).json()["choices"] == reply["choices"]


def test_a_request_with_a_step_of_its_own_is_in_no_later_one():
    def picture(data):
        parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": data}}]
        return [{"role": "user", "content": parts}]

    # The second has nothing that the first lacks.
    exchanges = [exchange(0, picture("A" * 500 + "C" + "A" * 500)), exchange(1, picture("A" * 900))]
    serving = player(Scribe(contract()).scenario(exchanges).text)
    for place, each in enumerate(exchanges):
        reply = serving.call(body=each.request.body).json()
        assert reply["choices"][0]["message"]["content"] == f"A{place}"


@pytest.mark.parametrize(
    ("own", "other", "when"),
    [
        ({"user": None}, {}, None),
        ({"user": "a"}, {}, "{user: {exists: true}}"),
        ({}, {"user": "a"}, "{user: {exists: false}}"),
        ({"user": None}, {"user": "a"}, "{user: {exists: false}}"),
        ({"user": "a"}, {"user": None}, "{user: {exists: true}}"),
        ({"top_p": 0}, {"top_p": 1}, "{top_p: 0}"),
        ({"stop": ["a"]}, {"stop": ["b"]}, "{stop: [a]}"),
        ({"stop": ["a", "b"]}, {"stop": ["b"]}, "{stop: [{exists: true}, {exists: true}]}"),
        ({"metadata": {"a/b": "c"}}, {"metadata": {"a/b": "d"}}, "{metadata: {a/b: c}}"),
    ],
)
def test_one_place_of_a_body_is_asked_for(own, other, when):
    exchanges = [exchange(0, user("Hi"), **own), exchange(1, user("Hi"), **other)]
    text = Scribe(contract()).scenario(exchanges).text
    assert [f"body: {when}}}" in text, text.count("when:")] == [when is not None, 1 + (when is not None)]
    if when is not None:
        serving = player(text)
        for place, each in enumerate(exchanges):
            answer = serving.call(body=each.request.body).json()
            assert answer["choices"][0]["message"]["content"] == f"A{place}"


LONG = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor. "


@pytest.mark.parametrize(
    ("texts", "whens"),
    [
        # What a user says may be a secret and nothing else; then only what else is in the request is left.
        (["[redacted]", "Hi", "Ho"], ["{last_user: Hi}", "{last_user: Ho}", None]),
        # A date counts where nothing else tells.
        (["2026-03-14", "Hi"], ["{last_user: '2026-03-14'}", "{last_user: Hi}"]),
        # The beginning that two have is no part of what tells them, but where a third has all the rest.
        (
            [
                f"Sum up:\n{LONG}\n{LONG} one",
                f"Sum up:\n{LONG}\n{LONG} two",
                f"Translate:\n{LONG}\n{LONG} one",
            ],
            [
                "{last_user: {contains: ['Sum up:', sed do eiusmod tempor.  one]}}",
                "{last_user: {contains: sed do eiusmod tempor.  two}}",
                "{last_user: {contains: 'Translate:'}}",
            ],
        ),
    ],
    ids=["secret", "date", "beginning"],
)
def test_nothing_is_asked_for_but_what_tells(texts, whens):
    exchanges = [exchange(place, user(text)) for place, text in enumerate(texts)]
    written = Scribe(contract()).scenario(exchanges)
    assert findings(written.text) == []
    lines = [line.partition("when: ")[2] for line in written.text.splitlines() if "when: " in line]
    assert len(lines) == len(texts)
    assert all(when in (None, line) for when, line in zip(whens, lines, strict=True)), lines
    serving = player(written.text)
    for each in reversed(exchanges):
        reply = json.loads(each.reply.body)
        assert serving.call(body=each.request.body).json()["choices"] == reply["choices"], written.text


def test_twice_as_many_requests_take_no_eight_times_as_long():
    def seconds(count):
        exchanges = [exchange(place, user("Go"), temperature=place / count) for place in range(count)]
        scribe = Scribe(contract())
        begun = time.process_time()
        assert scribe.scenario(exchanges).steps == count
        return time.process_time() - begun

    assert min(seconds(160) for _ in range(2)) < 5 * max(seconds(80) for _ in range(2))


def test_what_all_requests_have_is_looked_at_once_in_each(monkeypatch):
    asked = []

    def counted(node):
        asked.append(json.dumps(node.value))
        return read_when(node)

    monkeypatch.setattr(telling_apart, "read_when", counted)
    exchanges = [exchange(place, user(f"{PREFIX}{place}")) for place in range(30)]
    assert Scribe(contract()).scenario(exchanges).steps == 30
    assert asked.count('{"response_format": "text"}') == 1
    assert len(asked) == len({*asked})


TEXT = st.text("ab\0", max_size=6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.lists(TEXT, max_size=3), max_size=6), st.text("ab\0", min_size=1, max_size=3))
def test_texts_that_are_searched_as_one_hold_what_each_does(texts, piece):
    holding = [any(piece in text for text in several) for several in texts]
    assert _Searched(texts).having(piece) == sum(1 << place for place, holds in enumerate(holding) if holds)


def test_a_text_of_many_is_looked_for_in_all_of_them_at_once(monkeypatch):
    looked_for = []

    def counted(texts, piece):
        looked_for.append(piece)
        return having(texts, piece)

    having = _Searched.having
    monkeypatch.setattr(_Searched, "having", counted)
    exchanges = [exchange(place, user(f"{PREFIX}\n{'Or so. ' * 9}{place}")) for place in range(60)]
    assert Scribe(contract()).scenario(exchanges).steps == 60
    # A few times for each, and not for each pair.
    assert len(looked_for) < 10 * 60
