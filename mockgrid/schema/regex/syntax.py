"""The syntax tree of a regular expression, how the engine writes it, and what its shape alone tells."""

from __future__ import annotations

import math
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from mockgrid.fixed import fixed
from mockgrid.schema.pattern_engine import compile_matcher

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
# One or two of every common category, for classes that admit no ASCII at all.
_FOREIGN = "éßÉñØжЖλΩ中あ한אع٣५Ⅷ½²ǅʰ\u0301\u093e«»–‿¡€£+±°¨\u00a0\u2028\u2029\u00ad\ue000😀☀🚀"  # noqa: RUF001 (meant to be foreign)
_SURROGATES = range(0xD800, 0xE000)
_POOL_LIMIT = 64
# Wider repeats of a class are stepped through one by one: the engine would compile a copy for each.
_WIDE = 1_000
_FAR = 100


class Anchor(Enum):
    """A condition on a place between two characters, as the engine writes it."""

    START = "^"
    END = "$"
    LINE_START = "(?m:^)"
    LINE_END = "(?m:$)"
    BOUNDARY = r"\b"
    NOT_BOUNDARY = r"\B"


@fixed
class CharSet:
    r"""A set of characters: what a class such as ``[a-z\d]`` or ``\p{L}`` admits.

    Args:
        text: how the engine writes it.
        ranges: inclusive ranges of code points where members are likely.
        literal: the only member, where there is no more than one.
        negated: whether the class says what it leaves out.
    """

    text: str
    ranges: tuple[tuple[int, int], ...] = ()
    literal: str = ""
    negated: bool = False


@fixed
class Chars:
    """One character of a set."""

    charset: CharSet


@fixed
class Assert:
    """An anchor, which consumes nothing."""

    anchor: Anchor


@fixed
class Look:
    """A lookahead or lookbehind, which consumes nothing; ``prefix`` is what follows its parenthesis."""

    body: Node
    prefix: str


@fixed
class Concat:
    """Parts one after another; no parts at all is the empty text."""

    parts: tuple[Node, ...]


@fixed
class Alternate:
    """One of the branches."""

    branches: tuple[Node, ...]


@fixed
class Repeat:
    """The body ``low`` to ``high`` times; no ``high`` is without end."""

    body: Node
    low: int
    high: int | None


Node: TypeAlias = Chars | Assert | Look | Concat | Alternate | Repeat

ANY = CharSet(r"[\s\S]", negated=True)
# Line terminators are what "." leaves out.
NOT_NEWLINE = CharSet(r"[^\u{A}\u{D}\u{2028}\u{2029}]", negated=True)


def code(point: int) -> str:
    """How the engine writes one code point, within a class and outside."""
    return f"\\u{{{point:X}}}"


def single(char: str, *, folded: bool = False) -> CharSet:
    """The set of one character (and its other case, when ``folded``)."""
    point = ord(char)
    if folded and char.lower() != char.upper():
        return CharSet(f"(?i:{code(point)})", ((point, point),))
    return CharSet(code(point), ((point, point),), char)


@lru_cache(maxsize=512)
def pool(charset: CharSet) -> str:
    """Members to draw from, at most 64, pleasant ones only where there are any."""
    if charset.literal:
        return "" if ord(charset.literal) in _SURROGATES else charset.literal
    admits = compile_matcher(f"^{charset.text}$")
    if admits is None:
        return ""
    printable = [char for char in _PRINTABLE if admits(char)]
    pleasant = [char for char in printable if char.isalnum()]
    if charset.negated or "." in printable:
        # A wide-open class reads best as lower-case words.
        pleasant = [char for char in pleasant if char.islower()] or pleasant
    if pleasant or printable:
        return "".join(pleasant or printable)
    points = [ord(char) for char in _FOREIGN]
    for low, high in charset.ranges:
        points += [*range(low, min(high, low + 8) + 1), high]
    points += [*range(0x20), *range(0x7F, 0x250)]
    rare = (chr(point) for point in dict.fromkeys(points) if point not in _SURROGATES)
    return "".join([char for char in rare if admits(char)][:_POOL_LIMIT])


def write(node: Node) -> str:  # noqa: PLR0911 (one for each kind of node)
    """The tree as the engine reads it."""
    match node:
        case Chars(charset):
            return charset.text
        case Assert(anchor):
            return anchor.value
        case Look(body, prefix):
            return f"({prefix}{write(body)})"
        case Concat(parts):
            return "".join(map(write, parts))
        case Alternate(branches):
            return f"(?:{'|'.join(map(write, branches))})"
        case Repeat(body, low, high):
            text = write(body)
            if not consumes(body):
                return f"(?:{text})" if low else ""
            if isinstance(body, Chars) and max(low, high or 0) > _WIDE:
                text = f"(?={text}){text}"
            return f"(?:{text}){{{low},{'' if high is None else high}}}"


def consumes(node: Node) -> bool:
    """Whether the tree can match more than the empty text."""
    match node:
        case Concat(parts) | Alternate(parts):
            return any(map(consumes, parts))
        case Repeat(body, _, high):
            return high != 0 and consumes(body)
        case _:
            return isinstance(node, Chars)


def pieces(node: Node) -> int:
    """How many parts the tree unfolds to, a run of one set counting little; told without unfolding."""
    match node:
        case Concat(parts):
            return 1 + sum(map(pieces, parts))
        case Alternate(branches):
            return sum(map(pieces, branches))
        case Repeat(Chars(), low, high):
            return 1 + (low if high is None else high) // 50
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


def longest(node: Node) -> float:
    """Length of the longest text that the tree matches; infinite where there is none."""
    match node:
        case Chars():
            return 1
        case Concat(parts):
            return sum(map(longest, parts))
        case Alternate(branches):
            return max(map(longest, branches))
        case Repeat(body, _, high):
            return 0 if not consumes(body) else math.inf if high is None else longest(body) * high
        case _:
            return 0


def is_linear(tree: Node) -> bool:
    """Whether the engine takes time linear in the text: no lookaround looks far, but from the start."""
    parts: tuple[Node, ...] = tree.parts if isinstance(tree, Concat) else (tree,)
    anchored = parts[:1] == (Assert(Anchor.START),)
    for part in parts[1:] if anchored else parts:
        anchored = anchored and isinstance(part, Look)
        if _looks_far(part.body if anchored and isinstance(part, Look) else part):
            return False
    return True


def _looks_far(node: Node) -> bool:
    match node:
        case Look(body):
            return longest(body) > _FAR or _looks_far(body)
        case Concat(parts) | Alternate(parts):
            return any(map(_looks_far, parts))
        case Repeat(body):
            return _looks_far(body)
        case _:
            return False


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
