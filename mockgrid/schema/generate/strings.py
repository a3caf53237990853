"""Makes strings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.edges import edge_text
from mockgrid.schema.generate.formats import FORMATS, stretch
from mockgrid.schema.generate.keywords import words
from mockgrid.schema.generate.limits import STRING_LIMIT
from mockgrid.schema.regex import common_example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.generate.attempt import GenerationAttempt
    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.constraints import Constraints

_STEM_LIMIT = 24
_TRIES = 6
_MEETING_STEPS = 5_000
_SAME_LENGTH = 16
_NUMBERS = 99
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Members that hold prose; others are better served by a short name of their own.
_PROSE = words(
    "answer body caption comment content description explanation message note output prompt query "
    "question reasoning reply response result sentence summary text value"
)


def strings(constraints: Constraints, position: ValuePosition, attempt: GenerationAttempt) -> Iterator[str]:
    """Strings of the right length, format and pattern; the first ones are the nicest.

    Raises:
        UnsatisfiableError: none fits, or only ones longer than 16,384 characters.
    """
    low = constraints.length.low
    constraints.length.check("characters")
    if low > STRING_LIMIT:
        raise UnsatisfiableError(
            f"minLength {low} is above the limit of {STRING_LIMIT} characters",
            where=constraints.length.low_at,
        )
    formats = [name for name in constraints.formats if name in FORMATS]
    proposals = [(formats, _readable(constraints, position, formats))]
    if attempt.manner.edges and position.turn is None:
        edge = edge_text(position, low, constraints.length.high)
        proposals.insert(0, (formats, iter((edge,))))
    proposals.append((formats, _examples(constraints, position, attempt)))
    if formats and constraints.patterns:
        # A format is an annotation; a pattern is the law.
        proposals.append(([], _examples(constraints, position, attempt)))
    fits = False
    for obeyed, texts in proposals:
        if fits and obeyed != formats:
            return
        for text in texts:
            attempt.budget.spend(1 + len(constraints.patterns) * (1 + len(text) // 64))
            if (
                (text or constraints.length.low or not fits)
                and constraints.length.admits(len(text))
                and all(FORMATS[name].accepts(text) for name in obeyed)
                and all(pattern.search(text) for pattern in constraints.patterns)
            ):
                fits = True
                yield text
    if not fits:
        raise UnsatisfiableError(_phrase(constraints, formats), where=constraints.where)


def _phrase(constraints: Constraints, formats: list[str]) -> str:
    wanted = [f"format {name}" for name in formats]
    wanted += [f"pattern {pattern.source[:80]}" for pattern in constraints.patterns]
    if constraints.length.low:
        wanted.append(f"minLength {constraints.length.low}")
    if constraints.length.high is not None:
        wanted.append(f"maxLength {constraints.length.high}")
    return f"no string was found for {' with '.join(wanted)}"


def _readable(constraints: Constraints, position: ValuePosition, formats: list[str]) -> Iterator[str]:
    """Samples of the formats; without any, the text that may stand here, and names with a number."""
    low, high = constraints.length.low, constraints.length.high
    number = position.draw(max(_NUMBERS, position.span)) + 1
    for name in formats:
        for sample in FORMATS[name].samples(number):
            yield stretch(sample, low)
            if constraints.patterns:
                yield stretch(sample.upper(), low)
    if not formats:
        prose = not position.name or position.name.lower() in _PROSE
        if position.text and not position.turn and prose and _plain(position.text, constraints):
            yield position.text
        for turn in range(3 if position.turn is None else 1):
            yield human(position.name, number + turn, low, high)


def _examples(constraints: Constraints, position: ValuePosition, attempt: GenerationAttempt) -> Iterator[str]:
    """Texts that the patterns match, one by one and then together."""
    low, high = constraints.length.low, constraints.length.high
    # Where many different ones are wanted, length is what a pattern most often leaves free.
    further = low + max(0, (position.turn or 0) - _SAME_LENGTH)
    for turn in range(_TRIES):
        for pattern in constraints.patterns:
            example = pattern.example(position.chooser, low if turn else further, high)
            attempt.budget.spend(10 + len(example or "") // 2)
            if example is not None:
                yield example
    if len(constraints.patterns) > 1:
        attempt.budget.spend(_MEETING_STEPS)
        example = common_example(constraints.patterns, position.chooser, low, high)
        if example is not None:
            yield example


def _plain(text: str, constraints: Constraints) -> bool:
    """Whether a text can be used without a doubt: every engine reads it the same."""
    if constraints.patterns or constraints.delicate:
        return text.isascii() and text.isprintable()
    return not any("\ud800" <= char <= "\udfff" for char in text)


def human(name: str, number: int, low: int = 0, high: int | None = None) -> str:
    """A readable string, named after the member it stands in: ``city-3``."""
    if high == 0:
        return ""
    stem = _NOT_IN_NAMES.sub("", name)[:_STEM_LIMIT]
    text = f"{stem or 'text'}-{number}"
    if high is not None and len(text) > high:
        digits = str(number)
        if len(digits) < high:
            return (stem or "text")[: high - len(digits)] + digits
        # Too short for a number: count in letters.
        letters = ""
        while len(letters) < high:
            letters = _LETTERS[number % len(_LETTERS)] + letters
            number //= len(_LETTERS)
        return letters
    while len(text) < low:
        text = f"{text} {text}"[: max(low, len(text))] if len(text) * 2 + 1 >= low else f"{text} {text}"
    return text.rstrip() + "x" * (len(text) - len(text.rstrip()))
