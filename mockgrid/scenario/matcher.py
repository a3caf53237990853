"""Matchers: what a value must be like.

A matcher is a value, which means equality, or a mapping of words that must all hold. Where a value is
missing or null only ``not`` and ``exists: false`` can hold: in this API null means absent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.document import Document
from mockgrid.errors import DocumentError
from mockgrid.scenario.equality import same
from mockgrid.scenario.shown import shown
from mockgrid.schema.regex import RegexError, compile_linear
from mockgrid.schema.schemas import Schemas
from mockgrid.schema.validator import SchemaValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.scenario.part import Part

__all__ = ["WORDS", "Matcher", "Word", "equal_to", "read_matcher"]

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


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a matcher: what it tests, and for ``not`` the matcher that must not hold."""

    name: str
    test: Callable[[Any], bool]
    inner: Matcher | None = None
    wanted: Any = None

    def among(self, values: Sequence[Any]) -> bool:
        """Tell whether it holds for one of several values; ``not`` and ``exists`` speak of all of them."""
        if self.name == "exists":
            return bool(values) is self.wanted
        if self.inner is not None:
            return not self.inner.among(values)
        return any(self.test(value) for value in values)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled matcher.

    Attributes:
        source: as it was written.
        words: what must hold; all of it.
        choices: the only values for which it can hold, where they are known.
        holds: tells whether a value is as it must be; None stands for one that is missing.
    """

    source: Any
    words: tuple[Word, ...]
    choices: tuple[Any, ...] | None = None
    holds: Callable[[Any], bool] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        tests = tuple(word.test for word in self.words)
        holds = tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)
        object.__setattr__(self, "holds", holds)  # frozen for all others

    @property
    def expected(self) -> str:
        """The matcher as its author would write it, in a short line."""
        return shown(self.source)

    def among(self, values: Sequence[Any]) -> bool:
        """Tell whether one of several values is as it must be."""
        return all(word.among(values) for word in self.words)


def equal_to(value: Any, *, textual: bool = False) -> Matcher:
    """Return the matcher that holds for an equal value; ``textual`` compares the text that is sent for it."""
    wanted = _as_text(value) if textual else value
    return Matcher(value, (Word("equals", _equals(wanted), wanted=wanted),), (wanted,))


def read_matcher(part: Part, *, textual: bool = False, inner: Reader | None = None) -> Matcher | None:
    """Read a matcher, given as a value or as a mapping of words.

    Args:
        part: the matcher.
        textual: whether what is matched is always text, as in headers, so that 10 stands for "10".
        inner: reads what ``not`` and ``contains`` hold; by default this function does.

    Returns:
        The matcher; None where something is wrong with it, which is noted.
    """
    if not isinstance(part.value, dict):
        return equal_to(part.value, textual=textual)
    reader = inner or (lambda part: read_matcher(part, textual=textual))
    words: list[Word] = []
    for name, argument in part.items():
        word = _read_word(name, argument, reader, textual=textual)
        if word is not None:
            words.append(word)
    choices = next((word.wanted for word in words if word.name == "one_of"), None)
    equal = next(((word.wanted,) for word in words if word.name == "equals"), None)
    return Matcher(part.value, tuple(words), equal or choices) if part.sound else None


def _read_word(  # noqa: PLR0911 - one for each word
    name: str, part: Part, reader: Reader, *, textual: bool
) -> Word | None:
    value = part.value
    match name:
        case "equals":
            wanted = _as_text(value) if textual else value
            return Word(name, _equals(wanted), wanted=wanted)
        case "one_of":
            wanted = tuple(_as_text(item) if textual else item for item in value)
            return Word(name, lambda found: any(same(found, item) for item in wanted), wanted=wanted)
        case "exists":
            return Word(name, lambda found: (found is not None) is value, wanted=value)
        case "above":
            return Word(name, lambda found: (number := _number(found)) is not None and number > value)
        case "below":
            return Word(name, lambda found: (number := _number(found)) is not None and number < value)
        case "glob":
            glob = re.compile(translate(value))
            return Word(name, lambda found: isinstance(found, str) and glob.match(found) is not None)
        case "matches":
            return _pattern(part)
        case "schema":
            return _schema(part)
        case "not":
            inner = reader(part)
            return None if inner is None else Word(name, lambda found: not inner.holds(found), inner)
        case _:
            return _contains(part, reader)


def _equals(wanted: Any) -> Callable[[Any], bool]:
    if isinstance(wanted, str):
        return lambda found: bool(found == wanted)  # cheaper than the general way, and the common case
    return lambda found: same(found, wanted)


def _contains(part: Part, reader: Reader) -> Word | None:
    """Text within a text, items within a list; of several all must be there."""
    several = part.value if isinstance(part.value, list) else [part.value]
    texts = [item if isinstance(item, str) else None for item in several]
    parts = list(part.members()) if isinstance(part.value, list) else [part]
    found = [reader(item) for item in parts]
    items = [item for item in found if item is not None]

    def contains(value: Any) -> bool:
        if isinstance(value, str):
            for text in texts:  # noqa: SIM110 - a generator costs more than the test
                if text is None or text not in value:
                    return False
            return True
        if isinstance(value, list):
            return all(any(item.holds(member) for member in value) for item in items)
        return False

    return Word("contains", contains) if len(items) == len(found) else None


def _pattern(part: Part) -> Word | None:
    try:
        pattern = compile_linear(part.value)
    except RegexError as error:
        message = f"The pattern {shown(part.value)} cannot be used: {error.message}."
        part.error("MG217", message, error.hint or "Correct it, or use contains, glob or one_of.")
        return None
    return Word("matches", lambda found: isinstance(found, str) and bool(pattern.search(found)))


def _schema(part: Part) -> Word | None:
    schema = part.value
    if isinstance(schema, bool):
        return Word("schema", lambda found: schema and found is not None)
    try:
        validator = SchemaValidator(
            Schemas(Document({**schema, "openapi": "3.1.0"}, "schema"), "request"), ""
        )
        accepts = validator.accepts
    except (DocumentError, KeyError) as error:
        found = (
            error.message if isinstance(error, DocumentError) else f"a reference leads to nothing: {error}"
        )
        part.error(
            "MG224", f"The schema cannot be used: {found.rstrip('.')}.", "It is read as draft 2020-12."
        )
        return None
    return Word("schema", lambda found: found is not None and accepts(found))


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


if TYPE_CHECKING:
    Reader = Callable[[Part], Matcher | None]
