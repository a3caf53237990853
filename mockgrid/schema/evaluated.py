"""What of a value a schema has looked at, so that `unevaluated…` leaves it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.node import SchemaNode, prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Obeys = Callable[[Any, Any], bool]

__all__ = ["unevaluated"]

_OTHERS = ("additionalProperties", "unevaluatedProperties")


def unevaluated(node: SchemaNode, value: Any, obeys: Obeys) -> list[Any]:
    """Return the names of properties, or the indices of items, that a schema and its parts say nothing of.

    Args:
        node: with one of the two keywords.
        value: an object or an array.
        obeys: tells whether a value obeys a schema.
    """
    applied = list(_applied(node, value, obeys))
    if isinstance(value, dict):
        return [name for name in value if not any(_says(part, name, node) for part in applied)]
    return [
        index
        for index, item in enumerate(value)
        if not any(_says_item(part, index, item, node, obeys) for part in applied)
    ]


def _applied(node: Any, value: Any, obeys: Obeys) -> Iterator[SchemaNode]:
    """Yield the schemas that a value is held to, of alternatives and conditions those that it obeys."""
    for part in node.speaking() if isinstance(node, SchemaNode) else ():
        yield part
        branches = [branch for branch in part.get("anyOf", ()) if obeys(value, branch)]
        if "if" in part:
            holds = obeys(value, part["if"])
            branches += [part["if"], part.get("then")] if holds else [part.get("else")]
        for name, schema in part.get("dependentSchemas", {}).items():
            branches += [schema] if isinstance(value, dict) and name in value else []
        for branch in branches:
            yield from _applied(branch, value, obeys)


def _says(part: SchemaNode, name: str, top: SchemaNode) -> bool:
    named = name in part.get("properties", ()) or any(
        part.shared.patterns.found(pattern, name) for pattern in part.get("patternProperties", ())
    )
    return named or any(key in part and (part is not top or key != _OTHERS[1]) for key in _OTHERS)


def _says_item(part: SchemaNode, index: int, item: Any, top: SchemaNode, obeys: Obeys) -> bool:
    if index < len(prefix_of(part)) or "items" in part:
        return True
    if "contains" in part and obeys(item, part["contains"]):
        return True
    return "unevaluatedItems" in part and part is not top
