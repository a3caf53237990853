"""Partial values: the fields that are named must match, others may be anything.

``{"temperature": {"above": 1}, "stop": ["END"]}`` comes down to three leaves: a matcher for ``/temperature``,
the length of ``/stop``, and equality for ``/stop/0``. Each can be explained on its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.nearest import likeness, nearest
from mockgrid.scenario.matcher import WORDS, Leaf, Matcher, Word, equal_to, read_matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.scenario.diagnostics import Node

__all__ = ["leaves", "together"]

# What a word takes, where it does not take everything.
_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "above": ((int, float), "a number"),
    "below": ((int, float), "a number"),
    "matches": ((str,), "a text"),
    "glob": ((str,), "a text"),
    "one_of": ((list,), "a list"),
    "exists": ((bool,), "true or false"),
    "schema": ((dict, bool), "a JSON Schema"),
}
# "content" is a field of most requests and resembles "contains" at 0.80; "match" resembles "matches" at 0.83.
_MISTYPED: Final = 0.82
# Longer keys are no word with a slip, and fields of their own.
_LONGEST: Final = 2 * max(map(len, WORDS))


def leaves(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Read a partial value; what is wrong with the matchers in it is noted."""
    value = node.value
    if isinstance(value, dict):
        if value and all(key in WORDS for key in value):
            yield from _matcher(node, path)
            return
        _warn(node)
        if not value:
            yield Leaf(path, _of_kind(value, dict, "a mapping"))
        for key, item in node.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        count = len(value)
        yield Leaf(path, _of_kind(value, list, f"a list of {count}", count))
        for index, item in enumerate(node.members()):
            yield from leaves(item, (*path, index))
    else:
        yield Leaf(path, equal_to(value))


def read_partial(node: Node) -> Matcher | None:
    """Read a partial value as one matcher; None where something is wrong with it, which is noted."""
    parts = list(leaves(node))
    if not node.sound:
        return None
    if len(parts) == 1 and not parts[0].path:
        return parts[0].matcher
    return together(node.value, parts)


def together(source: Any, fields: Iterable[Leaf]) -> Matcher:
    """Return the matcher of a value that has in some places what it must."""
    places = tuple(fields)
    return Matcher(source, (Word("fields", partial(_hold, places)),), places=places)


def _hold(fields: tuple[Leaf, ...], value: Any) -> bool:
    return all(field.holds(value) for field in fields)


def _matcher(node: Node, path: tuple[str | int, ...]) -> Iterator[Leaf]:
    """Read a matcher, whose words may hold values of the wrong kind.

    The schema of the language cannot say this of a partial body, in which any mapping may stand.
    """
    for word, argument in node.items():
        kinds, expected = _KINDS.get(word, ((), ""))
        value = argument.value
        wrong_truth = isinstance(value, bool) and bool not in kinds
        empty = word in {"matches", "glob", "one_of"} and not value
        if kinds and (not isinstance(value, kinds) or wrong_truth or empty):
            argument.error("MG212", f"`{word}` is not {expected}.", f"`{word}` takes {expected}.")
    matcher = read_matcher(node, inner=read_partial) if node.sound else None
    if matcher is not None:
        yield Leaf(path, matcher)


def _warn(node: Node) -> None:
    """Say where fields look as if matchers were meant."""
    if len(node.value) > 1 and {*WORDS}.isdisjoint(node.value):
        return
    for key, item in node.items():
        meant = _mistyped(key)
        if meant:
            item.warn("MG234", f"`{key}` is read as a field of the body.", f"Did you mean {meant}?", key=True)


def _mistyped(key: str) -> str:
    """Return the word that a key seems to be, but for a slip; empty where it is a field."""
    meant = None if key in WORDS or len(key) > _LONGEST else nearest(key, WORDS)
    return meant if meant is not None and likeness(key, meant) >= _MISTYPED else ""


def _of_kind(source: Any, kind: type, name: str, length: int | None = None) -> Matcher:
    def test(value: Any) -> bool:
        return isinstance(value, kind) and (length is None or len(value) == length)  # type: ignore[arg-type]

    return Matcher(source, (Word(name, test, wanted=name),))
