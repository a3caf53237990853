"""Paths of which one segment holds several parameters, read in a time that grows with their length alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

__all__ = ["ANYTHING", "INTEGER", "SEGMENT", "Form", "Pieces"]

SEGMENT: Final = "segment"
"""Any text without a slash."""
ANYTHING: Final = "anything"
"""Any text."""
INTEGER: Final = "integer"
"""Digits, perhaps behind a minus."""

Form: TypeAlias = str | tuple[str, ...]
"""How a parameter is written: one of the above, or as one of some texts."""

_DIGITS: Final = frozenset("0123456789")


class Pieces:
    """Matches texts with parameters between them, each of which takes as much as it can, the first one first.

    A regular expression would do the same, but tries all ways to divide a path that none of them fits.

    Args:
        texts: before, between and behind the parameters.
        forms: of the parameters.
    """

    def __init__(self, texts: Sequence[str], forms: Sequence[Form]) -> None:
        self._texts = tuple(texts)
        self._forms = tuple(forms)

    def fullmatch(self, path: str) -> Pieces.Match | None:
        """Return the match of a whole path; None where it is another."""
        first, last = self._texts[0], self._texts[-1]
        if not (path.startswith(first) and path.endswith(last)):
            return None
        # From behind: where what follows may begin, and from each start of a parameter where it ends.
        starts: Container[int] = frozenset((len(path) - len(last),))
        ends: list[dict[int, int]] = []
        for text, form in zip(reversed(self._texts[:-1]), reversed(self._forms), strict=True):
            reach = _listed(path, form, starts) if isinstance(form, tuple) else _ends(path, form, starts)
            ends.append({at: end for at, end in reach.items() if path.endswith(text, 0, at)})
            starts = frozenset(at - len(text) for at in ends[-1])
        if 0 not in starts:
            return None
        at, texts = 0, []
        for text, reach in zip(self._texts, reversed(ends), strict=False):
            at += len(text)
            texts.append(path[at : reach[at]])
            at = reach[at]
        return Pieces.Match(tuple(texts))

    class Match:
        """What the parameters are.

        Args:
            texts: they, in their order.
        """

        def __init__(self, texts: tuple[str, ...]) -> None:
            self._texts = texts

        def groups(self) -> tuple[str, ...]:
            """Return their texts."""
            return self._texts


def _ends(path: str, form: str, ends: Container[int]) -> dict[int, int]:
    """Return of each place where a parameter may begin the last of some places where it may end."""
    reach: dict[int, int] = {}
    furthest: int | None = None
    for at in range(len(path) - 1, -1, -1):
        if form == INTEGER and path[at] == "-" and furthest is not None:
            reach[at] = furthest
        if (form == SEGMENT and path[at] == "/") or (form == INTEGER and path[at] not in _DIGITS):
            furthest = None
            continue
        if furthest is None and at + 1 in ends:
            furthest = at + 1
        if furthest is not None:
            reach[at] = furthest
    return reach


def _listed(path: str, texts: tuple[str, ...], ends: Container[int]) -> dict[int, int]:
    """Return the same of a parameter that is one of some texts; the first listed counts."""
    ranks = {text: rank for rank, text in reversed([*enumerate(texts)])}
    lengths = sorted({len(text) for text in texts if text})
    reach: dict[int, tuple[int, int]] = {}
    for end in range(len(path) + 1):
        for length in lengths if end in ends else ():
            rank = ranks.get(path[max(0, end - length) : end])
            if rank is not None and length <= end:
                at = end - length
                reach[at] = min(reach.get(at, (rank, end)), (rank, end))
    return {at: end for at, (_, end) in reach.items()}
