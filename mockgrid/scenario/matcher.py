"""Matchers: what a value must be like.

A matcher is a value, which means equality, or a mapping of words that must all hold. Where a value is
missing or null only ``not`` and ``exists: false`` can hold: in this API null means absent.
"""

from __future__ import annotations

import re
from dataclasses import field
from fnmatch import translate
from functools import partial
from operator import eq
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.document import Document
from mockgrid.document.pointer import join
from mockgrid.errors import DocumentError
from mockgrid.fixed import fixed
from mockgrid.scenario.short_repr import short_repr
from mockgrid.schema.regex import RegexError, compile_linear, needle
from mockgrid.schema.schemas import Schemas
from mockgrid.schema.validator import SchemaValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.scenario.diagnostics import Node
    from mockgrid.schema.regex import Needle

__all__ = [
    "WORDS",
    "Leaf",
    "Matcher",
    "Word",
    "equal_to",
    "part_at",
    "read_matcher",
    "same",
    "scalars",
    "texts",
]

WORDS: Final = (
    "equals",
    "contains",
    "matches",
    "glob",
    "one_of",
    "not",
    "exists",
    "above",
    "below",
    "schema",
)


@fixed
class Word:
    """One word of a matcher: what it tests, and for ``not`` the matcher that must not hold.

    Attributes:
        needles: what all texts have in them, one or another, for which it holds, and an item of all lists;
            empty where it holds for others, too.
    """

    name: str
    test: Callable[[Any], bool]
    inner: Matcher | None = None
    wanted: Any = None
    needles: tuple[Needle, ...] = ()

    @property
    def of_nothing(self) -> bool:
        """Whether it says that there is nothing at all: ``exists: false``, or ``not: {exists: true}``."""
        words = (self,) if self.inner is None else self.inner.words
        return self.test(None) and all(word.name == "exists" for word in words)


@fixed
class Matcher:
    """A compiled matcher.

    Attributes:
        source: as it was written.
        words: what must hold; all of it.
        choices: the only values for which it can hold, where they are known.
        places: what must stand where, for a partial value.
        holds: tells whether a value is as it must be; None stands for one that is missing.
    """

    source: Any
    words: tuple[Word, ...]
    choices: tuple[Any, ...] | None = None
    places: tuple[Leaf, ...] = field(default=(), compare=False, repr=False)
    holds: Callable[[Any], bool] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        tests = tuple(word.test for word in self.words)
        holds = tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)
        object.__setattr__(self, "holds", holds)  # frozen for all others

    @property
    def expected(self) -> str:
        """The matcher as its author would write it, in a short line."""
        return short_repr(self.source)

    @property
    def needles(self) -> tuple[Needle, ...]:
        """The longest needles that one of its words has."""
        known = [word.needles for word in self.words if word.needles]
        return max(known, key=lambda needles: min(map(len, needles)), default=())

    def among(self, values: Sequence[Any]) -> bool:
        """Tell whether one of several values is as it must be, wholly; of none, ``exists: false`` holds."""
        return any(map(self.holds, values)) if values else all(word.of_nothing for word in self.words)

    def differs_in_case(self, value: Any) -> bool:
        """Tell of a value for which it does not hold whether it would if case did not matter."""
        return all(word.test(value) or self._holds_spelled(word.name, lowered(value)) for word in self.words)

    def _holds_spelled(self, word: str, value: Any) -> bool:
        worded = isinstance(self.source, dict) and word in self.source
        wanted = lowered(self.source[word] if worded else self.source)
        match word:
            case "equals":
                return same(wanted, value)
            case "one_of":
                return any(same(item, value) for item in wanted)
            case "contains":
                texts = tuple(wanted) if isinstance(wanted, list) else (wanted,)
                return all(isinstance(text, str) for text in texts) and _has_all(texts, (), value)
            case "glob":
                return _glob(wanted).test(value)
            case _:
                return False


@fixed
class Leaf:
    """One place in a value, and what must stand there."""

    path: tuple[str | int, ...]
    matcher: Matcher

    @property
    def pointer(self) -> str:
        """JSON pointer to the place."""
        return join(self.path)

    def holds(self, value: Any) -> bool:
        """Tell whether a value has there what it must."""
        return self.matcher.holds(part_at(self.path, value))


def part_at(path: tuple[str | int, ...], value: Any) -> Any:
    """Return what a value has at a place; None for nothing."""
    for part in path:
        if isinstance(part, str) and isinstance(value, dict):
            value = value.get(part)
        elif isinstance(part, int) and isinstance(value, list) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def equal_to(value: Any, *, textual: bool = False) -> Matcher:
    """Return the matcher that holds for an equal value; ``textual`` compares the text that is sent for it."""
    wanted = _as_text(value) if textual else value
    return Matcher(value, (Word("equals", _equals(wanted), wanted=wanted),), (wanted,))


def read_matcher(node: Node, *, textual: bool = False, inner: Reader | None = None) -> Matcher | None:
    """Read a matcher, given as a value or as a mapping of words.

    Args:
        node: the matcher.
        textual: whether what is matched is always text, as in headers, so that 10 stands for "10".
        inner: reads what ``not`` and ``contains`` hold; by default this function does.

    Returns:
        The matcher; None where something is wrong with it, which is noted.
    """
    if not isinstance(node.value, dict):
        return equal_to(node.value, textual=textual)
    reader = inner or (lambda node: read_matcher(node, textual=textual))
    words: list[Word] = []
    for name, argument in node.items():
        word = _read_word(name, argument, reader, textual=textual)
        if word is not None:
            words.append(word)
    choices = next((word.wanted for word in words if word.name == "one_of"), None)
    equal = next(((word.wanted,) for word in words if word.name == "equals"), None)
    return Matcher(node.value, tuple(words), equal or choices) if node.sound else None


def _read_word(  # noqa: PLR0911 - one for each word
    name: str, node: Node, reader: Reader, *, textual: bool
) -> Word | None:
    value = node.value
    match name:
        case "equals":
            wanted = _as_text(value) if textual else value
            return Word(name, _equals(wanted), wanted=wanted)
        case "one_of":
            wanted = tuple(_as_text(item) if textual else item for item in value)
            return Word(name, lambda candidate: any(same(candidate, item) for item in wanted), wanted=wanted)
        case "exists":
            return Word(name, lambda candidate: (candidate is not None) is value, wanted=value)
        case "above":
            return Word(name, lambda candidate: (number := _number(candidate)) is not None and number > value)
        case "below":
            return Word(name, lambda candidate: (number := _number(candidate)) is not None and number < value)
        case "glob":
            return _glob(value)
        case "matches":
            return _pattern(node)
        case "schema":
            return _schema(node)
        case "not":
            inner = reader(node)
            return None if inner is None else Word(name, lambda candidate: not inner.holds(candidate), inner)
        case _:
            return _contains(node, reader)


def _equals(wanted: Any) -> Callable[[Any], bool]:
    # Texts are the common case; a partial is a third of the memory of a function with a cell.
    return partial(eq if isinstance(wanted, str) else same, wanted)


def _contains(node: Node, reader: Reader) -> Word | None:
    """Text within a text, items within a list; of several all must be there."""
    parts = list(node.members()) if isinstance(node.value, list) else [node]
    texts = tuple(part.value for part in parts if isinstance(part.value, str))
    others = [reader(part) for part in parts if not isinstance(part.value, str)]
    items = tuple(item.holds for item in others if item is not None)
    if len(items) < len(others):
        return None
    return Word("contains", partial(_has_all, texts, items), needles=_longest(texts))


def _has_all(texts: tuple[str, ...], items: tuple[Callable[[Any], bool], ...], value: Any) -> bool:
    if isinstance(value, str):
        for text in texts:
            if text not in value:
                return False
        return not items
    if isinstance(value, list):
        return all(text in value for text in texts) and all(any(map(item, value)) for item in items)
    return False


def _longest(texts: Iterable[str]) -> tuple[Needle, ...]:
    """Return the needle of the longest text; nothing where all are empty."""
    longest = max(texts, key=len, default="")
    return (needle(longest),) if longest else ()


def _glob(value: str) -> Word:
    glob = re.compile(translate(value))
    # What a bracket opens may be a class.
    literals = _longest(re.split(r"[*?]", value.partition("[")[0]))
    return Word(
        "glob", lambda value: isinstance(value, str) and glob.match(value) is not None, needles=literals
    )


def _pattern(node: Node) -> Word | None:
    try:
        pattern = compile_linear(node.value)
    except RegexError as error:
        message = f"The pattern {short_repr(node.value)} cannot be used: {error.message}."
        node.error("MG217", message, error.hint or "Correct it, or use contains, glob or one_of.")
        return None
    return Word(
        "matches",
        lambda value: isinstance(value, str) and bool(pattern.search(value)),
        needles=pattern.needles,
    )


def _schema(node: Node) -> Word | None:
    schema = node.value
    if isinstance(schema, bool):
        return Word("schema", lambda value: schema and value is not None)
    try:
        validator = SchemaValidator(
            Schemas(Document({**schema, "openapi": "3.1.0"}, "schema"), "request"), ""
        )
        accepts = validator.accepts
    except (DocumentError, KeyError) as error:
        value = (
            error.message if isinstance(error, DocumentError) else f"a reference leads to nothing: {error}"
        )
        node.error(
            "MG224", f"The schema cannot be used: {value.rstrip('.')}.", "It is read as draft 2020-12."
        )
        return None
    return Word("schema", lambda value: value is not None and accepts(value))


def _number(value: Any) -> float | None:
    """Return a number, also one written as text, as queries and headers have it; None for all else."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _as_text(value: Any) -> Any:
    """Return a scalar as it is sent in a query or a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def same(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are equal.

    >>> same({"a": [1, True]}, {"a": [1.0, True]}), same(1, True)
    (True, False)
    """
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def lowered(value: Any) -> Any:
    """Return a JSON value with its texts in lower case; names of members stay."""
    if isinstance(value, dict):
        return {name: lowered(item) for name, item in value.items()}
    if isinstance(value, list):
        return [lowered(item) for item in value]
    return value.lower() if isinstance(value, str) else value


def scalars(source: Any) -> Iterator[Any]:
    """Return the texts, numbers and truths in a value, such as those that a matcher speaks of."""
    if isinstance(source, (dict, list)):
        for item in source.values() if isinstance(source, dict) else source:
            yield from scalars(item)
    else:
        yield source


def texts(source: Any) -> Iterator[str]:
    """Return the texts in a value."""
    return (scalar for scalar in scalars(source) if isinstance(scalar, str))


if TYPE_CHECKING:
    Reader = Callable[[Node], Matcher | None]
