"""Coroutines that mostly need not wait: a task, or a timer, only for those that do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator

T = TypeVar("T")


def begin(coroutine: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> asyncio.Task[None] | None:
    """Run a coroutine up to its first wait, and from there on in a task of its own.

    Most requests are answered without a wait, and cost neither a task nor a turn of the event loop. (Python
    3.12 has eager tasks, which cost as much as others.)

    Args:
        coroutine: begun here; until its first wait there is no current task.
        tasks: where the task is kept while it runs.

    Returns:
        That task; None where nothing is left to wait for.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    task: asyncio.Task[None] = asyncio.get_running_loop().create_task(_resumed(coroutine, awaited))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


async def _resumed(steps: Any, awaited: Any) -> Any:
    return await _Resumed(steps, awaited)


class _Resumed:
    """What has been begun: what it waits for is handed on, and the outcome handed back."""

    __slots__ = ("_awaited", "_steps")

    def __init__(self, steps: Any, awaited: Any) -> None:
        self._steps = steps
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        awaited = self._awaited
        try:
            while True:
                try:
                    sent = yield awaited
                except BaseException as error:  # noqa: BLE001 - a cancellation too is its own to see
                    awaited = self._steps.throw(error)
                else:
                    awaited = self._steps.send(sent)
        except StopIteration as done:
            return done.value


class Timeout(Generic[T]):
    """Awaits something, and raises TimeoutError once it has kept its caller waiting too long.

    The clock starts at the first wait. A body that has arrived with its head is read without waiting, so for
    most requests there is no timer at all.

    Args:
        awaited: awaited once.
        seconds: how long it may take from its first wait on.
    """

    __slots__ = ("_awaited", "_seconds")

    def __init__(self, awaited: Awaitable[T], seconds: float) -> None:
        self._awaited = awaited
        self._seconds = seconds

    def __await__(self) -> Generator[Any, Any, T]:
        steps: Any = self._awaited.__await__()
        try:
            awaited = next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
        if asyncio.current_task() is None:
            yield  # begun eagerly: from here on, it runs in a task
        return (yield from self._limited(steps, awaited).__await__())

    async def _limited(self, steps: Any, awaited: Any) -> T:
        async with asyncio.timeout(self._seconds):
            result: T = await _Resumed(steps, awaited)
            return result
