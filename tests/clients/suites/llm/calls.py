"""The calls of docs/fuzz.md's table."""

from llm import ModelError
from llm.default_plugins.openai_models import Chat
from openai import OpenAIError
from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    city: str


def get_weather(city: str) -> str:
    """Tells the weather."""
    return f"3 °C in {city}"


class Once(Chat):
    """Tries nothing again, which takes time."""

    def get_client(self, key, *, async_=False):
        return super().get_client(key, async_=async_).with_options(max_retries=0)


def _model(url):
    return Once("text-prime", api_base=url, supports_schema=True, supports_tools=True)


def prompt(url, key, **more):
    _model(url).prompt("Hi", key=key, **more).text()


def chain(url, key, **more):
    # Without a limit it goes on for as long as the model asks for tools.
    _model(url).conversation().chain("Hi", key=key, tools=[get_weather], chain_limit=3, **more).text()


CALLS = {
    "prompt": lambda *session: prompt(*session, stream=False),
    "prompt, streamed": prompt,
    "chain, with a limit": lambda *session: chain(*session, stream=False),
    "chain, with a limit, streamed": chain,
    "prompt, with a schema": lambda *session: prompt(*session, schema=City, stream=False),
}
OWN = (ModelError, OpenAIError)
