"""Which lengths the parts of a pattern can have: integers with a bit for every length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.schema.regex.syntax import Alternate, Chars, Concat, Node, Repeat

if TYPE_CHECKING:
    from mockgrid.schema.generate.chooser import Chooser

_SPLITS = 16
_COUNTS_TRIED = 24


class Lengths:
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


def bits(number: int, limit: int) -> list[int]:
    """The indexes of the lowest bits that are set, at most ``limit``."""
    found: list[int] = []
    while number and len(found) < limit:
        low = number & -number
        found.append(low.bit_length() - 1)
        number ^= low
    return found


def pick_split(chooser: Chooser, left: int, right: int, length: int) -> int | None:
    """A portion that is among ``left`` and leaves one of ``right``; nothing where there is none."""
    if left and not left & (left - 1):
        portion = left.bit_length() - 1
        return portion if portion <= length and right >> (length - portion) & 1 else None
    window = (1 << (length + 1)) - 1
    mirrored = int(format(right & window, f"0{length + 1}b")[::-1], 2)
    options = bits(left & mirrored & window, _SPLITS)
    return chooser.choice(options) if options else None


def _runs(number: int) -> list[tuple[int, int]]:
    """The stretches of neighbouring set bits, as (index, count)."""
    found: list[tuple[int, int]] = []
    index = 0
    while number:
        zeros = (number & -number).bit_length() - 1
        number >>= zeros
        index += zeros
        ones = (~number & (number + 1)).bit_length() - 1
        found.append((index, ones))
        number >>= ones
        index += ones
    return found


def _smear(number: int, width: int) -> int:
    """The number with every bit copied to the ``width - 1`` places above it."""
    done = 1
    while done < width:
        step = min(done, width - done)
        number |= number << step
        done += step
    return number
