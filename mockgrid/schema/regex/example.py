"""Makes up texts that a syntax tree matches, of a length within bounds.

The lengths that a part can have are one integer with a bit for every length. So a length is chosen first, and
then handed down the tree in portions that are known to work: nothing is tried and taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.schema.regex.lengths import Lengths, bits, pick_split
from mockgrid.schema.regex.syntax import (
    Alternate,
    Chars,
    CharSet,
    Concat,
    Node,
    Repeat,
    consumes,
    open_ends,
    pool,
    shortest,
)

if TYPE_CHECKING:
    from mockgrid.schema.generate.chooser import Chooser

LENGTH_LIMIT = 16_384
# How much longer than necessary a text may be: enough for variety, short enough to read.
_SLACK = 64
_USUAL = 8
_LENGTHS_KEPT = 8
_PADDING = Repeat(Chars(CharSet("[a-z]")), 0, None)


class Exemplar:
    """Makes texts for one tree; lookarounds, and most anchors within it, are left to the caller to check."""

    def __init__(self, tree: Node) -> None:
        tree = self._bare = _pruned(tree, last=True)
        before, after = open_ends(tree)
        self._padded = Concat(((_PADDING,) if before else ()) + (tree,) + ((_PADDING,) if after else ()))
        self.shortest = shortest(tree)
        self._lengths: dict[int, Lengths] = {}

    def text(self, chooser: Chooser, low: int, high: int | None) -> str | None:
        """A text of ``low`` to ``high`` characters; nothing when the tree has none of such a length."""
        if max(low, self.shortest) > LENGTH_LIMIT:
            return None
        most = min(max(low, self.shortest) + _SLACK, LENGTH_LIMIT)
        if high is not None:
            most = min(most, high)
        lengths = self._lengths.get(most)
        if lengths is None:
            if len(self._lengths) >= _LENGTHS_KEPT:
                self._lengths.clear()
            lengths = self._lengths[most] = Lengths(most)
        for tree in (self._bare, self._padded):
            allowed = lengths.of(tree) >> low << low if low <= most else 0
            if allowed:
                # Near the lower end, and not empty where there is another.
                length = chooser.choice(bits(allowed & ~1 or allowed, _USUAL))
                writing = _Writing(chooser, lengths)
                if writing.add(tree, length):
                    return "".join(writing.parts)
        return None


class _Writing:
    """One text being made; each part is told its length."""

    def __init__(self, chooser: Chooser, lengths: Lengths) -> None:
        self.parts: list[str] = []
        self._chooser = chooser
        self._lengths = lengths

    def add(self, node: Node, length: int) -> bool:
        """Add a text of exactly ``length``, which the node can have; false where none was found."""
        match node:
            case Chars(charset) | Repeat(Chars(charset)):
                members = pool(charset)
                if members:
                    self.parts += [self._chooser.choice(members) for _ in range(length)]
                return bool(members) or not length
            case Concat(nodes):
                for part, further in zip(nodes, self._lengths.suffixes(nodes), strict=True):
                    portion = pick_split(self._chooser, self._lengths.of(part), further, length)
                    if portion is None or not self.add(part, portion):
                        return False
                    length -= portion
                return True
            case Alternate(branches):
                able = [branch for branch in branches if self._lengths.of(branch) >> length & 1]
                return self.add(self._chooser.choice(able), length)
            case Repeat(body, low, high):
                count = self._lengths.count(body, low, high, length)
                return count is not None and self._add_copies(body, count, length)
            case _:
                return True

    def _add_copies(self, body: Node, count: int, length: int) -> bool:
        if count <= 1:
            return count == 0 or self.add(body, length)
        half = count // 2
        left, right = self._lengths.power(body, half), self._lengths.power(body, count - half)
        portion = pick_split(self._chooser, left, right, length)
        return (
            portion is not None
            and self._add_copies(body, half, portion)
            and self._add_copies(body, count - half, length - portion)
        )


def _pruned(node: Node, *, last: bool) -> Node:
    """The tree without branches that end the text where more has to follow, as far as others are left."""
    match node:
        case Concat(parts):
            lasts = [last and not any(map(consumes, parts[index + 1 :])) for index in range(len(parts))]
            return Concat(tuple(_pruned(part, last=end) for part, end in zip(parts, lasts, strict=True)))
        case Alternate(branches):
            kept = branches if last else tuple(filter(lambda branch: open_ends(branch)[1], branches))
            return Alternate(tuple(_pruned(branch, last=last) for branch in kept or branches))
        case Repeat(body, low, high) if not isinstance(body, Chars):
            inner = _pruned(body, last=False)
            if not last or inner == body:
                return Repeat(inner, low, high)
            before = Repeat(inner, max(low - 1, 0), None if high is None else max(high - 1, 0))
            return Concat(
                (before, Repeat(_pruned(body, last=True), min(low, 1), 1 if high is None else min(high, 1)))
            )
        case _:
            return node
