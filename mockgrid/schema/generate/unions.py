"""Which branches of a ``oneOf`` a natural value can be of, and of no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.chooser import SeededChooser, ValuePosition
from mockgrid.schema.generate.limits import ExhaustedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.schema.generate.judge import Judge
    from mockgrid.schema.generate.limits import JSON
    from mockgrid.schema.generate.schema import Schema

    Sample = Callable[[Schema, Sequence[Schema], ValuePosition], JSON]

# Branches that are looked at before one is taken that others fit as well.
_BRANCHES_TRIED = 6


class Branching(NamedTuple):
    """One way to make a value of a union.

    Attributes:
        option: the schemas that apply because of it.
        lean: whether it has to have no more than what is required.
    """

    option: tuple[Schema, ...]
    lean: bool = False


class Unions:
    """Finds out by samples how values of unions are told apart; each is made once.

    Args:
        judge: tells whether a sample is of one branch alone.
        sample: makes a small value of a union, by one way; the same for the same schemas.
    """

    def __init__(self, judge: Judge, sample: Sample) -> None:
        self._judge = judge
        self._sample = sample
        self._known: dict[tuple[int, tuple[int, ...], bool, bool], bool] = {}

    def exclusive(self, union: Schema, branchings: Sequence[Branching]) -> Branching | None:
        """The first way whose values are of one branch alone; None where none of the first ones is."""
        options = dict.fromkeys(branching.option[0].number for branching in branchings)
        near = set(list(options)[:_BRANCHES_TRIED])
        tried = [branching for branching in branchings if branching.option[0].number in near]
        # Rather without a look at formats, which not everyone checks.
        ways = ((branching, formats) for formats in (False, True) for branching in tried)
        return next((way[0] for way in ways if self._is_exclusive(union, *way)), None)

    def _is_exclusive(self, union: Schema, branching: Branching, formats: bool) -> bool:  # noqa: FBT001 (a part of a key)
        key = (union.number, tuple(schema.number for schema in branching.option), branching.lean, formats)
        if key not in self._known:
            position = ValuePosition(SeededChooser("sample"), lean=branching.lean)
            try:
                sample = self._sample(union, branching.option, position)
                self._known[key] = self._judge.nearly_holds(union, sample, formats=formats)
            except (UnsatisfiableError, ExhaustedError, RecursionError):
                self._known[key] = False
        return self._known[key]
