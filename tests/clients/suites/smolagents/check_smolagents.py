"""smolagents: both of its agents. It tells the calls of earlier turns as text, and not as calls."""

import pytest
from smolagents import CodeAgent, LogLevel, OpenAIModel, ToolCallingAgent, tool

GREETING = "Good morning, Oslo 🌤 æøå."


@pytest.fixture
def called():
    return []


@pytest.fixture(params=["plain", "streamed"])
def run(request, grid, called):
    @tool
    def weather(city: str) -> str:
        """Tells the weather.

        Args:
            city: Where.
        """
        called.append(city)
        return "3 °C"

    def run(kind, **settings):
        model = OpenAIModel("agent-prime", api_base=grid.url, api_key=grid.key)
        streamed = request.param == "streamed"
        agent = kind(
            [weather], model, max_steps=5, stream_outputs=streamed, verbosity_level=LogLevel.OFF, **settings
        )
        return agent.run(GREETING)

    return run


def test_an_agent_calls_its_tool_and_then_gives_its_answer(run, called, grid):
    # Each turn requires a tool; the last that is offered gives the answer.
    assert isinstance(run(ToolCallingAgent), str)
    assert [type(city) for city in called] == [str]
    assert grid.statuses == [200, 200]


def test_a_scripted_call_and_then_the_answer(run, called, grid):
    grid.play(
        {"call": {"weather": {"city": "Oslo"}}}, {"call": {"final_answer": {"answer": "It is 3 °C in Oslo."}}}
    )
    assert run(ToolCallingAgent) == "It is 3 °C in Oslo."
    assert called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_scripted_calls_at_once(run, called, grid):
    both = [{"weather": {"city": city}} for city in ("Oslo", "Rome")]
    grid.play({"call": both}, {"call": {"final_answer": {"answer": "Rome is warmer."}}})
    assert run(ToolCallingAgent) == "Rome is warmer."
    assert sorted(called) == ["Oslo", "Rome"]
    assert grid.statuses == [200, 200]


def test_an_agent_that_writes_code_ends(run, called, grid):
    # The fake writes no program. smolagents 1.26.0 says so in each step, and at last asks for words.
    assert "You said" in run(CodeAgent)
    assert called == []
    assert grid.statuses == [200] * 6


def test_a_scripted_program(run, called, grid):
    grid.play(
        {"say": "Thought: look.\n<code>\nsaid = weather('Oslo')\nprint(said)\n</code>"},
        {"say": "Thought: done.\n<code>\nfinal_answer(f'It is {said}.')\n</code>"},
    )
    assert run(CodeAgent) == "It is 3 °C."
    assert called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_the_guide(documented):
    assert "Hello?" in documented("smolagents")
