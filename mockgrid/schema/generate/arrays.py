"""Makes arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.equality import frozen
from mockgrid.schema.generate.limits import JSON, NODE_LIMIT, ExhaustedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.generate.attempt import GenerationAttempt
    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.constraints import Constraints
    from mockgrid.schema.generate.schema import Schema

_USUAL_ITEMS = 2
_RANDOM_TRIES = 12


def arrays(
    constraints: Constraints, position: ValuePosition, attempt: GenerationAttempt
) -> Iterator[list[JSON]]:
    """Arrays of the right length whose items fit; a usual one first, then the shortest.

    Raises:
        UnsatisfiableError: none fits, or only ones of more than 10,000 items.
    """
    plan = _ItemPlan(constraints, attempt)
    lengths = list(dict.fromkeys([plan.low if position.lean else plan.usual(position), plan.low]))
    failure: UnsatisfiableError | None = None
    for length in lengths:
        try:
            yield plan.fill(length, position)
        except ExhaustedError:
            raise
        except UnsatisfiableError as error:
            failure = failure or error
    if failure is not None:
        raise failure


class _ItemPlan:
    """Where which items go."""

    def __init__(self, constraints: Constraints, attempt: GenerationAttempt) -> None:
        self._constraints = constraints
        self._attempt = attempt
        constraints.items.check("items")
        self._leading = max((len(_prefix(schema)) for schema in constraints.applied), default=0)
        self._wanted = [
            schema for schema, low, _ in constraints.contains for _ in range(min(low, NODE_LIMIT + 1))
        ]
        high = constraints.items.high
        closed = next((at for at in range(self._leading + 1) if self._barred(at)), None)
        self.high = closed if high is None else high if closed is None else min(high, closed)
        self.low = max(constraints.items.low, self._needed_for_contains())
        if self.low > NODE_LIMIT:
            raise UnsatisfiableError(
                f"at least {self.low} items are wanted, more than the limit of {NODE_LIMIT} parts",
                where=constraints.items.low_at or constraints.where,
            )
        if self.high is not None and self.low > self.high:
            raise UnsatisfiableError(
                f"at least {self.low} items are wanted where at most {self.high} can be",
                where=constraints.where,
            )

    def usual(self, position: ValuePosition) -> int:
        """A length to read well."""
        length = self._leading
        if self.high is None or self.high > self._leading:
            open_ended = self._rest_known() and not self._capped()
            length += position.chooser.integer(1, _USUAL_ITEMS) if open_ended else 0
        length = max(length, self.low)
        return length if self.high is None else min(length, self.high)

    def fill(self, length: int, position: ValuePosition) -> list[JSON]:
        """An array of that length.

        Raises:
            UnsatisfiableError: an item cannot be made, or not enough distinct ones can.
        """
        items: list[JSON] = []
        taken: set[object] = set()
        base = position.chooser.integer(0, 96) if self._constraints.unique else 0
        extras = self._placed(length)
        for index in range(length):
            applied = self._at(index) + ([extras[index]] if index in extras else [])
            if not self._constraints.unique:
                items.append(
                    self._attempt.make(applied, position.item(position.turn, position.base, position.span))
                )
                continue
            item = self._distinct(applied, position, taken, base, index, length)
            if item is _NONE:
                if index >= self.low:
                    break
                raise UnsatisfiableError(
                    f"{self.low} distinct items are wanted, but only {index} were found",
                    where=self._constraints.where,
                )
            taken.add(frozen(item))
            items.append(item)
        return items

    def _distinct(  # noqa: PLR0913, PLR0917 (what is wanted, and what there is already)
        self,
        applied: list[Schema],
        position: ValuePosition,
        taken: set[object],
        base: int,
        index: int,
        length: int,
    ) -> JSON:
        for attempt in range(_RANDOM_TRIES + length):
            turn = index + attempt if attempt < length or attempt % 2 else None
            if attempt > _RANDOM_TRIES * 2:
                break
            item = self._attempt.make(applied, position.item(turn, base, max(length + 2, position.span)))
            if frozen(item) not in taken:
                return item
        return _NONE

    def _placed(self, length: int) -> dict[int, Schema]:
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
        return any(high is not None for _, _, high in self._constraints.contains)

    def _rest_known(self) -> bool:
        """Whether anything is said about further items, so that some are worth showing."""
        return bool(self._at(self._leading)) or not self._leading

    def _barred(self, index: int) -> bool:
        return any(part.always is False for part in self._at(index)) or any(
            index >= len(_prefix(schema))
            and isinstance(schema.keywords.get("items"), list)
            and schema.keywords.get("additionalItems") is False
            for schema in self._constraints.applied
        )

    def _at(self, index: int) -> list[Schema]:
        """The schemas of the item at an index."""
        applied: list[Schema] = []
        for schema in self._constraints.applied:
            prefix = _prefix(schema)
            if index < len(prefix):
                applied.append(prefix[index])
            elif isinstance(schema.keywords.get("items"), list):
                applied += schema.parts("additionalItems")
            else:
                applied += schema.parts("items")
        return applied or self._constraints.having("unevaluatedItems")


def _prefix(schema: Schema) -> list[Schema]:
    if "prefixItems" in schema.keywords:
        return schema.listed["prefixItems"]
    return schema.listed.get("items", []) if "items" in schema.keywords else []


_NONE: JSON = [None]  # a value of its own, told by identity
