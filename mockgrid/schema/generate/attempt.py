"""One attempt at a value: what it may cost, what it has cost, and who makes and judges its parts."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from mockgrid.schema.generate.limits import CHARACTER_LIMIT, NODE_LIMIT, ExhaustedError, weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.judge import Judge
    from mockgrid.schema.generate.limits import JSON
    from mockgrid.schema.generate.minimum import MinimumSize
    from mockgrid.schema.generate.schema import Schema


class Budget:
    """A number of steps, each a microsecond or a few; the same schema takes the same steps everywhere."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._left = steps

    def spend(self, steps: int = 1, where: str = "") -> None:
        """Take steps.

        Raises:
            ExhaustedError: none are left.
        """
        self._left -= steps
        if self._left < 0:
            raise ExhaustedError(
                f"no value was found within the limit of {self._steps} steps",
                where=where,
                hint="Simplify the schema.",
            )


class Care(IntEnum):
    """What is judged while a value is made."""

    WHOLE = 0  # only the whole, once it is made
    DELICATE = 1  # the parts for which adding up constraints falls short
    EACH = 2  # every part
    NOTHING = 3  # nothing at all: what cannot be made is left out


class Manner(NamedTuple):
    """How an attempt goes about it.

    Attributes:
        care: what is judged.
        steps: how many may be taken.
        lean: make the smallest value that will do.
        labelled: whether discriminators count.
        plenty: parts after which objects get only the members that they must have.
        enough: parts after which everything is made as small as can be.
        deep: levels below which it is, too.
        edges: choose what lies at the edges of a schema, in place of what people would write.
    """

    care: Care
    steps: int
    lean: bool = False
    labelled: bool = True
    plenty: int = 400
    enough: int = 2_000
    deep: int = 10
    edges: bool = False


class GenerationAttempt:
    """What the makers of objects, arrays and strings share while one value is made.

    Args:
        manner: how it goes about it.
        judge: tells what is valid.
        minimum: how small values can be.
        exemplary: whether parts whose schemas give an example are that example.

    Attributes:
        make: makes a part that meets several schemas; whoever makes the whole sets it.
        budget: what every step is charged to.
        nodes: how many parts were made.
        overlapped: whether a part had to be of several branches of a ``oneOf``.
    """

    make: Callable[[Sequence[Schema], ValuePosition], JSON]

    def __init__(
        self, manner: Manner, judge: Judge, minimum: MinimumSize, *, exemplary: bool = False
    ) -> None:
        self.manner = manner
        self.budget = Budget(manner.steps)
        self.minimum = minimum
        self.exemplary = exemplary
        self.nodes = 0
        self.overlapped = False
        self._judge = judge
        self._characters = 0
        self._charged: set[object] = set()

    def add_nodes(self, count: int, where: str) -> None:
        """Count parts.

        Raises:
            ExhaustedError: they are over the limit.
        """
        self.nodes += count
        if self.nodes > NODE_LIMIT:
            message = f"the value would have more than the limit of {NODE_LIMIT} parts"
            raise ExhaustedError(message, where=where)

    def add_characters(self, count: int) -> None:
        """Count characters.

        Raises:
            ExhaustedError: they are over the limit.
        """
        self._characters += count
        if self._characters > CHARACTER_LIMIT:
            raise ExhaustedError(f"the value would have more than the limit of {CHARACTER_LIMIT} characters")

    def charge_once(self, work: object, steps: int) -> None:
        """Take steps for what is remembered later on.

        They are taken in every attempt, remembered from an earlier one or not: a value must not depend on
        what was made before it.
        """
        if work not in self._charged:
            self._charged.add(work)
            self.budget.spend(steps)

    @property
    def natural(self) -> bool:
        """Whether values are to look as people write them."""
        return self._judge.natural and not self.manner.edges

    @property
    def cuts(self) -> bool:
        """Whether what cannot be made is left out."""
        return self.manner.care is Care.NOTHING

    def holds(self, applied: Sequence[Schema], value: JSON, *, strictly: bool = False) -> bool:
        """Whether a value is valid by all of the schemas, each ``oneOf`` by one branch alone.

        Natural values may be of several, unless ``strictly`` is asked for.
        """
        self.budget.spend(1 + weigh(value) // 4)
        for schema in applied:
            self.charge_once(schema.number, 1 + self._judge.size(schema) // 2)
            if not self._judge.holds(schema, value, loosely=self._judge.natural and not strictly):
                return False
        return True
