"""Makes arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.equality import JSON, canonical
from mockgrid.schema.generate.limits import NODE_LIMIT, ExhaustedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.generate.demand import Demand
    from mockgrid.schema.generate.maker import Maker
    from mockgrid.schema.generate.schema import Schema
    from mockgrid.schema.generate.spot import Spot
    from mockgrid.schema.generate.world import Applied

_USUAL_ITEMS = 2
_RANDOM_TRIES = 12


def arrays(demand: Demand, spot: Spot, maker: Maker) -> Iterator[list[JSON]]:
    """Arrays of the right length whose items fit; a usual one first, then the shortest.

    Raises:
        UnsatisfiableError: none fits, or only ones of more than 10,000 items.
    """
    plan = _Plan(demand, maker)
    lengths = list(dict.fromkeys([plan.low if spot.lean else plan.usual(spot), plan.low]))
    failure: UnsatisfiableError | None = None
    for length in lengths:
        try:
            yield plan.fill(length, spot)
        except ExhaustedError:
            raise
        except UnsatisfiableError as error:
            failure = failure or error
    if failure is not None:
        raise failure


class _Plan:
    """Where which items go."""

    def __init__(self, demand: Demand, maker: Maker) -> None:
        self._demand = demand
        self._maker = maker
        demand.size.check("items")
        self._leading = max((len(_prefix(schema)) for schema, _ in demand.applied), default=0)
        self._wanted = [
            (schema, scope)
            for schema, scope, low, _ in demand.contains
            for _ in range(min(low, NODE_LIMIT + 1))
        ]
        high = demand.size.high
        closed = next((at for at in range(self._leading + 1) if self._barred(at)), None)
        self.high = closed if high is None else high if closed is None else min(high, closed)
        self.low = max(demand.size.low, self._needed_for_contains())
        if self.low > NODE_LIMIT:
            raise UnsatisfiableError(
                f"at least {self.low} items are wanted, more than the limit of {NODE_LIMIT} parts",
                where=demand.size.low_at or demand.where,
            )
        if self.high is not None and self.low > self.high:
            raise UnsatisfiableError(
                f"at least {self.low} items are wanted where at most {self.high} can be", where=demand.where
            )

    def usual(self, spot: Spot) -> int:
        """A length to read well."""
        length = self._leading
        if self.high is None or self.high > self._leading:
            open_ended = self._rest_known() and not self._capped()
            length += 1 + spot.rng.randrange(_USUAL_ITEMS) if open_ended else 0
        length = max(length, self.low)
        return length if self.high is None else min(length, self.high)

    def fill(self, length: int, spot: Spot) -> list[JSON]:
        """An array of that length.

        Raises:
            UnsatisfiableError: an item cannot be made, or not enough distinct ones can.
        """
        items: list[JSON] = []
        taken: set[object] = set()
        base = spot.rng.randrange(97) if self._demand.unique else 0
        extras = self._placed(length)
        for index in range(length):
            applied = self._at(index) + ([extras[index]] if index in extras else [])
            if not self._demand.unique:
                items.append(self._maker.make(applied, spot.item(spot.turn, spot.base, spot.span)))
                continue
            item = self._distinct(applied, spot, taken, base, index, length)
            if item is _NONE:
                if index >= self.low:
                    break
                raise UnsatisfiableError(
                    f"{self.low} distinct items are wanted, but only {index} were found",
                    where=self._demand.where,
                )
            taken.add(canonical(item))
            items.append(item)
        return items

    def _distinct(  # noqa: PLR0913, PLR0917 (what is wanted, and what there is already)
        self, applied: list[Applied], spot: Spot, taken: set[object], base: int, index: int, length: int
    ) -> JSON:
        for attempt in range(_RANDOM_TRIES + length):
            turn = index + attempt if attempt < length or attempt % 2 else None
            if attempt > _RANDOM_TRIES * 2:
                break
            item = self._maker.make(applied, spot.item(turn, base, max(length + 2, spot.span)))
            if canonical(item) not in taken:
                return item
        return _NONE

    def _placed(self, length: int) -> dict[int, Applied]:
        """Which items are to satisfy ``contains``: after the leading ones if there is room, or among them."""
        if not self._wanted:
            return {}
        room = list(range(self._leading, length)) + list(range(min(self._leading, length)))
        return dict(zip(room, self._wanted, strict=False))

    def _needed_for_contains(self) -> int:
        if not self._wanted:
            return 0
        if self.high is not None:
            return min(
                max(len(self._wanted), min(self.high, self._leading + len(self._wanted))), NODE_LIMIT + 1
            )
        return self._leading + len(self._wanted)

    def _capped(self) -> bool:
        return any(high is not None for _, _, _, high in self._demand.contains)

    def _rest_known(self) -> bool:
        """Whether anything is said about further items, so that some are worth showing."""
        return bool(self._at(self._leading)) or not self._leading

    def _barred(self, index: int) -> bool:
        for schema, _ in self._at(index):
            if schema.always is False:
                return True
        return any(
            index >= len(_prefix(schema))
            and isinstance(schema.keywords.get("items"), list)
            and schema.keywords.get("additionalItems") is False
            for schema, _ in self._demand.applied
        )

    def _at(self, index: int) -> list[Applied]:
        """The schemas of the item at an index."""
        found: list[Applied] = []
        for schema, scope in self._demand.applied:
            prefix = _prefix(schema)
            if index < len(prefix):
                found.append((prefix[index], scope))
            elif (rest := _rest(schema)) is not None:
                found.append((rest, scope))
        if not found:
            for schema, scope in self._demand.having("unevaluatedItems"):
                found.append((schema.one["unevaluatedItems"], scope))
        return found


def _prefix(schema: Schema) -> list[Schema]:
    if "prefixItems" in schema.keywords:
        return schema.many["prefixItems"]
    return schema.many.get("items", []) if isinstance(schema.keywords.get("items"), list) else []


def _rest(schema: Schema) -> Schema | None:
    if "items" not in schema.keywords:
        return None
    if isinstance(schema.keywords["items"], list):
        return schema.one.get("additionalItems") if "additionalItems" in schema.keywords else None
    return schema.one["items"]


_NONE: JSON = [None]  # a value of its own, told by identity
