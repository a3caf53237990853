"""How long something takes: a fixed time, or one drawn from a distribution.

Every draw uses ``random.Random.random`` alone, whose numbers are the same in every version of Python, and is
rounded to microseconds, since the last bit of a logarithm differs between machines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

# Draws stay within so many deviations: a test that waits for ever once in a million runs helps nobody.
_DEVIATIONS = 4.0
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same time, in seconds."""

    seconds: float

    def __post_init__(self) -> None:
        _check("seconds", self.seconds)

    def draw(self, _: Random) -> float:
        """Return the time in seconds."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any time between two, in seconds, each as likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check("low", self.low)
        _check("high", self.high)
        if self.high < self.low:
            raise ValueError(f"high is {self.high:g}, which is below low, {self.low:g}")

    def draw(self, random: Random) -> float:
        """Return a time in seconds."""
        return round(self.low + (self.high - self.low) * random.random(), _DIGITS)


@dataclass(frozen=True, slots=True)
class Normal:
    """Times around a mean, in seconds; within four deviations, and never below zero."""

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        _check("mean", self.mean)
        _check("deviation", self.deviation)

    def draw(self, random: Random) -> float:
        """Return a time in seconds."""
        return max(0.0, round(self.mean + self.deviation * _standard(random), _DIGITS))


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Times with a long tail, as networks have: half of them below the median.

    Attributes:
        median: seconds.
        sigma: deviation of the time's logarithm; at 0.5, one time in twenty exceeds 2.3 medians.
    """

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _check("median", self.median)
        _check("sigma", self.sigma)
        if self.sigma > _DEVIATIONS:
            raise ValueError(f"sigma is {self.sigma:g}; at most {_DEVIATIONS:g} makes sense")

    def draw(self, random: Random) -> float:
        """Return a time in seconds."""
        return round(self.median * math.exp(self.sigma * _standard(random)), _DIGITS)


Delay = Fixed | Uniform | Normal | Lognormal


def _standard(random: Random) -> float:
    """A number from the standard normal distribution, by Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(1.0 - random.random()))
    drawn = radius * math.cos(2.0 * math.pi * random.random())
    return min(max(drawn, -_DEVIATIONS), _DEVIATIONS)


def _check(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} is {value:g}; it must be zero or more")
