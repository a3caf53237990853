"""Drawing times from what a scenario says of them.

Every draw uses ``random.Random.random`` alone, whose numbers are the same in every version of Python, and is
rounded to microseconds, since the last bit of a logarithm differs between machines.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mockgrid.scenario.delay import Fixed, LogNormal, Normal, Uniform

if TYPE_CHECKING:
    from random import Random

    from mockgrid.scenario.delay import Delay

# Draws stay within so many deviations: a test that waits for ever once in a million runs helps nobody.
_DEVIATIONS = 4.0
_DIGITS = 6


def draw(delay: Delay | None, random: Random) -> float:
    """Return a time in seconds, never negative; none at all where there is no delay."""
    match delay:
        case None:
            return 0.0
        case Fixed(seconds):
            return seconds
        case Uniform(shortest, longest):
            return round(shortest + (longest - shortest) * random.random(), _DIGITS)
        case Normal(mean, deviation):
            return max(0.0, round(mean + deviation * _standard(random), _DIGITS))
        case LogNormal(median, sigma):
            return round(median * math.exp(sigma * _standard(random)), _DIGITS)


def _standard(random: Random) -> float:
    """A number from the standard normal distribution, by Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(1.0 - random.random()))
    drawn = radius * math.cos(2.0 * math.pi * random.random())
    return min(max(drawn, -_DEVIATIONS), _DEVIATIONS)
