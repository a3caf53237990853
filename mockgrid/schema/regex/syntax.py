"""The syntax tree of a regular expression, and what can be told from its shape alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mockgrid.schema.regex.charset import CharSet


class Anchor(Enum):
    """A condition on a place between two characters."""

    START = "start of text"
    END = "end of text"
    LINE_START = "start of line"
    LINE_END = "end of line"
    BOUNDARY = "word boundary"
    NOT_BOUNDARY = "no word boundary"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    charset: CharSet


@dataclass(frozen=True, slots=True)
class Assert:
    """An anchor, which consumes nothing."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Look:
    """A lookahead or lookbehind, which consumes nothing."""

    body: Node
    ahead: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Concat:
    """Parts one after another; no parts at all is the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternate:
    """One of the branches."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body ``low`` to ``high`` times; no ``high`` is without end."""

    body: Node
    low: int
    high: int | None


Node: TypeAlias = Chars | Assert | Look | Concat | Alternate | Repeat


def reverse(node: Node) -> Node:
    """The tree that matches every text backwards. Lookarounds stay: they hold at a place, either way read."""
    match node:
        case Concat(parts):
            return Concat(tuple(reverse(part) for part in reversed(parts)))
        case Alternate(branches):
            return Alternate(tuple(reverse(branch) for branch in branches))
        case Repeat(body, low, high):
            return Repeat(reverse(body), low, high)
        case _:
            return node


def positions(node: Node) -> int:
    """How many characters the tree unfolds to; arithmetic only, so safe on huge repeats."""
    match node:
        case Concat(parts):
            return sum(map(positions, parts))
        case Alternate(branches):
            return sum(map(positions, branches))
        case Repeat(body, low, high):
            return max(positions(body), 1) * max(low if high is None else high, 1)
        case Look(body):
            return 1 + positions(body)
        case _:
            return 1


def pieces(node: Node) -> int:
    """Like :func:`positions`, but a run of one character set counts once."""
    match node:
        case Concat(parts):
            return 1 + sum(map(pieces, parts))
        case Alternate(branches):
            return 1 + sum(map(pieces, branches))
        case Repeat(Chars()):
            return 1
        case Repeat(body, low, high):
            return pieces(body) * max(low if high is None else high, 1)
        case Look(body):
            return 1 + pieces(body)
        case _:
            return 1


def shortest(node: Node) -> int:
    """Length of the shortest text that the tree matches, lookarounds and anchors left aside."""
    match node:
        case Chars():
            return 1
        case Concat(parts):
            return sum(map(shortest, parts))
        case Alternate(branches):
            return min(map(shortest, branches))
        case Repeat(body, low, _):
            return shortest(body) * low if low else 0
        case _:
            return 0


def open_ends(node: Node) -> tuple[bool, bool]:
    """Whether text may stand before and after the match: ``^ab`` is open after only."""
    match node:
        case Assert(anchor):
            return anchor is not Anchor.START, anchor is not Anchor.END
        case Concat(parts) if parts:
            return open_ends(parts[0])[0], open_ends(parts[-1])[1]
        case Alternate(branches):
            ends = [open_ends(branch) for branch in branches]
            return all(before for before, _ in ends), all(after for _, after in ends)
        case _:
            return True, True
