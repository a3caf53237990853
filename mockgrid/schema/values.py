"""Values that were made before: each schema is compiled once, and each value made once."""

from __future__ import annotations

import json
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson

if TYPE_CHECKING:
    from mockgrid.schema.generate import CompiledSchema, PublishedMaker, PublishedSchema
    from mockgrid.schema.schemas import Schemas

__all__ = ["DocumentValues", "Recent", "ValueMemory", "as_text"]

Kept = TypeVar("Kept")

# Characters of schemas that are kept compiled, in all and each; compiled, they take 200 times as much.
SCHEMAS_KEPT = 128 * 1024
_LARGEST = 32 * 1024
# Characters of values that are kept, with the texts and seeds that they are known by.
VALUES_KEPT = 1024 * 1024


class ValueMemory:
    """Makes values for the schemas that clients send; the least recently used is forgotten first."""

    def __init__(self) -> None:
        self._compiled: Recent[CompiledSchema] = Recent(SCHEMAS_KEPT)
        self._texts: Recent[str] = Recent(VALUES_KEPT)

    @property
    def remembered(self) -> dict[str, Recent[Any]]:
        """Schemas by their characters, and values by those that they and what they are known by have."""
        return {"schemas": self._compiled, "values": self._texts}

    def text(self, schema: Any, seed: str, *, text: str, must_be_object: bool) -> str:
        """Return a value that obeys a schema as JSON text, always the same for the same seed.

        Raises:
            SynthesisError: the schema is invalid, or nothing satisfies it.
        """
        key = as_text(schema)
        wanted = (key, seed, text, must_be_object)
        known = self._texts.get(wanted)
        if known is None:
            value = self._schema(key, schema).value(seed, text=text, must_be_object=must_be_object)
            known = as_text(value)
            if len(key) <= _LARGEST:
                self._texts.keep(wanted, known, len(known) + len(text) + len(seed) + len(key))
        return known

    def edge(self, schema: Any, edges: int, seed: str, *, must_be_object: bool) -> str:
        """Return a value at the edges of a schema as JSON text; the same for the same number and seed.

        Raises:
            SynthesisError: the schema is invalid, or nothing satisfies it.
        """
        from mockgrid.schema.generate import edge_chooser  # noqa: PLC0415 - takes 5 ms, for what is scripted so

        chooser = edge_chooser(edges, seed)
        return as_text(self._schema(as_text(schema), schema).edge(chooser, must_be_object=must_be_object))

    def _schema(self, key: str, schema: Any) -> CompiledSchema:
        compiled = self._compiled.get(key)
        if compiled is None:
            from mockgrid.schema.generate import CompiledSchema  # noqa: PLC0415 - takes 5 ms, as above

            compiled = CompiledSchema(schema)
            if len(key) <= _LARGEST:
                self._compiled.keep(key, compiled, len(key))
        return compiled


class DocumentValues:
    """Makes values for the schemas of one document.

    What is worked out for one schema serves all others that refer to the same.

    Args:
        schemas: them, translated.
        data: the document.
    """

    def __init__(self, schemas: Schemas, data: dict[str, Any]) -> None:
        components = (data.get("components") or {}).get("schemas")
        self._schemas = schemas
        self._components = components if isinstance(components, dict) else {}
        # By the pointer to a schema: bounded by the document.
        self._compiled: dict[str, PublishedSchema] = {}

    def at(self, pointer: str) -> PublishedSchema:
        """Return what makes values for the schema under a pointer.

        Raises:
            KeyError: nothing stands there.
        """
        if pointer not in self._compiled:
            self._compiled[pointer] = self._maker.compile(self._schemas.at(pointer))
        return self._compiled[pointer]

    @cached_property
    def _maker(self) -> PublishedMaker:
        from mockgrid.schema.generate import PublishedMaker  # noqa: PLC0415 - takes 5 ms, few replies need it

        return PublishedMaker(self._schemas, self._components)


class Recent(Generic[Kept]):
    """What was used lately, up to a size in all."""

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[object, tuple[Kept, int]] = OrderedDict()
        self._most = most
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: object) -> Kept | None:
        """Return what is kept under a key."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: object, value: Kept, size: int) -> None:
        """Keep something of a size under a new key."""
        self._kept[key] = (value, size)
        self.size += size
        while self.size > self._most:
            self.size -= self._kept.popitem(last=False)[1][1]


def as_text(value: Any) -> str:
    """Return a JSON value as compact text, integers beyond 64 bits and deep nesting included."""
    try:
        return orjson.dumps(value).decode("utf-8")
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
