"""The size of the smallest value that a schema admits, estimated from below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.limits import NODE_LIMIT
from mockgrid.schema.generate.schema import ARRAY, OBJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.schema.generate.document import Document
    from mockgrid.schema.generate.schema import Schema

ENDLESS = 10**18
_ENORMOUS = 10**12
_SWEEPS = 40


class Least:
    """How many parts (values, counting every item and member) the smallest value of each schema has.

    An estimate from below: what it calls endless or too large is so; what it calls small may yet fail.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._sizes: dict[int, int] = {}
        self._loops: dict[int, bool] = {}

    def of(self, schema: Schema) -> int:
        """The size, at most a trillion; :data:`ENDLESS` where every value contains another without end."""
        known = self._sizes.get(schema.number)
        if known is None:
            self._settle(schema)
            known = self._sizes[schema.number]
        return known

    def of_all(self, schemas: Iterable[Schema]) -> int:
        """The size of a value that meets several schemas."""
        return max(map(self.of, schemas), default=1)

    def require(self, schema: Schema) -> None:
        """Refuse a schema whose every value is endless or over the limit.

        Raises:
            UnsatisfiableError: at the innermost schema that is too large by itself.
        """
        size = self.of(schema)
        if size <= NODE_LIMIT:
            return
        seen = set()
        while schema.number not in seen:
            seen.add(schema.number)
            culprit = next((part for part in self._culprits(schema) if self.of(part) > NODE_LIMIT), None)
            if culprit is None:
                break
            schema = culprit
        if schema.always is False:
            raise UnsatisfiableError("everything is forbidden here", where=schema.pointer)
        if self._loops[schema.number]:
            raise UnsatisfiableError(
                "this schema applies itself to the same value again, without end",
                where=schema.pointer,
                hint="Break the circle of references.",
            )
        if size >= ENDLESS:
            raise UnsatisfiableError(
                "every value of this schema contains another one, without end",
                where=schema.pointer,
                hint="Make the recursive part optional or nullable.",
            )
        raise UnsatisfiableError(
            f"the smallest value has at least {size} parts, more than the limit of {NODE_LIMIT}",
            where=schema.pointer,
        )

    def _culprits(self, schema: Schema) -> list[Schema]:
        """What may make a schema too large: what is forbidden first, unless another branch can be taken."""
        parts = self._needed(schema)
        if any(part.always is False for part in parts):
            choices = [
                part
                for keyword in ("anyOf", "oneOf")
                if keyword in schema.keywords
                for part in schema.many[keyword]
            ]
            forced = [part for part in parts if part not in choices]
            open_ones = [part for part in choices if part.always is not False]
            return [*sorted(forced, key=lambda part: part.always is not False), *(open_ones or choices)]
        return parts

    def _find_loops(self, top: Schema) -> None:
        """Notes which schemas come back to themselves, or to one that does, for one and the same value.

        What validators do with those is undefined; most never come back.
        """
        stack: list[tuple[Schema, bool]] = [(top, False)]
        open_ones: set[int] = set()
        while stack:
            schema, done = stack.pop()
            if done:
                open_ones.discard(schema.number)
                self._loops[schema.number] = any(
                    part.number in open_ones or part.number == schema.number or self._loops[part.number]
                    for part in schema.in_place()
                )
            elif schema.number not in self._loops and schema.number not in open_ones:
                open_ones.add(schema.number)
                stack.append((schema, True))
                stack += [(part, False) for part in schema.in_place() if part.number not in open_ones]

    def _settle(self, top: Schema) -> None:
        """Finds the least fixed point for everything that ``top`` depends on."""
        self._find_loops(top)
        order: list[Schema] = []
        stack: list[tuple[Schema, bool]] = [(top, False)]
        entered = set()
        while stack:
            schema, done = stack.pop()
            if done:
                order.append(schema)
            elif schema.number not in entered and schema.number not in self._sizes:
                entered.add(schema.number)
                self._find_loops(schema)
                stack.append((schema, True))
                stack += [(part, False) for part in self._needed(schema)]
        for schema in order:
            self._sizes[schema.number] = ENDLESS
        for _ in range(_SWEEPS):
            changed = False
            for schema in order:
                size = self._measure(schema)
                if size < self._sizes[schema.number]:
                    self._sizes[schema.number] = size
                    changed = True
            if not changed:
                return

    def _measure(self, schema: Schema) -> int:
        if schema.always is not None:
            return 1 if schema.always else ENDLESS
        if self._loops[schema.number]:
            return ENDLESS
        size = max((self._sizes[target.number] for target in schema.targets.values()), default=1)
        for keyword, parts in schema.many.items():
            if keyword == "allOf" and keyword in schema.keywords:
                size = max(size, *(self._sizes[part.number] for part in parts))
            elif keyword in {"anyOf", "oneOf"} and keyword in schema.keywords:
                size = max(size, min(self._sizes[part.number] for part in parts))
        keywords = schema.keywords
        if "const" in keywords or "enum" in keywords:
            return size
        if schema.kinds == OBJECT:
            members = _total(self._sizes[part.number] for part in self._members(schema))
            size = max(size, members, int(keywords.get("minProperties", 0)) + 1)
        elif schema.kinds == ARRAY:
            size = max(size, self._items(schema))
        return size if size >= ENDLESS else min(size, _ENORMOUS)

    def _members(self, schema: Schema) -> list[Schema]:
        properties = schema.named.get("properties", {})
        return [properties[name] for name in schema.keywords.get("required", ()) if name in properties]

    def _items(self, schema: Schema) -> int:
        count = int(schema.keywords.get("minItems", 0))
        leading = self._leading(schema)[:count]
        rest = self._rest(schema)
        each = self._sizes[rest.number] if rest is not None and count > len(leading) else 1
        total = _total(self._sizes[part.number] for part in leading)
        if each >= ENDLESS:
            return ENDLESS
        return total if total >= ENDLESS else total + each * (count - len(leading))

    def _leading(self, schema: Schema) -> list[Schema]:
        return schema.many.get("prefixItems") or schema.many.get("items") or []

    def _rest(self, schema: Schema) -> Schema | None:
        if schema.many.get("items"):
            return schema.one.get("additionalItems")
        return schema.one.get("items")

    def _needed(self, schema: Schema) -> list[Schema]:
        """The schemas that the size of this one depends on."""
        needed = list(schema.targets.values())
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in schema.keywords:
                needed += schema.many[keyword]
        if schema.kinds == OBJECT:
            needed += self._members(schema)
        elif schema.kinds == ARRAY and schema.keywords.get("minItems", 0) > 0:
            needed += self._leading(schema)[: int(schema.keywords["minItems"])]
            rest = self._rest(schema)
            needed += [rest] if rest is not None else []
        return needed


def _total(sizes: Iterable[int]) -> int:
    total = 1 + sum(sizes)
    return min(ENDLESS, total)
