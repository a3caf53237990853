"""A part of a JSON body: the fields that are named must match, others may be anything.

``{"temperature": {"above": 1}, "stop": ["END"]}`` comes down to three leaves: a matcher for ``/temperature``,
the length of ``/stop``, and equality for ``/stop/0``. Each can be explained on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import join
from mockgrid.scenario.matcher import WORDS, Matcher, Word, equal_to, read_matcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.scenario.part import Part

__all__ = ["Leaf", "leaves", "read_partial"]

# "content" is a field of most requests and resembles "contains" at 0.80; "match" resembles "matches" at 0.83.
_MISTYPED: Final = 0.82


@dataclass(frozen=True, slots=True)
class Leaf:
    """One place in a value, and what must stand there."""

    path: tuple[str | int, ...]
    matcher: Matcher

    @property
    def pointer(self) -> str:
        """JSON pointer to the place."""
        return join(self.path)

    def found(self, value: Any) -> Any:
        """Return what a value has at the place; None for nothing."""
        for part in self.path:
            if isinstance(part, str) and isinstance(value, dict):
                value = value.get(part)
            elif isinstance(part, int) and isinstance(value, list) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def holds(self, value: Any) -> bool:
        """Tell whether a value has there what it must."""
        return self.matcher.holds(self.found(value))


def leaves(part: Part, path: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Read a partial value; what is wrong with the matchers in it is noted."""
    value = part.value
    if isinstance(value, dict):
        if value and all(key in WORDS for key in value):
            yield from _matcher(part, path)
            return
        _warn(part)
        if not value:
            yield Leaf(path, _of_kind(value, dict, "a mapping"))
        for key, item in part.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        count = len(value)
        yield Leaf(path, _of_kind(value, list, f"a list of {count}", count))
        for index, item in enumerate(part.members()):
            yield from leaves(item, (*path, index))
    else:
        yield Leaf(path, equal_to(value))


def read_partial(part: Part) -> Matcher | None:
    """Read a partial value as one matcher; None where something is wrong with it, which is noted."""
    found = list(leaves(part))
    if not part.sound:
        return None
    if len(found) == 1 and not found[0].path:
        return found[0].matcher
    return Matcher(part.value, (Word("partial", lambda value: all(leaf.holds(value) for leaf in found)),))


def _matcher(part: Part, path: tuple[str | int, ...]) -> Iterator[Leaf]:
    mistakes = dict(_misused(part))
    for word, expected in mistakes.items():
        part[word].error("MG212", f"`{word}` is not {expected}.", f"`{word}` takes {expected}.")
    if not mistakes:
        matcher = read_matcher(part, inner=read_partial)
        if matcher is not None:
            yield Leaf(path, matcher)


def _misused(part: Part) -> Iterator[tuple[str, str]]:
    """The words of a matcher that hold a value of the wrong kind, and which kind they take.

    The schema of the language cannot say this of a partial body, in which any mapping may stand.
    """
    for word, argument in part.items():
        value = argument.value
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        match word:
            case "above" | "below" if not number:
                yield word, "a number"
            case "matches" | "glob" if not isinstance(value, str) or not value:
                yield word, "a text"
            case "one_of" if not isinstance(value, list) or not value:
                yield word, "a list"
            case "exists" if not isinstance(value, bool):
                yield word, "true or false"
            case "schema" if not isinstance(value, (dict, bool)):
                yield word, "a JSON Schema"
            case _:
                pass


def _warn(part: Part) -> None:
    """Say where fields look as if matchers were meant."""
    words = [key for key in part.value if key in WORDS]
    for key, item in part.items():
        meant = None if key in WORDS else nearest(key, WORDS)
        if meant is None or SequenceMatcher(None, key, meant).ratio() < _MISTYPED:
            continue
        if words or len(part.value) == 1:
            item.warn("MG234", f"`{key}` is read as a field of the body.", f"Did you mean {meant}?", key=True)


def _of_kind(source: Any, kind: type, name: str, length: int | None = None) -> Matcher:
    def test(value: Any) -> bool:
        return isinstance(value, kind) and (length is None or len(value) == length)  # type: ignore[arg-type]

    return Matcher(source, (Word(name, test, wanted=name),))
