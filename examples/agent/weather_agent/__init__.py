"""A small agent that talks about the weather."""

from weather_agent.agent import WeatherAgent
from weather_agent.client import connect
from weather_agent.errors import AgentError, NoCreditError, RejectedError, StreamCutError, UnavailableError
from weather_agent.forecast import Forecast

__all__ = [
    "AgentError",
    "Forecast",
    "NoCreditError",
    "RejectedError",
    "StreamCutError",
    "UnavailableError",
    "WeatherAgent",
    "connect",
]
