"""How long something takes: always the same, or drawn from a distribution.

Every draw takes its chance from the random numbers that it is given, the session's own, so that the same
seed gives the same waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from random import Random

__all__ = ["Delay", "Fixed", "LogNormal", "Normal", "Uniform"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always so many seconds; nothing is drawn."""

    seconds: float

    def draw(self, rng: Random) -> float:
        """Return the seconds."""
        del rng
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """Anything between two numbers of seconds, equally likely."""

    shortest: float
    longest: float

    def draw(self, rng: Random) -> float:
        """Draw seconds."""
        return self.shortest + (self.longest - self.shortest) * rng.random()


@dataclass(frozen=True, slots=True)
class Normal:
    """Around a mean; what would be negative is zero."""

    mean: float
    deviation: float

    def draw(self, rng: Random) -> float:
        """Draw seconds."""
        return max(0.0, rng.normalvariate(self.mean, self.deviation))


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Half of the draws are below the median, and a few far above it."""

    median: float
    sigma: float

    def draw(self, rng: Random) -> float:
        """Draw seconds."""
        return self.median * rng.lognormvariate(0.0, self.sigma)


Delay: TypeAlias = Fixed | Uniform | Normal | LogNormal
"""All have ``draw(rng)``, which returns seconds, never negative."""
