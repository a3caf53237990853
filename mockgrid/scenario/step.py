"""A step: when it matches, and what it replies; and which steps are for which operations.

The latter is found out once for each operation, so that a request looks up its own. Most steps do not say:
where operations hold a conversation, they are for these. A step is for others where its ``when`` speaks of
``operation``, ``method`` or ``path``. Files with a step for each of 1,000 models cost a request about as much
as files with a few.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from mockgrid.scenario.predicate import PLACES, AnyOf, Check, checks, speaks_of_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.scenario.diagnostics import Origin
    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.view import RequestView

__all__ = ["Binding", "Selection", "Step", "Then", "names_place"]

# So many operations, or paths where steps look at them, are remembered; more are unusual, and work.
_REMEMBERED: Final = 4096
# Longer paths are not remembered.
_LONGEST: Final = 256

Then = Literal["repeat", "cycle", "pass", "fail"]


class Selection(NamedTuple):
    """A reply that was selected.

    Attributes:
        step: whose reply it is.
        reply: what to compose.
    """

    step: Step
    reply: ScriptedReply


@dataclass(frozen=True, slots=True)
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


class Binding:
    """The steps of one scenario, by the operations that they are for.

    Args:
        steps: in the order in which they are tried.
    """

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps
        self._placed = tuple(step for step in steps if step.placed)
        self._by_path = any(check.name == "path" for step in self._placed for check in checks(step.when))
        self._models = {step.index: _choices(step, "model") for step in steps}
        self._unplaced = _Bound(steps, self._models)
        self._bound: dict[tuple[str, str, str, bool], _Bound] = {}

    def candidates(self, view: RequestView) -> tuple[Step, ...]:
        """Return the steps that may match a request, in order; none of the others does."""
        if self._placed:
            bound = self._bound_to(view)
        elif view.usual:
            bound = self._unplaced
        else:
            return ()
        return bound.candidates if not bound.models else bound.with_model(view.model)

    def steps_for(self, view: RequestView) -> tuple[Step, ...]:
        """Return the steps that are for the operation of a request, whatever else they ask of it."""
        return self._steps if view.usual else self._bound_to(view).candidates

    def _bound_to(self, view: RequestView) -> _Bound:
        # Which path a pattern is for is told by the path that was sent.
        path = view.path if self._by_path else ""
        key = (view.operation, view.method, path, view.usual)
        bound = self._bound.get(key)
        if bound is None:
            bound = _Bound(self._those_for(view), self._models)
            if len(path) <= _LONGEST:
                if len(self._bound) >= _REMEMBERED:
                    self._bound.clear()
                self._bound[key] = bound
        return bound

    def _those_for(self, view: RequestView) -> tuple[Step, ...]:
        if view.usual:
            return tuple(step for step in self._steps if names_place(step.when, view) is not False)
        return tuple(step for step in self._placed if names_place(step.when, view))


class _Bound:
    """The steps for one operation, and for each model that one of them names."""

    __slots__ = ("_by_model", "_keys", "candidates", "models")

    def __init__(self, steps: tuple[Step, ...], models: dict[int, frozenset[str | None] | None]) -> None:
        self.candidates = steps
        self._keys = [(step, models[step.index]) for step in steps]
        self.models = frozenset[str | None]().union(*(names or () for _, names in self._keys))
        self._by_model: dict[str | None, tuple[Step, ...]] = {}

    def with_model(self, model: str | None) -> tuple[Step, ...]:
        """Return the steps that may match a request for a model."""
        known = model if model in self.models else None
        steps = self._by_model.get(known)
        if steps is None:
            steps = tuple(step for step, names in self._keys if names is None or known in names)
            self._by_model[known] = steps
        return steps


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


def _choices(step: Step, name: str) -> frozenset[str | None] | None:
    """Return the values for which a step's predicate can hold; None where they are not known."""
    for predicate in step.when:
        if isinstance(predicate, Check) and predicate.name == name and predicate.matcher.choices is not None:
            return frozenset(predicate.matcher.choices)
    return None
