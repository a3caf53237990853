r"""Texts without which patterns match nothing, and looking for thousands of them at once.

A pattern such as ``^Order \d+ is (late|lost)$`` is found in no text that lacks ``Order ``: that is its
needle. Which of many needles a text has is told by a tree, each of whose nodes is one pattern for all needles
below it. So a text is searched about as often as it has needles, and not as often as there are needles.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

from mockgrid.schema.pattern_engine import compile_matcher
from mockgrid.schema.regex.syntax import Alternate, Chars, Concat, Repeat, consumes, single

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.schema.regex.syntax import CharSet, Node

__all__ = ["Needle", "NeedleTree", "needle", "needles"]

Needle: TypeAlias = tuple[str, ...]
"""A text, each of its characters as the engine writes it."""

# Needles of one pattern: those of so many branches.
_MOST: Final = 16
# Parts of one node of the tree.
_WIDTH: Final = 6
# Characters of a needle that are looked for: as many as tell it from others.
_LONGEST: Final = 12
_MOST_PARTS: Final = 40


@lru_cache(4096)
def _written(char: str) -> str:
    return single(char).text


def needle(text: str) -> Needle:
    """Return a text as a needle."""
    return tuple(map(_written, text))


def needles(node: Node) -> tuple[Needle, ...]:
    """Return texts one of which is in all that a tree matches.

    None are returned where none are known. The longest are the best: fewer texts have them.
    """
    match node:
        case Alternate(branches):
            of_branches = [needles(branch) for branch in branches]
            known = tuple(dict.fromkeys(chain.from_iterable(of_branches)))
            return known if all(of_branches) and len(known) <= _MOST else ()
        case Repeat(body, low, _):
            return needles(body) if low else ()
        case _:
            return max(_of_sequence(node), key=_worth, default=())


def _worth(needles: tuple[Needle, ...]) -> int:
    return min(map(len, needles), default=0)


def _of_sequence(node: Node) -> Iterator[tuple[Needle, ...]]:
    """Yield the needles of a sequence's parts, characters that stand together taken together."""
    run: Needle = ()
    for part in _parts(node):
        if isinstance(part, Chars) and _is_single(part.charset):
            run += (part.charset.text,)
        elif consumes(part):
            if run:
                yield (run,)
            run = ()
            if not isinstance(part, Chars):
                yield needles(part)
    if run:
        yield (run,)


def _parts(node: Node) -> Iterator[Node]:
    """Yield the parts of a sequence, those of the groups in it included."""
    if isinstance(node, Concat):
        for part in node.parts:
            yield from _parts(part)
    else:
        yield node


def _is_single(charset: CharSet) -> bool:
    """Tell whether a set is that of one character, or of its two cases."""
    return len(charset.ranges) == 1 and charset.ranges[0][0] == charset.ranges[0][1] and not charset.negated


class NeedleTree:
    """Tells which of many needles are in a text.

    Args:
        needles: as many as there are.
    """

    def __init__(self, needles: Iterable[Needle]) -> None:
        ways = {needle: _parts_of(needle) for needle in needles}
        counts = Counter(chain.from_iterable(ways.values()))
        self._with: dict[str, list[Needle]] = {}
        for needle, parts in ways.items():
            # What many have in common, such as how a sentence begins, tells none of them.
            rarest = min(parts, key=counts.__getitem__)
            self._with.setdefault("".join(rarest), []).append(needle)
        self._root = _Node(sorted(self._with))

    def likely(self, text: str) -> Iterator[Needle]:
        """Yield the needles that a text may have; it has none of the others.

        Args:
            text: without surrogates that stand alone, which no engine reads.
        """
        for part in self._root.likely(text):
            yield from self._with[part]


def _parts_of(needle: Needle) -> list[Needle]:
    """Return parts of a long needle, which overlap by halves; of a short one, all of it."""
    ends = range(len(needle), _LONGEST - 1, -_LONGEST // 2)[:_MOST_PARTS]
    return [needle[end - _LONGEST : end] for end in ends] or [needle]


class _Node:
    """A node of the tree: tells at once whether a text has any of its texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        parts: Sequence[_Node] = ()
        if len(texts) > _WIDTH:
            size = -(-len(texts) // _WIDTH)
            parts = [_Node(texts[at : at + size]) for at in range(0, len(texts), size)]
        self._parts = parts
        # Compiled when a text gets here: most never do.
        self._compiled = False
        self._has_one: Callable[[str], bool] | None = None

    def likely(self, text: str) -> Iterator[str]:
        """Yield the texts that a text may have."""
        if not self._compiled:
            self._compiled = True
            self._has_one = compile_matcher(f"(?:{'|'.join(self._texts)})")
        if self._has_one is not None and not self._has_one(text):
            return
        if not self._parts:
            yield from self._texts
        for part in self._parts:
            yield from part.likely(text)
