"""Which steps a request could meet, without trying all of them.

A step that names its operation or its model is passed over for all others. Files with a step for each of
1,000 models so cost a request about as much as files with a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from mockgrid.scenario.predicate import Check
from mockgrid.scenario.scope import names

if TYPE_CHECKING:
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView

Key = TypeVar("Key")

# So many pairs of operation or path, and model, are remembered; a file that has more is unusual, and works.
_REMEMBERED: Final = 4096
# Longer paths are not remembered.
_LONGEST: Final = 256


class Index:
    """The steps of one scenario by operation and model.

    Args:
        steps: in the order in which they are tried.
        placed: those of them that say for which operations they are.
    """

    def __init__(self, steps: tuple[Step, ...], placed: tuple[Step, ...]) -> None:
        self._all, self._placed = steps, placed
        self._keys = [(step, _texts(step, "operation"), _texts(step, "model")) for step in steps]
        self._operations = frozenset().union(*(operations or () for _, operations, _ in self._keys))
        self._models = frozenset().union(*(models or () for _, _, models in self._keys))
        self._keyed = bool(self._operations or self._models)
        self._found: dict[tuple[str | tuple[str, str] | None, str | None], tuple[Step, ...]] = {}
        self._for: dict[tuple[str, str], tuple[Step, ...]] = {}

    def candidates(self, view: RequestView) -> tuple[Step, ...]:
        """Return the steps that may match a request, in order; none of the others does."""
        if view.aside:
            return self._candidates_aside(view)
        if not self._keyed:
            return self._all
        operation = view.operation if view.operation in self._operations else None
        model = view.model if self._models and view.model in self._models else None
        key = (operation, model)
        found = self._found.get(key)
        if found is None:
            found = tuple(
                step
                for step, operations, models in self._keys
                if (operations is None or operation in operations) and (models is None or model in models)
            )
            _remember(self._found, key, found)
        return found

    def steps_for(self, view: RequestView) -> tuple[Step, ...]:
        """Return the steps that are for the operation of a request, whatever else they ask of it."""
        if not view.aside:
            return self._all
        place = (view.operation, view.path)
        found = self._for.get(place)
        if found is None:
            found = tuple(step for step in self._placed if names(step.when, view))
            if len(view.path) <= _LONGEST:
                _remember(self._for, place, found)
        return found

    def _candidates_aside(self, view: RequestView) -> tuple[Step, ...]:
        found = self.steps_for(view)
        if not found or not self._models:
            return found
        model = view.model if view.model in self._models else None
        key = ((view.operation, view.path), model)
        fitting = self._found.get(key)
        if fitting is None:
            fitting = tuple(
                step for step in found if (models := self._keys[step.index][2]) is None or model in models
            )
            if len(view.path) <= _LONGEST:
                _remember(self._found, key, fitting)
        return fitting


def _remember(found: dict[Key, tuple[Step, ...]], key: Key, steps: tuple[Step, ...]) -> None:
    if len(found) >= _REMEMBERED:
        found.clear()
    found[key] = steps


def _texts(step: Step, name: str) -> frozenset[str | None] | None:
    """Return the values for which a step's predicate can hold; None where they are not known."""
    for predicate in step.when:
        if isinstance(predicate, Check) and predicate.name == name and predicate.matcher.choices is not None:
            return frozenset(predicate.matcher.choices)
    return None
