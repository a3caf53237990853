"""A scenario as one session plays it: how far it has come, and what it has used up of limits and balance."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

from mockgrid.contract.limit_headers import STYLES
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import NoStep, select
from mockgrid.session.exchange import NO_STEP, Meeting
from mockgrid.session.limits import Limits, limit_headers
from mockgrid.session.records import BalanceState, LimitState, PlayedScenario, PlayedStep, UnusedStep

if TYPE_CHECKING:
    from mockgrid.contract.extension import Models
    from mockgrid.contract.limit_headers import LimitHeaders
    from mockgrid.scenario.scenario import Scenario, TopUp
    from mockgrid.scenario.step import Selection, Step
    from mockgrid.scenario.view import RequestView
    from mockgrid.session.clock import Clock
    from mockgrid.session.limits import Admission


class Refusal(NamedTuple):
    """Why a request is not admitted: the name of a failure, a sentence, and when it may come again.

    That is in so many seconds; None where nobody knows, and for never.
    """

    failure: str
    message: str
    seconds: float | None = None


class Play:
    """A scenario under way. A session keeps the version of the scenario that it began with.

    Args:
        scenario: what is played.
        clock: what limits and balance run on.
        models: the models that the scenario knows; None for the server's.
        funded: those for which there is balance; None for all.

    Attributes:
        met: how the request that was put to the steps last met them, until its exchange takes it.
    """

    def __init__(
        self, scenario: Scenario, clock: Clock, models: Models | None = None, funded: Models | None = None
    ) -> None:
        self.scenario = scenario
        self.clock = clock
        self.cursors = Cursors(scenario)
        self.models = models
        self.funded = funded
        self.met: Meeting | None = None
        self._cursors = ref(self.cursors)
        self._limits = Limits(scenario.limits)
        balance = scenario.balance
        self._balance = TokenBalance(balance.tokens, balance.top_up) if balance is not None else None

    def anew(self, clock: Clock) -> Play:
        """Return the same scenario at its beginning."""
        return Play(self.scenario, clock, self.models, self.funded)

    def admit(self, model: str) -> Admission | Refusal:
        """Count a request against limits and balance; or return why it has to wait, and count nothing."""
        if self.funded is not None and self.funded.find(model) is None:
            return Refusal("insufficient_balance", f"There is no token capacity for {model}.")
        now = self.clock.now()
        refusal = self._balance.admit(now) if self._balance is not None else None
        if refusal is not None:
            return refusal
        admitted = self._limits.admit(model, now)
        if isinstance(admitted, float):
            seconds = admitted if admitted < math.inf else None
            return Refusal("rate_limited", "Too many requests. Try again later.", seconds)
        return admitted

    def standing(self, model: str, style: LimitHeaders) -> dict[str, str]:
        """Return the headers that tell how the limits stand for a model: the scenario's, else in a style."""
        named = self.scenario.limit_headers
        templates = STYLES[named] if named else style
        return limit_headers(templates, self._limits.standing(model, self.clock.now())) if templates else {}

    def select(self, view: RequestView) -> Selection | NoStep | None:
        """Return the reply that the scenario has for a request, and count it as given."""
        cursors = self.cursors
        state = cursors.state
        selection = select(self.scenario, cursors, view)
        index = NO_STEP if selection is None or isinstance(selection, NoStep) else selection.step.index
        self.met = Meeting(self._cursors, state, view.attempt, index)
        return selection

    def answers(self, view: RequestView) -> bool:
        """Tell whether a step has a reply to a request that breaks the contract."""
        state, given = self.cursors.state, self.cursors.given
        return any(
            step.matches(view, state) and isinstance(step.following(given[step.index]), int)
            for step in self.scenario.binding.steps_for(view)
        )

    def unused(self) -> tuple[UnusedStep, ...]:
        """Return what is left of a strict scenario: steps that gave nothing; of a script, other replies."""
        scenario = self.scenario
        steps = scenario.steps if scenario.strict else ()
        return tuple(
            UnusedStep(scenario.name, step.label, _next(step, given), step.index, given, expected)
            for step, given in zip(steps, self.cursors.given, strict=False)
            if given < (expected := step.times or len(step.replies) if scenario.asked_strict else 1)
        )

    def state(self) -> PlayedScenario:
        """Return how far it has come, and how its limits and its balance stand."""
        scenario, cursors, now = self.scenario, self.cursors, self.clock.now()
        steps = (
            PlayedStep(
                step.index,
                step.label,
                step.where,
                given,
                len(step.replies),
                following if isinstance(following := step.following(given), int) else None,
            )
            for step, given in zip(scenario.steps, cursors.given, strict=True)
        )
        limits = (
            LimitState(limit.counts, limit.amount, limit.per, left, round(reset, 6), model)
            for model, (limit, left, reset) in self._limits.standings(now)
        )
        return PlayedScenario(
            scenario.name,
            scenario.where,
            scenario.strict,
            cursors.state,
            tuple(steps),
            tuple(limits),
            self._balance.state(now) if self._balance is not None else None,
        )

    def spend(self, admission: Admission, tokens: int) -> None:
        """Count the tokens that the reply to an admitted request has."""
        admission.spend(tokens)
        if self._balance is not None:
            self._balance.spend(tokens, self.clock.now())


def _next(step: Step, given: int) -> str:
    """Return where the reply stands that comes after so many; where it is the first, its step."""
    return step.replies[given].where if 0 < given < len(step.replies) else step.where


class TokenBalance:
    """The balance of one session.

    Args:
        tokens: what there is at first.
        top_up: what comes when it is used up; None for nothing.
    """

    def __init__(self, tokens: int, top_up: TopUp | None = None) -> None:
        self.left = tokens
        self._top_up = top_up
        self._due: float | None = None

    def admit(self, now: float) -> Refusal | None:
        """Return why a request may not be served, None where it may; a top-up that is due is credited first.

        Args:
            now: the session's time, in seconds.
        """
        top_up = self._top_up
        if self.left <= 0 and top_up is not None:
            due = now + top_up.after if self._due is None else self._due
            # One that owes more than a top-up waits for the next, which is ordered when this one comes.
            # A debt may take millions: they are counted and not made one by one. Where the quotient was
            # rounded down, what is due by now is seen to in a second round.
            while self.left <= 0 and now >= due:
                owed = -self.left // top_up.tokens + 1
                come = min(owed, 1 + int((now - due) // top_up.after))
                self.left += come * top_up.tokens
                due += come * top_up.after
            self._due = None if self.left > 0 else due
            if self.left <= 0:
                message = "The balance is being replenished. Retry the request after a short delay."
                return Refusal("balance_replenishing", message, due - now)
        exhausted = Refusal("insufficient_balance", "The balance does not cover this request.")
        return None if self.left > 0 else exhausted

    def state(self, now: float) -> BalanceState:
        """Return how it stands; nothing is ordered by looking at it."""
        looked_at = copy(self)
        if looked_at._due is not None:  # noqa: SLF001 - a copy of this one
            looked_at.admit(now)
        top_up, due = self._top_up, looked_at._due  # noqa: SLF001 - the same
        return BalanceState(
            looked_at.left,
            None if top_up is None else top_up.tokens,
            None if due is None else round(due - now, 6),
        )

    def spend(self, tokens: int, now: float) -> None:
        """Draw tokens; the request that uses up the balance is still served, and orders the top-up."""
        self.left -= tokens
        if self.left <= 0 and self._top_up is not None and self._due is None:
            self._due = now + self._top_up.after
