"""What is worth a word about a valid request: fields that nobody knows, and fields that are deprecated.

Nothing here decides about a request; it is asked for when the request is reported on.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import dotted, join
from mockgrid.schema.node import SchemaNode, SharedSchemas, item_of
from mockgrid.schema.violation import FieldWarning, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.validator import SchemaValidator

__all__ = ["FieldWarning", "field_warnings"]

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
    walk = _Walk()
    walk.run(validator.schema, value)
    return walk.warnings


class _Walk:
    def __init__(self) -> None:
        self.warnings: list[FieldWarning] = []

    def run(self, schema: Any, value: Any) -> None:
        # From the last to the first, so that what is taken from the end comes in the order of the value.
        waiting: list[tuple[Any, list[Any], tuple[str | int, ...]]] = [(value, [schema], ())]
        for _ in range(_MOST_VALUES):
            if not waiting or len(self.warnings) >= _MOST:
                break
            item, schemas, path = waiting.pop()
            choose = partial(_chosen, item)
            nodes = (node for node in schemas if isinstance(node, SchemaNode))
            parts = [part for node in nodes for part in node.speaking(choose)]
            if isinstance(item, dict):
                waiting += reversed(list(self._fields(item, parts, path)))
            elif isinstance(item, list):
                waiting += reversed(list(_items(item, parts, path)))

    def _fields(
        self, value: dict[str, Any], parts: list[SchemaNode], path: tuple[str | int, ...]
    ) -> Iterator[tuple[Any, list[Any], tuple[str | int, ...]]]:
        described = [part["properties"] for part in parts if part.get("properties")]
        is_open = not described or any(_is_open(part) for part in parts)
        for name, item in islice(value.items(), _MOST_FIELDS):
            schemas = [properties[name] for properties in described if name in properties]
            if schemas:
                self._deprecated(schemas, (*path, name))
            else:
                schemas = [schema for part in parts for schema in part.member(name)]
                if not schemas and not is_open:
                    self._unknown(name, list(dict.fromkeys(chain(*described))), parts, path)
            if schemas and isinstance(item, (dict, list)):
                yield item, schemas, (*path, name)

    def _unknown(
        self, name: str, known: list[str], parts: list[SchemaNode], path: tuple[str | int, ...]
    ) -> None:
        if len(self.warnings) >= _MOST:
            return
        meant = nearest(name, known)
        hint = f"; did you mean {shown(meant)}?" if meant is not None else ""
        message = f"is not known, and will be ignored{hint}"
        speaker = next(part for part in parts if "properties" in part)
        self._add("MG140", (*path, name), message, meant, speaker.origin("properties"))

    def _deprecated(self, schemas: list[Any], path: tuple[str | int, ...]) -> None:
        nodes = [node for node in schemas if isinstance(node, SchemaNode)]
        deprecated = (node for schema in nodes for node in schema.chain() if node.get("deprecated") is True)
        first = next(deprecated, None)
        if first is not None:
            successor = _INSTEAD.search(str(first.get("description", "")))
            meant = successor[1] if successor is not None else None
            hint = f"; {meant} takes its place" if meant else ""
            self._add("MG141", path, f"is deprecated{hint}", meant, first.origin("deprecated"))

    def _add(
        self, code: str, path: tuple[str | int, ...], message: str, meant: str | None, contract: str
    ) -> None:
        if len(self.warnings) < _MOST:
            self.warnings.append(FieldWarning(code, join(path), dotted(path), message, meant or "", contract))


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


def _items(
    value: list[Any], parts: list[SchemaNode], path: tuple[str | int, ...]
) -> Iterator[tuple[Any, list[Any], tuple[str | int, ...]]]:
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
