"""Values at the edges of what a schema allows; the simplest first, for choosers that shrink."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from mockgrid.schema.generate.limits import STRING_LIMIT

if TYPE_CHECKING:
    from mockgrid.schema.generate.chooser import ValuePosition

TEXTS: Final = (
    "",
    "0",
    " ",
    "\n",
    "null",
    "{}",
    "[]",
    '{"a": 1}',
    '{"a": ',
    "```json\n{}\n```",
    "\U0001f600",
    "e\u0301\u20dd",
    "\u05e9\u05dc\u05d5\u05dd \u202etxt.",
    "\u200b\ufeff",
    "\x00\x1b[31m\x7f",
    "\u2028\u2029\x85",
    "<b>&amp;</b><script>",
    "**bold** [a](b)",
    "data: [DONE]\n\n",
    "data: {}\r\n\r\nevent: error\n",
    '"\\\u00e9\\u00e9',
    "%s {0} $a `a`",
    "<think>a</think>",
)
"""What programs that take texts apart are not ready for."""

_LONG = 2_000
_WHOLE = (0, 1, -1, 2**31, 2**53 + 1)
_BROKEN = (Fraction(1, 10), Fraction(-1, 2), Fraction(1, 10**7), Fraction(10**21))
_MANY = 5
_MOST = 64


def edge_text(position: ValuePosition, low: int, high: int | None) -> str:
    """A text of the shortest or the longest length, or an odd one that is cut or repeated to fit."""
    number = position.draw(len(TEXTS) + 1)
    if number == len(TEXTS):
        return "x" * min(max(low, _LONG if high is None else high), STRING_LIMIT)
    text = TEXTS[number]
    if len(text) < low:
        text = (text or "x") * (low // len(text or "x") + 1)
        text = text[:low]
    return text if high is None else text[:high]


def edge_number(
    position: ValuePosition,
    low: int | Fraction | None,
    high: int | Fraction | None,
    step: int | Fraction | None,
) -> int | Fraction:
    """A bound, what is next to it, or a number that is often mistaken; it may not fit."""
    by = step or 1
    bounds = [bound for bound in (low, high) if bound is not None]
    near = [*bounds, *(bound + way * by for bound in bounds for way in (1, -1))]
    usual = [number * by for number in _WHOLE] + list(_BROKEN if step is None else ())
    fitting = [
        number
        for number in (*usual[:1], *near, *usual[1:])
        if (low is None or number >= low) and (high is None or number <= high)
    ]
    return fitting[position.draw(len(fitting))] if fitting else 0


def edge_length(position: ValuePosition, low: int, high: int | None) -> int:
    """A number of items: the least, some more, or the most."""
    most = low + _MANY if high is None else min(high, low + _MOST)
    lengths = list(dict.fromkeys((low, min(low + 1, most), min(low + 2, most), most)))
    return lengths[position.draw(len(lengths))]
