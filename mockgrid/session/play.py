"""A scenario as one session plays it: how far it has come, and what it has used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import select
from mockgrid.session.limits import Exhausted, RateLimits, Replenishing, TokenBalance

if TYPE_CHECKING:
    from mockgrid.contract.extension import Models
    from mockgrid.scenario.explanation import NoStep
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Selection
    from mockgrid.scenario.view import RequestView
    from mockgrid.session.clock import Clock


class Play:
    """A scenario under way. A session keeps the version of the scenario that it began with.

    Args:
        scenario: what is played.
        clock: what limits and balance run on.
        models: the models that the scenario knows; None for the server's.
    """

    def __init__(self, scenario: Scenario, clock: Clock, models: Models | None = None) -> None:
        self.scenario = scenario
        self.clock = clock
        self.cursors = Cursors(scenario)
        self.models = models
        self._limits = RateLimits(scenario.limits)
        balance = scenario.balance
        self._counts = bool(scenario.limits) or balance is not None
        self._balance = TokenBalance(balance.tokens, balance.top_up) if balance is not None else None

    def anew(self, clock: Clock) -> Play:
        """Return the same scenario at its beginning."""
        return Play(self.scenario, clock, self.models)

    def admit(self, model: str) -> float | Exhausted | Replenishing:
        """Count a request against limits and balance.

        Returns:
            0 where it is admitted; the seconds to wait where a limit is reached; or the balance's trouble.
        """
        if not self._counts:
            return 0.0
        now = self.clock.now()
        if self._balance is not None:
            state = self._balance.admit(now)
            if isinstance(state, Exhausted | Replenishing):
                return state
        return self._limits.admit(model, now)

    def select(self, view: RequestView) -> Selection | NoStep | None:
        """Return the reply that the scenario has for a request, and count it as given."""
        return select(self.scenario, self.cursors, view)

    def spend(self, model: str, tokens: int) -> None:
        """Count the tokens that a reply used."""
        if not self._counts:
            return
        now = self.clock.now()
        self._limits.spend(model, tokens, now)
        if self._balance is not None:
            self._balance.spend(tokens, now)
