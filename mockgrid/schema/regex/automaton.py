"""A position automaton whose states are the bits of one integer, so a step costs a few machine words.

Every character of the (unfolded) pattern is a position; so is every anchor and lookaround, which consumes
nothing. ``a{1,60000}`` is one run of neighbouring bits: stepping shifts them all at once. Whatever is no
neighbour is a jump: from any of these positions to all of those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from mockgrid.schema.regex.error import RegexError
from mockgrid.schema.regex.syntax import (
    Alternate,
    Anchor,
    Assert,
    Chars,
    Concat,
    Look,
    Repeat,
    pieces,
    positions,
    reverse,
)

if TYPE_CHECKING:
    from mockgrid.schema.regex.charset import CharSet
    from mockgrid.schema.regex.syntax import Node

_POSITION_LIMIT = 70_000
_PIECE_LIMIT = 4_000
_START = 1


@dataclass(slots=True)
class Automaton:
    """What a pattern unfolds to; see the module for the picture.

    Attributes:
        chain: positions that lead to their right-hand neighbour.
        loops: positions that lead to themselves.
        jumps: pairs of position sets; any of the first leads to all of the second.
        classes: the positions that consume a character of a set.
        anchors: the positions of each kind of anchor.
        looks: position, automaton, direction and sense of each lookaround.
        accept: the position that is reached when the pattern has matched.
    """

    chain: int = 0
    loops: int = 0
    jumps: list[tuple[int, int]] = field(default_factory=list)
    classes: dict[CharSet, int] = field(default_factory=dict)
    anchors: dict[Anchor, int] = field(default_factory=dict)
    looks: list[tuple[int, Automaton, bool, bool]] = field(default_factory=list)
    accept: int = 0
    positions: int = 1

    @property
    def work(self) -> int:
        """What matching one character costs at worst, in steps of roughly a microsecond."""
        words = 1 + self.positions // 2_048
        own = words * (4 + len(self.jumps) + len(self.classes) // 4) // 4 + 1
        return own + sum(automaton.work for _, automaton, _, _ in self.looks)

    def follow(self, states: int) -> int:
        """The positions that come right after any of these."""
        reached = ((states & self.chain) << 1) | (states & self.loops)
        for sources, targets in self.jumps:
            if states & sources:
                reached |= targets
        return reached

    def consuming(self, char: str) -> int:
        """The positions that a character satisfies."""
        mask = 0
        for charset, mask_of in self.classes.items():
            if charset.admits(char):
                mask |= mask_of
        return mask


def build(tree: Node) -> Automaton:
    """The automaton of a tree.

    Raises:
        RegexError: its repeats would unfold to more than 70,000 characters, or to more than 4,000 parts
            where a part is a character or a run of one character.
    """
    for what, count, limit in (
        ("characters", positions(tree), _POSITION_LIMIT),
        ("parts", pieces(tree), _PIECE_LIMIT),
    ):
        if count > limit:
            raise RegexError(f"the repeats unfold to {count} {what}, more than the limit of {limit},", 0)
    automaton = Automaton()
    piece = _Builder(automaton).piece(tree)
    automaton.accept = 1 << automaton.positions
    automaton.positions += 1
    begin = _Piece(_START, _START, nullable=False)
    end = _Piece(automaton.accept, automaton.accept, nullable=False)
    builder = _Builder(automaton)
    builder.join(builder.join(begin, piece), end)
    return automaton


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the automaton: where it can begin, where it can end, whether it can be skipped."""

    first: int
    last: int
    nullable: bool


_EMPTY = _Piece(0, 0, nullable=True)


class _Builder:
    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton

    def piece(self, node: Node) -> _Piece:  # noqa: PLR0911 (one for each kind of node)
        match node:
            case Chars(charset):
                mask = self._claim(1)
                self._automaton.classes[charset] = self._automaton.classes.get(charset, 0) | mask
                return _Piece(mask, mask, nullable=False)
            case Assert(anchor):
                mask = self._claim(1)
                self._automaton.anchors[anchor] = self._automaton.anchors.get(anchor, 0) | mask
                return _Piece(mask, mask, nullable=False)
            case Look(body, ahead, negated):
                mask = self._claim(1)
                # A lookahead is asked "does it match from here?", which the reversed body answers for every
                # place in one backward pass; a lookbehind needs one forward pass.
                inner = build(reverse(body) if ahead else body)
                self._automaton.looks.append((mask, inner, ahead, negated))
                return _Piece(mask, mask, nullable=False)
            case Concat(parts):
                whole = _EMPTY
                for part in parts:
                    whole = self.join(whole, self.piece(part))
                return whole
            case Alternate(branches):
                pieces = [self.piece(branch) for branch in branches]
                first = last = 0
                for piece in pieces:
                    first |= piece.first
                    last |= piece.last
                return _Piece(first, last, nullable=any(piece.nullable for piece in pieces))
            case Repeat(Chars(charset), low, high):
                return self._run(charset, low, high)
            case Repeat(body, low, high):
                return self._copies(body, low, high)

    def join(self, left: _Piece, right: _Piece) -> _Piece:
        """Both pieces, one after the other."""
        self._jump(left.last, right.first)
        return _Piece(
            left.first | right.first if left.nullable else left.first,
            left.last | right.last if right.nullable else right.last,
            nullable=left.nullable and right.nullable,
        )

    def _claim(self, count: int) -> int:
        """The mask of new neighbouring positions."""
        mask = ((1 << count) - 1) << self._automaton.positions
        self._automaton.positions += count
        return mask

    def _jump(self, sources: int, targets: int) -> None:
        if not sources or not targets:
            return
        lonely = not (sources & (sources - 1)) and not (targets & (targets - 1))
        if lonely and sources << 1 == targets:
            self._automaton.chain |= sources
        elif lonely and sources == targets:
            self._automaton.loops |= sources
        else:
            self._automaton.jumps.append((sources, targets))

    def _run(self, charset: CharSet, low: int, high: int | None) -> _Piece:
        """One character set, many times: neighbours on a chain."""
        count = max(low if high is None else high, 1)
        if high == 0:
            return _EMPTY
        mask = self._claim(count)
        self._automaton.classes[charset] = self._automaton.classes.get(charset, 0) | mask
        lowest = mask & -mask
        highest = lowest << (count - 1)
        self._automaton.chain |= mask ^ highest
        if high is None:
            self._automaton.loops |= highest
        enough = lowest << (max(low, 1) - 1)
        return _Piece(lowest, mask ^ (enough - lowest), nullable=low == 0)

    def _copies(self, body: Node, low: int, high: int | None) -> _Piece:
        """Any other body, many times: each copy follows the one before it."""
        if high == 0:
            return _EMPTY
        count = max(low if high is None else high, 1)
        pieces = [self.piece(body) for _ in range(count)]
        for left, right in pairwise(pieces):
            self._jump(left.last, right.first)
        if high is None:
            self._jump(pieces[-1].last, pieces[-1].first)
        # A body that can be skipped may be skipped every time.
        optional = low == 0 or pieces[0].nullable
        last = 0
        for piece in pieces[0 if optional else low - 1 :]:
            last |= piece.last
        return _Piece(pieces[0].first, last, nullable=optional)
