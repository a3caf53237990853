"""Makes up texts that a syntax tree matches, of a length within bounds.

The lengths that a part can have are one integer with a bit for every length. So a length is chosen first, and
then handed down the tree in portions that are known to work: nothing is tried and taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.schema.regex.charset import CharSet
from mockgrid.schema.regex.lengths import Lengths, bits, pick_split
from mockgrid.schema.regex.syntax import Alternate, Chars, Concat, Node, Repeat, open_ends, shortest

if TYPE_CHECKING:
    import random

LENGTH_LIMIT = 16_384
# How much longer than necessary a text may be: enough for variety, short enough to read.
_SLACK = 64
_USUAL = 8
_LENGTHS_KEPT = 8
_PADDING = Repeat(Chars(CharSet(((0x61, 0x7A),))), 0, None)


class Exemplar:
    """Makes texts for one tree; anchors within it and lookarounds are left to the caller to check."""

    def __init__(self, tree: Node) -> None:
        self._bare = tree
        before, after = open_ends(tree)
        self._padded = Concat(((_PADDING,) if before else ()) + (tree,) + ((_PADDING,) if after else ()))
        self._shortest = shortest(tree)
        self._pools: dict[CharSet, str] = {}
        self._lengths: dict[int, Lengths] = {}

    def text(self, rng: random.Random, low: int, high: int | None) -> str | None:
        """A text of ``low`` to ``high`` characters; nothing when the tree has none of such a length."""
        if max(low, self._shortest) > LENGTH_LIMIT:
            return None
        most = min(max(low, self._shortest) + _SLACK, LENGTH_LIMIT)
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
                length = _choose(rng, allowed)
                parts: list[str] = []
                if self._write(rng, tree, length, lengths, parts):
                    return "".join(parts)
        return None

    def _write(self, rng: random.Random, node: Node, length: int, lengths: Lengths, parts: list[str]) -> bool:
        """Appends a text of exactly ``length``, which the node can have; false where none was found."""
        match node:
            case Chars(charset):
                pool = self._pool(charset)
                parts.append(pool[rng.randrange(len(pool))] if pool else "")
                return bool(pool)
            case Concat(nodes):
                return self._write_all(rng, nodes, length, lengths, parts)
            case Alternate(branches):
                able = [branch for branch in branches if lengths.of(branch) >> length & 1]
                return self._write(rng, able[rng.randrange(len(able))], length, lengths, parts)
            case Repeat(Chars(charset)):
                pool = self._pool(charset)
                parts.extend(pool[rng.randrange(len(pool))] for _ in range(length if pool else 0))
                return bool(pool) or not length
            case Repeat(body, low, high):
                count = lengths.count(body, low, high, length)
                return count is not None and self._write_copies(rng, body, count, length, lengths, parts)
            case _:
                return True

    def _write_all(
        self, rng: random.Random, nodes: tuple[Node, ...], length: int, lengths: Lengths, parts: list[str]
    ) -> bool:
        rests = lengths.suffixes(nodes)
        for node, rest in zip(nodes, rests, strict=True):
            portion = pick_split(rng, lengths.of(node), rest, length)
            if portion is None or not self._write(rng, node, portion, lengths, parts):
                return False
            length -= portion
        return True

    def _write_copies(  # noqa: PLR0913, PLR0917 (a portion of a recursion)
        self, rng: random.Random, body: Node, count: int, length: int, lengths: Lengths, parts: list[str]
    ) -> bool:
        if count <= 1:
            return count == 0 or self._write(rng, body, length, lengths, parts)
        half = count // 2
        portion = pick_split(rng, lengths.power(body, half), lengths.power(body, count - half), length)
        return (
            portion is not None
            and self._write_copies(rng, body, half, portion, lengths, parts)
            and self._write_copies(rng, body, count - half, length - portion, lengths, parts)
        )

    def _pool(self, charset: CharSet) -> str:
        pool = self._pools.get(charset)
        if pool is None:
            pool = self._pools[charset] = charset.pool()
        return pool


def _choose(rng: random.Random, allowed: int) -> int:
    """One of the lengths, near the lower end, and not zero where there is another."""
    allowed = allowed & ~1 or allowed
    options = bits(allowed, _USUAL)
    return options[rng.randrange(len(options))]
