"""Values for which matchers hold: from what a step asks for to a request that has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockgrid.errors import MockgridError
from mockgrid.scenario.predicate import AnyOf, Check
from mockgrid.schema.regex import RegexError, compile_linear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.scenario.matcher import Matcher
    from mockgrid.scenario.predicate import Predicate

__all__ = ["conditions", "satisfying"]

_CLASS: Final = re.compile(r"\[!?(.)[^]]*\]")
# A contract may leave but little room beside a bound.
_NEAR: Final = 0.25
_USUAL: Final[tuple[Any, ...]] = ("x", 1, True, [], {})


def conditions(when: Sequence[Predicate]) -> Iterator[Check]:
    """Yield checks that hold together for a request that a conjunction holds for.

    Of several branches it is the first; what must not hold is left out.
    """
    for predicate in when:
        if isinstance(predicate, Check):
            yield predicate
        elif isinstance(predicate, AnyOf):
            yield from conditions(predicate.branches[0] if predicate.branches else ())


def satisfying(matcher: Matcher, *usual: Any) -> Iterator[Any]:
    """Yield values for which a matcher holds, where some are found; null is none.

    >>> next(satisfying(read({"contains": "weather"}), "Hello"))  # doctest: +SKIP
    'weather'

    Args:
        matcher: it.
        usual: values that are tried first.
    """
    for value in (*usual, *(matcher.choices or ()), *_made(matcher, usual), *_USUAL):
        if value is not None and matcher.holds(value):
            yield value


def _made(matcher: Matcher, usual: Sequence[Any]) -> Iterator[Any]:
    """Yield what the words of a matcher ask for, each by itself and all together."""
    source = matcher.source
    words = source.items() if isinstance(source, dict) else ()
    values = [value for word, argument in words for value in _of_word(word, argument) if value is not None]
    yield from values
    texts = [value for value in values if isinstance(value, str)]
    if texts:
        yield " ".join(texts)
        yield from (f"{each} {' '.join(texts)}" for each in usual if isinstance(each, str))
    lists = [value for value in values if isinstance(value, list)]
    if lists:
        yield [item for value in lists for item in value]
    yield from ([value] for value in values if not isinstance(value, list))
    numbers = [value for value in values if isinstance(value, (int, float))]
    if len(numbers) > 1:
        yield sum(numbers) / len(numbers)


def _of_word(word: str, argument: Any) -> tuple[Any, ...]:
    make = _MAKERS.get(word)
    return () if make is None else make(argument)


def _containing(argument: Any) -> tuple[Any, ...]:
    texts = argument if isinstance(argument, list) else [argument]
    return (" ".join(texts) if all(isinstance(text, str) for text in texts) else texts,)


def _matching(pattern: str) -> str | None:
    from mockgrid.schema.generate import edge_chooser  # noqa: PLC0415 - 5 ms, for patterns alone

    try:
        return compile_linear(pattern).example(edge_chooser(0, ""))
    except RegexError:
        return None


def _obeying(schema: Any) -> Any:
    from mockgrid.schema.generate import CompiledSchema  # noqa: PLC0415 - 5 ms, for schemas alone

    try:
        return CompiledSchema(schema).value("")
    except MockgridError:
        return None


_MAKERS: Final[dict[str, Callable[[Any], tuple[Any, ...]]]] = {
    "contains": _containing,
    "glob": lambda text: (_CLASS.sub(r"\1", text).replace("*", "").replace("?", "x") or "x",),
    "matches": lambda pattern: (_matching(pattern),),
    "above": lambda number: (number + 1, number + _NEAR),
    "below": lambda number: (number - 1, number - _NEAR),
    "schema": lambda schema: (_obeying(schema),),
}
