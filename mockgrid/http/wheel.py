"""One timer for all replies that wait: what is due is done in order of its deadlines, in bounded turns."""

from __future__ import annotations

import asyncio
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Deadline", "Wheel"]

# Seconds for which what is due keeps the event loop from accepting and reading.
_TURN: Final = 0.002
# What is due so soon is done with what is due: no loop's timer is more exact.
_SOON: Final = 0.0005
# So many may be cancelled and still in line until it is tidied.
_CANCELLED: Final = 1000


class Deadline:
    """Something that is to be done, until it is cancelled."""

    __slots__ = ("_wheel", "then")

    def __init__(self, wheel: Wheel, then: Callable[[], None]) -> None:
        self._wheel = wheel
        self.then: Callable[[], None] | None = then

    def cancel(self) -> None:
        """Do it no more."""
        if self.then is not None:
            self.then = None
            self._wheel.cancelled()


class Wheel:
    """Does things at their deadlines, on the event loop that runs when the first is set."""

    def __init__(self) -> None:
        self._line: list[tuple[float, int, Deadline]] = []
        self._numbers = count()
        self._cancelled = 0
        # When the loop's timer goes off; nothing comes before that while it does.
        self._next = inf
        self._timer: asyncio.Handle | None = None

    def at(self, due: float, then: Callable[[], None]) -> Deadline:
        """Have something done at a deadline, by the clock of the event loop."""
        deadline = Deadline(self, then)
        heappush(self._line, (due, next(self._numbers), deadline))
        if due < self._next:
            self._set(due)
        return deadline

    def cancelled(self) -> None:
        """Count one that was cancelled."""
        self._cancelled += 1
        if self._cancelled > _CANCELLED + len(self._line) // 2:
            self._line = [entry for entry in self._line if entry[2].then is not None]
            heapify(self._line)
            self._cancelled = 0

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = due
        self._timer = asyncio.get_running_loop().call_at(due, self._go_off)

    def _go_off(self) -> None:
        self._timer, self._next = None, -inf
        line = self._line
        now = began = monotonic()
        try:
            while line and line[0][0] <= now + _SOON:
                deadline = heappop(line)[2]
                then, deadline.then = deadline.then, None
                if then is None:
                    self._cancelled -= 1
                    continue
                then()
                now = monotonic()
                line = self._line  # it may have been tidied
                if now - began >= _TURN:
                    break
        finally:
            self._next = inf
            if self._line:
                self._set(self._line[0][0])
