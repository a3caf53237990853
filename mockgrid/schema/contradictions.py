"""Schemas that nothing satisfies, by what they themselves say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockgrid.schema.node import nodes_within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.node import SchemaNode
    from mockgrid.schema.schemas import Schemas

__all__ = ["contradictory_schemas"]

_BOUNDS: Final = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)


def contradictory_schemas(schemas: Schemas) -> Iterator[tuple[SchemaNode, str]]:
    """Yield the schemas whose bounds leave nothing or that list no value, each with a sentence."""
    for node in nodes_within([*schemas.shared.named, *schemas.roots.values()]):
        for low, high in _BOUNDS:
            if low in node and high in node and node[low] > node[high]:
                yield node, f"{low} {node[low]} is above {high} {node[high]}, so that nothing fits."
        if node.get("enum") == []:
            yield node, "enum lists no value, so that nothing fits."
