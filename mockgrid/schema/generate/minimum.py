"""The size of the smallest value that a schema admits, estimated from below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.keywords import ARRAY, OBJECT
from mockgrid.schema.generate.limits import NODE_LIMIT
from mockgrid.schema.generate.schema import Schema, post_order

if TYPE_CHECKING:
    from collections.abc import Iterable

ENDLESS = 10**18
_ENORMOUS = 10**12
_SWEEPS = 40


class MinimumSize:
    """How many parts (values, counting every item and member) the smallest value of each schema has.

    An estimate from below: what it calls endless or too large is so; what it calls small may yet fail.
    """

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        # Numbers of those that come back to themselves, or to one that does, for one and the same value: what
        # validators do with those is undefined; most never come back.
        self._loops: set[int] = set()
        self._entered: set[int] = set()
        self._surveyed: set[int] = set()
        self._unmet: set[int] = set()

    def is_unmet(self, schemas: Iterable[Schema]) -> bool:
        """Whether every value of several schemas has a part that nothing satisfies as it was published."""
        return any(self.of(schema) and schema.number in self._unmet for schema in schemas)

    def of(self, schema: Schema) -> int:
        """The size, at most a trillion; :data:`ENDLESS` where every value contains another without end."""
        if schema.number not in self._sizes:
            self._settle(schema)
        return self._sizes[schema.number]

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
            culprits = (part for part in _suspects(schema) if self.of(part) > NODE_LIMIT)
            schema = next(culprits, schema)
        if schema.always is False:
            raise UnsatisfiableError("everything is forbidden here", where=schema.pointer)
        self.refuse_circle(schema)
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

    def refuse_circle(self, schema: Schema) -> None:
        """Refuse a schema that comes back to itself for one and the same value, whatever that is.

        Raises:
            UnsatisfiableError: it does, by a part that may be optional.
        """
        self.of(schema)
        if schema.number in self._loops:
            raise UnsatisfiableError(
                "this schema applies itself to the same value again, without end",
                where=schema.pointer,
                hint="Break the circle of references.",
            )

    def _settle(self, top: Schema) -> None:
        """Find the least fixed point for everything that a schema depends on."""
        order, circular = [], False
        for schema, returns in post_order(top, _needed, self._entered):
            order.append(schema)
            circular = circular or returns
        for schema in order:
            self._sizes[schema.number] = ENDLESS
            if not schema.compound:
                continue
            for part, returns in post_order(schema, Schema.in_place, self._surveyed):
                if returns or any(below.number in self._loops for below in part.in_place()):
                    self._loops.add(part.number)
        self._spread(order)
        # Each comes after what it depends on, so once is enough where nothing comes back.
        for _ in range(_SWEEPS if circular else 1):
            changed = False
            for schema in order:
                size = self._measure(schema)
                if size < self._sizes[schema.number]:
                    self._sizes[schema.number] = size
                    changed = True
            if not changed:
                return

    def _spread(self, order: list[Schema]) -> None:
        """Find out which schemas are unmet because of others."""
        if not self._unmet and not any(schema.unmet for schema in order):
            return
        before = -1
        while before < len(self._unmet):
            before = len(self._unmet)
            self._unmet.update(schema.number for schema in order if schema.unmet or self._depends(schema))

    def _depends(self, schema: Schema) -> bool:
        branches = [schema.parts(keyword) for keyword in ("anyOf", "oneOf")]
        optional = {part.number for parts in branches for part in parts}
        forced = (part.number for part in _needed(schema) if part.number not in optional)
        return not self._unmet.isdisjoint(forced) or any(
            parts and self._unmet.issuperset(part.number for part in parts) for parts in branches
        )

    def _measure(self, schema: Schema) -> int:
        if schema.always is not None:
            return 1 if schema.always else ENDLESS
        if schema.number in self._loops:
            return ENDLESS
        size = 1
        if schema.compound:
            forced = [*schema.targets.values(), *schema.parts("allOf")]
            size = max((self._sizes[part.number] for part in forced), default=1)
            for keyword in ("anyOf", "oneOf"):
                sizes = [self._sizes[part.number] for part in schema.parts(keyword)]
                size = max(size, min(sizes, default=1))
        if "const" in schema.keywords or "enum" in schema.keywords:
            return size
        if schema.kinds == OBJECT:
            members = 1 + sum(self._sizes[part.number] for part in _members(schema))
            size = max(size, members, int(schema.keywords.get("minProperties", 0)) + 1)
        elif schema.kinds == ARRAY:
            count = int(schema.keywords.get("minItems", 0))
            items = [self._sizes[part.number] for part in schema.leading[:count]]
            if count > len(items):
                each = max((self._sizes[part.number] for part in schema.further), default=1)
                items.append(each * (count - len(items)))
            size = max(size, 1 + sum(items))
        return ENDLESS if size >= ENDLESS else min(size, _ENORMOUS)


def _suspects(schema: Schema) -> list[Schema]:
    """What may make a schema too large: what is forbidden first, unless another branch can be taken."""
    parts = _needed(schema)
    if not any(part.always is False for part in parts):
        return parts
    branches = [part for keyword in ("anyOf", "oneOf") for part in schema.parts(keyword)]
    forced = [part for part in parts if part not in branches]
    possible = [part for part in branches if part.always is not False]
    return [*sorted(forced, key=lambda part: part.always is not False), *(possible or branches)]


def _needed(schema: Schema) -> list[Schema]:
    """The schemas that the size of this one depends on."""
    needed: list[Schema] = []
    if schema.compound:
        needed += schema.targets.values()
        for keyword in ("allOf", "anyOf", "oneOf"):
            needed += schema.parts(keyword)
    if schema.kinds == OBJECT:
        needed += _members(schema)
    elif schema.kinds == ARRAY and schema.keywords.get("minItems", 0) > 0:
        needed += [*schema.leading[: int(schema.keywords["minItems"])], *schema.further]
    return needed


def _members(schema: Schema) -> list[Schema]:
    properties = schema.named.get("properties", {})
    return [properties[name] for name in schema.keywords.get("required", ()) if name in properties]
