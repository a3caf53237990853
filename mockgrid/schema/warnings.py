"""What is worth a word about a valid request: fields that nobody knows, and fields that are deprecated.

Nothing here decides about a request; it is asked for when the request is reported on.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import dotted, join
from mockgrid.schema.node import SchemaNode, SharedSchemas, item_of
from mockgrid.schema.violation import FieldWarning, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.validator import SchemaValidator

__all__ = ["FieldWarning", "field_warnings"]

_Path: TypeAlias = tuple[str | int, ...]
_Place: TypeAlias = tuple[Any, list[Any], _Path]  # a value, the schemas that speak about it, and where it is

_MOST: Final = 100
_MOST_VALUES: Final = 20_000
_MOST_ITEMS: Final = 100
_MOST_FIELDS: Final = 1_000
_INSTEAD: Final = re.compile(
    r"(?:replaced by|superseded by|use|in favou?r of|prefer)\s+(?:the\s+)?[`'\"]?(\w+)", re.IGNORECASE
)


def field_warnings(validator: SchemaValidator, value: Any) -> list[FieldWarning]:
    """Return what is worth a word about a valid value, at most 100 warnings.

    They come in the order of the value, those on an object before those on what is inside it. Of a long
    list the first and the last 50 items are looked at. A field is unknown where an object's schema names
    properties, not this one, and does not say that there may be others.

    >>> field_warnings(chat, {"messages": [], "max_token": 3})  # doctest: +SKIP
    [FieldWarning(code='MG140', path='max_token', message='is not known; did you mean "max_tokens"?', …)]
    """
    return list(islice(_warnings(validator.schema, value), _MOST))


def _warnings(schema: Any, value: Any) -> Iterator[FieldWarning]:
    # From the last to the first, so that what is taken from the end comes in the order of the value.
    waiting: list[_Place] = [(value, [schema], ())]
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        item, schemas, path = waiting.pop()
        choose = partial(_chosen, item)
        nodes = (node for node in schemas if isinstance(node, SchemaNode))
        parts = [part for node in nodes for part in node.speaking(choose)]
        if isinstance(item, dict):
            inside: list[_Place] = []
            yield from _of_fields(item, parts, path, inside)
            waiting += reversed(inside)
        elif isinstance(item, list):
            waiting += reversed(list(_items(item, parts, path)))


def _of_fields(
    value: dict[str, Any], parts: list[SchemaNode], path: _Path, inside: list[_Place]
) -> Iterator[FieldWarning]:
    """Yield the warnings of an object's fields, and note those that hold more."""
    described = [part["properties"] for part in parts if part.get("properties")]
    is_open = not described or any(_is_open(part) for part in parts)
    for name, item in islice(value.items(), _MOST_FIELDS):
        schemas = [properties[name] for properties in described if name in properties]
        if schemas:
            yield from _deprecated(schemas, (*path, name))
        else:
            schemas = [schema for part in parts for schema in part.member(name)]
            if not schemas and not is_open:
                yield _unknown(name, list(dict.fromkeys(chain(*described))), parts, path)
        if schemas and isinstance(item, (dict, list)):
            inside.append((item, schemas, (*path, name)))


def _unknown(name: str, known: list[str], parts: list[SchemaNode], path: _Path) -> FieldWarning:
    meant = nearest(name, known)
    hint = f"; did you mean {shown(meant)}?" if meant is not None else ""
    message = f"is not known, and will be ignored{hint}"
    speaker = next(part for part in parts if "properties" in part)
    return _warning("MG140", (*path, name), message, meant, speaker.origin("properties"))


def _deprecated(schemas: list[Any], path: _Path) -> Iterator[FieldWarning]:
    nodes = [node for node in schemas if isinstance(node, SchemaNode)]
    deprecated = (node for schema in nodes for node in schema.chain() if node.get("deprecated") is True)
    for first in islice(deprecated, 1):
        successor = _INSTEAD.search(str(first.get("description", "")))
        meant = successor[1] if successor is not None else None
        hint = f"; {meant} takes its place" if meant else ""
        yield _warning("MG141", path, f"is deprecated{hint}", meant, first.origin("deprecated"))


def _warning(code: str, path: _Path, message: str, meant: str | None, contract: str) -> FieldWarning:
    return FieldWarning(code, join(path), dotted(path), message, meant or "", contract)


# Stands for a branch that says nothing about properties, so that any may be meant.
_OPEN: Final = SchemaNode({"additionalProperties": True}, SharedSchemas("draft2020-12"), "", {})


def _chosen(value: Any, node: SchemaNode) -> list[Any]:
    """Return the branches that a valid value can have been meant for; more than one where it is open."""
    takers = [(branch, part) for branch, part in node.branches if branch.takes(value)]
    if isinstance(value, dict):
        takers = [
            (branch, part)
            for branch, part in takers
            if not branch.contradicts(value) and all(name in value for name in branch.required)
        ] or takers
        if any(not branch.names for branch, _ in takers):
            return [_OPEN, *(part for _, part in takers)]
    return [part for _, part in takers]


def _is_open(part: SchemaNode) -> bool:
    """Tell whether a schema says that there may be other properties, and does not merely leave it open."""
    further = [part.get(key) for key in ("additionalProperties", "unevaluatedProperties")]
    return any(item is True or isinstance(item, dict) for item in further)


def _items(value: list[Any], parts: list[SchemaNode], path: _Path) -> Iterator[_Place]:
    half = _MOST_ITEMS // 2
    indices = list(range(len(value)))
    if len(value) > _MOST_ITEMS:
        indices = indices[:half] + indices[-half:]
    for index in indices:
        if not isinstance(value[index], (dict, list)):
            continue
        schemas = [item_of(part, index) for part in parts]
        if any(isinstance(schema, dict) for schema in schemas):
            yield value[index], schemas, (*path, index)
