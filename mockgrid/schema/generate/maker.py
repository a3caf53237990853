"""Makes one value: goes from place to place, and at each asks what is wanted there and builds it."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.arrays import arrays
from mockgrid.schema.generate.assertion import kind_of
from mockgrid.schema.generate.demand import Demand, sum_up
from mockgrid.schema.generate.evaluation import Evaluation
from mockgrid.schema.generate.limits import (
    CHARACTER_LIMIT,
    NODE_LIMIT,
    VALUE_DEPTH_LIMIT,
    Budget,
    ExhaustedError,
)
from mockgrid.schema.generate.measure import is_sound, weigh
from mockgrid.schema.generate.numbers import numbers
from mockgrid.schema.generate.objects import objects
from mockgrid.schema.generate.schema import ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING
from mockgrid.schema.generate.strings import strings
from mockgrid.schema.generate.world import Worlds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.schema.generate.document import Document
    from mockgrid.schema.generate.equality import JSON
    from mockgrid.schema.generate.least import Least
    from mockgrid.schema.generate.schema import Schema, Scope
    from mockgrid.schema.generate.spot import Spot
    from mockgrid.schema.generate.world import Applied

_WORLDS_TRIED = 40
_CANDIDATES_TRIED = 6
_CHOICES_TRIED = 10_000
_LEAN_DEPTH = 10
# Kinds to choose from where no "type" is given.
_UNRESTRICTED = 6
_LEAN_NODES = 2_000
_DEMANDS_KEPT = 4_096

Demands = dict[tuple[object, ...], Demand]


class Maker:
    """One attempt at a value.

    Args:
        document: the schemas.
        least: how small their values can be.
        budget: what every step is charged to.
        demands: sums worked out before, by the schemas they sum up; shared between attempts.
        careful: check every part as it is made, not only those where adding up demands falls short.
    """

    def __init__(
        self, document: Document, least: Least, budget: Budget, demands: Demands, *, careful: bool = False
    ) -> None:
        self.least = least
        self.nodes = 0
        self._document = document
        self._budget = budget
        self._demands = demands
        self._careful = careful
        self._worlds = Worlds(document, least, budget)
        self._characters = 0
        self._charged: set[tuple[object, ...]] = set()
        self._open: Counter[tuple[int, ...]] = Counter()

    def make(self, applied: Sequence[Applied], spot: Spot) -> JSON:
        """A value that meets all of the schemas.

        Raises:
            UnsatisfiableError: none was found; an ExhaustedError when a limit was met on the way.
        """
        self.nodes += 1
        self._budget.spend(3)
        if self.nodes > NODE_LIMIT:
            raise ExhaustedError(
                f"the value would have more than the limit of {NODE_LIMIT} parts", where=_where(applied)
            )
        if spot.depth > VALUE_DEPTH_LIMIT:
            # By now only what is required is made: no way round.
            raise ExhaustedError(
                f"the value would be nested deeper than the limit of {VALUE_DEPTH_LIMIT} levels",
                where=_where(applied),
            )
        place = tuple(schema.number for schema, _ in applied)
        if not spot.lean and (self._open[place] or spot.depth > _LEAN_DEPTH or self.nodes > _LEAN_NODES):
            spot = spot.below(spot.name, lean=True)
        self._open[place] += 1
        try:
            return self._try_worlds(applied, spot)
        finally:
            self._open[place] -= 1

    def holds(self, schema: Schema, value: JSON, scope: Scope) -> bool:
        """Whether a value is valid."""
        return Evaluation(self._document, self._budget).holds(schema, value, scope)

    def matches(self, schema: Schema, source: str, name: str) -> bool:
        """Whether a name matches a pattern of ``patternProperties``."""
        pattern = schema.patterns[source]
        self._budget.spend(1 + pattern.cost(name))
        return pattern.search(name)

    def spend(self, steps: int) -> None:
        """Take steps from the budget.

        Raises:
            ExhaustedError: none are left.
        """
        self._budget.spend(steps)

    def spend_characters(self, count: int) -> None:
        """Count what the value will take.

        Raises:
            ExhaustedError: it is over the limit.
        """
        self._characters += count
        if self._characters > CHARACTER_LIMIT:
            raise ExhaustedError(f"the value would have more than the limit of {CHARACTER_LIMIT} characters")

    def _try_worlds(self, applied: Sequence[Applied], spot: Spot) -> JSON:
        failure: UnsatisfiableError | None = None
        for demand in islice(self._demanded(applied, spot), _WORLDS_TRIED):
            try:
                for candidate in islice(self._candidates(demand, spot), _CANDIDATES_TRIED):
                    if not (self._careful or demand.delicate) or self._holds_all(demand, candidate):
                        return candidate
            except ExhaustedError:
                raise
            except UnsatisfiableError as error:
                failure = failure or error
        raise failure or UnsatisfiableError(
            "no value was found that satisfies all keywords", where=_where(applied)
        )

    def _demanded(self, applied: Sequence[Applied], spot: Spot) -> Iterator[Demand]:
        """What may be wanted here, one possibility after the other."""
        place = tuple(schema.number for schema, _ in applied)
        known = self._demands.get(place)
        if known is not None:
            yield known
            return
        for world in self._worlds.of(applied, lean=spot.lean, draw=spot.draw):
            key = place if not world.chosen else (*world.key, world.kinds)
            demand = self._demands.get(key)
            if key not in self._charged:
                # Once in every attempt, known from an earlier one or not: a value must not depend
                # on what was made before it.
                self._charged.add(key)
                self._budget.spend(1 + len(world.applied))
            if demand is None:
                order = self._document.draft.order
                demand = sum_up(world.applied, world.kinds, world.forbidden, order, _where(applied))
                self._keep(key, demand)
            yield demand

    def _keep(self, key: tuple[object, ...], demand: Demand) -> None:
        if self._document.dynamic:
            return  # the way by which a place was reached matters too
        if len(self._demands) >= _DEMANDS_KEPT:
            self._demands.clear()
        self._demands[key] = demand

    def _candidates(self, demand: Demand, spot: Spot) -> Iterator[JSON]:
        if demand.choices is not None:
            yield from self._chosen(demand, spot)
            return
        yield from self._suggested(demand, spot)
        failure: UnsatisfiableError | None = None
        kinds = demand.kinds
        if spot.lean and (len(kinds) < _UNRESTRICTED or spot.depth > _LEAN_DEPTH):
            # Scalars first: what ["object", "null"] is for.
            kinds = sorted(kinds, key=lambda kind: kind in {OBJECT, ARRAY})
        for kind in kinds:
            try:
                yield from self._of_kind(kind, demand, spot)
            except ExhaustedError:
                raise
            except UnsatisfiableError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _of_kind(self, kind: int, demand: Demand, spot: Spot) -> Iterator[JSON]:
        if kind == OBJECT:
            yield from objects(demand, spot, self)
        elif kind == ARRAY:
            yield from arrays(demand, spot, self)
        elif kind == STRING:
            if demand.embeds is not None:
                yield from self._embedded(demand, spot)
            for text in strings(demand, spot, self._budget):
                self.spend_characters(len(text))
                yield text
        elif kind & NUMBER:
            yield from numbers(demand, kind, spot.draw, spot.span)
        elif kind == BOOLEAN:
            first = spot.draw(2) == 0
            yield first
            yield not first
        elif kind == NULL:
            yield None

    def _embedded(self, demand: Demand, spot: Spot) -> Iterator[str]:
        """A string that is itself JSON, if it is allowed to be that long."""
        text = json.dumps(self.make(demand.embeds or [], spot.below(spot.name)))
        if not demand.patterns and demand.length.low <= len(text) <= (demand.length.high or len(text)):
            self.spend_characters(len(text))
            yield text

    def _chosen(self, demand: Demand, spot: Spot) -> Iterator[JSON]:
        choices = demand.choices or []
        start = spot.draw(len(choices)) if choices else 0
        found = False
        for turn in range(min(len(choices), _CHOICES_TRIED)):
            choice = choices[(start + turn) % len(choices)]
            if not any(kind_of(choice) & kind for kind in demand.kinds):
                continue
            if self._usable(choice) and self._holds_all(demand, choice):
                found = True
                self.spend_characters(len(choice) if isinstance(choice, str) else 1)
                self.nodes += weigh(choice) - 1
                yield choice
        if not found:
            raise UnsatisfiableError(
                "none of the listed values satisfies the other keywords", where=demand.where
            )

    def _suggested(self, demand: Demand, spot: Spot) -> Iterator[JSON]:
        """Examples and defaults, where they are valid and no distinct values are wanted."""
        usable = [value for value in demand.suggestions if value not in (None, [], {}, "")]
        if not usable or spot.turn is not None or spot.rng.randrange(4) == 0:
            return
        value = usable[spot.rng.randrange(len(usable))]
        if self._usable(value) and self._holds_all(demand, value):
            yield value

    def _usable(self, value: JSON) -> bool:
        self._budget.spend(weigh(value))
        return is_sound(value)

    def _holds_all(self, demand: Demand, value: JSON) -> bool:
        run = Evaluation(self._document, self._budget)
        return all(run.holds(schema, value, scope) for schema, scope in demand.applied)


def _where(applied: Sequence[Applied]) -> str:
    return applied[0][0].pointer if applied else ""
