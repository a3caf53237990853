"""Durations with units, and shares in percent.

>>> seconds("20ms"), seconds("1.5s"), seconds("2m")
(0.02, 1.5, 120.0)
>>> share("20%")
0.2
"""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["duration_mistake", "seconds", "share", "share_mistake"]

# Seconds, as a whole number by another.
_UNITS: Final = {"ms": (1, 1000), "s": (1, 1), "m": (60, 1), "h": (3600, 1)}
_MEANT: Final = {
    "ms": ("msec", "msecs", "milli", "millis", "millisecond", "milliseconds"),
    "s": ("sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
}
_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)")
_SHARE: Final = re.compile(r"(100|[0-9]{1,2}(?:\.[0-9]{1,9})?)%")
_ROUGHLY: Final = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)\s*([a-zA-Zµ]*)\.?\s*")
_SHOWN: Final = 60


def seconds(text: str) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: it is not one; ``duration_mistake`` says what is wrong.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return _rounded_once(match[1], *_UNITS[match[2]])


def share(text: str) -> float:
    """Return a percentage as a number from 0 to 1.

    Raises:
        ValueError: it is not one; ``share_mistake`` says what is wrong.
    """
    match = _SHARE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return _rounded_once(match[1], 1, 100)


def _rounded_once(number: str, times: int, by: int) -> float:
    """Return a decimal number times a whole one, divided by another."""
    whole, _, part = number.partition(".")
    rounded: float = int(whole + part) * times / (by * 10 ** len(part))
    return rounded


def duration_mistake(value: Any) -> tuple[str, str]:
    """Return what is wrong with a value as a duration, and what was meant, each one sentence."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return "is not a duration", "Write a number and a unit: 20ms, 1.5s, 2m or 1h."
    text = str(value)
    written = repr(text[:_SHOWN])
    parts = _ROUGHLY.fullmatch(text)
    if parts is None:
        if text.strip().startswith("-"):
            return f"is {written}, and a duration cannot be negative", "Write 0s for no time at all."
        return (
            f"is {written}, which is not a duration",
            "Write one number and one unit: 20ms, 1.5s, 2m or 1h.",
        )
    return _unit_mistake(parts[1].replace(",", "."), parts[2], text.strip()[:_SHOWN])


def _unit_mistake(number: str, unit: str, text: str) -> tuple[str, str]:
    written = repr(text)
    number = f"0{number}" if number.startswith(".") else number
    if not unit:
        return f"is {text} without a unit", f"Write {number}s or {number}ms."
    meant = unit if unit in _UNITS else _meant(unit)
    if meant is None:
        return f"has the unknown unit {unit[:20]!r}", "The units are ms, s, m and h."
    if seconds_or_none(number + meant) is None:
        return (
            f"is {written}, which has too many digits",
            "Write at most nine digits before and after the point.",
        )
    return f"is {written}, which is not written as a duration", f"Write {number}{meant}."


def share_mistake(value: Any) -> tuple[str, str]:
    """Return what is wrong with a value as a share, and what was meant."""
    written = repr(value[:_SHOWN]) if isinstance(value, str) else str(value)[:_SHOWN]
    if isinstance(value, float) and 0 < value < 1:
        return f"is {written} without a percent sign", f"Write {round(value * 100, 6):g}%."
    return f"is {written}, which is not a share", "Write a number from 0 to 100 with a percent sign: 20%."


def seconds_or_none(text: str) -> float | None:
    """Return a duration in seconds; None for what is not one."""
    try:
        return seconds(text)
    except ValueError:
        return None


def _meant(unit: str) -> str | None:
    folded = unit.lower()
    if folded in _UNITS:
        return folded
    return next((known for known, others in _MEANT.items() if folded in others), None)
