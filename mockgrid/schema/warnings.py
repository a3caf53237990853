"""What is worth a word about a valid request: fields that nobody knows, and fields that are deprecated.

Nothing here decides about a request; it is asked for when the request is reported on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import dotted, join, resolve
from mockgrid.schema.branches import Branch, branches_of
from mockgrid.schema.patterns import Patterns
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.validator import SchemaValidator

__all__ = ["Remark", "remarks"]

_MOST: Final = 100
_MOST_VALUES: Final = 20_000
_MOST_ITEMS: Final = 100
_MOST_FIELDS: Final = 1_000
_DEEPEST: Final = 32
_INSTEAD: Final = re.compile(
    r"(?:replaced by|superseded by|use|in favou?r of|prefer)\s+(?:the\s+)?[`'\"]?(\w+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning about one field.

    Attributes:
        code: ``MG140`` for a field that is not known, ``MG141`` for a deprecated one.
        pointer: JSON pointer to the field in the request's body.
        path: the same, dotted.
        message: one sentence without the path.
        meant: the known name that was probably meant, or that takes the field's place; may be empty.
        contract: JSON pointer to the schema that does not know the field, or deprecates it.
    """

    code: str
    pointer: str
    path: str
    message: str
    meant: str = ""
    contract: str = ""


def remarks(validator: SchemaValidator, value: Any) -> list[Remark]:
    """Return what is worth a word about a valid value, at most 100 remarks.

    They come in the order of the value, those on an object before those on what is inside it. Of a long
    list the first and the last 50 items are looked at. A field is unknown where an object's schema names
    properties, not this one, and does not say that there may be others.

    >>> remarks(chat, {"messages": [], "max_token": 3})  # doctest: +SKIP
    [Remark(code='MG140', path='max_token', message='is not known; did you mean "max_tokens"?', …)]
    """
    walk = _Walk(_known(validator))
    walk.run(value)
    return walk.found


def _known(validator: SchemaValidator) -> _Known:
    found = _KNOWN.get(validator)
    if found is None:
        found = _KNOWN[validator] = _Known(validator)
    return found


class _Known:
    """What is known of a schema once it has been read."""

    def __init__(self, validator: SchemaValidator) -> None:
        self.schemas = validator.schemas
        self.schema = validator.schema
        self.patterns = Patterns(validator.draft)
        self._referred: dict[str, Any] = {}
        # By the identity of a schema that the document keeps alive.
        self._branches: dict[int, list[tuple[Branch, Any]]] = {}

    def referred(self, reference: str) -> Any:
        """Return what a reference within the document points to."""
        found = self._referred.get(reference)
        if found is None:
            found = self._referred[reference] = resolve(self.schemas.shared, reference)
        return found

    def branches(self, schema: dict[str, Any]) -> list[tuple[Branch, Any]]:
        """Return the alternatives of a schema's ``anyOf``."""
        found = self._branches.get(id(schema))
        if found is None:
            branches = branches_of(self.schemas, schema["anyOf"])
            found = self._branches[id(schema)] = list(zip(branches, schema["anyOf"], strict=True))
        return found


# As long as their documents are in use.
_KNOWN: WeakKeyDictionary[SchemaValidator, _Known] = WeakKeyDictionary()


class _Walk:
    def __init__(self, known: _Known) -> None:
        self._known = known
        self.found: list[Remark] = []

    def run(self, value: Any) -> None:
        # From the last to the first, so that what is taken from the end comes in the order of the value.
        rest: list[tuple[Any, list[Any], tuple[str | int, ...]]] = [(value, [self._known.schema], ())]
        for _ in range(_MOST_VALUES):
            if not rest or len(self.found) >= _MOST:
                break
            item, schemas, path = rest.pop()
            parts = [part for schema in schemas for part in self._speaking(schema, item, 0)]
            if isinstance(item, dict):
                rest += reversed(list(self._fields(item, parts, path)))
            elif isinstance(item, list):
                rest += reversed(list(_items(item, parts, path)))

    def _fields(
        self, value: dict[str, Any], parts: list[dict[str, Any]], path: tuple[str | int, ...]
    ) -> Iterator[tuple[Any, list[Any], tuple[str | int, ...]]]:
        described = [part["properties"] for part in parts if part.get("properties")]
        is_open = not described or any(_is_open(part) for part in parts)
        for _, (name, item) in zip(range(_MOST_FIELDS), value.items(), strict=False):
            schemas = [properties[name] for properties in described if name in properties]
            if schemas:
                self._deprecated(schemas, (*path, name))
            else:
                schemas = self._further(parts, name)
                if not schemas and not is_open and not self._matched(parts, name):
                    self._unknown(name, list(dict.fromkeys(chain(*described))), parts, path)
            if schemas and isinstance(item, (dict, list)):
                yield item, schemas, (*path, name)

    def _further(self, parts: list[dict[str, Any]], name: str) -> list[Any]:
        """Return the schemas that a part has for properties without a name of their own."""
        return [
            part["additionalProperties"]
            for part in parts
            if isinstance(part.get("additionalProperties"), dict) and name not in part.get("properties", ())
        ]

    def _matched(self, parts: list[dict[str, Any]], name: str) -> bool:
        patterns = (pattern for part in parts for pattern in part.get("patternProperties", ()))
        return any(self._known.patterns.found(pattern, name) for pattern in patterns)

    def _unknown(
        self, name: str, known: list[str], parts: list[dict[str, Any]], path: tuple[str | int, ...]
    ) -> None:
        if len(self.found) >= _MOST:
            return
        meant = nearest(name, known)
        hint = f"; did you mean {shown(meant)}?" if meant is not None else ""
        message = f"is not known, and will be ignored{hint}"
        speaker = next(part for part in parts if "properties" in part)
        self._add("MG140", (*path, name), message, meant, self._known.schemas.origin(speaker, "properties"))

    def _deprecated(self, schemas: list[Any], path: tuple[str | int, ...]) -> None:
        for schema in schemas:
            for said in self._chain(schema):
                if said.get("deprecated") is True:
                    successor = _INSTEAD.search(str(said.get("description", "")))
                    meant = successor[1] if successor is not None else None
                    hint = f"; {meant} takes its place" if meant else ""
                    place = self._known.schemas.origin(said, "deprecated")
                    self._add("MG141", path, f"is deprecated{hint}", meant, place)
                    return

    def _chain(self, schema: Any) -> Iterator[dict[str, Any]]:
        """Return a schema, and what it refers to, and so on."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict):
                return
            yield schema
            if not str(schema.get("$ref", "")).startswith("#"):
                return
            schema = self._known.referred(schema["$ref"])

    def _add(
        self, code: str, path: tuple[str | int, ...], message: str, meant: str | None, contract: str | None
    ) -> None:
        if len(self.found) < _MOST:
            self.found.append(Remark(code, join(path), dotted(path), message, meant or "", contract or ""))

    def _speaking(self, schema: Any, value: Any, depth: int) -> Iterator[dict[str, Any]]:
        """Return the schemas that speak about a value, references followed and branches chosen."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return
        yield schema
        if str(schema.get("$ref", "")).startswith("#"):
            yield from self._speaking(self._known.referred(schema["$ref"]), value, depth + 1)
        for part in schema.get("allOf", ()):
            yield from self._speaking(part, value, depth + 1)
        for part in self._chosen(schema, value):
            yield from self._speaking(part, value, depth + 1)

    def _chosen(self, schema: dict[str, Any], value: Any) -> list[Any]:
        """Return the branches that a valid value can have been meant for; more than one where it is open."""
        if "anyOf" not in schema:
            return []
        takers = [(branch, part) for branch, part in self._known.branches(schema) if branch.takes(value)]
        if isinstance(value, dict):
            takers = [
                (branch, part)
                for branch, part in takers
                if not branch.contradicts(value) and all(name in value for name in branch.required)
            ] or takers
            if any(not branch.names for branch, _ in takers):
                return [{"additionalProperties": True}, *(part for _, part in takers)]
        return [part for _, part in takers]


def _is_open(part: dict[str, Any]) -> bool:
    """Tell whether a schema says that there may be other properties, and does not merely leave it open."""
    further = [part.get(key) for key in ("additionalProperties", "unevaluatedProperties")]
    return any(item is True or isinstance(item, dict) for item in further)


def _items(
    value: list[Any], parts: list[dict[str, Any]], path: tuple[str | int, ...]
) -> Iterator[tuple[Any, list[Any], tuple[str | int, ...]]]:
    half = _MOST_ITEMS // 2
    indices = list(range(len(value)))
    if len(value) > _MOST_ITEMS:
        indices = indices[:half] + indices[-half:]
    for index in indices:
        if not isinstance(value[index], (dict, list)):
            continue
        schemas = []
        for part in parts:
            items = part.get("items")
            places = part.get("prefixItems") or (items if isinstance(items, list) else [])
            found = places[index] if index < len(places) else items
            if isinstance(found, dict):
                schemas.append(found)
        if schemas:
            yield value[index], schemas, (*path, index)
