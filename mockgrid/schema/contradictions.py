"""Schemas that nothing satisfies, by what they say themselves or by what they are combined from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.schema.branches import json_type
from mockgrid.schema.equality import frozen
from mockgrid.schema.node import SchemaNode, nodes_within
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.schemas import Schemas

__all__ = ["contradictory_schemas"]

# Keywords of which the first is the lowest and the second the highest, and what they are about.
_BOUNDS: Final = (
    ("minimum", "maximum", frozenset(("integer", "number"))),
    ("minLength", "maxLength", frozenset(("string",))),
    ("minItems", "maxItems", frozenset(("array",))),
    ("minProperties", "maxProperties", frozenset(("object",))),
)
_OBJECT: Final = frozenset(("object",))
_DEEPEST: Final = 4


class _Said(NamedTuple):
    """What one of the schemas that a value is held to says, and that schema."""

    value: Any
    node: SchemaNode


def contradictory_schemas(schemas: Schemas) -> Iterator[tuple[SchemaNode, str]]:
    """Yield the schemas that leave nothing or that list no value, each with a sentence."""
    for node in nodes_within(schemas.whole):
        for low, high, _ in _BOUNDS:
            if low in node and high in node and node[low] > node[high]:
                yield node, f"{low} {node[low]} is above {high} {node[high]}, so that nothing fits."
        if node.get("enum") == []:
            yield node, "enum lists no value, so that nothing fits."
        for name in node.get("required", ()) if node.get("type") == "object" else ():
            if False in node.member(name):
                yield node, f"{name} is required and nothing is admitted for it, so that nothing fits."
        if "allOf" in node or ("$ref" in node and len(node) > 1):
            reason = _clash([node])
            if reason:
                yield node, f"{reason}, so that nothing fits what is combined here."


def _clash(combined: list[Any], depth: int = 0) -> str:
    """Return why nothing obeys all of some schemas; empty where something may.

    In doubt something may: branches and conditions are not looked into.
    """
    parts = [part for schema in combined if isinstance(schema, SchemaNode) for part in schema.speaking()]
    types, reason = _types(parts)
    return reason or _values(parts, types) or _bounds(parts, types) or _members(parts, types, depth)


def _types(parts: list[SchemaNode]) -> tuple[frozenset[str] | None, str]:
    """Return the types that are left, None for all; and why there are none."""
    left: frozenset[str] | None = None
    first: _Said | None = None
    for part in parts:
        if "type" not in part:
            continue
        named = part["type"]
        types = frozenset([named] if isinstance(named, str) else named)
        types |= {"integer"} if "number" in types else set()
        left, before = types if left is None else left & types, left
        if not left and first is not None and before:
            return left, f"type {shown(named)} meets type {shown(first.value)} of {first.node.at}"
        first = first or _Said(named, part)
    return left, ""


def _values(parts: list[SchemaNode], types: frozenset[str] | None) -> str:
    first: _Said | None = None
    left: list[Any] = []
    for part in parts:
        listed = [part["const"]] if "const" in part else part.get("enum")
        if not isinstance(listed, list) or not listed:
            continue
        if first is None:
            first, left = _Said(listed, part), listed
            continue
        others = {*map(frozen, listed)}
        left = [value for value in left if frozen(value) in others]
        if not left:
            return f"{_choice(listed)} meets {_choice(first.value)} of {first.node.at}"
    if first is not None and types is not None and not any(json_type(value) in types for value in left):
        return f"{_choice(left)} meets another type"
    return ""


def _bounds(parts: list[SchemaNode], types: frozenset[str] | None) -> str:
    for low, high, about in _BOUNDS:
        lows = [_Said(part[low], part) for part in parts if low in part]
        highs = [_Said(part[high], part) for part in parts if high in part]
        if lows and highs and types is not None and types <= about:
            least = max(lows, key=lambda said: said.value)
            most = min(highs, key=lambda said: said.value)
            if least.value > most.value and least.node is not most.node:
                return (
                    f"{low} {least.value} of {least.node.at} is above {high} {most.value} of {most.node.at}"
                )
    return ""


def _members(parts: list[SchemaNode], types: frozenset[str] | None, depth: int) -> str:
    """Look into the properties that an object must have."""
    if types != _OBJECT or depth > _DEEPEST:
        return ""
    for name in dict.fromkeys(name for part in parts for name in part.get("required", ())):
        schemas = [part["properties"][name] for part in parts if name in part.get("properties", ())]
        reason = _clash(schemas, depth + 1) if len(schemas) > 1 else ""
        if reason:
            return f"the property {name} is required, and {reason}"
    return ""


def _choice(values: list[Any]) -> str:
    return f"the value {shown(values[0])}" if len(values) == 1 else f"the list {shown(values)}"
