"""One attempt at a value: what it may cost, what it has cost, and who makes and judges its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.schema.generate.limits import CHARACTER_LIMIT, NODE_LIMIT, ExhaustedError, weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.document import Schema
    from mockgrid.schema.generate.judge import Judge
    from mockgrid.schema.generate.limits import JSON
    from mockgrid.schema.generate.minimum import MinimumSize


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


class GenerationAttempt:
    """What the makers of objects, arrays and strings share while one value is made.

    Args:
        steps: how many may be taken.
        judge: tells what is valid.
        minimum: how small values can be.

    Attributes:
        make: makes a part that meets several schemas; whoever makes the whole sets it.
        budget: what every step is charged to.
        nodes: how many parts were made.
    """

    make: Callable[[Sequence[Schema], ValuePosition], JSON]

    def __init__(self, steps: int, judge: Judge, minimum: MinimumSize) -> None:
        self.budget = Budget(steps)
        self.minimum = minimum
        self.nodes = 0
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

    def holds(self, applied: Sequence[Schema], value: JSON) -> bool:
        """Whether a value is valid by all of the schemas."""
        self.budget.spend(1 + weigh(value) // 4)
        for schema in applied:
            self.charge_once(schema.number, 1 + self._judge.size(schema) // 2)
            if not self._judge.holds(schema, value):
                return False
        return True
