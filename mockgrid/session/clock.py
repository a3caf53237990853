"""The time that a session runs on: the machine's, or one that is moved by hand."""

from __future__ import annotations

import time
from typing import Any, Final, Protocol

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


class Clock(Protocol):
    """Tells the time of a session, in seconds from an arbitrary start."""

    @property
    def virtual(self) -> bool:
        """Whether waits pass at once."""

    @property
    def spared(self) -> float:
        """Seconds that replies would have waited."""

    def now(self) -> float:
        """Return the seconds that have passed."""

    def waited(self, seconds: float) -> None:
        """Note a wait that a reply has made, or that a virtual clock has spared it."""


class RealClock:
    """The machine's monotonic clock: setting the time of day does not move it."""

    virtual = False
    spared = 0.0

    def now(self) -> float:
        """Return the seconds since the machine started."""
        return time.monotonic()

    def waited(self, seconds: float) -> None:
        """Real waits have passed by themselves."""


class VirtualClock:
    """A clock that stands still until it is moved.

    Attributes:
        spared: seconds that replies would have waited.
    """

    virtual = True

    def __init__(self) -> None:
        self._now = 0.0
        self.spared = 0.0

    def now(self) -> float:
        """Return the seconds by which the clock was moved."""
        return self._now

    def move(self, seconds: float) -> float:
        """Move the clock forward and return the new time.

        Raises:
            ValueError: ``seconds`` is negative; time does not run backwards.
        """
        if not seconds >= 0:
            raise ValueError(f"A clock moves forward only; {seconds:g} s was asked for.")
        self._now += seconds
        return self._now

    def waited(self, seconds: float) -> None:
        """Note a wait that was not made; the clock itself does not move by it."""
        self.spared += seconds
