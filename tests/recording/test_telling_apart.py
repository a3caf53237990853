"""Requests are told apart by the least that does it, whichever of them comes first."""

import json
import random
import time

import pytest
from recording.again import contract, findings, player
from recording.cases import whole

from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest
from mockgrid.recording.scribe import Scribe

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


def test_twice_as_many_requests_take_no_eight_times_as_long():
    def seconds(count):
        exchanges = [exchange(place, user("Go"), temperature=place / count) for place in range(count)]
        scribe = Scribe(contract())
        begun = time.process_time()
        assert scribe.scenario(exchanges).steps == count
        return time.process_time() - begun

    assert seconds(160) < 5 * seconds(80)
