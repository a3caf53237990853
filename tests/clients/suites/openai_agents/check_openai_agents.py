"""openai-agents: its runner's loop, over chat completions."""

import pytest
from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    set_default_openai_api,
    set_default_openai_client,
    set_tracing_disabled,
)
from openai import AsyncOpenAI, NotFoundError
from pydantic import BaseModel

GREETING = "Good morning, Oslo 🌤 æøå."

set_tracing_disabled(True)


class Forecast(BaseModel):
    sky: str
    degrees: int


@pytest.fixture(params=["plain", "streamed"])
def run(request, runner):
    async def run(agent):
        if request.param == "plain":
            return (await Runner.run(agent, GREETING, max_turns=4)).final_output
        streamed = Runner.run_streamed(agent, GREETING, max_turns=4)
        pieces = [event async for event in streamed.stream_events() if event.type == "raw_response_event"]
        assert len(pieces) > 1
        return streamed.final_output

    return lambda agent: runner.run(run(agent))


@pytest.fixture
def called():
    return []


@pytest.fixture
def agent(grid, called):
    @function_tool
    def weather(city: str) -> str:
        """Tells the weather."""
        called.append(city)
        return "3 °C"

    client = AsyncOpenAI(base_url=grid.url, api_key=grid.key)
    return Agent("forecaster", model=OpenAIChatCompletionsModel("agent-prime", client), tools=[weather])


def test_an_agent_that_may_answer_in_words_does(agent, run, called, grid):
    assert GREETING in run(agent)
    assert called == []
    assert grid.statuses == [200]


def test_an_agent_that_must_call_its_tool_ends(agent, run, called, grid):
    agent.model_settings = ModelSettings(tool_choice="required")
    assert GREETING in run(agent)
    assert [type(city) for city in called] == [str]
    assert grid.statuses == [200, 200]


def test_a_scripted_call_and_then_the_answer(agent, run, called, grid):
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    assert run(agent) == "It is 3 °C in Oslo."
    assert called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_scripted_calls_at_once(agent, run, called, grid):
    grid.play(
        {"call": [{"weather": {"city": "Oslo"}}, {"weather": {"city": "Rome"}}]}, {"say": "Rome is warmer."}
    )
    assert run(agent) == "Rome is warmer."
    assert sorted(called) == ["Oslo", "Rome"]
    assert grid.statuses == [200, 200]


def test_typed_output_after_the_tool(agent, run, called, grid):
    agent.model_settings = ModelSettings(tool_choice="required")
    agent.output_type = Forecast
    assert type(run(agent)) is Forecast
    assert len(called) == 1
    assert grid.statuses == [200, 200]


def test_the_setting_that_the_404_names_chooses_chat_completions(grid, runner):
    set_default_openai_client(AsyncOpenAI(base_url=grid.url, api_key=grid.key), use_for_tracing=False)
    agent = Agent("forecaster", model="agent-prime")
    with pytest.raises(NotFoundError) as caught:
        runner.run(Runner.run(agent, GREETING))
    assert 'set_default_openai_api("chat_completions")' in caught.value.body["errors"]["detail"]
    set_default_openai_api("chat_completions")
    assert GREETING in runner.run(Runner.run(agent, GREETING)).final_output
    assert grid.statuses == [404, 200]


def test_the_guide(documented):
    assert "Hello?" in documented("openai-agents")
