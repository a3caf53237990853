"""The calls of docs/fuzz.md's table."""

import asyncio

from agents import (
    Agent,
    AgentsException,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI, OpenAIError
from pydantic import BaseModel

set_tracing_disabled(True)


class City(BaseModel):
    """A city."""

    city: str


@function_tool
def get_weather(city: str) -> str:
    """Tells the weather."""
    return f"3 °C in {city}"


async def _run(url, key, *, streamed=False, **more):
    async with AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as client:
        agent = Agent("forecaster", model=OpenAIChatCompletionsModel("text-prime", client), **more)
        if not streamed:
            await Runner.run(agent, "Hi", max_turns=4)
            return
        async for _ in Runner.run_streamed(agent, "Hi", max_turns=4).stream_events():
            pass


def run(*session, **more):
    asyncio.run(_run(*session, **more))


CALLS = {
    "run": run,
    "run_streamed": lambda *session: run(*session, streamed=True),
    "run, with tools": lambda *session: run(*session, tools=[get_weather]),
    "run_streamed, with tools": lambda *session: run(*session, streamed=True, tools=[get_weather]),
    "run, with an output type": lambda *session: run(*session, output_type=City),
}
OWN = (AgentsException, OpenAIError)
