"""The calls of docs/fuzz.md's table."""

import asyncio

from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


class City(BaseModel):
    """A city."""

    city: str


def get_weather(city: str) -> str:
    """Tell the weather."""
    return f"3 °C in {city}"


def _agent(url, key, **more):
    client = AsyncOpenAI(base_url=url, api_key=key, max_retries=0)
    return Agent(OpenAIChatModel("text-prime", provider=OpenAIProvider(openai_client=client)), **more)


def run(*session, **more):
    asyncio.run(_agent(*session, **more).run("Hi"))


def run_stream(*session, **more):
    async def streamed():
        async with _agent(*session, **more).run_stream("Hi") as result:
            async for _ in result.stream_output(debounce_by=None):
                pass

    asyncio.run(streamed())


CALLS = {
    "run": run,
    "run_stream": run_stream,
    "run, with tools": lambda *session: run(*session, tools=[get_weather]),
    "run_stream, with tools": lambda *session: run_stream(*session, tools=[get_weather]),
    "run, with an output type": lambda *session: run(*session, output_type=City),
    "run, with native output": lambda *session: run(*session, output_type=NativeOutput(City)),
    "run_stream, with an output type": lambda *session: run_stream(*session, output_type=City),
}
OWN = (AgentRunError,)
