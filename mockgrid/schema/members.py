"""The properties that a schema declares for the objects in a value, and what it leaves open of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.schema.inventory import listed_values, speaking_of
from mockgrid.schema.node import SchemaNode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Member", "admits_null", "members", "required_of"]


class Member(NamedTuple):
    """A property of an object.

    Attributes:
        path: the keys that lead there; of an array, the first item.
        at: JSON pointer to its schema in the document.
        required: whether it must be there.
        nullable: whether it may be null.
        listed: its values, null aside, where they are listed; None where they are not.
    """

    path: tuple[str, ...]
    at: str
    required: bool
    nullable: bool
    listed: tuple[Any, ...] | None


def members(schema: Any, value: Any, path: tuple[str, ...] = ()) -> Iterator[Member]:
    """Yield what a schema declares of the objects in a value, those within others after these.

    Args:
        schema: translated.
        value: an instance; what it does not have is not looked into.
        path: the keys that lead to the value.
    """
    for node in speaking_of(schema):
        if isinstance(value, list) and value:
            yield from members(node.get("items"), value[0], (*path, "0"))
        if not isinstance(value, dict):
            continue
        for name, part in node.get("properties", {}).items():
            if not isinstance(part, SchemaNode):
                continue
            inside = (*path, name)
            required = name in node.get("required", ())
            yield Member(inside, part.at, required, admits_null(part), _listed(part))
            yield from members(part, value.get(name), inside)


def required_of(schema: Any) -> frozenset[str]:
    """Return the properties that every object of a translated schema must have."""
    return frozenset(name for node in speaking_of(schema) for name in node.get("required", ()))


def admits_null(schema: SchemaNode) -> bool:
    """Tell whether null is valid by every reading: by that of OpenAPI 3.0.3, a list of values has it, too."""
    listed = [node.source["enum"] for node in speaking_of(schema) if "enum" in node.source]
    return "null" in schema.branch.types and all(None in values for values in listed)


def _listed(schema: SchemaNode) -> tuple[Any, ...] | None:
    for node in speaking_of(schema):
        if "enum" in node:
            return tuple(choice for choice, _ in listed_values(node))
    return None
