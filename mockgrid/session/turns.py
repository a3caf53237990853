"""Work in turns: long work that lets others go first, without being cut into pieces by hand.

It is a generator that yields wherever it may be interrupted, and returns what has come of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from typing import Final

__all__ = ["Turns", "all_at_once", "among_others"]

T = TypeVar("T")
Turns: TypeAlias = Generator[None, None, T]

# Seconds for which a request may have to wait for work that is done among others.
_TURN: Final = 0.001


def all_at_once(turns: Turns[T]) -> T:
    """Do the work, and return what has come of it."""
    while True:
        try:
            next(turns)
        except StopIteration as done:
            result: T = done.value
            return result


async def among_others(turns: Turns[T]) -> T:
    """Do the work a thousandth of a second at a time, and all else that the event loop has between these."""
    end = monotonic() + _TURN
    while True:
        try:
            next(turns)
        except StopIteration as done:
            result: T = done.value
            return result
        if monotonic() >= end:
            await asyncio.sleep(0)
            end = monotonic() + _TURN
