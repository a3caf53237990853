"""A schema, ready to have values made for it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from mockgrid.errors import InvalidSchemaError, UnsatisfiableError
from mockgrid.schema.generate.attempt import GenerationAttempt
from mockgrid.schema.generate.chooser import SeededChooser, ValuePosition
from mockgrid.schema.generate.document import SchemaDocument
from mockgrid.schema.generate.generator import Generator, Known
from mockgrid.schema.generate.judge import Judge
from mockgrid.schema.generate.keywords import choose_draft
from mockgrid.schema.generate.limits import VALUE_DEPTH_LIMIT, is_sound
from mockgrid.schema.generate.minimum import MinimumSize

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.schema.generate.chooser import Chooser
    from mockgrid.schema.generate.limits import JSON
    from mockgrid.schema.generate.schema import Schema

_TEXT_LIMIT = 2_000
# (lean, careful, steps): as one would write it; with every part judged; as small as can be.
_ATTEMPTS = ((False, False, 60_000), (False, True, 10_000), (True, True, 10_000))


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
