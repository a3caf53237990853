"""How much work, and how large a value, one schema may cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from mockgrid.errors import UnsatisfiableError

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

SUBSCHEMA_LIMIT = 10_000
SCHEMA_DEPTH_LIMIT = 100
VALUE_DEPTH_LIMIT = 40
NODE_LIMIT = 5_000
CHARACTER_LIMIT = 200_000
STRING_LIMIT = 16_384
INTEGER_LOW, INTEGER_HIGH = -(2**63), 2**64 - 1


class ExhaustedError(Exception):
    """A limit was met: what was being tried is given up as a whole, not just the branch at hand.

    Args:
        message, where, hint: as of the refusal that comes of it.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.refusal = UnsatisfiableError(message, where=where, hint=hint)


def weigh(value: object) -> int:
    """The number of values in a value, itself included."""
    return sum(1 for _ in _parts(value)) if isinstance(value, (list, dict)) else 1


def longest_text(value: object) -> int:
    """The length of the longest string or member's name in a value."""
    texts = [part for part, _ in _parts(value) if isinstance(part, str)]
    names = [name for part, _ in _parts(value) if isinstance(part, dict) for name in part]
    return max(map(len, texts + names), default=0)


def is_sound(value: object) -> bool:
    """Whether every client reads a value alike: 64-bit integers, finite floats, no lone surrogates, size."""
    if not isinstance(value, (list, dict)):
        return _is_sound_alone(value) and (not isinstance(value, str) or len(value) <= CHARACTER_LIMIT)
    characters = 0
    for count, (part, depth) in enumerate(_parts(value)):
        if count >= NODE_LIMIT or depth > VALUE_DEPTH_LIMIT or not _is_sound_alone(part):
            return False
        characters += len(part) if isinstance(part, str) else 0
        characters += sum(map(len, part)) if isinstance(part, dict) else 0
        if characters > CHARACTER_LIMIT:
            return False
    return True


def is_text(text: object) -> bool:
    """Whether something is a string without lone surrogates."""
    return isinstance(text, str) and (
        text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
    )


def _is_sound_alone(part: object) -> bool:
    if isinstance(part, float):
        return math.isfinite(part)
    if isinstance(part, int):
        return INTEGER_LOW <= part <= INTEGER_HIGH
    if isinstance(part, dict):
        return all(map(is_text, part))
    return part is None or isinstance(part, list) or is_text(part)


def _parts(value: object) -> Iterator[tuple[object, int]]:
    """Every value within a value, itself included, and how deep it stands."""
    stack: list[tuple[object, int]] = [(value, 0)]
    while stack:
        part, depth = stack.pop()
        yield part, depth
        if isinstance(part, list):
            stack += [(item, depth + 1) for item in part]
        elif isinstance(part, dict):
            stack += [(item, depth + 1) for item in part.values()]
