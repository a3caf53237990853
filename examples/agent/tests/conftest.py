import pytest

from weather_agent import WeatherAgent, connect


@pytest.fixture
def agent(mockgrid):
    """The agent, on a client that talks to the session of this test."""
    with connect(mockgrid.base_url, mockgrid.api_key) as client:
        yield WeatherAgent(client)
