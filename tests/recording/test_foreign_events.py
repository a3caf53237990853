"""Of a stream that holds what is no chunk, that alone is written as data; the chunks keep their words."""

import json

import pytest
from recording.again import essence, findings, replayed, scribe
from recording.cases import chunk, sse

from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest

pytestmark = pytest.mark.once
# As Azure begins each stream.
FILTERED = {"id": "", "object": "", "created": 0, "model": "", "prompt_filter_results": [], "choices": []}
FAILED = {
    "error": {"message": "The server had an error", "type": "server_error", "param": None, "code": None}
}
CHUNKS = [
    {**chunk(delta, finish), "system_fingerprint": "fp_1", "service_tier": "default", "created": 7}
    for delta, finish in (
        ({"role": "assistant", "content": ""}, None),
        ({"content": "Hi"}, None),
        ({}, "stop"),
    )
]


@pytest.mark.parametrize(
    ("events", "done"),
    [
        ([FILTERED, *CHUNKS], True),
        ([*CHUNKS[:2], FAILED], False),
        ([CHUNKS[0], {"ping": 1}, *CHUNKS[1:]], True),
    ],
    ids=["filter", "error", "ping"],
)
def test_what_is_no_chunk_costs_the_others_no_words(events, done):
    headers = ((b"content-type", b"text/event-stream"), (b"x-request-id", b"r"))
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    request = RecordedRequest(
        "POST", "/v1/chat/completions", ((b"content-type", b"application/json"),), json.dumps(body).encode()
    )
    exchange = RecordedExchange(request, RecordedReply(200, headers, ((0.0, sse(*events, done=done)),)))
    text = scribe().scenario([exchange]).text
    assert findings(text) == []
    assert (text.count("data:"), text.count("delta:")) == (1, 2)
    # The order in which a set gives its members is another in each process.
    assert text.index("/id" if "/id" in text else "id:") < text.index("created:")
    assert [essence(each) for each in replayed([exchange], text)] == [essence(exchange)]
