"""The official client gets from a scenario what it got from the provider: objects, chunks, and errors."""

import httpx
import openai
import pytest
from recording.again import player, scribe
from recording.cases import CASES, LOGPROBS, ROLE, TOOLS, USAGE, ask, call, chunk, sse, streamed

from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest

pytestmark = pytest.mark.once
CHAT = {
    name: pairs for name, pairs in CASES.items() if all(pair.path.startswith("/v1/chat") for pair in pairs)
}


def part(place, arguments):
    return chunk({"tool_calls": [{"index": place, "function": {"arguments": arguments}}]})


def begun(place, name):
    return chunk({"tool_calls": [{"index": place, **call("get_weather", "", name)}]})


def of(index, event):
    (choice,) = event["choices"]
    return {**event, "choices": [{**choice, "index": index}]}


def counted(*events):
    return *({**event, "usage": None} for event in events), {**chunk({}), "choices": [], "usage": USAGE}


CALLING, ENDING = chunk({"role": "assistant", "content": None}), chunk({}, "tool_calls")
HEARD = chunk({"content": "Hi"})
WITH_LOGPROBS = {**HEARD, "choices": [{**HEARD["choices"][0], "logprobs": LOGPROBS}]}
FIRST, SECOND = [part(0, '{"city":'), part(0, '"Oslo"}')], [part(1, '{"city":'), part(1, '"Rome"}')]
TURNS = [event for both in zip(FIRST, SECOND, strict=True) for event in both]
END = chunk({}, "stop")
STREAMS = {
    "calls in turn": ({"tools": TOOLS}, [CALLING, begun(0, "a"), begun(1, "b"), *TURNS, ENDING]),
    "calls": ({"tools": TOOLS}, [CALLING, begun(0, "a"), *FIRST, begun(1, "b"), *SECOND, ENDING]),
    "choices": ({"n": 2}, [of(index, event) for event in (chunk(ROLE), HEARD, END) for index in (0, 1)]),
    "with logprobs": ({"logprobs": True}, [chunk(ROLE), WITH_LOGPROBS, END]),
    "refused": ({}, [chunk(ROLE), chunk({"refusal": "I can"}), chunk({"refusal": "not."}), END]),
    "reasoning": (
        {"stream_options": {"include_usage": True}},
        counted(chunk(ROLE), chunk({"reasoning_content": "Let"}), HEARD, HEARD, END),
    ),
}
BY_EVENT = {"stream-error", "stream-other-shape", "with logprobs", "refused"}
CHAT |= {name: [streamed(ask(name, **more), sse(*events))] for name, (more, events) in STREAMS.items()}


def client(handler):
    transport = httpx.MockTransport(handler)
    http = httpx.Client(transport=transport)
    return openai.OpenAI(base_url="http://provider/v1", api_key="mg-test", max_retries=0, http_client=http)


def outcome(own, body):
    """What a call comes to: an object, the objects of a stream, or an error with what it says."""
    try:
        made = own.chat.completions.create(**body)
        if not body.get("stream"):
            return made
        chunks = []
        try:
            for chunk in made:
                chunks.append(chunk)  # noqa: PERF402 - those before an error count
        except openai.APIError as error:
            return chunks, type(error), error.message, error.body
    except openai.APIStatusError as error:
        return type(error), error.status_code, error.body, error.response.headers.get("retry-after")
    else:
        return chunks


@pytest.mark.parametrize("name", CHAT)
def test_the_client_cannot_tell(name):
    pairs = CHAT[name]
    left = list(pairs)

    def provider(_request):
        pair = left.pop(0)
        encoding = {"content-encoding": "gzip"} if pair.encoded else {}
        return httpx.Response(pair.status, headers=pair.headers | encoding, content=pair.wire)

    first = [outcome(client(provider), pair.sent) for pair in pairs]
    exchanges = []
    for pair in pairs:
        headers = tuple((key.encode(), value.encode()) for key, value in pair.headers.items())
        headers += ((b"content-encoding", b"gzip"),) if pair.encoded else ()
        request = RecordedRequest(
            "POST", pair.path, ((b"content-type", b"application/json"),), pair.sent_bytes
        )
        exchanges.append(RecordedExchange(request, RecordedReply(pair.status, headers, ((0.25, pair.wire),))))
    text = scribe().scenario(exchanges).text
    assert ("events:" in text) is (name in BY_EVENT)
    assert ("interleave: true" in text) is (name == "calls in turn")
    caller = player(text)

    def fake(request):
        answer = caller.call(request.method, request.url.raw_path.decode(), request.content)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

    again = [outcome(client(fake), pair.sent) for pair in pairs]
    assert again == first
    dumped = [
        [each.model_dump() for each in whole] for whole in (again, first) if hasattr(whole[0], "model_dump")
    ]
    assert len(dumped) in {0, 2}
    assert dumped[:1] == dumped[1:]
