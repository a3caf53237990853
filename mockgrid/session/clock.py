"""The time that a session runs on: the machine's, or one that is moved by hand."""

from __future__ import annotations

import time
from typing import Any, Final

from mockgrid.scenario.duration import duration_mistake, seconds_or_none

FARTHEST: Final = 999_999_999
"""Seconds by which a clock is moved at once."""


def moved_by(by: Any) -> float:
    """Return how far a clock is to be moved, in seconds.

    Args:
        by: a duration such as ``"2s"``, or seconds as a number.

    Raises:
        ValueError: it is neither; says what is wrong and what to write.
    """
    seconds = seconds_or_none(by) if isinstance(by, str) else by
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        if 0 <= seconds <= FARTHEST:
            return float(seconds)
        if seconds > FARTHEST:
            raise ValueError(f"`advance` is {by!r}; a clock is moved by at most {FARTHEST} s at once.")
    wrong, hint = duration_mistake(by)
    raise ValueError(f"`advance` {wrong}. {hint}")


class Clock:
    """Tells the time of a session in seconds: the machine's monotonic clock, or one that is moved by hand.

    Setting the time of day moves neither; what it is told in Unix time does.

    Args:
        virtual: whether it stands still until it is moved, so that waits pass at once.

    Attributes:
        spared: seconds that replies would have waited.
    """

    def __init__(self, *, virtual: bool = False) -> None:
        self.virtual = virtual
        self.spared = 0.0
        self._moved = 0.0
        self._began = time.time()

    def now(self) -> float:
        """Return the seconds since the machine started, or by which a virtual clock was moved."""
        return self._moved if self.virtual else time.monotonic()

    def unix(self) -> float:
        """Return the time of day in Unix seconds; where it was made plus what it was moved, when virtual."""
        return self._began + self._moved if self.virtual else time.time()

    def move(self, seconds: float) -> float:
        """Move a virtual clock forward and return the new time.

        Raises:
            ValueError: ``seconds`` is negative; time does not run backwards.
        """
        if not seconds >= 0:
            raise ValueError(f"A clock moves forward only; {seconds:g} s was asked for.")
        self._moved += seconds
        return self._moved

    def waited(self, seconds: float) -> None:
        """Note a wait: a virtual clock has spared it, and does not move by it; a real one has passed."""
        if self.virtual:
            self.spared += seconds
