"""Which step a request would meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockgrid.scenario.cursors import Cursors
from mockgrid.scenario.explanation import explain
from mockgrid.scenario.selection import select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.scenario.explanation import Explained
    from mockgrid.scenario.given import Given
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.view import RequestView

__all__ = ["Meeting", "meet"]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A request, a scenario, and what came of them.

    Attributes:
        attempt: how often the request has been sent.
        refusals: why the contract refuses the request; then no step is asked.
        steps: what each step makes of it.
    """

    scenario: Scenario
    given: Given
    view: RequestView
    attempt: int
    refusals: Sequence[str]
    steps: Sequence[Explained]

    @property
    def step(self) -> Explained | None:
        """The step that decides; None where none does."""
        return next((found for found in self.steps if found.verdict in {"answers", "fails"}), None)

    @property
    def outcome(self) -> str:
        """``refused``, ``step``, ``default`` (the default reply) or ``none`` (424)."""
        if self.refusals:
            return "refused"
        if self.step is not None:
            return "step" if self.step.verdict == "answers" else "none"
        return "none" if self.scenario.strict and self.concerned else "default"

    @property
    def concerned(self) -> bool:
        """Whether the scenario is for such requests at all."""
        return self.scenario.concerns(self.view)

    def as_json(self) -> dict[str, Any]:
        """Return the meeting as the command and the control interface give it."""
        step = self.step if self.outcome in {"step", "none"} else None
        return {
            "version": 1,
            "scenario": {
                "name": self.scenario.name,
                "where": self.scenario.where,
                "strict": self.scenario.strict,
            },
            "request": {
                "operation": self.given.operation.id,
                "method": self.given.operation.method,
                "path": self.given.path,
                "attempt": self.attempt,
            },
            "outcome": self.outcome,
            "refusals": list(self.refusals),
            "step": step.step.label if step is not None else None,
            "index": step.step.index if step is not None else None,
            "reply": step.reply if step is not None else None,
            "steps": [found.as_json() for found in self.steps],
        }


def meet(scenario: Scenario, given: Given, contract: Contract, attempt: int) -> Meeting:
    """Return what a scenario makes of a request that a new session sends for the nth time."""
    refusals = given.refusals(contract, scenario)
    cursors = Cursors(scenario)
    for earlier in range(1, attempt):
        select(scenario, cursors, given.view(contract, earlier))
    view = given.view(contract, attempt)
    return Meeting(scenario, given, view, attempt, refusals, explain(scenario, view, cursors))
