"""litellm: its own types and errors around the same wire."""

import json
from enum import StrEnum
from typing import Literal

import litellm
import pytest
from pydantic import BaseModel, Field

MODEL = "openai/agent-prime"
GREETING = "Good morning, Oslo 🌤 æøå."
ASK = [{"role": "user", "content": GREETING}]


class Sky(StrEnum):
    CLEAR = "clear"
    CLOUDY = "cloudy"


class Place(BaseModel):
    name: str
    kind: Literal["city", "mountain"]


class Forecast(BaseModel):
    sky: Sky
    degrees: float = Field(ge=-60, le=60)
    places: list[Place] = Field(min_length=2, max_length=3)


class Weather(BaseModel):
    city: str
    days: int = Field(ge=1, le=14)


def offered(name, parameters):
    return {"type": "function", "function": {"name": name, "parameters": parameters.model_json_schema()}}


TOOLS = [offered("weather", Weather), offered("travel", Place)]
PARAMETERS = {"weather": Weather, "travel": Place}


@pytest.fixture
def ask(grid):
    def ask(**arguments):
        given = {"model": MODEL, "messages": ASK, "api_base": grid.url, "api_key": grid.key}
        return litellm.completion(**given | arguments)

    return ask


def test_a_question_is_answered_with_its_own_words(ask):
    answer = ask()
    assert type(answer) is litellm.ModelResponse
    assert answer.id.startswith("chatcmpl-")
    assert answer.choices[0].finish_reason == "stop"
    assert GREETING in answer.choices[0].message.content
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_says_what_the_plain_answer_says(ask):
    plain = ask()
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    pieces = [
        chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content
    ]
    assert len(pieces) > 1
    assert "".join(pieces) == plain.choices[0].message.content
    built = litellm.stream_chunk_builder(chunks, messages=ASK)
    assert built.choices[0].message.content == plain.choices[0].message.content
    assert built.choices[0].finish_reason == "stop"
    told = [chunk.usage for chunk in chunks if getattr(chunk, "usage", None)]
    assert len(told) == 1
    assert told[0].prompt_tokens == plain.usage.prompt_tokens
    assert told[0].completion_tokens == plain.usage.completion_tokens


def test_the_async_calls_say_the_same(grid, runner):
    given = {"model": MODEL, "messages": ASK, "api_base": grid.url, "api_key": grid.key}

    async def ask():
        plain = await litellm.acompletion(**given)
        stream = await litellm.acompletion(**given, stream=True)
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return plain.choices[0].message.content, "".join(pieces)

    plain, streamed = runner.run(ask())
    assert GREETING in plain
    assert streamed == plain


@pytest.mark.parametrize("name", ["weather", "travel"])
def test_the_tool_that_is_named_is_called(ask, name):
    answer = ask(tools=TOOLS, tool_choice={"type": "function", "function": {"name": name}})
    assert answer.choices[0].finish_reason == "tool_calls"
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == name
    PARAMETERS[name].model_validate_json(call.function.arguments)


def test_from_the_call_to_the_final_text(ask, grid):
    message = ask(tools=TOOLS, tool_choice="required").choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "3 °C"}
    final = ask(tools=TOOLS, messages=[*ASK, message, result]).choices[0]
    assert final.finish_reason == "stop"
    assert final.message.tool_calls is None
    assert GREETING in final.message.content
    assert grid.statuses == [200, 200]


def test_parallel_calls_call_every_tool_once(ask):
    arguments = {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": True}
    plain = ask(**arguments)
    calls = plain.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["weather", "travel"]
    built = litellm.stream_chunk_builder(list(ask(**arguments, stream=True)), messages=ASK)
    assert built.choices[0].finish_reason == "tool_calls"
    streamed = [(call.function.name, call.function.arguments) for call in built.choices[0].message.tool_calls]
    assert streamed == [(call.function.name, call.function.arguments) for call in calls]


def test_structured_output_of_a_model(ask):
    content = ask(response_format=Forecast).choices[0].message.content
    assert type(Forecast.model_validate_json(content)) is Forecast


def test_structured_output_of_a_schema(ask):
    schema = {"name": "forecast", "schema": Forecast.model_json_schema()}
    content = ask(response_format={"type": "json_schema", "json_schema": schema}).choices[0].message.content
    assert type(Forecast.model_validate_json(content)) is Forecast


def test_structured_output_is_validated_by_litellm_itself(ask, monkeypatch):
    monkeypatch.setattr(litellm, "enable_json_schema_validation", True)
    content = ask(response_format=Forecast).choices[0].message.content
    assert json.loads(content)


def test_logprobs_spell_the_answer(ask):
    choice = ask(logprobs=True, top_logprobs=2).choices[0]
    tokens = choice.logprobs.content
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == choice.message.content
    assert {len(token.top_logprobs) for token in tokens} == {2}


def test_several_answers_to_one_question_differ(ask):
    assert len({choice.message.content for choice in ask(n=3).choices}) == 3


def test_a_stop_sequence_ends_the_answer_before_it(ask):
    choice = ask(messages=[{"role": "user", "content": "alpha beta gamma"}], stop=["beta"]).choices[0]
    assert "alpha" in choice.message.content
    assert "beta" not in choice.message.content


@pytest.mark.parametrize("limit", ["max_completion_tokens", "max_tokens"])
def test_a_token_limit_cuts_the_answer(ask, limit):
    answer = ask(**{limit: 3})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3


def failing(ask, cls, **arguments):
    with pytest.raises(cls) as caught:
        ask(**arguments)
    assert type(caught.value) is cls
    return caught.value


def test_an_unknown_key(ask, grid):
    error = failing(ask, litellm.AuthenticationError, api_key="sk-wrong")
    assert error.status_code == 401
    assert grid.statuses == [401]


def test_an_unknown_model(ask, grid):
    error = failing(ask, litellm.NotFoundError, model="openai/gpt-5.2")
    assert error.status_code == 404
    assert grid.statuses == [404]


@pytest.mark.breaks_contract
def test_a_value_out_of_range(ask, grid):
    error = failing(ask, litellm.BadRequestError, temperature=3)
    assert "422" in str(error)
    assert grid.statuses == [422]


def test_a_doubled_version_in_the_path(ask, grid):
    failing(ask, litellm.NotFoundError, api_base=f"{grid.url}/v1")
    assert grid.statuses == [404]


CLASSES = {
    400: litellm.BadRequestError,
    401: litellm.AuthenticationError,
    404: litellm.NotFoundError,
    422: litellm.BadRequestError,
    429: litellm.RateLimitError,
    500: litellm.InternalServerError,
    503: litellm.ServiceUnavailableError,
}


@pytest.mark.parametrize("status", CLASSES)
def test_each_status_becomes_its_class(ask, grid, status):
    failing(ask, CLASSES[status], extra_headers={"Prefer": f"code={status}"}, max_retries=0)
    assert grid.statuses == [status]


@pytest.mark.parametrize(("status", "attempts"), [(401, 1), (422, 1), (500, 3)])
def test_only_what_may_pass_is_tried_again(ask, grid, status, attempts):
    failing(ask, CLASSES[status], extra_headers={"Prefer": f"code={status}"})
    assert grid.statuses == [status] * attempts


def test_a_conversation_that_is_too_long_is_an_error_of_its_own(ask, grid):
    # litellm 1.109.1 knows it by its words, and not by the code.
    grid.play(grid.TOO_LONG)
    failing(ask, litellm.ContextWindowExceededError)
    assert grid.statuses == [400]


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_comes_before_a_call(ask, grid, stream):
    grid.play({"think": "North.", "call": {"weather": {"city": "Oslo", "days": 1}}})
    answer = ask(tools=TOOLS, stream=stream)
    if stream:
        answer = litellm.stream_chunk_builder(list(answer), messages=ASK)
    message = answer.choices[0].message
    assert message.reasoning_content == "North."
    assert message.tool_calls[0].function.arguments == '{"city":"Oslo","days":1}'
    assert answer.choices[0].finish_reason == "tool_calls"


def test_the_guide(documented):
    assert "Hello?" in documented("litellm")
