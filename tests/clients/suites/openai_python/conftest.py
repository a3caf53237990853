"""openai-python, sync and async: every check runs in both worlds."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openai
import pytest

EXPECTED = {"openai-2": "2.54.0", "openai-3": "3.54.0"}


@dataclass
class Sync:
    """Calls the sync client."""

    given: dict[str, Any]

    def client(self, **settings: Any) -> openai.OpenAI:
        return openai.OpenAI(**self.given | settings)

    def call(self, function: Callable[..., Any], **arguments: Any) -> Any:
        return function(**arguments)

    def items(self, function: Callable[..., Any], **arguments: Any) -> list:
        """Everything that the call's answer yields: the chunks of a stream, the pages of a list."""
        return list(function(**arguments))

    def follow(self, function: Callable[..., Any], **arguments: Any) -> tuple[list, Any]:
        """The events of a ``.stream()`` and its final completion."""
        with function(**arguments) as stream:
            return list(stream), stream.get_final_completion()


@dataclass
class Async:
    """Calls the async client, and waits for it."""

    given: dict[str, Any]
    runner: asyncio.Runner

    def client(self, **settings: Any) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(**self.given | settings)

    def call(self, function: Callable[..., Any], **arguments: Any) -> Any:
        async def call() -> Any:
            return await function(**arguments)

        return self.runner.run(call())

    def items(self, function: Callable[..., Any], **arguments: Any) -> list:
        async def items() -> list:
            answer = function(**arguments)
            return [item async for item in (answer if hasattr(answer, "__aiter__") else await answer)]

        return self.runner.run(items())

    def follow(self, function: Callable[..., Any], **arguments: Any) -> tuple[list, Any]:
        async def follow() -> tuple[list, Any]:
            async with function(**arguments) as stream:
                return [event async for event in stream], await stream.get_final_completion()

        return self.runner.run(follow())


@pytest.fixture(params=["sync", "async"])
def api(request, grid, runner):
    given = {"base_url": grid.url, "api_key": grid.key}
    return Sync(given) if request.param == "sync" else Async(given, runner)


@pytest.fixture
def chat(api):
    """``client.chat.completions`` of a client with nothing changed."""
    return api.client().chat.completions


@pytest.fixture(autouse=True, scope="session")
def version():
    assert openai.__version__ == EXPECTED[os.environ["MOCKGRID_CLIENT"]]
