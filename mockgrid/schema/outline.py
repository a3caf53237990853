"""The shape of a value: which JSON types stand where, whatever the values and however many items."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import join
from mockgrid.schema.branches import json_type
from mockgrid.schema.node import SchemaNode, item_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ANY", "outline"]

ANY: Final = "*"
"""Stands in a path for each item of an array, and for each name that is no field but part of the data."""

_DEEPEST: Final = 64
_MOST: Final = 50_000
_ROOT: Final[tuple[str, ...]] = ()


def outline(schema: Any, value: Any) -> dict[str, set[str]]:
    """Return the JSON types of all places in a value, by their pointers; numbers are of one type.

    Objects of which a schema names no field are data: what is in them is not looked at.

    >>> outline(None, {"a": [1, 2.5], "b": None})
    {'': {'object'}, '/a': {'array'}, '/a/*': {'number'}, '/b': {'null'}}

    Args:
        schema: a translated schema that the value is held to; None where there is none.
        value: a JSON value.
    """
    places: dict[str, set[str]] = {}
    waiting = deque([(value, None if schema is None else [schema], _ROOT)])
    for _ in range(_MOST):
        if not waiting:
            break
        item, schemas, path = waiting.popleft()
        kind = json_type(item)
        places.setdefault(join(path), set()).add("number" if kind == "integer" else kind)
        if len(path) < _DEEPEST and isinstance(item, (dict, list)):
            waiting += islice(_inside(item, schemas, path), _MOST)
    return places


def _inside(
    value: Any, schemas: list[Any] | None, path: tuple[str, ...]
) -> Iterator[tuple[Any, list[Any] | None, tuple[str, ...]]]:
    """Yield what an object or an array holds, each with the schemas that speak about it."""
    parts = [part for schema in schemas or () for part in _speaking(schema)]
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield item, schemas and _nodes(item_of(part, index) for part in parts), (*path, ANY)
        return
    fields = {name for part in parts for name in part.get("properties", ())}
    for name, item in value.items():
        if schemas is None or name in fields:
            inside = [schema for part in parts for schema in part.member(name)]
            yield item, schemas and _nodes(inside), (*path, name)
        elif fields:  # a field that nobody knows
            yield item, None, (*path, name)
        else:
            inside = _nodes(schema for part in parts for schema in part.member(name))
            if inside:
                yield item, inside, (*path, ANY)


def _speaking(schema: Any) -> Iterator[SchemaNode]:
    if isinstance(schema, SchemaNode):
        yield from schema.speaking(lambda node: [part for _, part in node.branches])


def _nodes(schemas: Any) -> list[Any]:
    return [schema for schema in schemas if isinstance(schema, SchemaNode)]
