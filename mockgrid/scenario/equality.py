"""Equality of JSON values: 1 and 1.0 are the same, true and 1 are not."""

from __future__ import annotations

from typing import Any


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
