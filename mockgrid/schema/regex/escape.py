"""What follows a backslash."""

from __future__ import annotations

import re

from mockgrid.schema.regex.engine import compile_matcher
from mockgrid.schema.regex.error import RegexError
from mockgrid.schema.regex.syntax import Anchor, Assert, Chars, CharSet, single

_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_ANCHORS = {
    "b": Anchor.BOUNDARY,
    "B": Anchor.NOT_BOUNDARY,
    "A": Anchor.START,
    "Z": Anchor.END,
    "z": Anchor.END,
}
_CODES = (
    re.compile(r"u([0-9A-Fa-f]{4})"),
    re.compile(r"[ux]\{([0-9A-Fa-f]{1,8})\}"),
    re.compile(r"x([0-9A-Fa-f]{2})"),
    re.compile(r"U([0-9A-Fa-f]{8})"),
)
_PAIR = re.compile(r"u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_PROPERTY = re.compile(r"[pP](?:\{(?:(?:gc|General_Category)=)?(\^?\w+)\}|([A-Z]))")
_LAST_POINT = 0x10FFFF


def read_escape(pattern: str, at: int, *, folded: bool, in_class: bool = False) -> tuple[Chars | Assert, int]:  # noqa: C901, PLR0911 (one for each kind)
    """What the escape at ``at`` stands for, and where it ends.

    Raises:
        RegexError: a backreference, or an escape with no meaning common to the dialects.
    """
    letter = pattern[at + 1 : at + 2]
    if not letter:
        raise RegexError("a backslash ends the pattern", at, hint="Write \\\\ for the character.")
    after = at + 2
    if letter in _CONTROLS:
        return Chars(single(_CONTROLS[letter])), after
    if letter in "dDwWsS":
        return Chars(CharSet(f"\\{letter}", negated=letter.isupper())), after
    if in_class and letter == "b":
        return Chars(single("\b")), after
    if not in_class and letter in _ANCHORS:
        return Assert(_ANCHORS[letter]), after
    if letter == "0" and not pattern[after : after + 1].isdecimal():
        return Chars(single("\0")), after
    if letter.isdecimal() or letter == "k":
        raise RegexError(
            "backreferences cannot be matched in linear time", at, hint="Spell the group out again."
        )
    if letter == "c" and pattern[after : after + 1].isalpha() and pattern[after].isascii():
        return Chars(single(chr(ord(pattern[after]) % 32))), after + 1
    if letter in "pP":
        return _property(pattern, at)
    coded = _code_point(pattern, at)
    if coded is not None:
        point, after = coded
        return Chars(single(chr(point), folded=folded)), after
    if letter.isalpha() and letter.isascii():
        raise RegexError(f"\\{letter} has no meaning", at, hint=f"Write {letter} for the character.")
    return Chars(single(letter, folded=folded)), after


def _code_point(pattern: str, at: int) -> tuple[int, int] | None:
    if pair := _PAIR.match(pattern, at + 1):
        high, low = (int(half, 16) for half in pair.groups())
        return 0x10000 + ((high - 0xD800) << 10) + low - 0xDC00, pair.end()
    for notation in _CODES:
        if match := notation.match(pattern, at + 1):
            point = int(match[1], 16)
            if point > _LAST_POINT:
                raise RegexError("the code point is beyond Unicode", at)
            return point, match.end()
    return None


def _property(pattern: str, at: int) -> tuple[Chars, int]:
    match = _PROPERTY.match(pattern, at + 1)
    if not match:
        raise RegexError("\\p wants a category in braces", at, hint="Write \\p{L}.")
    name = match[1] or match[2]
    negated = (pattern[at + 1] == "P") is not name.startswith("^")
    name = name.removeprefix("^")
    text = f"\\{'P' if negated else 'p'}{{{name}}}"
    if compile_matcher(text) is None:
        raise RegexError(f"the Unicode property {name} is not supported", at, hint="General categories are.")
    return Chars(CharSet(text, negated=negated)), match.end()
