"""Deciding by a schema that leads to very many others: those alone are compiled that values come to.

Compiled whole, each operation of a large document takes a tenth of a second and tens of megabytes, for
schemas of which a value sees one in a hundred.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockgrid.schema.engine import compile_fast
from mockgrid.schema.keywords import NAMED, ONE, SEVERAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.schema.translate import Draft

__all__ = ["MOST_WHOLE", "Room", "WhatIsReached", "compiles_later", "parts_within"]

MOST_WHOLE: Final = 48
"""Named schemas that one may lead to, and be compiled with all of them."""

_ROOM: Final = 6_000  # schemas that are compiled at a time, of which each takes some 6 kB
_MOST_STEPS: Final = 100_000
_NEVER: Final[dict[str, Any]] = {"not": {}}
# Of a value's own parts; all others are for the value itself.
_OF_MEMBERS: Final = ("properties", "patternProperties", "additionalProperties", "unevaluatedProperties")
_OF_ITEMS: Final = ("items", "prefixItems", "additionalItems", "contains", "unevaluatedItems")
# By these, a value may be valid because it breaks a schema.
_INVERTING: Final = frozenset(("not", "if", "maxContains"))


class Room:
    """How much is compiled of one document; what was used longest ago makes room."""

    def __init__(self) -> None:
        self._weights: OrderedDict[object, tuple[int, Callable[[], object]]] = OrderedDict()
        self.weight = 0

    def enter(self, key: object, weight: int, leave: Callable[[], object]) -> None:
        """Take room for what is compiled, in place of what it had.

        Args:
            key: what takes it.
            weight: how many schemas are compiled with it.
            leave: called when it has to go.
        """
        if key in self._weights:
            self.weight -= self._weights.pop(key)[0]
        self._weights[key] = (weight, leave)
        self.weight += weight
        while self.weight > _ROOM and len(self._weights) > 1:
            _, (gone, forget) = self._weights.popitem(last=False)
            self.weight -= gone
            forget()

    def use(self, key: object) -> None:
        """Note that it was used."""
        self._weights.move_to_end(key)


class Referred(Protocol):
    """What the references of a schema point into, as ``SharedSchemas`` has it."""

    draft: Draft
    room: Room

    def referred(self, reference: str) -> Any:
        """Return what a reference points to."""

    def led_to(self, schema: Any) -> dict[str, Any]:
        """Return what the references of a schema point to, and those of that."""

    def with_referred(self, schema: Any, referred: dict[str, Any]) -> dict[str, Any]:
        """Return a schema with what references point to where they point."""


class WhatIsReached:
    """Decides by one schema, compiled with what values have come to.

    What they have not come to is compiled as what nothing satisfies. So what is accepted is valid; what is
    not is looked at: where it comes to more, that is compiled, too.

    Args:
        schema: a translated one.
        shared: what its references point into.
    """

    def __init__(self, schema: dict[str, Any], shared: Referred) -> None:
        self._schema = schema
        self._shared = shared
        self._known: set[str] = set()
        self._inverts = False
        self._compiled: Callable[[Any], bool] | None = None

    def accepts(self, value: Any) -> bool:
        """Tell whether a value obeys the schema.

        Raises:
            DocumentError: what it comes to cannot be compiled.
        """
        if self._compiled is not None:
            self._shared.room.use(self)
            if not self._inverts and self._compiled(value):
                return True
        known = len(self._known)
        self._known |= self._reached(value)
        if self._compiled is None or len(self._known) > known:
            self._compiled = self._compile()
        return self._compiled(value)

    def _compile(self) -> Callable[[Any], bool]:
        nodes = {reference: self._shared.referred(reference) for reference in sorted(self._known)}
        parts = [part for node in (self._schema, *nodes.values()) for part in parts_within(node)]
        self._inverts = any(not _INVERTING.isdisjoint(part) for part in parts)
        references = (part.get("$ref") for part in parts)
        never = [each for each in references if isinstance(each, str) and each.startswith("#")]
        whole = self._shared.with_referred(self._schema, {**dict.fromkeys(never, _NEVER), **nodes})
        compiled = compile_fast(whole, self._shared.draft)
        self._shared.room.enter(self, len(parts), self._forget)
        return compiled

    def _forget(self) -> None:
        self._compiled = None
        self._known.clear()

    def _reached(self, value: Any) -> set[str]:
        """Return the references that a validator may follow for a value; all, where that takes too long."""
        reached: set[str] = set()
        seen: set[tuple[int, int]] = set()
        waiting: list[tuple[Any, Any]] = [(self._schema, value)]
        while waiting:
            schema, part = waiting.pop()
            if not isinstance(schema, dict) or (id(schema), id(part)) in seen:
                continue
            seen.add((id(schema), id(part)))
            if len(seen) > _MOST_STEPS:
                return set(self._shared.led_to(self._schema))
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference.startswith("#"):
                reached.add(reference)
                waiting.append((self._shared.referred(reference), part))
            waiting += _parts(schema, part)
        return reached


def compiles_later(accepts: Callable[[Any], bool]) -> bool:
    """Tell whether what decides compiles what it needs when a value comes to it."""
    return isinstance(getattr(accepts, "__self__", None), WhatIsReached)


def _parts(schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the schemas within one that a validator may hold a value to, or what is in it."""
    for keyword, inner in schema.items():
        if keyword in _OF_MEMBERS:
            if isinstance(value, dict):
                yield from _of_members(schema, keyword, inner, value)
        elif keyword in _OF_ITEMS:
            if isinstance(value, list):
                yield from zip(inner if isinstance(inner, list) else repeat(inner), value, strict=False)
        elif keyword == "propertyNames":
            yield from ((inner, name) for name in (value if isinstance(value, dict) else ()))
        else:
            yield from ((part, value) for part in _schemas(keyword, inner))


def _of_members(
    schema: dict[str, Any], keyword: str, inner: Any, value: dict[str, Any]
) -> Iterator[tuple[Any, Any]]:
    named = schema.get("properties", {})
    for name, item in value.items():
        if keyword == "properties":
            if name in inner:
                yield inner[name], item
        elif keyword == "patternProperties":
            yield from ((part, item) for part in inner.values())
        elif keyword == "unevaluatedProperties" or name not in named:
            yield inner, item


def _schemas(keyword: str, inner: Any) -> list[Any]:
    """Return the schemas that a keyword holds."""
    if keyword in ONE and not isinstance(inner, list):
        return [inner]
    if keyword in SEVERAL and isinstance(inner, list):
        return inner
    named = inner.values() if keyword in NAMED and isinstance(inner, dict) else ()
    return [schema for schema in named if not isinstance(schema, list)]


def parts_within(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a translated schema and all that is written in it."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            for keyword, inner in part.items():
                waiting += _schemas(keyword, inner)
