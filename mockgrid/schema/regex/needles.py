r"""Texts without which patterns match nothing, and looking for thousands of them at once.

A pattern such as ``^Order \d+ is (late|lost)$`` is found in no text that lacks ``Order ``: that is its
needle. Which of many needles a text has is told by a tree, each of whose nodes is one pattern for all needles
below it. So a text is searched about as often as it has needles, and not as often as there are needles.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from mockgrid.schema.regex.engine import compile_matcher
from mockgrid.schema.regex.syntax import Alternate, Chars, Concat, Repeat, consumes, single

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.schema.regex.syntax import CharSet, Node

__all__ = ["NeedleTree", "needle", "needles"]

# Needles of one pattern: those of so many branches.
_MOST: Final = 16
# Parts of one node of the tree.
_WIDTH: Final = 6


def needle(text: str) -> str:
    """Return a text as the engine looks for it."""
    return "".join(single(char).text for char in text)


def needles(node: Node) -> tuple[str, ...]:
    """Return texts, as the engine looks for them, one of which is in all that a tree matches.

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


def _worth(needles: tuple[str, ...]) -> int:
    return min(map(len, needles), default=0)


def _of_sequence(node: Node) -> Iterator[tuple[str, ...]]:
    """Yield the needles of a sequence's parts, characters that stand together taken together."""
    run = ""
    for part in _parts(node):
        if isinstance(part, Chars) and _is_single(part.charset):
            run += part.charset.text
        elif consumes(part):
            if run:
                yield (run,)
            run = ""
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
        needles: in an order in which those that are alike stand together.
    """

    def __init__(self, needles: Sequence[str]) -> None:
        self._needles = needles
        parts: Sequence[NeedleTree] = ()
        if len(needles) > _WIDTH:
            size = -(-len(needles) // _WIDTH)
            parts = [NeedleTree(needles[at : at + size]) for at in range(0, len(needles), size)]
        self._parts = parts
        # Compiled when a text gets here: most never do.
        self._compiled = False
        self._has_one: Callable[[str], bool] | None = None

    def likely(self, text: str) -> Iterator[str]:
        """Yield the needles that a text may have; it has none of the others.

        Args:
            text: without surrogates that stand alone, which no engine reads.
        """
        if not self._compiled:
            self._compiled = True
            self._has_one = compile_matcher(f"(?:{'|'.join(self._needles)})")
        if self._has_one is not None and not self._has_one(text):
            return
        if not self._parts:
            yield from self._needles
        for part in self._parts:
            yield from part.likely(text)
