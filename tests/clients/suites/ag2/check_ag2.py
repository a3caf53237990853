"""ag2: the loop of its agent, over chat completions."""

import pytest
from ag2 import Agent, tool
from ag2.config import OpenAIConfig
from pydantic import BaseModel

GREETING = "Good morning, Oslo 🌤 æøå."


class Forecast(BaseModel):
    sky: str
    degrees: int


@pytest.fixture
def called():
    return []


@pytest.fixture(params=["plain", "streamed"])
def ask(request, grid, called, runner):
    @tool
    def weather(city: str) -> str:
        """Tells the weather."""
        called.append(city)
        return "3 °C"

    def ask(options=None, **settings):
        options = {"streaming": request.param == "streamed"} | (options or {})
        config = OpenAIConfig(model="agent-prime", base_url=grid.url, api_key=grid.key, **options)
        agent = Agent("forecaster", prompt="Be brief.", config=config, tools=[weather])
        return runner.run(agent.ask(GREETING, **settings))

    return ask


def test_an_agent_that_may_answer_in_words_does(ask, called, grid):
    assert GREETING in ask().body
    assert called == []
    assert grid.statuses == [200]


def test_a_scripted_call_and_then_the_answer(ask, called, grid):
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    assert ask().body == "It is 3 °C in Oslo."
    assert called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_a_tool_that_is_required_is_so_at_every_turn(ask, called, grid):
    # With ag2 1.2.1 only a script ends such an agent: the fake has to call the tool again and again.
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    assert ask({"tool_choice": "required"}).body == "It is 3 °C in Oslo."
    bodies = [exchange["request"]["body"] for exchange in grid.exchanges]
    assert [body["tool_choice"] for body in bodies] == ["required", "required"]
    assert called == ["Oslo"]


def test_scripted_calls_at_once(ask, called, grid):
    grid.play(
        {"call": [{"weather": {"city": "Oslo"}}, {"weather": {"city": "Rome"}}]}, {"say": "Rome is warmer."}
    )
    assert ask().body == "Rome is warmer."
    assert sorted(called) == ["Oslo", "Rome"]
    assert grid.statuses == [200, 200]


def test_typed_output(ask, runner, grid):
    assert type(runner.run(ask(response_schema=Forecast).content())) is Forecast
    assert grid.statuses == [200]


def test_the_guide(documented):
    assert "Hello?" in documented("ag2")
