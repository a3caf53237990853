"""Trying again."""

import pytest

from weather_agent import NoCreditError, RejectedError, UnavailableError

pytestmark = pytest.mark.mockgrid(resilient=True)


def test_a_replenishing_balance_is_waited_for_as_long_as_it_says(agent, mockgrid):
    mockgrid.play([{"error": 503, "retry_after": "600ms"}, {"say": "Hello"}])
    assert agent.ask("Hello?") == "Hello"
    assert [exchange.status for exchange in mockgrid.exchanges] == [503, 200]


@pytest.mark.parametrize("status", [429, 500])
def test_what_passes_is_waited_for(agent, mockgrid, status):
    mockgrid.play([{"error": status}, {"error": status}, {"say": "Hello"}])
    assert agent.ask("Hello?") == "Hello"


def test_a_connection_that_breaks_is_tried_again(agent, mockgrid):
    mockgrid.play([{"auto": True, "fault": "reset"}, {"say": "Hello"}])
    assert agent.ask("Hello?") == "Hello"


@pytest.mark.mockgrid("overloaded")
def test_an_outage_is_told_after_some_attempts(agent, mockgrid):
    with pytest.raises(UnavailableError):
        agent.ask("Hello?")
    assert len(mockgrid.exchanges) == 4


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RejectedError), (401, RejectedError), (402, NoCreditError), (404, RejectedError)],
)
def test_what_does_not_pass_is_told_at_once(agent, mockgrid, status, error):
    mockgrid.play([{"error": status}, {"say": "Hello"}])
    with pytest.raises(error):
        agent.ask("Hello?")
    assert len(mockgrid.exchanges) == 1
