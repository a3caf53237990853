"""The client takes its settings from the environment, as in production."""

from weather_agent import WeatherAgent, connect


def test_the_environment_says_where_the_api_is(mockgrid):
    mockgrid.play({"say": "Hello"})
    with mockgrid.env(), connect() as client:
        assert WeatherAgent(client).ask("Hello?") == "Hello"
