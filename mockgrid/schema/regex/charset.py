r"""A set of characters: what a class such as ``[a-z\d]`` or ``\p{L}`` admits."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_ALPHANUMERIC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_SURROGATES = range(0xD800, 0xE000)
# One or two of every common category, for classes that admit no ASCII at all.
_FOREIGN = "éßÉñØжЖλΩ中あ한אع٣५Ⅷ½²ǅʰ\u0301\u093e«»–‿¡€£+±°¨\u00a0\u2028\u2029\u00ad\ue000"  # noqa: RUF001 (meant to be foreign)
_POOL_LIMIT = 64


@dataclass(frozen=True, slots=True)
class CharSet:
    r"""Characters by code point ranges, Unicode categories and nested sets.

    Args:
        ranges: inclusive code point ranges.
        categories: Unicode general categories, whole (``Lu``) or by first letter (``L``).
        subsets: sets that are admitted too; how ``[\D\s]`` holds its negated parts.
        negated: admit what the rest does not.
        folded: ignore case.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    categories: tuple[str, ...] = ()
    subsets: tuple[CharSet, ...] = ()
    negated: bool = False
    folded: bool = False

    def admits(self, char: str) -> bool:
        """Whether one character is in the set."""
        if self.folded:
            # Some letters change length with case ("ß".upper() is "SS"); those forms are no single character.
            forms = [form for form in (char, char.lower(), char.upper()) if len(form) == 1]
            return any(map(self._lists, forms)) is not self.negated
        return self._lists(char) is not self.negated

    def pool(self) -> str:
        """Admitted characters to draw from, at most 64, pleasant ones only where there are any."""
        printable = [char for char in _PRINTABLE if self.admits(char)]
        pleasant = [char for char in printable if char in _ALPHANUMERIC]
        if self.negated or "." in printable:
            # A wide-open class reads best as lower-case words.
            pleasant = [char for char in pleasant if char.islower()] or pleasant
        return "".join(pleasant or printable or self._rare())

    def _rare(self) -> list[str]:
        points: list[int] = [ord(char) for char in _FOREIGN]
        for low, high in self.ranges:
            points += range(low, min(high, low + 8) + 1)
            points.append(high)
        points += range(0x20)
        points += range(0x7F, 0x250)
        found: dict[str, None] = {}
        for subset in self.subsets:
            if not subset.negated:
                found.update(dict.fromkeys(char for char in subset.pool() if self.admits(char)))
        for point in points:
            if point not in _SURROGATES and self.admits(chr(point)):
                found[chr(point)] = None
        return list(found)[:_POOL_LIMIT]

    def _lists(self, char: str) -> bool:
        point = ord(char)
        if any(low <= point <= high for low, high in self.ranges):
            return True
        if self.categories and unicodedata.category(char).startswith(self.categories):
            return True
        return any(subset.admits(char) for subset in self.subsets)


def single(char: str, *, folded: bool = False) -> CharSet:
    """The set of one character (and its other case, when ``folded``)."""
    return CharSet(((ord(char), ord(char)),), folded=folded)


DIGITS = CharSet(((0x30, 0x39),))
WORD = CharSet(((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)))
# ECMA-262 WhiteSpace and LineTerminator.
SPACE = CharSet(
    (
        (0x09, 0x0D),
        (0x20, 0x20),
        (0xA0, 0xA0),
        (0x1680, 0x1680),
        (0x2000, 0x200A),
        (0x2028, 0x2029),
        (0x202F, 0x202F),
        (0x205F, 0x205F),
        (0x3000, 0x3000),
        (0xFEFF, 0xFEFF),
    )
)
ANY = CharSet(negated=True)
# Line terminators are what "." leaves out.
NOT_NEWLINE = CharSet(((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)), negated=True)
