"""Rows of texts side by side, each wrapped in its own column."""

from __future__ import annotations

from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_BETWEEN: Final = "  "


def columns(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    r"""Return rows as lines, at most so many columns wide.

    >>> print("\n".join(columns([["predicate", "got"], ["turn", "2"]], 40)))
    predicate  got
    turn       2
    """
    widths = _widths(rows, width)
    lines = []
    for row in rows:
        cells = [wrap(text, most) or [""] for text, most in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part.ljust(most) for part, most in zip(parts, widths, strict=True))
            lines.append(_BETWEEN.join(padded).rstrip())
    return lines


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Give every column what it needs; where that is too much, the widest give way evenly."""
    needed = [max(map(len, column)) or 1 for column in zip(*rows, strict=True)]
    left = width - len(_BETWEEN) * (len(needed) - 1)
    widths = needed[:]
    while sum(widths) > left and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths
