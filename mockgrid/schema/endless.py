"""Schemas whose every value contains another of the same, without end."""

from __future__ import annotations

from itertools import chain
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
    pending, unread = dict(named), list(named)
    open_parts = {name: _open(node, pending) for name, node in named.items()}
    waiting: dict[str, set[str]] = {name: set() for name in named}
    while unread:
        name = unread.pop()
        needed = next(open_parts[name], None)
        for each in needed or ():
            waiting[each].add(name)
        if needed is None and pending.pop(name, None) is not None:
            unread += waiting[name]
    order = {id(node): number for number, node in enumerate(pending.values())}
    known: set[str] = set()
    for name in pending:
        way: list[str] = []
        following = name
        while following not in known:
            known.add(following)
            way.append(following)
            following = next(_open(pending[following], pending))[0]
        if following in way:
            circle = [pending[each] for each in way[way.index(following) :]]
            yield min(circle, key=lambda node: order[id(node)])


def _open(schema: Any, pending: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the references by which every value of a schema contains one of a pending schema.

    Each of a list leads to one that a branch contains. To go on is worth it when one of them is no longer
    pending: there is another list, or no value needs to contain any.
    """
    if not isinstance(schema, SchemaNode) or "enum" in schema or "const" in schema:
        return
    reference = schema.get("$ref")
    while reference in pending:
        yield [str(reference)]
    forced = list(schema.get("allOf", ()))
    kinds = schema.get("type")
    if kinds in ("object", ["object"]):
        properties = schema.get("properties", {})
        forced += [properties[name] for name in schema.get("required", ()) if name in properties]
    elif kinds in ("array", ["array"]) and schema.get("minItems", 0) > 0 and "items" in schema:
        forced += schema["items"] if isinstance(schema["items"], list) else [schema["items"]]
    for part in forced:
        yield from _open(part, pending)
    parts = schema.get("anyOf", ())
    while parts and all(branches := [next(_open(part, pending), []) for part in parts]):
        yield list(chain(*branches))
