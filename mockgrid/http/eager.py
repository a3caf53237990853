"""Coroutines that mostly need not wait: a task, or a timer, only for those that do."""

from __future__ import annotations

import asyncio
import types
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator

T = TypeVar("T")


def start_task(coroutine: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    """Run a coroutine in a task, which is kept while it runs."""
    task = asyncio.get_running_loop().create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def begin(coroutine: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    """Run a coroutine up to its first wait, and from there on in a task of its own.

    Most requests are answered without a wait, and cost neither a task nor a turn of the event loop. (Python
    3.12 has eager tasks, which cost as much as others.)

    Args:
        coroutine: begun here; until its first wait there is no current task.
        tasks: where the task is kept while it runs.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return
    start_task(_resumed(coroutine, awaited), tasks)


async def _resumed(steps: Any, awaited: Any) -> Any:
    return await _handed_on(steps, awaited)


@types.coroutine
def _handed_on(steps: Any, awaited: Any) -> Generator[Any, Any, Any]:
    """Go on with what has been begun: what it waits for is handed on, and the outcome handed back."""
    try:
        while True:
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001 - a cancellation too is its own to see
                awaited = steps.throw(error)
            else:
                awaited = steps.send(sent)
    except StopIteration as done:
        return done.value


@types.coroutine
def timeout(awaitable: Awaitable[T], seconds: float) -> Generator[Any, Any, T]:
    """Await something, and raise TimeoutError once it has kept its caller waiting too long.

    The clock starts at the first wait. A body that has arrived with its head is read without waiting, so for
    most requests there is no timer at all.

    Args:
        awaitable: awaited once.
        seconds: how long it may take from its first wait on.
    """
    steps: Any = awaitable.__await__()
    result: T
    try:
        awaited = next(steps)
    except StopIteration as done:
        result = done.value
        return result
    if asyncio.current_task() is None:
        yield  # begun eagerly: from here on, it runs in a task
    result = yield from _limited(steps, awaited, seconds).__await__()
    return result


async def _limited(steps: Any, awaited: Any, seconds: float) -> Any:
    async with asyncio.timeout(seconds):
        return await _handed_on(steps, awaited)
