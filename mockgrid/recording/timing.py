"""Recorded times, as durations of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["duration", "pace"]

# Shorter times are the recording machine's own.
_SHORTEST: Final = 0.002
_LONGEST: Final = 1e6


def duration(seconds: float) -> str:
    """Return a time to three digits; empty for one that does not count.

    >>> duration(0.30412), duration(12.3456), duration(0.0001)
    ('304ms', '12.3s', '')
    """
    if not _SHORTEST <= seconds < _LONGEST:
        return ""
    if seconds < 1:
        return f"{float(f'{seconds * 1000:.3g}'):g}ms"
    return f"{float(f'{seconds:.3g}'):.10g}s"


def pace(times: Sequence[float]) -> dict[str, str]:
    """Return how fast events came, given when each did; nothing where that is not known.

    >>> pace([0.3, 0.35, 0.4])
    {'first_token': '300ms', 'per_token': '50ms'}
    """
    if not times:
        return {}
    words = {}
    if first := duration(times[0]):
        words["first_token"] = first
    if len(times) > 1 and (step := duration((times[-1] - times[0]) / (len(times) - 1))):
        words["per_token"] = step
    return words
