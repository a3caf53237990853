"""Why no step matched: the ones that came closest, and what each of them lacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockgrid.scenario.predicate import Outcome

if TYPE_CHECKING:
    from mockgrid.scenario.cursors import Cursors
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView

__all__ = ["NearMiss", "NoStep", "near_misses", "used_up"]

_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A step that nearly matched.

    Attributes:
        step: which one.
        failed: the first predicate that did not hold; for a step that had given all its replies, ``then``.
        held: how many predicates held.
        of: how many there are.
    """

    step: Step
    failed: Outcome
    held: int
    of: int

    def as_json(self) -> dict[str, Any]:
        """Return the near miss as it stands in replies and journals."""
        return {
            "step": self.step.label,
            "index": self.step.index,
            "where": _without_folder(self.step.where),
            "held": self.held,
            "of": self.of,
            "failed": self.failed.as_json(),
        }

    def __str__(self) -> str:
        return f"{self.step.label} (held {self.held} of {self.of}): {self.failed}"


@dataclass(frozen=True, slots=True)
class NoStep:
    """There is no reply for a request.

    Attributes:
        near_misses: at most three, the nearest first.
        failed: the step that matched and had given all its replies, with ``then: fail``; None where none did.
    """

    near_misses: tuple[NearMiss, ...]
    failed: Step | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what is known, as it stands in the 424's body and in journals."""
        return {
            "message": str(self),
            "step": self.failed.label if self.failed is not None else None,
            "near_misses": [near_miss.as_json() for near_miss in self.near_misses],
        }

    def __str__(self) -> str:
        if self.failed is not None:
            spent = f"{self.failed.label} ({self.failed.allowance()})"
            return f"The step matches and has given all its replies: {spent}."
        if not self.near_misses:
            return "The scenario has no steps."
        return f"No step matches. Nearest: {self.near_misses[0]}."


def _without_folder(where: str) -> str:
    """Return a place by its file's name alone: what a reply says is the same on every machine."""
    file, mark, pointer = where.partition("#")
    return file.rpartition("/")[2] + mark + pointer


def near_misses(scenario: Scenario, cursors: Cursors, view: RequestView) -> tuple[NearMiss, ...]:
    """Return the three steps that came closest: those that are used up, then by how many predicates held."""
    state = cursors.state
    counted = [
        (sum(predicate.holds(view, state) for predicate in step.when), step)
        for step in scenario.steps_for(view)
    ]
    nearest = sorted(
        counted,
        key=lambda item: (
            item[0] < len(item[1].when),
            -item[0],
            len(item[1].when),
            item[1].index,
        ),
    )
    return tuple(_near_miss(step, held, cursors, view) for held, step in nearest[:_MOST])


def used_up(step: Step, cursors: Cursors) -> Outcome | None:
    """Return why a step that matches gives no reply any more; None where it gives one."""
    given = cursors.given[step.index]
    if isinstance(step.following(given), int):
        return None
    return Outcome("then", step.allowance(), f"{given} given", held=False)


def _near_miss(step: Step, held: int, cursors: Cursors, view: RequestView) -> NearMiss:
    outcomes = (predicate.outcome(view, cursors.state) for predicate in step.when)
    failed = next((outcome for outcome in outcomes if not outcome.held), None)
    if failed is None:
        failed = used_up(step, cursors) or Outcome("when", "", "", held=True)
    return NearMiss(step, failed, held, len(step.when))
