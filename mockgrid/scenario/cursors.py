"""How far a session has come in its scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.scenario.scenario import START

if TYPE_CHECKING:
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step


class Cursors:
    """The replies that each step has given, and the state: all that one session changes.

    A reply that was selected counts as given, whatever becomes of it: a client that hangs up does not get it
    again.

    Args:
        scenario: which is played.

    Attributes:
        given: how many replies each step has given, by the step's index.
        state: as ``go_to`` set it last.
    """

    __slots__ = ("given", "state")

    def __init__(self, scenario: Scenario) -> None:
        self.given = [0] * len(scenario.steps)
        self.state = START

    def reset(self) -> None:
        """Begin again."""
        self.given = [0] * len(self.given)
        self.state = START

    def unused(self, scenario: Scenario) -> tuple[Step, ...]:
        """Return the steps that have given no reply yet."""
        return tuple(step for step in scenario.steps if not self.given[step.index])
