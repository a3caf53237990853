"""LangGraph: the agent that LangChain builds on it, over a chat model of langchain-openai."""

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelRequest, wrap_model_call
from langchain_core.messages import AIMessageChunk, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

GREETING = "Good morning, Oslo 🌤 æøå."
ASKED = {"messages": [{"role": "user", "content": GREETING}]}
LIMIT = {"recursion_limit": 10}


class Forecast(BaseModel):
    """The weather."""

    sky: str
    degrees: int


@pytest.fixture
def called():
    return []


@pytest.fixture
def agent(grid, called):
    def weather(city: str) -> str:
        """Tells the weather."""
        called.append(city)
        return "3 °C"

    def agent(**settings):
        chat = ChatOpenAI(model="agent-prime", base_url=grid.url, api_key=grid.key)
        return create_agent(chat, [weather], **settings)

    return agent


@wrap_model_call
def first_a_tool(request: ModelRequest, handler):
    """The model must call a tool before it may answer."""
    if any(isinstance(message, ToolMessage) for message in request.messages):
        return handler(request)
    return handler(request.override(tool_choice="required"))


@pytest.fixture(params=["plain", "streamed"])
def run(request):
    def run(agent):
        if request.param == "plain":
            return agent.invoke(ASKED, LIMIT)["messages"][-1].content
        pieces = [
            piece.content
            for piece, _ in agent.stream(ASKED, LIMIT, stream_mode="messages")
            if isinstance(piece, AIMessageChunk)
        ]
        assert len(pieces) > 1
        return "".join(pieces)

    return run


def test_an_agent_that_may_answer_in_words_does(agent, run, called, grid):
    assert GREETING in run(agent())
    assert called == []
    assert grid.statuses == [200]


def test_an_agent_that_must_call_its_tool_ends(agent, run, called, grid):
    assert GREETING in run(agent(middleware=[first_a_tool]))
    assert [type(city) for city in called] == [str]
    assert grid.statuses == [200, 200]


def test_a_scripted_call_and_then_the_answer(agent, run, called, grid):
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    assert run(agent()) == "It is 3 °C in Oslo."
    assert called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_scripted_calls_at_once(agent, run, called, grid):
    grid.play(
        {"call": [{"weather": {"city": "Oslo"}}, {"weather": {"city": "Rome"}}]}, {"say": "Rome is warmer."}
    )
    assert run(agent()) == "Rome is warmer."
    assert sorted(called) == ["Oslo", "Rome"]
    assert grid.statuses == [200, 200]


def test_an_agent_with_typed_output_calls_its_tool_and_ends(agent, called, grid):
    # The form of the output is a tool, too, and one of the two has to be called each time.
    told = agent(response_format=Forecast).invoke(ASKED, LIMIT)
    assert type(told["structured_response"]) is Forecast
    assert len(called) == 1
    assert grid.statuses == [200, 200]


def test_the_async_agent_says_the_same(agent, called, grid, runner):
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    told = runner.run(agent().ainvoke(ASKED, LIMIT))
    assert told["messages"][-1].content == "It is 3 °C in Oslo."
    assert called == ["Oslo"]
    assert grid.statuses == [200, 200]


def test_the_guide(documented):
    assert "Hello?" in documented("LangGraph")
