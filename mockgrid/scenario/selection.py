"""From a request to the reply that the scenario has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mockgrid.scenario.near_miss import NoStep, near_misses

if TYPE_CHECKING:
    from mockgrid.scenario.cursors import Cursors
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView

__all__ = ["Selection", "select"]


class Selection(NamedTuple):
    """The reply that was selected.

    Attributes:
        step: whose reply it is.
        reply: what to compose.
        index: which of the step's replies it is, from 0.
        given: how many replies the step has given with this one.
        state: the state that the session is in now.
    """

    step: Step
    reply: ScriptedReply
    index: int  # type: ignore[assignment]  # tuples have a method of this name, which nobody asks for here
    given: int
    state: str


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
        given[step.index] = count = count + 1
        reply = step.replies[index]
        cursors.state = state = reply.go_to or step.go_to or state
        return Selection(step, reply, index, count, state)
    return NoStep(near_misses(scenario, cursors, view)) if scenario.strict else None
