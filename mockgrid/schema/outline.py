"""The shape of a value: which JSON types stand where, whatever the values and however many items."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import join
from mockgrid.schema.branches import json_type
from mockgrid.schema.node import SchemaNode, item_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ANY", "Spot", "outline"]

ANY: Final = "*"
"""Stands in a path for each item of an array, and for each name that is no field but part of the data."""

_DEEPEST: Final = 64
_MOST: Final = 50_000
_MOST_TEXTS: Final = 100
_LONGEST: Final = 64
_ROOT: Final[tuple[str, ...]] = ()
# Objects that hold what somebody chose, whatever a schema leaves out of them.
_DATA: Final = frozenset(("arguments", "args", "input", "labels", "metadata", "parameters", "tags"))
_OPEN: Final = ("additionalProperties", "patternProperties", "unevaluatedProperties")


@dataclass(slots=True)
class Spot:
    """What stands at one place, of all items and of all values that were outlined together.

    Attributes:
        types: JSON types, each as often as it came; numbers are of one type.
        texts: the short texts among the values, at most 100.
        is_known: whether a schema speaks about the place.
        is_listed: whether one lists its values.
    """

    types: Counter[str] = field(default_factory=Counter)
    texts: set[str] = field(default_factory=set)
    is_known: bool = False
    is_listed: bool = False

    @property
    def kinds(self) -> set[str]:
        """The types of what is not null."""
        return {*self.types} - {"null"}

    def add(self, value: Any, schemas: list[Any] | None) -> None:
        """Count a value that stands here, and that these schemas speak about; None for none at all."""
        kind = json_type(value)
        self.types["number" if kind == "integer" else kind] += 1
        if kind == "string" and len(value) <= _LONGEST and len(self.texts) < _MOST_TEXTS:
            self.texts.add(value)
        if schemas and not self.is_known:
            parts = (part for schema in schemas for part in _speaking(schema))
            self.is_listed = any("enum" in part or "const" in part for part in parts)
        self.is_known = self.is_known or schemas is not None


def outline(schema: Any, values: Iterable[Any], *, unnamed: bool = False) -> dict[str, Spot]:
    """Return what stands at all places in some values, by their pointers.

    Objects of which a schema names no field are data: what is in them is not looked at.

    >>> {where: set(place.types) for where, place in outline(None, [{"a": [1, 2.5], "b": None}]).items()}
    {'': {'object'}, '/a': {'array'}, '/b': {'null'}, '/a/*': {'number'}}

    Args:
        schema: a translated schema that the values are held to; None where there is none.
        values: JSON values.
        unnamed: whether objects are looked into all the same of which the schema says nothing, not even that
            any field may be there; those aside whose names tell that they hold data.
    """
    places: dict[str, Spot] = {}
    for value in values:
        waiting = deque([(value, None if schema is None else [schema], _ROOT)])
        for _ in range(_MOST):
            if not waiting:
                break
            item, schemas, path = waiting.popleft()
            places.setdefault(join(path), Spot()).add(item, schemas)
            if len(path) < _DEEPEST and isinstance(item, (dict, list)):
                waiting += islice(_inside(item, schemas, path, unnamed=unnamed), _MOST)
    return places


def _inside(
    value: Any, schemas: list[Any] | None, path: tuple[str, ...], *, unnamed: bool
) -> Iterator[tuple[Any, list[Any] | None, tuple[str, ...]]]:
    """Yield what an object or an array holds, each with the schemas that speak about it."""
    parts = [part for schema in schemas or () for part in _speaking(schema)]
    if isinstance(value, list):
        for index, item in enumerate(value):
            inside = schemas and _nodes(item_of(part, index) for part in parts)
            yield item, inside or (None if unnamed else inside), (*path, ANY)
        return
    fields = {name for part in parts for name in part.get("properties", ())}
    if unnamed and not fields:
        if path and path[-1] in _DATA:
            return
        if parts and not any(key in part for part in parts for key in _OPEN):
            schemas = None
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
