"""The nearest known name for one that is not known."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Comparing is quadratic in the length; names longer than this are not typing errors.
_LONGEST = 128
# Words as short as this differ in a letter or two from too many others.
_SHORTEST = 4
_SURE = 0.8
# Of more names than this, those that come later are not compared: no document has so many in one place.
_MOST = 5_000


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that resembles ``name`` most, or None where none comes close.

    Ties go to the first in alphabetical order, so the answer never depends on the order of ``known``.

    >>> nearest("max_token", ["model", "max_tokens"])
    'max_tokens'
    """
    if not name or len(name) > _LONGEST:
        return None
    from difflib import SequenceMatcher  # noqa: PLC0415 - 3 ms, for mistakes alone

    folded = name.casefold()
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(folded)
    best, best_ratio = None, 0.6
    for candidate in sorted(islice(known, _MOST)):
        matcher.set_seq1(candidate[:_LONGEST].casefold())
        if matcher.real_quick_ratio() <= best_ratio or matcher.quick_ratio() <= best_ratio:
            continue
        ratio = matcher.ratio()
        if ratio > best_ratio:
            best, best_ratio = candidate, ratio
    return best


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` surely is, a letter or two wrong; None where it may be its own.

    >>> misspelt("request_body", ["requestBody"]), misspelt("notes", ["not"])
    ('requestBody', None)
    """
    plain, candidates = _letters(name), sorted(islice(known, _MOST))
    for candidate in candidates:
        if candidate != name and _letters(candidate) == plain:
            return candidate
    meant = nearest(name, candidates) if len(name) >= _SHORTEST else None
    return meant if meant is not None and likeness(plain, _letters(meant)) > _SURE else None


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def likeness(written: str, known: str) -> float:
    """Return how much two words are alike, from 0 to 1."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - as above

    return SequenceMatcher(None, written, known).ratio()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean X?`` with a leading space, or the empty string."""
    meant = nearest(name, known)
    return f" Did you mean {meant}?" if meant is not None and meant != name else ""
