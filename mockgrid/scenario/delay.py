"""How long something takes: always the same time, or one drawn from a distribution.

``reply/delay.py`` draws from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Delay", "Fixed", "LogNormal", "Normal", "Uniform"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always so many seconds; nothing is drawn."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any time between two, in seconds, each as likely."""

    shortest: float
    longest: float


@dataclass(frozen=True, slots=True)
class Normal:
    """Times around a mean, in seconds; what would be negative is zero."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Times with a long tail, as networks have: half of them below the median.

    Attributes:
        median: seconds.
        sigma: deviation of the time's logarithm; at 0.5, one time in twenty exceeds 2.3 medians.
    """

    median: float
    sigma: float


Delay: TypeAlias = Fixed | Uniform | Normal | LogNormal
