"""Whether some value that obeys a schema may have a certain value at a certain place.

What the rest of the value is like is not known. Wherever a schema leaves more than one way, one that admits
the value is enough; conditions (``if``, ``not``, ``dependentSchemas``) may always be met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["can_have_value_at"]

# Schemas that refer to themselves are followed as far as the path leads; this ends what leads nowhere.
_DEEPEST: Final = 64


def can_have_value_at(schema: Any, path: Sequence[str], value: Any) -> bool:
    """Tell whether a value that obeys a translated schema may have ``value`` at ``path``; in doubt it may."""
    return _can_have(schema, path, value, 0)


def _can_have(schema: Any, path: Sequence[str], value: Any, depth: int) -> bool:
    if isinstance(schema, bool):
        return schema
    if not path:
        return bool(schema.accepts(value))
    if depth > _DEEPEST:
        return True
    for part in schema.speaking():
        branches = [branch for _, branch in part.branches]
        if branches and not any(_can_have(branch, path, value, depth + 1) for branch in branches):
            return False
        named = part.get("type", ("object", "array"))
        inside = [list(part.member(path[0]))] if "object" in named else []
        if "array" in named and path[0].isdecimal():
            item = part.item(int(path[0]))
            inside.append([] if item is None else [item])
        if not any(
            all(_can_have(below, path[1:], value, depth + 1) for below in schemas) for schemas in inside
        ):
            return False
    return True
