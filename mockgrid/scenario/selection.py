"""From a request to the reply that the scenario has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.scenario.explanation import NoStep, near_misses

if TYPE_CHECKING:
    from mockgrid.scenario.scenario import Cursors, Scenario
    from mockgrid.scenario.step import Selection
    from mockgrid.scenario.view import RequestView

__all__ = ["select"]


def select(scenario: Scenario, cursors: Cursors, view: RequestView) -> Selection | NoStep | None:
    """Match, consume and record, as one atomic step: nothing else runs on the event loop meanwhile.

    Returns:
        The reply; ``NoStep`` where there is to be none, since the scenario is strict or a step fails; None
        for the default reply.
    """
    state = cursors.state
    given = cursors.given
    for step in scenario.binding.candidates(view):
        if step.when and not step.matches(view, state):
            continue
        count, final = given[step.index], step.final
        if final is not None:  # as most steps have it
            selected = step.selections[count if count < final else final]  # noqa: FURB136 - a call costs more
        else:
            index = step.following(count)
            if index == "pass":
                continue
            if index == "fail":
                return NoStep(near_misses(scenario, cursors, view), failed=step)
            selected = step.selections[index]
        given[step.index] = count + 1
        go_to = selected.reply.go_to or step.go_to
        if go_to:
            cursors.state = go_to
        return selected
    return NoStep(near_misses(scenario, cursors, view)) if scenario.strict else None
