"""A schema, ready to have values made for it."""

from __future__ import annotations

import hashlib
import random
from copy import deepcopy
from typing import TYPE_CHECKING

from mockgrid.errors import InvalidSchemaError, UnsatisfiableError
from mockgrid.schema.generate.document import Document
from mockgrid.schema.generate.draft import choose_draft
from mockgrid.schema.generate.evaluation import Evaluation
from mockgrid.schema.generate.least import Least
from mockgrid.schema.generate.limits import VALUE_DEPTH_LIMIT, Budget
from mockgrid.schema.generate.maker import Demands, Maker
from mockgrid.schema.generate.measure import is_sound
from mockgrid.schema.generate.spot import Spot

if TYPE_CHECKING:
    from mockgrid.schema.generate.equality import JSON
    from mockgrid.schema.generate.world import Applied

_TEXT_LIMIT = 2_000
# (lean, careful, steps): as one would write it; with every part checked; as small as can be.
_ATTEMPTS = ((False, False, 60_000), (False, True, 10_000), (True, True, 10_000))


class Synthesiser:
    """Makes values for one JSON Schema; compiled once, used for many values.

    Any schema gets a value that validates, or a :class:`~mockgrid.errors.SynthesisError`, after a bounded
    number of steps. A value has at most 5,000 parts, 40 levels and about 200,000 characters; no reference
    is ever fetched. One instance is not to be used by two threads at once.

    >>> Synthesiser({"type": "object", "properties": {"city": {"type": "string"}}}).value("a seed")
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
            self._document = Document(schema, choose_draft(schema, draft))
            self._object = self._document.make({"type": "object"}, self._document.root)
        except RecursionError as error:
            raise InvalidSchemaError("the schema is nested too deep") from error
        self._least = Least(self._document)
        self._demands: Demands = {}

    def value(self, seed: str, *, text: str = "", must_be_object: bool = False) -> JSON:
        """A value that satisfies the schema: the same for the same schema, seed and text, on every platform.

        Args:
            seed: different seeds give different values where the schema leaves room.
            text: stands where prose is wanted (``content``, ``answer``, … or a lone string) and it fits.
            must_be_object: ask for an object, whatever else the schema admits.

        Raises:
            UnsatisfiableError: no value was found within the limits.
        """
        applied: list[Applied] = [(self._document.root, ())]
        if must_be_object:
            applied.append((self._object, ()))
        failure: UnsatisfiableError | None = None
        try:
            for schema, _ in applied:
                self._least.require(schema)
            for attempt, (lean, careful, steps) in enumerate(_ATTEMPTS):
                spot = Spot(_random(seed, attempt), text=text[:_TEXT_LIMIT], lean=lean)
                try:
                    return self._attempt(applied, spot, Budget(steps), careful=careful)
                except UnsatisfiableError as error:
                    failure = failure or error
        except RecursionError as error:
            raise UnsatisfiableError(
                f"the value would be nested deeper than {VALUE_DEPTH_LIMIT} levels"
            ) from error
        raise failure or UnsatisfiableError("no value was found")

    def _attempt(self, applied: list[Applied], spot: Spot, budget: Budget, *, careful: bool) -> JSON:
        maker = Maker(self._document, self._least, budget, self._demands, careful=careful)
        value = maker.make(applied, spot)
        run = Evaluation(self._document, budget)
        for schema, _ in applied:
            if not run.holds(schema, value):
                raise UnsatisfiableError(
                    "no value was found that satisfies this keyword too", where=run.failure
                )
        if not is_sound(value):
            raise UnsatisfiableError("no value was found within the limits of size")
        # Enumerated values are part of the schema: the caller gets a copy of its own.
        return deepcopy(value)


def _random(seed: str, attempt: int) -> random.Random:
    digest = hashlib.sha256(f"{attempt}:{seed}".encode("utf-8", "surrogatepass")).digest()
    return random.Random(int.from_bytes(digest, "big"))  # noqa: S311 (repeatable, not secret)
