"""From a request to the reply that the scenario has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.scenario.near_miss import NoStep, near_misses
from mockgrid.scenario.step import Selection

if TYPE_CHECKING:
    from mockgrid.scenario.cursors import Cursors
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.view import RequestView

__all__ = ["Selection", "select"]


def select(scenario: Scenario, cursors: Cursors, view: RequestView) -> Selection | NoStep | None:
    """Match, consume and record, as one atomic step: nothing else runs on the event loop meanwhile.

    Returns:
        The reply; ``NoStep`` where there is to be none, since the scenario is strict or a step fails; None
        for the default reply.
    """
    state = cursors.state
    given = cursors.given
    for step in scenario.index.candidates(view):
        if not step.matches(view, state):
            continue
        count = given[step.index]
        index = step.following(count)
        if index == "pass":
            continue
        if index == "fail":
            return NoStep(near_misses(scenario, cursors, view), failed=step)
        given[step.index] = count + 1
        selected = step.selections[index]
        cursors.state = selected.reply.go_to or step.go_to or state
        return selected
    return NoStep(near_misses(scenario, cursors, view)) if scenario.strict else None
