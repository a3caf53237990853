"""Makes up texts that a syntax tree matches, of a length within bounds.

The lengths that a part can have are one integer with a bit for every length. So a length is chosen first, and
then handed down the tree in portions that are known to work: nothing is tried and taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
_SPLITS = 16
_COUNTS_TRIED = 24
_PADDING = Repeat(Chars(CharSet("[a-z]")), 0, None)


class Exemplar:
    """Makes texts for one tree; lookarounds, and most anchors within it, are left to the caller to check."""

    def __init__(self, tree: Node) -> None:
        tree = self._bare = _pruned(tree, last=True)
        before, after = open_ends(tree)
        self._padded = Concat(((_PADDING,) if before else ()) + (tree,) + ((_PADDING,) if after else ()))
        self.shortest = shortest(tree)
        self._lengths: dict[int, _Lengths] = {}

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
            lengths = self._lengths[most] = _Lengths(most)
        for tree in (self._bare, self._padded):
            allowed = lengths.of(tree) >> low << low if low <= most else 0
            if allowed:
                # Near the lower end, and not empty where there is another.
                length = chooser.choice(_bits(allowed & ~1 or allowed, _USUAL))
                writing = _Writing(chooser, lengths)
                if writing.add(tree, length):
                    return "".join(writing.parts)
        return None


class _Writing:
    """One text being made; each part is told its length."""

    def __init__(self, chooser: Chooser, lengths: _Lengths) -> None:
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
                    portion = _pick_split(self._chooser, self._lengths.of(part), further, length)
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
        portion = _pick_split(self._chooser, left, right, length)
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


class _Lengths:
    """The possible lengths up to ``most``, remembered for every part that was asked about."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._all = (1 << (most + 1)) - 1
        self._known: dict[int, tuple[Node, int]] = {}
        self._powers: dict[tuple[int, int], int] = {}
        self._suffixes: dict[int, list[int]] = {}

    def of(self, node: Node) -> int:
        """The lengths of a node."""
        # Keyed by identity: comparing whole subtrees would cost more than it saves. The node is kept alive.
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = (node, self._measure(node) & self._all)
        return known[1]

    def suffixes(self, nodes: tuple[Node, ...]) -> list[int]:
        """For every node of a sequence, the lengths of all that comes after it."""
        known = self._suffixes.get(id(nodes))
        if known is None:
            known = [1]
            for node in reversed(nodes[1:]):
                known.append(self._sums(known[-1], self.of(node)))
            known.reverse()
            self._suffixes[id(nodes)] = known
        return known[: len(nodes)]

    def power(self, body: Node, count: int) -> int:
        """The lengths of exactly ``count`` copies."""
        if count == 0:
            return 1
        if count == 1:
            return self.of(body)
        known = self._powers.get((id(body), count))
        if known is None:
            half = count // 2
            known = self._sums(self.power(body, half), self.power(body, count - half))
            self._powers[id(body), count] = known
        return known

    def count(self, body: Node, low: int, high: int | None, length: int) -> int | None:
        """How many copies can make up a length; nothing where no count was found."""
        each = self.of(body)
        if each & 1:
            low = 0  # copies may be empty
        least = (each & ~1 & -(each & ~1)).bit_length() - 1
        if length == 0 or least < 1:
            return low
        widest = each.bit_length() - 1
        first = max(low, -(-length // widest))
        last = length // least if high is None else min(high, length // least)
        for count in range(first, min(last, first + _COUNTS_TRIED) + 1):
            if self.power(body, count) >> length & 1:
                return count
        return next(
            (count for count in (last, last - 1) if self.power(body, max(count, 0)) >> length & 1), None
        )

    def _measure(self, node: Node) -> int:
        match node:
            case Chars():
                return 2
            case Concat(parts):
                total = 1
                for part in parts:
                    total = self._sums(total, self.of(part))
                return total
            case Alternate(branches):
                total = 0
                for branch in branches:
                    total |= self.of(branch)
                return total
            case Repeat(body, low, high):
                return self._copies(body, low, high)
            case _:
                return 1

    def _copies(self, body: Node, low: int, high: int | None) -> int:
        each = self.of(body)
        if each & 1 or not each:
            low = 0 if each & 1 else low
        needed = self._times(each, min(low, self._most + 1)) if low else 1
        extra = self._most if high is None else min(high - low, self._most)
        return self._sums(needed, self._times(each | 1, extra))

    def _times(self, each: int, count: int) -> int:
        """The sums of ``count`` lengths, by repeated doubling."""
        total, double = 1, each
        while count:
            if count & 1:
                total = self._sums(total, double)
            count >>= 1
            if count:
                double = self._sums(double, double)
        return total

    def _sums(self, left: int, right: int) -> int:
        """Every sum of one length from either side."""
        if left.bit_count() > right.bit_count():
            left, right = right, left
        total = 0
        for start, width in _runs(left):
            total |= _smear(right, width) << start
        return total & self._all


def _bits(number: int, limit: int) -> list[int]:
    """The indexes of the lowest bits that are set, at most ``limit``."""
    indexes: list[int] = []
    while number and len(indexes) < limit:
        low = number & -number
        indexes.append(low.bit_length() - 1)
        number ^= low
    return indexes


def _pick_split(chooser: Chooser, left: int, right: int, length: int) -> int | None:
    """A portion that is among ``left`` and leaves one of ``right``; nothing where there is none."""
    if left and not left & (left - 1):
        portion = left.bit_length() - 1
        return portion if portion <= length and right >> (length - portion) & 1 else None
    window = (1 << (length + 1)) - 1
    mirrored = int(format(right & window, f"0{length + 1}b")[::-1], 2)
    options = _bits(left & mirrored & window, _SPLITS)
    return chooser.choice(options) if options else None


def _runs(number: int) -> list[tuple[int, int]]:
    """The stretches of neighbouring set bits, as (index, count)."""
    stretches: list[tuple[int, int]] = []
    index = 0
    while number:
        zeros = (number & -number).bit_length() - 1
        number >>= zeros
        index += zeros
        ones = (~number & (number + 1)).bit_length() - 1
        stretches.append((index, ones))
        number >>= ones
        index += ones
    return stretches


def _smear(number: int, width: int) -> int:
    """The number with every bit copied to the ``width - 1`` places above it."""
    done = 1
    while done < width:
        step = min(done, width - done)
        number |= number << step
        done += step
    return number
