"""Makes one value: goes from place to place, and at each asks what is wanted there and proposes it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.alternatives import Alternatives
from mockgrid.schema.generate.attempt import Care
from mockgrid.schema.generate.constraints import Constraints, sum_up
from mockgrid.schema.generate.containers import arrays, objects
from mockgrid.schema.generate.keywords import (
    ARRAY,
    BOOLEAN,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    kind_of,
)
from mockgrid.schema.generate.limits import (
    VALUE_DEPTH_LIMIT,
    ExhaustedError,
    is_sound,
    weigh,
)
from mockgrid.schema.generate.minimum import ENDLESS
from mockgrid.schema.generate.numbers import numbers
from mockgrid.schema.generate.strings import strings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.schema.generate.attempt import GenerationAttempt
    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.document import SchemaDocument
    from mockgrid.schema.generate.limits import JSON
    from mockgrid.schema.generate.schema import Schema
    from mockgrid.schema.generate.unions import Unions

_ALTERNATIVES_TRIED = 40
_CANDIDATES_TRIED = 6
_LISTED_TRIED = 10_000
# Kinds to choose from where no "type" is given.
_UNRESTRICTED = 6
# Levels below which null is taken where it is admitted.
_CLOSING_DEPTH = 6
_KEPT = 1_024
# Where schemas say no more than this, a listed value of the right kind needs no judge.
_LISTING = frozenset({"type", "enum", "const", "$ref"})

Known = dict[tuple[object, ...], Constraints]


class Generator:
    """Makes the value of one attempt.

    Args:
        document: the schemas.
        attempt: what it may cost.
        known: constraints worked out before, by the schemas they sum up; shared between attempts.
        unions: knows which branches of a ``oneOf`` values can be of alone; None where that is left to luck.
    """

    def __init__(
        self,
        document: SchemaDocument,
        attempt: GenerationAttempt,
        known: Known,
        unions: Unions | None = None,
    ) -> None:
        attempt.make = self.make
        self._attempt = attempt
        self._document = document
        self._known = known
        self._alternatives = Alternatives(document, attempt, unions)
        self._open: Counter[tuple[int, ...]] = Counter()

    def make(self, applied: Sequence[Schema], position: ValuePosition) -> JSON:
        """A value that meets all of the schemas.

        Raises:
            UnsatisfiableError: none was found; an ExhaustedError when a limit was met on the way.
        """
        self._attempt.add_nodes(1, _where(applied))
        self._attempt.budget.spend(3)
        for schema in applied:
            self._attempt.minimum.refuse_circle(schema)
        place = tuple([schema.number for schema in applied])
        if self._attempt.cuts and self._open[place] and self._attempt.minimum.of_all(applied) >= ENDLESS:
            raise UnsatisfiableError("this comes back to itself, without end", where=_where(applied))
        if position.depth > VALUE_DEPTH_LIMIT:
            # By now only what is required is made: no way round.
            raise ExhaustedError(
                f"the value would be nested deeper than the limit of {VALUE_DEPTH_LIMIT} levels",
                where=_where(applied),
            )
        manner = self._attempt.manner
        closing = position.closing or self._open[place] > 0 or position.depth > _CLOSING_DEPTH
        lean = self._open[place] or position.depth > manner.deep or self._attempt.nodes > manner.enough
        if lean and not position.lean:
            position = position.below(position.name, lean=True)
        if closing and not position.closing:
            position = replace(position, closing=True)
        self._open[place] += 1
        try:
            value = self._try_alternatives(applied, place, position)
        finally:
            self._open[place] -= 1
        return self._exemplary(applied, position, value) if self._attempt.exemplary else value

    def _try_alternatives(
        self, applied: Sequence[Schema], place: tuple[int, ...], position: ValuePosition
    ) -> JSON:
        failure: UnsatisfiableError | None = None
        for constraints in islice(self._constraints(applied, place, position), _ALTERNATIVES_TRIED):
            try:
                for candidate in islice(self._candidates(constraints, applied, position), _CANDIDATES_TRIED):
                    if self._is_certain(constraints) or self._attempt.holds(applied, candidate):
                        return candidate
            except UnsatisfiableError as error:
                failure = failure or error
        raise failure or UnsatisfiableError(
            "no value was found that satisfies all keywords", where=_where(applied)
        )

    def _is_certain(self, constraints: Constraints) -> bool:
        """Whether a value need not be judged before the whole is."""
        care = self._attempt.manner.care
        if care in {Care.WHOLE, Care.NOTHING} or constraints.listed is not None:
            return True
        return care is Care.DELICATE and not constraints.delicate

    def _exemplary(self, applied: Sequence[Schema], position: ValuePosition, value: JSON) -> JSON:
        """The example that a schema gives, or one that it refers to, where it is valid; else the value."""
        chain: dict[int, Schema] = {}
        schema: Schema | None = applied[0] if len(applied) == 1 and not position.further else None
        while schema is not None and schema.number not in chain:
            chain[schema.number] = schema
            schema = None if schema.examples else schema.targets.get("$ref")
        for example in [example for schema in chain.values() for example in schema.examples]:
            if is_sound(example) and self._attempt.holds(applied, example):
                return example  # type: ignore[no-any-return]
        return value

    def _constraints(
        self, applied: Sequence[Schema], place: tuple[int, ...], position: ValuePosition
    ) -> Iterator[Constraints]:
        """What may be wanted here, one possibility after the other."""
        known = self._known.get(place)
        if known is not None:
            yield known
            return
        for alternative in self._alternatives.of(applied, position):
            key: tuple[object, ...] = place
            if alternative.chosen:
                key = (*alternative.applied, alternative.kinds, alternative.lean)
            self._attempt.charge_once(key, 1 + len(alternative.applied))
            constraints = self._known.get(key)
            if constraints is None:
                constraints = sum_up(alternative, self._document.draft.order, _where(applied))
                if len(self._known) >= _KEPT:
                    self._known.clear()
                self._known[key] = constraints
            yield constraints

    def _candidates(
        self, constraints: Constraints, applied: Sequence[Schema], position: ValuePosition
    ) -> Iterator[JSON]:
        if constraints.listed is not None:
            yield from self._listed(constraints, applied, position)
            return
        if constraints.lean and not position.lean:
            position = replace(position, lean=True)
        edges = self._attempt.manner.edges and position.turn is None
        if not edges:
            yield from self._suggested(constraints, applied, position)
        failure: UnsatisfiableError | None = None
        kinds = constraints.kinds
        if position.lean and (len(kinds) < _UNRESTRICTED or position.depth > self._attempt.manner.deep):
            # Scalars first: what ["object", "null"] is for.
            late = {OBJECT, ARRAY} if position.closing or not self._document.natural else {NULL}
            kinds = sorted(kinds, key=lambda kind: kind in late)
        elif edges and len(kinds) > 1:
            start = position.draw(len(kinds))
            kinds = [*kinds[start:], *kinds[:start]]
        for kind in kinds:
            try:
                yield from self._of_kind(kind, constraints, position)
            except UnsatisfiableError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _of_kind(self, kind: int, constraints: Constraints, position: ValuePosition) -> Iterator[JSON]:
        if kind == OBJECT:
            yield from objects(constraints, position, self._attempt)
        elif kind == ARRAY:
            yield from arrays(constraints, position, self._attempt)
        elif kind == STRING:
            if constraints.embeds is not None:
                yield from self._embedded(constraints, position)
            for text in strings(constraints, position, self._attempt):
                self._attempt.add_characters(len(text))
                yield text
        elif kind & NUMBER:
            yield from numbers(constraints, kind, position, edges=self._attempt.manner.edges)
        elif kind == BOOLEAN:
            first = position.draw(2) == 0
            yield first
            yield not first
        elif kind == NULL:
            yield None

    def _embedded(self, constraints: Constraints, position: ValuePosition) -> Iterator[str]:
        """A string that is itself JSON, if it is allowed to be that long."""
        text = json.dumps(self.make(constraints.embeds or [], position.below(position.name)))
        if not constraints.patterns and constraints.length.admits(len(text)):
            self._attempt.add_characters(len(text))
            yield text

    def _listed(
        self, constraints: Constraints, applied: Sequence[Schema], position: ValuePosition
    ) -> Iterator[JSON]:
        values = constraints.listed or []
        if self._document.natural and len(values) > 1 and not self._attempt.manner.edges:
            values = [value for value in values if value is not None]
        start = position.draw(len(values)) if values else 0
        usable = False
        simple = all(schema.keywords.keys() <= _LISTING for schema in constraints.applied)
        for turn in range(min(len(values), _LISTED_TRIED)):
            value = values[(start + turn) % len(values)]
            if not any(kind_of(value) & kind for kind in constraints.kinds):
                continue
            self._attempt.budget.spend(weigh(value))
            if isinstance(value, str) and not all(pattern.search(value) for pattern in constraints.patterns):
                continue
            if is_sound(value) and (simple or self._attempt.holds(applied, value)):
                usable = True
                self._attempt.add_characters(len(value) if isinstance(value, str) else 1)
                self._attempt.nodes += weigh(value) - 1
                yield value
        if not usable:
            raise UnsatisfiableError(
                "none of the listed values satisfies the other keywords", where=constraints.where
            )

    def _suggested(
        self, constraints: Constraints, applied: Sequence[Schema], position: ValuePosition
    ) -> Iterator[JSON]:
        """Examples and defaults, where they are valid and no distinct values are wanted."""
        usable = [value for value in constraints.suggestions if value not in (None, [], {}, "")]
        if not usable or position.turn is not None or position.chooser.integer(0, 3) == 0:
            return
        value = position.chooser.choice(usable)
        if is_sound(value) and self._attempt.holds(applied, value):
            yield value


def _where(applied: Sequence[Schema]) -> str:
    return applied[0].pointer if applied else ""
