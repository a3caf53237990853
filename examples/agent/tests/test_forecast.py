"""Structured output."""

import pytest

from weather_agent import Forecast, RejectedError

pytestmark = pytest.mark.mockgrid(resilient=True)


def test_a_forecast_is_read(agent, mockgrid):
    mockgrid.play({"json": {"city": "Oslo", "celsius": 3}})
    assert agent.forecast("Oslo") == Forecast("Oslo", 3)
    assert mockgrid.last.request.json["response_format"]["type"] == "json_schema"


def test_json_that_is_cut_short_is_asked_for_again(agent, mockgrid):
    mockgrid.play([{"say": '{"city": "Os', "finish": "length"}, {"json": {"city": "Oslo", "celsius": 3}}])
    assert agent.forecast("Oslo") == Forecast("Oslo", 3)


def test_a_refusal_is_no_forecast(agent, mockgrid):
    mockgrid.play({"refuse": "I cannot help with that."})
    with pytest.raises(RejectedError, match="I cannot help"):
        agent.forecast("Oslo")
