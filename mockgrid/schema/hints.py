"""The outline of a schema: which JSON types it names, and the outlines of its properties and items.

It tells what a text is meant to be, since ``7`` is a number for one schema and a text for another.
"""

from __future__ import annotations

import json
import math
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.document.pointer import resolve
from mockgrid.schema.branches import json_type
from mockgrid.schema.node import item_of, prefix_of, speaking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.schema.validator import SchemaValidator

__all__ = ["Raw", "SchemaHints"]

Raw: TypeAlias = "str | list[Raw] | dict[str, Raw]"
"""A value of which only the structure is known: each leaf is still text."""

# RFC 8259's numbers, which Python's own readers would widen by spaces, underscores and foreign digits.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_MOST_DIGITS = 4300
_LONGEST_CHAIN = 32
_INDEX = re.compile(r"[0-9]{1,6}")
_SCALARS = frozenset(("boolean", "integer", "number", "string"))


class SchemaHints:
    """What one schema says about a value, wherever it says it.

    Args:
        schema: JSON Schema; references, ``allOf``, ``anyOf`` and ``oneOf`` are followed.
        root: the document that references point into.
        known: outlines of its schemas, by the identities of these, which they keep alive; it grows. There are
            no more than there are places in schemas, however deep the values are that these admit.
    """

    def __init__(
        self, schema: Any, root: dict[str, Any], known: dict[tuple[int, ...], SchemaHints] | None = None
    ) -> None:
        self._schema = schema
        self._root = root
        self._known: dict[tuple[int, ...], SchemaHints] = {} if known is None else known
        self._named: dict[str, SchemaHints] = {}

    @classmethod
    def of(cls, validator: SchemaValidator | None) -> SchemaHints:
        """Return the outline of a validator's schema; without one, of a schema that takes everything."""
        if validator is None:
            return cls({}, {})
        shared = validator.schemas.shared
        return cls({}, shared.data, shared.outlines).narrowed([validator.schema])

    @cached_property
    def kinds(self) -> frozenset[str] | None:
        """The JSON types that the schema names, ``integer`` with ``number``; None where it names none."""
        return _kinds(self._schema, self._root, {})

    @property
    def reference(self) -> str:
        """The last part of the schema's own ``$ref``, such as ``Pet``; empty where it has none."""
        own = self._schema.get("$ref") if isinstance(self._schema, dict) else None
        return own.rpartition("/")[2] if isinstance(own, str) else ""

    def own(self, keyword: str) -> Any:
        """Return what the schema itself, or one that it refers to, says under a keyword; else None."""
        schema = self._schema
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(schema, dict):
                return None
            if keyword in schema:
                return schema[keyword]
            if not isinstance(schema.get("$ref"), str):
                return None
            schema = resolve(self._root, schema["$ref"], {})
        return None

    def anywhere(self, keyword: str) -> Any:
        """Return the first that the schema, or any part that it is combined from, says under a keyword."""
        return next((part[keyword] for part in self._parts if keyword in part), None)

    @property
    def scalar(self) -> bool:
        """Whether something other than null, an array or an object is taken."""
        return self.kinds is None or not self.kinds.isdisjoint(_SCALARS)

    def names(self, kind: str) -> bool:
        """Tell whether the schema names this JSON type; a schema that names none names no type."""
        return self.kinds is not None and kind in self.kinds

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The names of all properties that the schema speaks of, in its order."""
        return tuple(dict.fromkeys(name for part in self._parts for name in part.get("properties", ())))

    @property
    def open(self) -> bool:
        """Whether properties without a name in the schema are meant, and not only tolerated."""
        return not self.properties or any(part.get("additionalProperties") for part in self._parts)

    @cached_property
    def required(self) -> frozenset[str]:
        """The names of the properties that every object has, whatever branches it is of."""
        parts = speaking(self._schema, lambda reference: resolve(self._root, reference, {}))
        return frozenset(
            name for part in parts for name in _listed(part.get("required")) if isinstance(name, str)
        )

    @cached_property
    def choices(self) -> tuple[Any, ...]:
        """The values that the schema, or any part that it is combined from, lists; each once."""
        listed = ([part["const"]] if "const" in part else _listed(part.get("enum")) for part in self._parts)
        by_text = {json.dumps(choice, sort_keys=True): choice for choices in listed for choice in choices}
        return tuple(by_text.values())

    def below(self, path: Sequence[str]) -> SchemaHints:
        """Return the outline of what stands under a path of names and, in arrays, of indices."""
        outline = self
        for name in path:
            is_item = outline.names("array") and _INDEX.fullmatch(name)
            outline = outline.item(int(name)) if is_item else outline.property(name)
        return outline

    def property(self, name: str) -> SchemaHints:
        """Return the outline of one property."""
        outline = self._named.get(name)
        if outline is None:
            schemas = [part["properties"][name] for part in self._parts if name in part.get("properties", ())]
            if not schemas:
                return self._further  # not kept: such names are the clients' own
            outline = self._named[name] = self.narrowed(schemas)
        return outline

    def item(self, index: int) -> SchemaHints:
        """Return the outline of one item of an array."""
        if index >= self._placed:
            return self._rest
        return self.narrowed([item_of(part, index) for part in self._parts])

    def typed(self, raw: Raw) -> Any:
        """Return a JSON value of the type that the schema asks for; a text of another form stays text."""
        if isinstance(raw, str):
            if self.kinds == frozenset(("array",)):
                item = self.item(0).typed(raw)
                return [item] if raw or self.item(0).fits(item) else []
            # Nothing is what is left of an object without properties.
            return {} if not raw and self.kinds == frozenset(("object",)) else self._scalar(raw)
        if isinstance(raw, list):
            if len(raw) == 1 and self.names("object") and not self.names("array"):
                return {"": self.property("").typed(raw[0])}  # what stood under [] is no item of a list
            return self._array(raw)
        if self.names("array") and not self.names("object") and all(_INDEX.fullmatch(name) for name in raw):
            return self._array([raw[name] for name in sorted(raw, key=int)])
        return {name: self.property(name).typed(value) for name, value in raw.items()}

    def fits(self, value: Any) -> bool:
        """Tell at a glance whether a value was meant: its JSON type is named, and listed where some are.

        The same holds for all that the value holds.
        """
        if self.kinds is not None and json_type(value) not in self.kinds:
            return False
        if self._enumerated and value not in self._enumerated:
            return False
        if isinstance(value, list):
            return all(self.item(index).fits(item) for index, item in enumerate(value))
        if isinstance(value, dict):
            return all(self.property(name).fits(item) for name, item in value.items())
        return True

    def _array(self, raw: list[Raw]) -> Any:
        return [self.item(index).typed(item) for index, item in enumerate(raw)]

    def _scalar(self, text: str) -> Any:
        if self.kinds is None:
            return text
        if text in ("true", "false") and "boolean" in self.kinds:
            return text == "true"
        if "integer" in self.kinds:
            number = _number(text)
            if number is not None:
                return number
        if text in ("", "null") and "null" in self.kinds and "string" not in self.kinds:
            return None
        return text

    @cached_property
    def _parts(self) -> tuple[dict[str, Any], ...]:
        parts = speaking(
            self._schema,
            lambda reference: resolve(self._root, reference, {}),
            lambda part: [form for keyword in ("anyOf", "oneOf") for form in part.get(keyword, ())],
        )
        return tuple(parts)

    @cached_property
    def _enumerated(self) -> tuple[Any, ...]:
        return tuple(choice for part in self._parts for choice in part.get("enum", ()))

    @cached_property
    def _further(self) -> SchemaHints:
        """The outline of all properties without a name in the schema."""
        return self.narrowed([part.get("additionalProperties") for part in self._parts])

    @cached_property
    def _placed(self) -> int:
        """How many items have a schema for their place."""
        return max((len(prefix_of(part)) for part in self._parts), default=0)

    @cached_property
    def _rest(self) -> SchemaHints:
        """The outline of all items behind those."""
        return self.narrowed([item_of(part, self._placed) for part in self._parts])

    def narrowed(self, schemas: list[Any]) -> SchemaHints:
        """Return the outline of a place for which there are schemas in several branches."""
        narrowed = [schema for schema in schemas if isinstance(schema, dict)]
        key = tuple(map(id, narrowed))
        outline = self._known.get(key)
        if outline is None:
            schema = narrowed[0] if len(narrowed) == 1 else {"anyOf": narrowed}
            outline = self._known[key] = SchemaHints(schema, self._root, self._known)
        return outline


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(text: str) -> int | float | None:
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > _MOST_DIGITS:
        return None
    if match["fraction"] is None and match["exponent"] is None:
        return int(text)
    value = float(text)
    return None if math.isinf(value) else value


def _kinds(
    schema: Any, root: dict[str, Any], seen: dict[str, frozenset[str] | None]
) -> frozenset[str] | None:
    if not isinstance(schema, dict):
        return None
    kinds: frozenset[str] | None = None
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference not in seen:
            seen[reference] = None  # what leads back to itself says nothing about the type
            seen[reference] = _kinds(resolve(root, reference, {}), root, seen)
        kinds = seen[reference]
    if "type" in schema:
        named = schema["type"]
        kinds = _both(kinds, _widened([named] if isinstance(named, str) else named))
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(choices, list):
        kinds = _both(kinds, _widened([json_type(choice) for choice in choices]))
    for part in schema.get("allOf", ()):
        kinds = _both(kinds, _kinds(part, root, seen))
    for keyword in ("anyOf", "oneOf"):
        named_by = [_kinds(part, root, seen) for part in schema.get(keyword, ())]
        known = [branch for branch in named_by if branch is not None]
        if known:
            kinds = _both(kinds, frozenset[str]().union(*known))
    return _implied(schema) if kinds is None else kinds


def _implied(schema: dict[str, Any]) -> frozenset[str] | None:
    """Return the type that a schema without ``type`` was probably written for."""
    if "properties" in schema or "additionalProperties" in schema:
        return frozenset(("object",))
    if "items" in schema or "prefixItems" in schema:
        return frozenset(("array",))
    return None


def _both(first: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or other is None:
        return other if first is None else first
    return first & other


def _widened(kinds: list[str]) -> frozenset[str]:
    return frozenset((*kinds, "integer") if "number" in kinds else kinds)
