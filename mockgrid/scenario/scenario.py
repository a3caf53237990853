"""A scenario: its settings, limits and steps in order, and how far a session has come in it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from mockgrid.fixed import fixed
from mockgrid.scenario.binding import Binding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.findings import Finding
    from mockgrid.scenario.delivery import Pace
    from mockgrid.scenario.diagnostics import Origin
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView

__all__ = ["START", "Balance", "Cursors", "Limit", "Scenario", "TopUp"]

START: Final = "start"
"""The state that sessions begin in."""


@fixed(slots=False)
class Scenario:
    """What a fake says, when it fails and how it streams; never changed once it is made.

    Attributes:
        name: what keys and headers ask for.
        description: a sentence.
        strict: a request that no step matches is an error.
        seed: of everything that is drawn; None for the server's.
        models: the models that are known, as names or globs; None for the contract's.
        funded: the models that there is balance for, as names or globs; None for all.
        pace: of replies that have none of their own.
        limits: of requests, of tokens, and of what is under way at once.
        limit_headers: the style of the headers that tell of limits; empty for the contract's.
        balance: tokens that replies draw down; None for no end of them.
        steps: in the order in which they are tried.
        origin: where it was written.
        warnings: what was found that does not refuse it.
        included: the files that it includes.
        asked_strict: what was said of ``strict`` by who plays it, in place of its own word; None for nothing.
    """

    name: str
    origin: Origin
    description: str = ""
    strict: bool = False
    seed: int | None = None
    models: tuple[str, ...] | None = None
    funded: tuple[str, ...] | None = None
    pace: Pace | None = None
    limits: tuple[Limit, ...] = ()
    limit_headers: str = ""
    balance: Balance | None = None
    steps: tuple[Step, ...] = ()
    warnings: tuple[Finding, ...] = ()
    included: tuple[str, ...] = ()
    asked_strict: bool | None = None

    def asked(self, *, strict: bool | None) -> Scenario:
        """Return the scenario as it plays for who says something of ``strict``.

        True makes a script of it, to be played to its end and no further: a step that does not say what
        follows its last reply fails then.
        """
        if strict is None:
            return self
        steps = tuple(replace(step, then="fail") if strict and step.open else step for step in self.steps)
        return replace(self, strict=strict, asked_strict=strict, steps=steps)

    @property
    def files(self) -> tuple[str, ...]:
        """Its own file, and those that it includes."""
        return (self.origin.document.name, *self.included)

    @property
    def where(self) -> str:
        """``file:line:column`` of its beginning."""
        return str(self.origin)

    @cached_property
    def lenient(self) -> bool:
        """Whether a step answers requests that break the contract."""
        return any(step.lenient for step in self.steps)

    @cached_property
    def counts(self) -> bool:
        """Whether there are limits, or is a balance, that a request may meet."""
        return bool(self.limits) or self.balance is not None or self.funded is not None

    @cached_property
    def binding(self) -> Binding:
        """The steps by the operations that they are for."""
        return Binding(self.steps)

    def concerns(self, view: RequestView) -> bool:
        """Tell whether the scenario is for a request: for one of another operation where a step says so.

        One that is a script without steps is for all: none was expected.
        """
        return view.usual or bool(self.binding.steps_for(view)) or bool(self.asked_strict and not self.steps)

    @cached_property
    def contract_off(self) -> tuple[tuple[Step, ScriptedReply], ...]:
        """The replies that may break the contract, each with its step."""
        return tuple(
            (step, reply) for step in self.steps for reply in step.replies if reply.contract == "off"
        )


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

    __slots__ = ("__weakref__", "given", "scenario", "state")

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.given = [0] * len(scenario.steps)
        self.state = START

    def before(self, state: str, taken: Iterable[int]) -> Cursors:
        """Return how far the session had come in a state, before the replies of these steps were taken."""
        cursors = Cursors(self.scenario)
        cursors.state = state
        cursors.given = list(self.given)
        for index in taken:
            cursors.given[index] -= 1
        return cursors

    def reset(self) -> None:
        """Begin again."""
        self.given = [0] * len(self.given)
        self.state = START


@fixed
class Limit:
    """A bucket that holds ``amount``.

    Attributes:
        counts: what is counted: ``concurrent`` are the requests whose reply has not ended.
        amount: how much the bucket holds.
        per: seconds in which an empty bucket is full again; 0 for one that is filled by what ends.
        scope: one bucket for the session (``key``), or one for each model.
    """

    counts: Literal["requests", "tokens", "concurrent"]
    amount: int
    per: float = 0.0
    scope: Literal["key", "model"] = "key"


@fixed
class TopUp:
    """What is added to a balance that is used up, and after how many seconds, more than 0."""

    tokens: int
    after: float


@fixed
class Balance:
    """Tokens that replies draw down; without a top-up it stays at zero once it is used up."""

    tokens: int
    top_up: TopUp | None = None
