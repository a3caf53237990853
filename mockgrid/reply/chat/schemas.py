"""Values for the JSON Schemas that requests carry."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from mockgrid.contract.synthesis import Synthesiser

_KEPT = 256
# A schema of more bytes is compiled anew each time, so that what is kept stays small.
_LARGEST_KEPT = 64 * 1024


class Schemas:
    """Compiles each schema once; the least recently used goes first."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[bytes, Synthesiser] = OrderedDict()

    def value(self, schema: Any, seed: str, *, text: str, must_be_object: bool) -> Any:
        """Return a value that obeys a schema, always the same for the same seed.

        Raises:
            SynthesisError: the schema is invalid, or nothing satisfies it.
        """
        return self._synthesiser(schema).value(seed, text=text, must_be_object=must_be_object)

    def _synthesiser(self, schema: Any) -> Synthesiser:
        from mockgrid.contract.synthesis import Synthesiser  # noqa: PLC0415 - only requests with schemas need it

        try:
            key = orjson.dumps(schema)
        except TypeError:
            key = json.dumps(schema).encode()
        found = self._compiled.get(key)
        if found is None:
            found = Synthesiser(schema)
            if len(key) <= _LARGEST_KEPT:
                self._compiled[key] = found
                if len(self._compiled) > _KEPT:
                    self._compiled.popitem(last=False)
        else:
            self._compiled.move_to_end(key)
        return found
