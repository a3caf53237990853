"""A time limit that costs nothing while nobody has to wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

T = TypeVar("T")


class Within(Generic[T]):
    """Awaits a coroutine, and raises TimeoutError once it has kept its caller waiting too long.

    The clock starts when the coroutine first waits. A body that has arrived with its head is read without
    waiting, so for most requests there is no timer at all.

    Args:
        coroutine: awaited once.
        seconds: how long it may take from its first wait on.
    """

    __slots__ = ("_coroutine", "_seconds")

    def __init__(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> None:
        self._coroutine = coroutine
        self._seconds = seconds

    def __await__(self) -> Generator[Any, Any, T]:
        try:
            waiting_for = self._coroutine.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        return (yield from self._wait(waiting_for).__await__())

    async def _wait(self, waiting_for: Any) -> T:
        async with asyncio.timeout(self._seconds):
            return await _Rest(self._coroutine, waiting_for)


class _Rest(Generic[T]):
    """A coroutine that has been begun: what it waits for is handed on, and the outcome handed back."""

    __slots__ = ("_coroutine", "_waiting_for")

    def __init__(self, coroutine: Coroutine[Any, Any, T], waiting_for: Any) -> None:
        self._coroutine = coroutine
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, T]:
        waiting_for = self._waiting_for
        try:
            while True:
                try:
                    sent = yield waiting_for
                except BaseException as error:  # noqa: BLE001 - a cancellation too is the coroutine's to see
                    waiting_for = self._coroutine.throw(error)
                else:
                    waiting_for = self._coroutine.send(sent)
        except StopIteration as done:
            result: T = done.value
            return result
