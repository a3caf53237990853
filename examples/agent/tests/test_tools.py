"""The tool loop."""

import json

import pytest

pytestmark = pytest.mark.mockgrid(resilient=True)


@pytest.mark.mockgrid("tool-loop")
def test_all_calls_are_answered_before_the_next_round(agent, mockgrid):
    answer = agent.ask("Which of Oslo, Rome and Tokyo is the warmest?")
    assert answer == "Rome is the warmest of the three."
    assert [exchange.step for exchange in mockgrid.exchanges] == [
        "two calls at once",
        "one more, after both results",
        "the answer",
    ]


@pytest.mark.mockgrid("weather-in-oslo")
def test_a_call_is_answered_under_its_own_id(agent, mockgrid):
    assert agent.ask("How is the weather in Oslo?") == "It is 3 °C in Oslo."
    *_, call, result = mockgrid.last.request.json["messages"]
    assert result["tool_call_id"] == call["tool_calls"][0]["id"]
    assert json.loads(result["content"]) == {"city": "Oslo", "celsius": 3}


def test_arguments_that_are_no_json_are_told_to_the_model(agent, mockgrid):
    mockgrid.play([{"call": {"get_weather": '{"city": "Os'}, "contract": "off"}, {"say": "Which city?"}])
    assert agent.ask("How is the weather?") == "Which city?"
    assert "takes an object with a city" in mockgrid.last.request.json["messages"][-1]["content"]


def test_a_model_that_never_answers_is_left(agent, mockgrid):
    mockgrid.play({"call": {"get_weather": {"city": "Oslo"}}})
    with pytest.raises(Exception, match="has called tools 8 times"):
        agent.ask("How is the weather?")
