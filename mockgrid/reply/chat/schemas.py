"""Values for the JSON Schemas that requests carry."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import orjson

from mockgrid.reply.chat.conversation import as_text

if TYPE_CHECKING:
    from mockgrid.schema.generate import CompiledSchema

# Bytes of schemas that are kept compiled, in all and each; compiled, they take two hundred times as much.
_KEPT = 128 * 1024
_LARGEST_KEPT = 32 * 1024
# Characters that are made anew for one request; what it asks for beyond them are the same values again.
_MADE = 32 * 1024


class Schemas:
    """Compiles each schema once; the least recently used goes first."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[bytes, CompiledSchema] = OrderedDict()
        self._size = 0

    def value(self, schema: Any, seed: str, *, text: str, must_be_object: bool) -> Any:
        """Return a value that obeys a schema, always the same for the same seed.

        Raises:
            SynthesisError: the schema is invalid, or nothing satisfies it.
        """
        return self._synthesiser(schema).value(seed, text=text, must_be_object=must_be_object)

    def _synthesiser(self, schema: Any) -> CompiledSchema:
        from mockgrid.schema.generate import CompiledSchema  # noqa: PLC0415 - only requests with schemas need it

        try:
            key = orjson.dumps(schema)
        except TypeError:
            key = json.dumps(schema).encode()
        found = self._compiled.get(key)
        if found is None:
            found = CompiledSchema(schema)
            if len(key) <= _LARGEST_KEPT:
                self._compiled[key] = found
                self._size += len(key)
                while self._size > _KEPT:
                    self._size -= len(self._compiled.popitem(last=False)[0])
        else:
            self._compiled.move_to_end(key)
        return found


class Values:
    """The values of one request, as JSON text: all that it asks for, and no more work than is reasonable.

    Choices get values of their own as long as these are small; once many characters are made, earlier values
    of the same schema are given again, in turn.
    """

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._made: dict[tuple[str | int, ...], list[str]] = {}
        self._turns: dict[tuple[str | int, ...], int] = {}
        self._left = _MADE

    def make(
        self, schema: Any, seed: str, at: tuple[str | int, ...], *, text: str, must_be_object: bool
    ) -> str:
        """Return a value for the schema that stands at a place of the request.

        Raises:
            SynthesisError: the schema is invalid, or nothing satisfies it.
        """
        made = self._made.setdefault(at, [])
        if made and self._left <= 0:
            turn = self._turns.get(at, 0)
            self._turns[at] = turn + 1
            return made[turn % len(made)]
        value = as_text(self._schemas.value(schema, seed, text=text, must_be_object=must_be_object))
        made.append(value)
        self._left -= len(value)
        return value
