"""The wire itself: answers valid by the SDK's own types, streams left early, many at once."""

import asyncio
import json
import time

import openai
import pytest
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk

MODEL = "agent-prime"
ASK = [{"role": "user", "content": "Hello, Oslo 🌤"}]
WEATHER = {
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
}
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": {"name": "travel"}}]
SCHEMA = {"name": "answer", "schema": WEATHER["parameters"]}

KINDS = {
    "text": {},
    "several": {"n": 3},
    "cut": {"max_completion_tokens": 1},
    "logprobs": {"logprobs": True, "top_logprobs": 5, "n": 2},
    "call": {"tools": TOOLS, "tool_choice": "required"},
    "calls": {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": True, "n": 2},
    "object": {"response_format": {"type": "json_object"}},
    "schema": {"response_format": {"type": "json_schema", "json_schema": SCHEMA}},
    "sound": {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}},
}


@pytest.fixture
def client(grid):
    with openai.OpenAI(base_url=grid.url, api_key=grid.key) as client:
        yield client


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_valid_by_the_types_of_the_sdk(client, kind):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=ASK, **KINDS[kind])
    completion = ChatCompletion.model_validate(raw.http_response.json(), strict=True)
    assert len(completion.choices) == KINDS[kind].get("n", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_valid_by_the_types_of_the_sdk(client, kind):
    asked = {"model": MODEL, "messages": ASK, "stream": True, "stream_options": {"include_usage": True}}
    with client.chat.completions.with_streaming_response.create(**asked, **KINDS[kind]) as raw:
        assert raw.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert raw.headers["cache-control"] == "no-cache"
        assert raw.headers["x-request-id"]
        assert "content-length" not in raw.headers
        events = "".join(raw.iter_text()).split("\n\n")
    assert all(event.startswith("data: ") for event in events[:-1])
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    finished = [choice["index"] for chunk in chunks for choice in chunk["choices"] if choice["finish_reason"]]
    assert finished == list(range(KINDS[kind].get("n", 1)))


def test_a_model_is_valid_by_the_types_of_the_sdk(client):
    raw = client.models.with_raw_response.list().http_response.json()
    assert raw["object"] == "list"
    assert [Model.model_validate(model, strict=True).id for model in raw["data"]]


def test_a_stream_that_is_left_early_harms_nothing(client, grid):
    for _ in range(5):
        with client.chat.completions.create(model=MODEL, messages=ASK, stream=True) as stream:
            next(stream)
    answer = client.chat.completions.create(model=MODEL, messages=ASK)
    assert "Oslo" in answer.choices[0].message.content
    assert grid.statuses == [200] * 6


def test_many_at_once_get_each_their_own(grid, runner):
    async def ask():
        async with openai.AsyncOpenAI(base_url=grid.url, api_key=grid.key) as client:

            async def one(number, stream):
                messages = [{"role": "user", "content": f"This is number {number}."}]
                if not stream:
                    answer = await client.chat.completions.create(model=MODEL, messages=messages)
                    return answer.choices[0].message.content
                chunks = await client.chat.completions.create(model=MODEL, messages=messages, stream=True)
                return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])

            return await asyncio.gather(*(one(number, number % 2) for number in range(60)))

    contents = runner.run(ask())
    assert all(f"This is number {number}." in content for number, content in enumerate(contents))


def test_a_long_conversation_is_answered_at_once(client):
    turns = [[{"role": "user", "content": "?" * 1000}, {"role": "assistant", "content": "!" * 1000}]] * 100
    began = time.monotonic()
    answer = client.chat.completions.create(
        model=MODEL, messages=[turn for pair in turns for turn in pair] + ASK
    )
    assert "Oslo" in answer.choices[0].message.content
    assert answer.usage.prompt_tokens > 1000
    assert time.monotonic() - began < 10


def test_every_kind_of_content_is_taken(client):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}}
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    text = {"type": "text", "text": "Hello, Oslo."}
    messages = [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}], "name": "boss"},
        {"role": "user", "content": [image, sound]},
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "Still no."}]},
        {"role": "user", "content": [text, image]},
    ]
    answer = client.chat.completions.create(model=MODEL, messages=messages)
    assert "Hello, Oslo." in answer.choices[0].message.content


@pytest.mark.parametrize(
    "messages", [[{"role": "system", "content": "Be."}], [{"role": "user", "content": ""}]]
)
def test_there_need_not_be_words_to_answer(client, messages):
    answer = client.chat.completions.create(model=MODEL, messages=messages)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content


def test_options_of_the_rarer_kind_are_accepted(client):
    answer = client.chat.completions.create(
        model=MODEL,
        messages=ASK,
        prediction={"type": "content", "content": "Hello"},
        web_search_options={"search_context_size": "low"},
        prompt_cache_key="k",
        safety_identifier="s",
        extra_body={"something_new": {"deep": [1]}},
    )
    assert "Oslo" in answer.choices[0].message.content
