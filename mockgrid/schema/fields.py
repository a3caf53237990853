"""The fields that a schema describes, and how two schemas differ in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.fixed import fixed
from mockgrid.schema.inventory import listed_values, speaking_of
from mockgrid.schema.node import SchemaNode, item_of
from mockgrid.schema.outline import ANY
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Change", "changes", "fields_of", "object_of", "of_streams"]

# A schema that leads back to itself is followed so far, and a large one to so many fields.
_DEEPEST: Final = 12
_MOST: Final = 5_000
_EVENT: Final = frozenset(("data", "event", "id", "retry"))


@fixed
class Field:
    """What a schema says of one place.

    Attributes:
        at: JSON pointer to what says so first.
        types: the JSON types that it may have.
        required: whether it has to be there.
        listed: its values as JSON, where they are listed; None where they are not.
    """

    at: str
    types: frozenset[str]
    required: bool
    listed: frozenset[str] | None


class Change(NamedTuple):
    """One way in which a place has changed.

    Attributes:
        path: the keys that lead there.
        before: what was said of it, in words.
        after: what is said of it now.
        at: JSON pointer into the newer document: to what says so, or to what is around it.
    """

    path: tuple[str, ...]
    before: str
    after: str
    at: str


def object_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of objects that have these fields, by their schemas, and no others."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def fields_of(schema: Any) -> dict[tuple[str, ...], Field]:
    """Return what a translated schema says of each place that a value of it may have, the outermost first."""
    fields: dict[tuple[str, ...], Field] = {}
    waiting: list[tuple[tuple[str, ...], list[Any], bool]] = [((), [schema], True)]
    while waiting and len(fields) < _MOST:
        path, schemas, required = waiting.pop(0)
        nodes = [node for each in schemas if isinstance(each, SchemaNode) for node in _parts(each)]
        if not nodes or path in fields:
            continue
        fields[path] = Field(nodes[0].at, _types(schemas), required, _listed(nodes))
        if len(path) < _DEEPEST:
            waiting += _inside(path, schemas, nodes)
    return fields


def changes(before: Any, after: Any) -> Iterator[Change]:
    """Yield how one translated schema differs from an earlier one, in what both or one of them describe."""
    earlier, later = fields_of(before), fields_of(after)
    gone = [path for path in earlier if path not in later]
    for path in gone:
        if path[:-1] in later:
            yield Change(path, _words(earlier[path]), "nothing", later[path[:-1]].at)
    for path, field in later.items():
        known = earlier.get(path)
        if known is None:
            if path[:-1] in earlier:
                yield Change(path, "nothing", _words(field), field.at)
        elif (known.types, known.required, known.listed) != (field.types, field.required, field.listed):
            yield Change(path, _words(known), _words(field), field.at)


def of_streams(before: Any, after: Any) -> tuple[Any, Any]:
    """Return the translated schemas of two streams so that both are of whole events, or of their data alone.

    One is None where it says of its data only that it is a text.
    """
    names, later = ({path[0] for path in fields_of(each) if len(path) == 1} for each in (before, after))
    if "data" in later - names and later <= _EVENT:
        return before, _data(after)
    if "data" in names - later and names <= _EVENT:
        return _data(before), after
    return before, after


def _data(schema: Any) -> Any:
    """Return the schema of the data of events; None where they are a text, of which nothing is known."""
    if fields_of(schema)["data",].types <= {"string"}:
        return None
    return next(part["properties"]["data"] for part in _parts(schema) if "data" in part.get("properties", ()))


def _words(field: Field) -> str:
    listed = f", one of {', '.join(sorted(field.listed))}" if field.listed is not None else ""
    return f"{'required' if field.required else 'optional'} {' or '.join(sorted(field.types))}{listed}"


def _parts(schema: SchemaNode) -> Iterator[SchemaNode]:
    return schema.speaking(lambda node: [part for _, part in node.branches])


def _types(schemas: list[Any]) -> frozenset[str]:
    kinds = [each.branch.types for each in schemas if isinstance(each, SchemaNode)]
    together = frozenset[str]().union(*kinds)
    return together - {"integer"} if "number" in together else together


def _listed(nodes: list[SchemaNode]) -> frozenset[str] | None:
    values = [
        shown(value)
        for node in nodes
        if "enum" in node or "const" in node
        for value, _ in listed_values(node)
    ]
    return frozenset(values) or None


def _inside(
    path: tuple[str, ...], schemas: list[Any], nodes: list[SchemaNode]
) -> Iterator[tuple[tuple[str, ...], list[Any], bool]]:
    certain = [node for each in schemas for node in speaking_of(each)]
    required = {name for node in certain for name in node.get("required", ())}
    names = dict.fromkeys(name for node in nodes for name in node.get("properties", ()))
    for name in names:
        inside = [node["properties"][name] for node in nodes if name in node.get("properties", ())]
        yield (*path, name), inside, name in required
    items = [item for node in nodes if (item := item_of(node, 0)) is not None]
    if items:
        yield (*path, ANY), items, False
