"""Schemas whose every value contains another of the same, without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.node import REFERRED, SchemaNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.node import SharedSchemas

__all__ = ["endless_schemas"]


def endless_schemas(shared: SharedSchemas) -> Iterator[SchemaNode]:
    """Yield one schema of each circle of required parts that nothing ends, in the order of the document.

    >>> [node.at for node in endless_schemas(shared)]  # doctest: +SKIP
    ['/components/schemas/Node']
    """
    named = {
        f"#/{holder}/{name}": node
        for holder, nodes in (
            ("components/schemas", shared.data["components"]["schemas"]),
            (REFERRED, shared.data[REFERRED]),
        )
        for name, node in nodes.items()
    }
    pending = dict(named)
    while True:
        ending = [name for name, node in pending.items() if _open(node, pending) is None]
        if not ending:
            break
        for name in ending:
            del pending[name]
    order = {id(node): number for number, node in enumerate(pending.values())}
    known: set[str] = set()
    for name in pending:
        way: list[str] = []
        following: str | None = name
        while following is not None and following not in way and following not in known:
            way.append(following)
            following = _open(pending[following], pending)
        if following in way:
            circle = [pending[each] for each in way[way.index(following) :]]
            yield min(circle, key=lambda node: order[id(node)])
        known.update(way)


def _open(schema: Any, pending: dict[str, Any]) -> str | None:
    """Return a reference by which every value of a schema contains one of a pending one; None without."""
    if not isinstance(schema, SchemaNode) or "enum" in schema or "const" in schema:
        return None
    reference = schema.get("$ref")
    if reference in pending:
        return str(reference)
    forced = list(schema.get("allOf", ()))
    kinds = schema.get("type")
    if kinds in ("object", ["object"]):
        properties = schema.get("properties", {})
        forced += [properties[name] for name in schema.get("required", ()) if name in properties]
    elif kinds in ("array", ["array"]) and schema.get("minItems", 0) > 0 and "items" in schema:
        forced += schema["items"] if isinstance(schema["items"], list) else [schema["items"]]
    leading = next((way for part in forced if (way := _open(part, pending)) is not None), None)
    branches = [_open(part, pending) for part in schema.get("anyOf", ())]
    return leading or (branches[0] if branches and None not in branches else None)
