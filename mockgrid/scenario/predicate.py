"""Predicates: what ``when`` is made of. Each can say whether it holds, and explain itself."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.fixed import fixed
from mockgrid.scenario.short_repr import short_repr
from mockgrid.schema.json_form import JsonForm, described

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from mockgrid.scenario.matcher import Matcher
    from mockgrid.scenario.view import RequestView


PLACES: Final = frozenset(("operation", "method", "path"))
"""The predicates that tell one operation from another."""


@fixed
class Outcome(JsonForm):
    """How one predicate went for one request.

    ``name`` is such as ``last_user``, ``headers/x-attempt`` or ``body/temperature``.
    """

    name: str = described("Which", place="predicate")
    expected: str = described("What it asks for, as its author would write it")
    got: str = described("What the request has, cut short; credentials are hidden")
    held: bool = described("Whether it held")

    def __str__(self) -> str:
        return f"{self.name} is {self.got}, {self.expected} was expected"


@fixed
class Check:
    """A matcher for one thing that a request has.

    Attributes:
        name: what it is called.
        matcher: what must hold.
        read: finds the thing; None where the request has it not.
        several: whether that is a list of things, of which one must satisfy the matcher.
        hidden: whether it is a credential, and so never shown.
        holds: tells whether the matcher holds for a request, given the state of its session.
    """

    name: str
    matcher: Matcher
    read: Callable[[RequestView, str], Any]
    several: bool = False
    hidden: bool = False
    holds: Callable[[RequestView, str], bool] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        read = self.read
        test = self.matcher.among if self.several else self.matcher.holds
        object.__setattr__(
            self, "holds", lambda view, state: test(read(view, state))
        )  # frozen for all others

    @property
    def source(self) -> Any:
        """The matcher as it was written."""
        return self.matcher.source

    def outcome(self, view: RequestView, state: str) -> Outcome:
        """Tell whether it holds, and what was found."""
        value = self.read(view, state)
        if value is None or value in ([], [None]):
            got = "(nothing)"
        elif self.hidden:
            got = "(hidden)"
        else:
            got = short_repr(value[0] if self.several and len(value) == 1 else value)
        if self.differs_in_case(view, state):
            got += " (differs in case only)"
        return Outcome(self.name, self.matcher.expected, got, self.holds(view, state))

    def differs_in_case(self, view: RequestView, state: str) -> bool:
        """Tell whether it does not hold, and would if case did not matter."""
        if self.hidden or self.holds(view, state):
            return False
        value = self.read(view, state)
        values = value if self.several else (value,)
        return value is not None and any(map(self.matcher.differs_in_case, values))


@fixed
class AnyOf:
    """Several conjunctions, one of which must hold."""

    branches: tuple[tuple[Predicate, ...], ...]
    source: Any
    name: str = "any"

    def holds(self, view: RequestView, state: str) -> bool:
        """Tell whether one of them holds."""
        return any(all(predicate.holds(view, state) for predicate in branch) for branch in self.branches)

    def differs_in_case(self, view: RequestView, state: str) -> bool:
        """Tell whether none of them holds, and one would if case did not matter."""
        return not self.holds(view, state) and any(
            all(each.holds(view, state) or each.differs_in_case(view, state) for each in branch)
            for branch in self.branches
        )

    def outcome(self, view: RequestView, state: str) -> Outcome:
        """Tell what the first of them found that holds; if none does, what each of them lacked first."""
        missed: list[Outcome] = []
        for branch in self.branches:
            outcomes = [predicate.outcome(view, state) for predicate in branch]
            failed = next((outcome for outcome in outcomes if not outcome.held), None)
            if failed is None:
                return Outcome(self.name, short_repr(self.source), _found(outcomes), held=True)
            missed.append(failed)
        return Outcome(self.name, short_repr(self.source), _found(missed), held=False)


@fixed
class NotAll:
    """A conjunction that must not hold."""

    inner: tuple[Predicate, ...]
    source: Any
    name: str = "not"

    def holds(self, view: RequestView, state: str) -> bool:
        """Tell whether one part of it does not hold."""
        return not all(predicate.holds(view, state) for predicate in self.inner)

    def differs_in_case(self, _view: RequestView, _state: str) -> bool:
        """Never: were more alike, no less would hold of what must not."""
        return False

    def outcome(self, view: RequestView, state: str) -> Outcome:
        """Tell whether it holds, and what was found."""
        outcomes = [predicate.outcome(view, state) for predicate in self.inner]
        held = not all(outcome.held for outcome in outcomes)
        return Outcome(self.name, short_repr(self.source), _found(outcomes), held)


def _found(outcomes: Iterable[Outcome]) -> str:
    return "; ".join(f"{outcome.name}: {outcome.got}" for outcome in outcomes) or "(every request)"


Predicate: TypeAlias = Check | AnyOf | NotAll
"""Something that a request has or has not, given the state of its session."""


def speaks_of_place(when: Iterable[Predicate]) -> bool:
    """Tell whether a conjunction says for which operations it is, wherever in it."""
    return any(check.name in PLACES for check in checks(when))


def checks(when: Iterable[Predicate]) -> Iterator[Check]:
    """Return all checks of a conjunction, those in its combinators included."""
    for predicate in when:
        if isinstance(predicate, Check):
            yield predicate
        elif isinstance(predicate, AnyOf):
            for branch in predicate.branches:
                yield from checks(branch)
        else:
            yield from checks(predicate.inner)


def may_hold(when: Iterable[Predicate], view: RequestView, known: Collection[str]) -> bool:
    """Tell whether a conjunction may hold for requests like one, of which only a part is known.

    Args:
        when: the conjunction.
        view: of the request.
        known: the names of the checks that look at what is known of it.
    """
    return _together(when, view, known) is not False


def _together(when: Iterable[Predicate], view: RequestView, known: Collection[str]) -> bool | None:
    answers = [_holds(predicate, view, known) for predicate in when]
    return False if False in answers else None if None in answers else True


def _holds(predicate: Predicate, view: RequestView, known: Collection[str]) -> bool | None:
    if isinstance(predicate, Check):
        return predicate.holds(view, "") if predicate.name in known else None
    if isinstance(predicate, AnyOf):
        answers = [_together(branch, view, known) for branch in predicate.branches]
        return True if True in answers else None if None in answers else False
    inner = _together(predicate.inner, view, known)
    return None if inner is None else not inner
