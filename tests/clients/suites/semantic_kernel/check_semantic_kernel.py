"""semantic-kernel: the loop of its chat agent, with a plugin for a tool."""

import pytest
from openai import AsyncOpenAI
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.functions import kernel_function

GREETING = "Good morning, Oslo 🌤 æøå."


class Forecasts:
    def __init__(self):
        self.called = []

    @kernel_function(description="Tells the weather.")
    def weather(self, city: str) -> str:
        self.called.append(city)
        return "3 °C"


@pytest.fixture
def forecasts():
    return Forecasts()


@pytest.fixture(params=["plain", "streamed"])
def way(request):
    return request.param


@pytest.fixture
def run(way, grid, forecasts, runner):
    async def run(choice):
        client = AsyncOpenAI(base_url=grid.url, api_key=grid.key)
        agent = ChatCompletionAgent(
            service=OpenAIChatCompletion(ai_model_id="agent-prime", async_client=client),
            name="forecaster",
            instructions="Be brief.",
            plugins=[forecasts],
            function_choice_behavior=choice,
        )
        if way == "plain":
            return (await agent.get_response(messages=GREETING)).message.content
        return "".join([answer.message.content async for answer in agent.invoke_stream(messages=GREETING)])

    return lambda choice=None: runner.run(run(choice))


def test_an_agent_that_may_answer_in_words_does(run, forecasts, grid):
    assert GREETING in run()
    assert forecasts.called == []
    assert grid.statuses == [200]


def test_an_agent_that_must_call_its_tool_ends(run, way, forecasts, grid):
    # What is required is required once. semantic-kernel 1.45.0 ends there, if it streams, without an answer.
    answer = run(FunctionChoiceBehavior.Required())
    assert [type(city) for city in forecasts.called] == [str]
    if way == "plain":
        assert GREETING in answer
        assert grid.statuses == [200, 200]
    else:
        assert answer == ""
        assert grid.statuses == [200]


def test_a_scripted_call_and_then_the_answer(run, forecasts, grid):
    # A plugin's name comes before its function's.
    grid.play({"call": {"Forecasts-weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    assert run() == "It is 3 °C in Oslo."
    assert forecasts.called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_scripted_calls_at_once(run, forecasts, grid):
    both = [{"Forecasts-weather": {"city": city}} for city in ("Oslo", "Rome")]
    grid.play({"call": both}, {"say": "Rome is warmer."})
    assert run() == "Rome is warmer."
    assert sorted(forecasts.called) == ["Oslo", "Rome"]
    assert grid.statuses == [200, 200]


def test_the_guide(documented):
    assert "Hello?" in documented("semantic-kernel")
