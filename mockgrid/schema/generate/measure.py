"""Whether a value can be written as JSON that every client reads alike, and how large it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mockgrid.schema.generate.limits import (
    CHARACTER_LIMIT,
    INTEGER_HIGH,
    INTEGER_LOW,
    NODE_LIMIT,
    VALUE_DEPTH_LIMIT,
)

if TYPE_CHECKING:
    from mockgrid.schema.generate.equality import JSON


def is_sound(value: JSON) -> bool:  # noqa: C901, PLR0911, PLR0912 (one for each kind of value)
    """Whether a value is within the limits: 64-bit integers, finite floats, no lone surrogates, size."""
    nodes = characters = 0
    stack: list[tuple[object, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        nodes += 1
        if nodes > NODE_LIMIT or characters > CHARACTER_LIMIT or depth > VALUE_DEPTH_LIMIT:
            return False
        if isinstance(item, str):
            characters += len(item)
            if not _is_text(item):
                return False
        elif isinstance(item, float):
            if not math.isfinite(item):
                return False
        elif isinstance(item, int):
            if not INTEGER_LOW <= item <= INTEGER_HIGH:
                return False
        elif isinstance(item, list):
            stack += [(child, depth + 1) for child in item]
        elif isinstance(item, dict):
            for name, child in item.items():
                if not isinstance(name, str) or not _is_text(name):
                    return False
                characters += len(name)
                stack.append((child, depth + 1))
        elif item is not None:
            return False
    return True


def weigh(value: JSON) -> int:
    """The number of values in a value, itself included."""
    if not isinstance(value, (list, dict)):
        return 1
    nodes = 0
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        nodes += 1
        if isinstance(item, list):
            stack += item
        elif isinstance(item, dict):
            stack += item.values()
    return nodes


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
