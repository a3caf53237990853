"""A scenario: settings, and steps in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mockgrid.scenario.index import Index

if TYPE_CHECKING:
    from mockgrid.findings import Finding
    from mockgrid.scenario.ledger import Origin
    from mockgrid.scenario.limit import Balance, Limit
    from mockgrid.scenario.pace import Pace
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView

__all__ = ["START", "Scenario"]

START: Final = "start"
"""The state that sessions begin in."""


@dataclass(frozen=True)
class Scenario:
    """What a fake says, when it fails and how it streams; never changed once it is made.

    Attributes:
        name: what keys and headers ask for.
        description: a sentence.
        strict: a request that no step matches is an error.
        seed: of everything that is drawn; None for the server's.
        models: the models that are known, as names or globs; None for the contract's.
        pace: of replies that have none of their own.
        limits: token buckets.
        balance: tokens that replies draw down; None for no end of them.
        steps: in the order in which they are tried.
        origin: where it was written.
        warnings: what was found that does not refuse it.
    """

    name: str
    origin: Origin
    description: str = ""
    strict: bool = False
    seed: int | None = None
    models: tuple[str, ...] | None = None
    pace: Pace | None = None
    limits: tuple[Limit, ...] = ()
    balance: Balance | None = None
    steps: tuple[Step, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def where(self) -> str:
        """``file:line:column`` of its beginning."""
        return str(self.origin)

    @cached_property
    def counts(self) -> bool:
        """Whether anything is counted against limits or a balance."""
        return bool(self.limits) or self.balance is not None

    @cached_property
    def placed(self) -> tuple[Step, ...]:
        """The steps that say for which operations they are."""
        return tuple(step for step in self.steps if step.placed)

    def steps_for(self, view: RequestView) -> tuple[Step, ...]:
        """Return the steps that are for a request, whatever else they ask of it."""
        return self.index.steps_for(view)

    def concerns(self, view: RequestView) -> bool:
        """Tell whether the scenario is for a request: for one of another operation where a step says so."""
        return not view.aside or bool(self.steps_for(view))

    @cached_property
    def index(self) -> Index:
        """The steps by the operations and models that they are for."""
        return Index(self.steps, self.placed)

    @cached_property
    def contract_off(self) -> tuple[tuple[Step, ScriptedReply], ...]:
        """The replies that may break the contract, each with its step."""
        return tuple(
            (step, reply) for step in self.steps for reply in step.replies if reply.contract == "off"
        )
