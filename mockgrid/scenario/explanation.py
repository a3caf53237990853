"""Which step a request would meet, predicate by predicate, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mockgrid.scenario.cursors import Cursors
from mockgrid.scenario.near_miss import used_up
from mockgrid.scenario.predicate import Outcome

if TYPE_CHECKING:
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView

__all__ = ["Explained", "explain"]

Verdict = Literal["answers", "fails", "passes", "later", "no match"]


@dataclass(frozen=True, slots=True)
class Explained:
    """What one step makes of a request.

    Attributes:
        step: which one.
        outcomes: of all its predicates, in order.
        verdict: ``answers`` (this one does), ``fails`` (used up, ``then: fail``), ``passes`` (matches, and is
            used up), ``later`` (matches, after the one that answers), ``no match``.
        reply: which of its replies it would give, from 0; None for none.
    """

    step: Step
    outcomes: tuple[Outcome, ...]
    verdict: Verdict
    reply: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as the control interface gives it."""
        return {
            "step": self.step.label,
            "index": self.step.index,
            "where": self.step.where,
            "verdict": self.verdict,
            "reply": self.reply,
            "predicates": [outcome.as_json() for outcome in self.outcomes],
        }


def explain(scenario: Scenario, view: RequestView, cursors: Cursors | None = None) -> tuple[Explained, ...]:
    """Return what each step makes of a request; nothing is consumed.

    Args:
        scenario: whose steps.
        view: the request.
        cursors: how far the session has come; None for its beginning.
    """
    cursors = cursors or Cursors(scenario)
    found: list[Explained] = []
    decided = False
    concerned = {step.index for step in scenario.steps_for(view)}
    for step in scenario.steps:
        outcomes = tuple(predicate.outcome(view, cursors.state) for predicate in step.when)
        if step.index not in concerned:
            outcomes = (Outcome("operation", "`when` to name it", view.operation, held=False), *outcomes)
        verdict: Verdict = "no match"
        reply: int | None = None
        if all(outcome.held for outcome in outcomes):
            following = step.following(cursors.given[step.index])
            if decided:
                verdict = "later"
            elif isinstance(following, int):
                verdict, reply, decided = "answers", following, True
            else:
                verdict = "fails" if following == "fail" else "passes"
                decided = following == "fail"
                outcomes += tuple(outcome for outcome in [used_up(step, cursors)] if outcome is not None)
        found.append(Explained(step, outcomes, verdict, reply))
    return tuple(found)
