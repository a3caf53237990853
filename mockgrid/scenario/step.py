"""A step: when it matches, and what it replies."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal, NamedTuple

from mockgrid.fixed import fixed
from mockgrid.scenario.predicate import PLACES, AnyOf, Check, speaks_of_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.scenario.diagnostics import Origin
    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.view import RequestView

__all__ = ["Selection", "Step", "StepVerdict", "Then", "names_place"]

Then = Literal["repeat", "cycle", "pass", "fail"]
StepVerdict = Literal["answers", "fails", "passes", "later", "no match"]
"""What a step makes of a request: it answers; it is used up and fails (``then: fail``), or passes; it
matches, after the one that decides; or it does not match."""


class Selection(NamedTuple):
    """A reply that was selected.

    Attributes:
        step: whose reply it is.
        reply: what to compose.
    """

    step: Step
    reply: ScriptedReply


@fixed
class Step:
    """One step of a scenario.

    Attributes:
        index: its place among the steps, from 0.
        name: as it was given; empty for none.
        when: what must hold; empty matches every request.
        replies: at least one.
        then: what follows the last reply.
        times: how many replies it gives in all; None for no bound.
        go_to: the state after each reply that names none itself; empty for no change.
        origin: where it was written.
        lenient: whether it answers requests that break the contract, too.
        open: whether nothing was said of what follows, neither by ``then`` nor by ``times``.
        label: the name, or ``step 3``.
        selections: what selecting each of its replies comes to.
        final: which reply it gives again and again once it has given those before; None where it does not.
        placed: whether its ``when`` says for which operations it is.
    """

    index: int
    name: str
    when: tuple[Predicate, ...]
    replies: tuple[ScriptedReply, ...]
    then: Then
    times: int | None
    go_to: str
    origin: Origin
    open: bool = False
    lenient: bool = False
    label: str = field(init=False)
    selections: tuple[Selection, ...] = field(init=False, compare=False, repr=False)
    final: int | None = field(init=False, compare=False, repr=False)
    placed: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        label = self.name or f"step {self.index + 1}"
        object.__setattr__(self, "label", label)  # frozen for all others
        object.__setattr__(self, "selections", tuple(Selection(self, reply) for reply in self.replies))
        repeats = self.times is None and self.then == "repeat"
        object.__setattr__(self, "final", len(self.replies) - 1 if repeats else None)
        object.__setattr__(self, "placed", speaks_of_place(self.when))

    @property
    def where(self) -> str:
        """``file:line:column`` of the step."""
        return str(self.origin)

    @property
    def lasting(self) -> bool:
        """Whether it never passes: what it matches no later step will ever see."""
        return self.then == "fail" or (self.times is None and self.then != "pass")

    def matches(self, view: RequestView, state: str) -> bool:
        """Tell whether all its predicates hold."""
        for predicate in self.when:  # noqa: SIM110 - a generator costs more than most predicates
            if not predicate.holds(view, state):
                return False
        return True

    def following(self, given: int) -> int | Literal["pass", "fail"]:
        """Return which reply comes after so many were given, or that the step passes or fails.

        With ``times`` the last reply is repeated as often as it takes; ``cycle`` starts again instead.
        """
        if self.times is not None and given >= self.times:
            return "fail" if self.then == "fail" else "pass"
        count = len(self.replies)
        if given < count:
            return given
        if self.then == "cycle":
            return given % count
        if self.then == "repeat" or self.times is not None:
            return count - 1
        return self.then

    def allowance(self) -> str:
        """Say how many replies it gives, for a near miss: ``2 replies, then pass``."""
        count = self.times if self.times is not None else len(self.replies)
        then = "fail" if self.then == "fail" else "pass"
        return f"{count} {'reply' if count == 1 else 'replies'}, then {then}"


def names_place(when: Iterable[Predicate], view: RequestView) -> bool | None:
    """Tell whether a conjunction is for the operation of a request.

    Args:
        when: the conjunction.
        view: of the request only operation, method and path are looked at.

    Returns:
        True where it says so, False where it is for others alone, None where it does not say.
    """
    answers = [answer for predicate in when if (answer := _names(predicate, view)) is not None]
    return all(answers) if answers else None


def _names(predicate: Predicate, view: RequestView) -> bool | None:
    if isinstance(predicate, Check):
        return predicate.holds(view, "") if predicate.name in PLACES else None
    if isinstance(predicate, AnyOf):
        answers = [names_place(branch, view) for branch in predicate.branches]
        return True if True in answers else None if None in answers else False
    inner = names_place(predicate.inner, view)
    if inner and not all(isinstance(check, Check) and check.name in PLACES for check in predicate.inner):
        return None  # what else stands there decides
    return None if inner is None else not inner
