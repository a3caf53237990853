"""Which steps of a scenario are for a request: by its operation, and by an index of what they ask of it.

Most steps do not say for which operations they are: where operations hold a conversation, they are for these.
A step is for others where its ``when`` speaks of ``operation``, ``method`` or ``path``.

Of many steps, few are tried: each stands under what its most unusual predicate looks for, such as a model, a
state, or the text of the last message, or the part of it that a pattern needs. So a file with a thousand
steps costs a request about as much as one with a few.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.scenario.predicate import AnyOf, Check, checks
from mockgrid.scenario.step import names_place
from mockgrid.schema.regex import NeedleTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView
    from mockgrid.schema.regex import Needle

__all__ = ["Binding"]

# So many steps are tried faster than they are looked up.
_FEW: Final = 8
# So many requests cost less by trying all steps than an index of them; most tests send no more.
_SOON: Final = 32
# So many operations, or paths where steps look at them, are remembered; more are unusual, and work.
_REMEMBERED: Final = 4096
# Longer paths are not remembered.
_LONGEST: Final = 256


class Binding:
    """The steps of one scenario, by what they are for.

    Args:
        steps: in the order in which they are tried.
    """

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps
        self._index: _Index | None = None
        self._served = 0
        self._placed = tuple(step for step in steps if step.placed)
        self._by_path = any(check.name == "path" for step in self._placed for check in checks(step.when))
        self._bound: dict[tuple[str, str, str], tuple[Step, ...]] = {}

    def candidates(self, view: RequestView, state: str) -> Sequence[Step]:
        """Return steps that may match a request, in order; none of the others does."""
        steps = self.steps_for(view)
        if len(steps) <= _FEW or view.broken:
            return steps
        if self._index is None:
            self._served += 1
            if self._served <= _SOON:
                return steps
            self._index = _Index(self._steps)
        likely = self._index.likely(view, state)
        return likely if view.usual else [step for step in likely if names_place(step.when, view)]

    def steps_for(self, view: RequestView) -> tuple[Step, ...]:
        """Return the steps that are for the operation of a request, whatever else they ask of it."""
        if view.broken:
            return tuple(step for step in self._steps_for(view) if step.lenient)
        return self._steps_for(view)

    def _steps_for(self, view: RequestView) -> tuple[Step, ...]:
        if view.usual or not self._placed:
            return self._steps if view.usual else ()
        # Which path a pattern is for is told by the path that was sent.
        path = view.path if self._by_path else ""
        key = (view.operation, view.method, path)
        bound = self._bound.get(key)
        if bound is None:
            bound = tuple(step for step in self._placed if names_place(step.when, view))
            if len(path) <= _LONGEST:
                if len(self._bound) >= _REMEMBERED:
                    self._bound.clear()
                self._bound[key] = bound
        return bound


class _Need(NamedTuple):
    """What a request must have for a step to match.

    Attributes:
        read: finds the value that is looked at.
        several: whether that is a list of such.
        value: what it must be, or a needle that it must have.
        within: whether it is a needle.
    """

    read: Callable[[RequestView, str], Any]
    several: bool
    value: Any
    within: bool


class _Index:
    """Steps by one of the things that each of them needs."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        ways = [list(_ways(step.when)) for step in steps]
        counts = Counter(chain.from_iterable(chain.from_iterable(ways)))

        def cost(way: list[_Need]) -> tuple[int, int]:
            # How many steps it leaves; and one look-up is cheaper than a search.
            return sum(map(counts.__getitem__, way)), sum(need.within for need in way)

        tables: dict[tuple[Any, bool], _Table] = {}
        anyhow: list[int] = []
        for place, of_step in enumerate(ways):
            rarest = of_step[0] if len(of_step) == 1 else min(of_step, key=cost, default=[])
            if not rarest:
                anyhow.append(place)
            for need in rarest:
                tables.setdefault((need.read, need.several), _Table()).add(need, place)
        self._tables = [(read, several, table) for (read, several), table in tables.items()]
        self._anyhow = anyhow

    def likely(self, view: RequestView, state: str) -> list[Step]:
        """Return the steps that may match a request, in order."""
        places = set(self._anyhow)
        for read, several, table in self._tables:
            value = read(view, state)
            for item in value if several else (value,):
                table.find(item, places)
        steps = self._steps
        return [steps[place] for place in sorted(places)]


class _Table:
    """Places of steps by what they need of one value."""

    def __init__(self) -> None:
        self._equal: dict[Any, list[int]] = {}
        self._within: dict[Needle, list[int]] = {}

    def add(self, need: _Need, place: int) -> None:
        """Add a step; all are added before the first is looked for."""
        (self._within if need.within else self._equal).setdefault(need.value, []).append(place)

    def find(self, value: Any, places: set[int]) -> None:
        """Add the places of the steps that may match a value; of a list, also by the texts in it."""
        if self._equal and not isinstance(value, (list, dict)):
            places.update(self._equal.get(value, ()))
        if self._within:
            for text in value if isinstance(value, list) else (value,):
                if isinstance(text, str):
                    for needle in self._tree.likely(text):
                        places.update(self._within[needle])

    @cached_property
    def _tree(self) -> NeedleTree:
        return NeedleTree(self._within)


def _ways(when: Iterable[Predicate]) -> Iterator[list[_Need]]:
    """Yield what a conjunction needs, in one way or another: of each list, a request has one."""
    for predicate in when:
        if isinstance(predicate, Check):
            read, several, matcher = predicate.read, predicate.several, predicate.matcher
            choices, needles = matcher.choices, matcher.needles
            if choices and not any(isinstance(choice, (list, dict)) for choice in choices):
                yield [_Need(read, several, choice, within=False) for choice in choices]
            if needles:
                yield [_Need(read, several, needle, within=True) for needle in needles]
        elif isinstance(predicate, AnyOf):
            branches = [next(_ways(branch), []) for branch in predicate.branches]
            if all(branches):
                yield list(chain.from_iterable(branches))
