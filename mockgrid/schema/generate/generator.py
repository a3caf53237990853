"""Makes one value: goes from place to place, and at each asks what is wanted there and proposes it."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from itertools import islice
from typing import TYPE_CHECKING

from mockgrid.errors import InvalidSchemaError, UnsatisfiableError
from mockgrid.schema.generate.alternatives import Alternatives
from mockgrid.schema.generate.attempt import GenerationAttempt
from mockgrid.schema.generate.chooser import SeededChooser, ValuePosition
from mockgrid.schema.generate.constraints import Constraints, sum_up
from mockgrid.schema.generate.containers import arrays, objects
from mockgrid.schema.generate.document import SchemaDocument
from mockgrid.schema.generate.judge import Judge
from mockgrid.schema.generate.keywords import (
    ARRAY,
    BOOLEAN,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    choose_draft,
    kind_of,
)
from mockgrid.schema.generate.limits import (
    VALUE_DEPTH_LIMIT,
    ExhaustedError,
    is_sound,
    weigh,
)
from mockgrid.schema.generate.minimum import MinimumSize
from mockgrid.schema.generate.numbers import numbers
from mockgrid.schema.generate.strings import strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.schema.generate.chooser import Chooser
    from mockgrid.schema.generate.document import Schema
    from mockgrid.schema.generate.limits import JSON

_ALTERNATIVES_TRIED = 40
_CANDIDATES_TRIED = 6
_LISTED_TRIED = 10_000
_LEAN_DEPTH = 10
# Kinds to choose from where no "type" is given.
_UNRESTRICTED = 6
_LEAN_NODES = 2_000
_KEPT = 4_096
_TEXT_LIMIT = 2_000
# (lean, careful, steps): as one would write it; with every part judged; as small as can be.
_ATTEMPTS = ((False, False, 60_000), (False, True, 10_000), (True, True, 10_000))

Known = dict[tuple[object, ...], Constraints]


class Generator:
    """Makes the value of one attempt.

    Args:
        document: the schemas.
        attempt: what it may cost.
        known: constraints worked out before, by the schemas they sum up; shared between attempts.
        careful: judge every part as it is made, not only those where adding up constraints falls short.
    """

    def __init__(
        self, document: SchemaDocument, attempt: GenerationAttempt, known: Known, *, careful: bool = False
    ) -> None:
        attempt.make = self.make
        self._attempt = attempt
        self._order = document.draft.order
        self._known = known
        self._careful = careful
        self._alternatives = Alternatives(document, attempt.minimum, attempt.budget)
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
        if position.depth > VALUE_DEPTH_LIMIT:
            # By now only what is required is made: no way round.
            raise ExhaustedError(
                f"the value would be nested deeper than the limit of {VALUE_DEPTH_LIMIT} levels",
                where=_where(applied),
            )
        place = tuple([schema.number for schema in applied])
        lean = self._open[place] or position.depth > _LEAN_DEPTH or self._attempt.nodes > _LEAN_NODES
        if lean and not position.lean:
            position = position.below(position.name, lean=True)
        self._open[place] += 1
        try:
            return self._try_alternatives(applied, place, position)
        finally:
            self._open[place] -= 1

    def _try_alternatives(
        self, applied: Sequence[Schema], place: tuple[int, ...], position: ValuePosition
    ) -> JSON:
        failure: UnsatisfiableError | None = None
        for constraints in islice(self._constraints(applied, place, position), _ALTERNATIVES_TRIED):
            try:
                for candidate in islice(self._candidates(constraints, applied, position), _CANDIDATES_TRIED):
                    certain = not (self._careful or constraints.delicate) or constraints.listed is not None
                    if certain or self._attempt.holds(applied, candidate):
                        return candidate
            except UnsatisfiableError as error:
                failure = failure or error
        raise failure or UnsatisfiableError(
            "no value was found that satisfies all keywords", where=_where(applied)
        )

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
                key = (*alternative.applied, alternative.kinds)
            self._attempt.charge_once(key, 1 + len(alternative.applied))
            constraints = self._known.get(key)
            if constraints is None:
                constraints = sum_up(alternative, self._order, _where(applied))
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
        yield from self._suggested(constraints, applied, position)
        failure: UnsatisfiableError | None = None
        kinds = constraints.kinds
        if position.lean and (len(kinds) < _UNRESTRICTED or position.depth > _LEAN_DEPTH):
            # Scalars first: what ["object", "null"] is for.
            kinds = sorted(kinds, key=lambda kind: kind in {OBJECT, ARRAY})
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
            yield from numbers(constraints, kind, position)
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
        start = position.draw(len(values)) if values else 0
        usable = False
        for turn in range(min(len(values), _LISTED_TRIED)):
            value = values[(start + turn) % len(values)]
            if not any(kind_of(value) & kind for kind in constraints.kinds):
                continue
            self._attempt.budget.spend(weigh(value))
            if isinstance(value, str) and not all(pattern.search(value) for pattern in constraints.patterns):
                continue
            if is_sound(value) and self._attempt.holds(applied, value):
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


class CompiledSchema:
    """One JSON Schema, compiled once and used for many values.

    Any schema gets a value that validates, or a :class:`~mockgrid.errors.SynthesisError`, after a bounded
    number of steps. A value has at most 5,000 parts, 40 levels and about 200,000 characters; no reference
    is ever fetched. One instance is not to be used by two threads at once.

    >>> CompiledSchema({"type": "object", "properties": {"city": {"type": "string"}}}).value("a seed")
    {'city': 'city-32'}

    Args:
        schema: the schema, which must not be changed afterwards.
        draft: ``2020-12``, ``2019-09``, ``draft-07``, ``draft-06`` or ``draft-04``; by ``$schema`` when not
            given, and 2020-12 where that says nothing known.

    Raises:
        InvalidSchemaError: ``schema`` is no JSON Schema, or refers to anything outside itself.
    """

    def __init__(self, schema: dict[str, object] | bool, *, draft: str | None = None) -> None:  # noqa: FBT001 (booleans are schemas)
        try:
            self._document = SchemaDocument(schema, choose_draft(schema, draft))
            self._object = self._document.make({"type": "object"}, self._document.root)
        except RecursionError as error:
            raise InvalidSchemaError("the schema is nested too deep") from error
        self._minimum = MinimumSize()
        self._judge = Judge(self._document)
        self._known: Known = {}

    def value(self, seed: str, *, text: str = "", must_be_object: bool = False) -> JSON:
        """A value that satisfies the schema: the same for the same schema, seed and text, on every platform.

        Args:
            seed: different seeds give different values where the schema leaves room.
            text: stands where prose is wanted (``content``, ``answer``, … or a lone string) and it fits.
            must_be_object: ask for an object, whatever else the schema admits.

        Raises:
            UnsatisfiableError: no value was found within the limits.
        """

        def seeded(attempt: int) -> Chooser:
            return SeededChooser(f"{attempt}:{seed}")

        return self._value(seeded, text=text, must_be_object=must_be_object)

    def value_by(self, chooser: Chooser, *, text: str = "", must_be_object: bool = False) -> JSON:
        """A value that satisfies the schema, by what somebody chooses; otherwise as :meth:`value`."""
        return self._value(lambda _: chooser, text=text, must_be_object=must_be_object)

    def _value(self, chooser: Callable[[int], Chooser], *, text: str, must_be_object: bool) -> JSON:
        applied = [self._document.root, *([self._object] if must_be_object else [])]
        failure: UnsatisfiableError | None = None
        try:
            for schema in applied:
                self._minimum.require(schema)
            for attempt, (lean, careful, steps) in enumerate(_ATTEMPTS):
                position = ValuePosition(chooser(attempt), text=text[:_TEXT_LIMIT], lean=lean)
                try:
                    return self._try(applied, position, steps, careful=careful)
                except ExhaustedError as error:
                    failure = failure or error.refusal
                except UnsatisfiableError as error:
                    failure = failure or error
        except RecursionError as error:
            raise UnsatisfiableError(
                f"the value would be nested deeper than {VALUE_DEPTH_LIMIT} levels"
            ) from error
        raise failure or UnsatisfiableError("no value was found")

    def _try(self, applied: list[Schema], position: ValuePosition, steps: int, *, careful: bool) -> JSON:
        attempt = GenerationAttempt(steps, self._judge, self._minimum)
        value = Generator(self._document, attempt, self._known, careful=careful).make(applied, position)
        if not is_sound(value):
            raise UnsatisfiableError("no value was found within the limits of size")
        if not attempt.holds(applied, value):
            raise UnsatisfiableError(
                "no value was found that satisfies all keywords together", where=applied[0].pointer
            )
        # Enumerated values are part of the schema: the caller gets a copy of its own.
        return deepcopy(value)


def _where(applied: Sequence[Schema]) -> str:
    return applied[0].pointer if applied else ""
