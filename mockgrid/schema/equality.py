"""Equality of JSON values: 1 and 1.0 are the same, true and 1 are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["first_repeated", "frozen"]


def first_repeated(values: list[Any]) -> tuple[int, int] | None:
    """Return the indices of the first item that another before it equals, and of that one; in linear time.

    >>> first_repeated([{"a": 1}, {"b": 1}, {"a": 1.0}])
    (0, 2)
    """
    seen: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        before = seen.setdefault(frozen(value), index)
        if before != index:
            return before, index
    return None


def frozen(value: Any) -> Hashable:
    """Return something hashable that is equal for equal JSON values, and for no others."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", *[frozen(item) for item in value])
    if isinstance(value, dict):
        return ("object", frozenset((name, frozen(item)) for name, item in value.items()))
    scalar: Hashable = value  # numbers are equal, and hash alike, across int and float
    return scalar
