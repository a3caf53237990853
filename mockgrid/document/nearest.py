"""The nearest known name for one that is not known."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Comparing is quadratic in the length; names longer than this are not typing errors.
_LONGEST = 128
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


def likeness(written: str, known: str) -> float:
    """Return how much two words are alike, from 0 to 1."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - as above

    return SequenceMatcher(None, written, known).ratio()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean X?`` with a leading space, or the empty string."""
    meant = nearest(name, known)
    return f" Did you mean {meant}?" if meant is not None and meant != name else ""
