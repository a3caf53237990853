"""What arrays teach."""

from __future__ import annotations

from typing import Any

from mockgrid.schema.coverage.alternatives import Told
from mockgrid.schema.coverage.learner import Learner, Node, fertile, prune, show, shown

__all__ = ["Items"]


class Items:
    """The items of an array: some first ones with schemas of their own, and all others."""

    __slots__ = ("_first", "_rest")

    def __init__(self, first: list[Node], rest: Node) -> None:
        self._first = first
        self._rest = rest

    def see(self, value: list[Any], depth: int) -> Learner | None:
        """Learn from the items of an array."""
        rest = self._rest
        if self._first:
            for node, item in zip(self._first, value, strict=False):
                shown(node, item, depth)
            value = value[len(self._first) :]
        if len(rest) == 1 and (told := rest.get(dict)).__class__ is Told:
            if told.see_all(value, depth) is None:
                rest.pop(dict, None)
        elif rest:
            for item in value:
                learner = rest.get(item.__class__)
                if learner is not None:
                    show(rest, item, learner, depth)
        return self if rest or any(self._first) else None

    def teaches(self, known: set[int]) -> bool:
        """Tell whether there is anything to learn."""
        return fertile(self._rest, known) or any(fertile(node, known) for node in self._first)

    def shed(self, known: set[int]) -> None:
        """Leave out what is below."""
        for node in (self._rest, *self._first):
            prune(node, known)
