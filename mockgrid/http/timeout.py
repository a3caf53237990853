"""A time limit that costs nothing while nobody has to wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

T = TypeVar("T")


class Within(Generic[T]):
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
            waiting_for = next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
        return (yield from self._wait(steps, waiting_for).__await__())

    async def _wait(self, steps: Any, waiting_for: Any) -> T:
        async with asyncio.timeout(self._seconds):
            rest: T = await _Rest(steps, waiting_for)
            return rest


class _Rest:
    """What has been begun: what it waits for is handed on, and the outcome handed back."""

    __slots__ = ("_steps", "_waiting_for")

    def __init__(self, steps: Any, waiting_for: Any) -> None:
        self._steps = steps
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, Any]:
        waiting_for = self._waiting_for
        try:
            while True:
                try:
                    sent = yield waiting_for
                except BaseException as error:  # noqa: BLE001 - a cancellation too is its own to see
                    waiting_for = self._steps.throw(error)
                else:
                    waiting_for = self._steps.send(sent)
        except StopIteration as done:
            return done.value
