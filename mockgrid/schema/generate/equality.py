"""When two JSON values are the same: ``1`` is ``1.0``, ``true`` is not ``1``, key order does not matter."""

from __future__ import annotations

from typing import TypeAlias

from mockgrid.errors import InvalidSchemaError

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

_DEPTH_LIMIT = 100


def canonical(value: object, depth: int = 0) -> object:
    """Something hashable that is equal for equal values, and for no others.

    Raises:
        InvalidSchemaError: the value is nested deeper than 100 levels.
    """
    if isinstance(value, bool):
        return ("bool", value)
    if value is None or isinstance(value, (int, float, str)):
        return value
    if depth >= _DEPTH_LIMIT:
        raise InvalidSchemaError(f"a value is nested deeper than {_DEPTH_LIMIT} levels")
    if isinstance(value, dict):
        return ("object", frozenset((key, canonical(item, depth + 1)) for key, item in value.items()))
    if isinstance(value, (list, tuple)):
        return ("array", *(canonical(item, depth + 1) for item in value))
    return ("foreign", repr(value))


def is_number(value: object) -> bool:
    """Whether a value is a JSON number: booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
