"""Which steps are for which operations: found out once for each, so that a request looks up its own.

Most steps do not say: where operations hold a conversation, they are for these. A step is for others where
its ``when`` speaks of ``operation``, ``method`` or ``path``. Files with a step for each of 1,000 models cost
a request about as much as files with a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockgrid.scenario.predicate import PLACES, AnyOf, Check, NotAll, checks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView

__all__ = ["Binding", "names_place"]

# So many operations, or paths where steps look at them, are remembered; more are unusual, and work.
_REMEMBERED: Final = 4096
# Longer paths are not remembered.
_LONGEST: Final = 256


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
    if isinstance(predicate, NotAll):
        inner = names_place(predicate.inner, view)
        if inner and not all(isinstance(check, Check) and check.name in PLACES for check in predicate.inner):
            return None  # what else stands there decides
        return None if inner is None else not inner
    return None


def _choices(step: Step, name: str) -> frozenset[str | None] | None:
    """Return the values for which a step's predicate can hold; None where they are not known."""
    for predicate in step.when:
        if isinstance(predicate, Check) and predicate.name == name and predicate.matcher.choices is not None:
            return frozenset(predicate.matcher.choices)
    return None
