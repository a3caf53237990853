"""crewai: a crew of one agent with one tool and one task."""

import pytest
from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool
from pydantic import BaseModel

TASK = "Tell the weather of Oslo 🌤 æøå."


class Forecast(BaseModel):
    sky: str
    degrees: int


@pytest.fixture
def called():
    return []


@pytest.fixture(params=["plain", "streamed"])
def crew(request, grid, called):
    @tool("weather")
    def weather(city: str) -> str:
        """Tells the weather."""
        called.append(city)
        return "3 °C"

    def crew(**settings):
        llm = LLM(
            "openai/agent-prime", base_url=grid.url, api_key=grid.key, stream=request.param == "streamed"
        )
        agent = Agent(
            role="Forecaster", goal="Tell the weather", backstory="Old.", llm=llm, tools=[weather], max_iter=5
        )
        task = Task(description=TASK, expected_output="One sentence", agent=agent, **settings)
        return Crew(agents=[agent], tasks=[task]).kickoff()

    return crew


def test_an_agent_that_may_answer_in_words_does(crew, called, grid):
    assert TASK in crew().raw
    assert called == []
    assert grid.statuses == [200]


def test_a_scripted_call_and_then_the_answer(crew, called, grid):
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    assert crew().raw == "It is 3 °C in Oslo."
    assert called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_scripted_calls_at_once(crew, called, grid):
    grid.play(
        {"call": [{"weather": {"city": "Oslo"}}, {"weather": {"city": "Rome"}}]}, {"say": "Rome is warmer."}
    )
    assert crew().raw == "Rome is warmer."
    assert sorted(called) == ["Oslo", "Rome"]
    assert grid.statuses == [200, 200]


def test_typed_output(crew):
    assert type(crew(output_pydantic=Forecast).pydantic) is Forecast


def test_a_conversation_that_is_too_long_is_summarised(crew, grid):
    summary = "<summary>They asked for the weather.</summary>"
    grid.play(grid.TOO_LONG, {"say": summary}, {"say": "It is cold."})
    assert crew().raw == "It is cold."
    assert grid.statuses == [400, 200, 200]
    messages = grid.exchanges[-1]["request"]["body"]["messages"]
    assert "They asked for the weather." in str(messages)


def test_the_guide(documented):
    assert "Hello?" in documented("crewai")
