"""pydantic-ai: agents with tools, typed output in each of its modes, streams and errors."""

from datetime import date
from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, Field
from pydantic_ai import Agent, BinaryContent, ImageUrl, ModelHTTPError, NativeOutput, ToolOutput, exceptions
from pydantic_ai.direct import model_request_sync
from pydantic_ai.messages import ModelRequest, ToolCallPart, ToolReturnPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.tools import ToolDefinition

MODEL = "agent-prime"
GREETING = "Good morning, Oslo 🌤 æøå."


class Sky(StrEnum):
    CLEAR = "clear"
    CLOUDY = "cloudy"


class Place(BaseModel):
    name: str = Field(min_length=2)
    kind: Literal["city", "mountain"]


class Forecast(BaseModel):
    """The weather of one day."""

    day: date
    sky: Sky
    degrees: float = Field(ge=-60, le=60)
    places: list[Place] = Field(min_length=2, max_length=3)
    chances: dict[str, int] = Field(default_factory=dict)
    note: str | None = None
    tags: set[str] = Field(default_factory=set)


class Weather(BaseModel):
    city: str
    days: int = Field(ge=1, le=14)


def model(grid, name=MODEL, key=None, url=None):
    return OpenAIChatModel(name, provider=OpenAIProvider(base_url=url or grid.url, api_key=key or grid.key))


def test_a_question_is_answered_with_its_own_words(grid):
    run = Agent(model(grid), instructions="Be brief.").run_sync(GREETING)
    assert GREETING in run.output
    assert run.usage.requests == 1
    assert run.usage.input_tokens > 0
    assert run.usage.output_tokens > 0
    assert run.response.finish_reason == "stop"
    assert run.response.model_name == MODEL
    assert run.response.provider_response_id.startswith("chatcmpl-")


async def streamed(agent, question):
    async with agent.run_stream(question) as run:
        pieces = [piece async for piece in run.stream_text(delta=True, debounce_by=None)]
        return pieces, run.usage, run.response


def test_a_stream_says_what_the_plain_answer_says(grid, runner):
    agent = Agent(model(grid))
    plain = agent.run_sync(GREETING)
    pieces, usage, response = runner.run(streamed(agent, GREETING))
    assert len(pieces) > 1
    assert "".join(pieces) == plain.output
    assert (usage.input_tokens, usage.output_tokens) == (plain.usage.input_tokens, plain.usage.output_tokens)
    assert response.finish_reason == "stop"


def test_a_conversation_goes_on(grid):
    agent = Agent(model(grid))
    first = agent.run_sync("One.")
    second = agent.run_sync("Two.", message_history=first.all_messages())
    assert "Two." in second.output
    assert grid.statuses == [200, 200]


def test_images_are_looked_at_without_harm(grid):
    images = [ImageUrl("https://example.com/oslo.png"), BinaryContent(b"\x89PNG\r\n", media_type="image/png")]
    assert GREETING in Agent(model(grid)).run_sync([GREETING, *images]).output


@pytest.mark.parametrize(
    "output", [Forecast, ToolOutput(Forecast), NativeOutput(Forecast), NativeOutput(Forecast, strict=True)]
)
def test_typed_output(grid, output):
    run = Agent(model(grid), output_type=output, retries=0).run_sync("Forecast, please.")
    assert type(run.output) is Forecast
    assert grid.statuses == [200]


def test_typed_output_of_one_kind_or_another(grid):
    run = Agent(model(grid), output_type=[Forecast, Place], retries=0).run_sync("Forecast, please.")
    assert type(run.output) is Forecast


def test_typed_output_that_is_no_object(grid):
    run = Agent(model(grid), output_type=list[Place], retries=0).run_sync("Places, please.")
    assert all(type(place) is Place for place in run.output)


@pytest.mark.parametrize("output", [Forecast, NativeOutput(Forecast)])
def test_typed_output_streams(grid, runner, output):
    agent = Agent(model(grid), output_type=output, retries=0)

    async def run():
        async with agent.run_stream("Forecast, please.") as streamed:
            seen = [part async for part in streamed.stream_output(debounce_by=None)]
            return seen, await streamed.get_output()

    seen, final = runner.run(run())
    assert type(final) is Forecast
    assert seen[-1] == final
    assert final == agent.run_sync("Forecast, please.").output


def test_an_agent_calls_its_tools_and_then_answers(grid):
    agent = Agent(model(grid), output_type=Forecast, retries=0)
    called = []

    @agent.tool_plain
    def locate(place: Place) -> str:
        called.append(("locate", type(place)))
        return "59.9 N"

    @agent.tool_plain
    def measure(city: str, days: int) -> dict[str, int]:
        called.append(("measure", type(days)))
        return {city: days}

    run = agent.run_sync("Forecast, please.")
    assert called == [("locate", Place), ("measure", int)]
    assert type(run.output) is Forecast
    assert grid.statuses == [200, 200, 200]


def test_an_agent_calls_its_tools_in_a_stream_too(grid, runner):
    agent = Agent(model(grid), output_type=Forecast, retries=0)
    called = []

    @agent.tool_plain
    def locate(place: Place) -> str:
        called.append(place)
        return "59.9 N"

    async def run():
        async with agent.run_stream("Forecast, please.") as streamed:
            return await streamed.get_output()

    assert type(runner.run(run())) is Forecast
    assert len(called) == 1


def test_an_agent_of_parallel_calls(grid):
    agent = Agent(model(grid), output_type=Forecast, retries=0, model_settings={"parallel_tool_calls": True})
    called = []

    @agent.tool_plain
    def locate(place: Place) -> str:
        called.append(("locate", type(place)))
        return "59.9 N"

    @agent.tool_plain
    def measure(city: str) -> str:
        called.append(("measure", type(city)))
        return "3 °C"

    run = agent.run_sync("Forecast, please.")
    assert set(called) == {("locate", Place), ("measure", str)}
    assert type(run.output) is Forecast
    assert grid.statuses == [200]


def test_an_agent_that_may_answer_in_words_does(grid):
    agent = Agent(model(grid))

    @agent.tool_plain
    def locate(place: Place) -> str:
        pytest.fail(f"Called for {place} without being required.")

    assert GREETING in agent.run_sync(GREETING).output


def test_from_the_call_to_the_final_text(grid):
    tools = [ToolDefinition(name="weather", parameters_json_schema=Weather.model_json_schema())]
    parameters = ModelRequestParameters(function_tools=tools, allow_text_output=True)
    asked = ModelRequest.user_text_prompt("What is the weather?")
    first = model_request_sync(
        model(grid), [asked], model_request_parameters=parameters, model_settings={"tool_choice": "required"}
    )
    (call,) = [part for part in first.parts if isinstance(part, ToolCallPart)]
    assert call.tool_name == "weather"
    Weather.model_validate(call.args_as_dict())
    assert first.finish_reason == "tool_call"
    told = ModelRequest(parts=[ToolReturnPart("weather", "3 °C", tool_call_id=call.tool_call_id)])
    final = model_request_sync(model(grid), [asked, first, told], model_request_parameters=parameters)
    assert "What is the weather?" in final.text
    assert final.finish_reason == "stop"


def test_logprobs_spell_the_answer(grid):
    settings = {"openai_logprobs": True, "openai_top_logprobs": 2}
    run = Agent(model(grid), model_settings=settings).run_sync(GREETING)
    tokens = run.response.provider_details["logprobs"]
    assert b"".join(bytes(token["bytes"]) for token in tokens).decode() == run.output
    assert {len(token["top_logprobs"]) for token in tokens} == {2}


def test_a_stop_sequence_ends_the_answer_before_it(grid):
    run = Agent(model(grid), model_settings={"stop_sequences": ["beta"]}).run_sync("alpha beta gamma")
    assert "alpha" in run.output
    assert "beta" not in run.output
    assert run.response.finish_reason == "stop"


def test_a_token_limit_cuts_the_answer(grid):
    run = Agent(model(grid), model_settings={"max_tokens": 3}).run_sync(GREETING)
    assert run.response.finish_reason == "length"
    assert run.usage.output_tokens == 3


def test_a_token_limit_that_cuts_typed_output_is_told(grid):
    agent = Agent(
        model(grid), output_type=NativeOutput(Forecast), retries=0, model_settings={"max_tokens": 2}
    )
    with pytest.raises(exceptions.UnexpectedModelBehavior):
        agent.run_sync("Forecast, please.")
    assert grid.statuses == [200]


def failing(agent, **settings):
    with pytest.raises(ModelHTTPError) as caught:
        agent.run_sync(GREETING, model_settings=settings)
    return caught.value


def test_an_unknown_key(grid):
    error = failing(Agent(model(grid, key="sk-wrong")))
    assert isinstance(error, exceptions.ModelAuthenticationError)
    assert error.status_code == 401
    assert "mg-" in error.body["errors"]["detail"]
    assert grid.statuses == [401]


def test_an_unknown_model(grid):
    error = failing(Agent(model(grid, "gpt-5.2")))
    assert isinstance(error, exceptions.ModelNotFoundError)
    assert "gpt-5.2" in error.body["errors"]["detail"]
    assert grid.statuses == [404]


@pytest.mark.breaks_contract
def test_a_value_out_of_range(grid):
    error = failing(Agent(model(grid)), temperature=3)
    assert isinstance(error, exceptions.ModelRequestRejectedError)
    assert error.status_code == 422
    assert "temperature" in error.body["errors"][0]["path"]
    assert grid.statuses == [422]


def test_a_doubled_version_in_the_path(grid):
    error = failing(Agent(model(grid, url=f"{grid.url}/v1")))
    assert isinstance(error, exceptions.ModelNotFoundError)
    assert "/v1/chat/completions" in error.body["errors"]["detail"]
    assert grid.statuses == [404]


CATEGORIES = {
    400: exceptions.ModelRequestRejectedError,
    401: exceptions.ModelAuthenticationError,
    404: exceptions.ModelNotFoundError,
    422: exceptions.ModelRequestRejectedError,
    429: exceptions.ModelRateLimitError,
    500: exceptions.ModelServerError,
    503: exceptions.ModelUnavailableError,
}


@pytest.mark.parametrize("status", CATEGORIES)
def test_each_status_becomes_its_category(grid, status):
    error = failing(Agent(model(grid)), extra_headers={"Prefer": f"code={status}"}, max_retries=0)
    assert error.status_code == status
    assert isinstance(error, CATEGORIES[status])
    assert grid.statuses == [status]


@pytest.mark.parametrize(("status", "attempts"), [(422, 1), (500, 3)])
def test_only_what_may_pass_is_tried_again(grid, status, attempts):
    error = failing(Agent(model(grid)), extra_headers={"Prefer": f"code={status}"})
    assert error.status_code == status
    assert grid.statuses == [status] * attempts


def test_a_conversation_that_is_too_long_is_an_error_of_its_own(grid):
    grid.play(grid.TOO_LONG)
    assert isinstance(failing(Agent(model(grid))), exceptions.ModelContextWindowExceededError)
    assert grid.statuses == [400]


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_comes_before_a_call(grid, runner, stream):
    grid.play(
        {"think": "Oslo is meant.", "call": {"locate": {"city": "Oslo"}}, "served": "openai/gpt-oss-120b"},
        {"think": "Cold.", "say": "It is cold.", "served": "qwen/qwen3-235b"},
    )
    agent = Agent(model(grid))

    @agent.tool_plain
    def locate(city: str) -> str:
        return f"{city} is at 59.9 N"

    async def run():
        async with agent.run_stream(GREETING) as streamed:
            return await streamed.get_output(), streamed.all_messages()

    if stream:
        output, messages = runner.run(run())
    else:
        plain = agent.run_sync(GREETING)
        output, messages = plain.output, plain.all_messages()
    assert output == "It is cold."
    answers = [message for message in messages if message.kind == "response"]
    parts = [[part.part_kind for part in answer.parts] for answer in answers]
    assert parts == [["thinking", "tool-call"], ["thinking", "text"]]
    assert [answer.model_name for answer in answers] == ["openai/gpt-oss-120b", "qwen/qwen3-235b"]


def test_the_guide(documented):
    assert "Hello?" in documented("pydantic-ai")
