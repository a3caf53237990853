"""What is still to be learned from values, and forgotten once it is known.

A *node* says what a value of each Python class can teach: ``{str: Choices, list: Items}``. A class that is
not there teaches nothing, and an empty node nothing at all, so that what is fully covered costs nothing.
Null teaches nothing: a client that writes null for what it does not use has not used it.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeAlias

__all__ = [
    "CLASSES",
    "DEEPEST",
    "Choices",
    "Learner",
    "Node",
    "Several",
    "fertile",
    "prune",
    "replace",
    "show",
    "shown",
]

CLASSES: Final[tuple[type, ...]] = (str, int, float, bool, list, dict)

DEEPEST: Final = 64
"""Levels of a value that are looked at."""


class Learner(Protocol):
    """Learns from the values of one place, of one Python class."""

    def see(self, value: Any, depth: int) -> Learner | None:
        """Learn from a value; return who learns from the next one, None where nothing is left to learn."""

    def teaches(self, known: set[int]) -> bool:
        """Tell whether there is anything to learn, given the ids of learners for which there is."""

    def shed(self, known: set[int]) -> None:
        """Forget those below that are not among these."""


Node: TypeAlias = dict[type, Learner]


def show(node: Node, value: Any, learner: Learner, depth: int) -> None:
    """Let a node's learner learn from a value, and leave its place to the next."""
    if depth < DEEPEST:
        following = learner.see(value, depth + 1)
        if following is not learner:
            replace(node, value.__class__, following)


def replace(node: Node, kind: type, following: Learner | None) -> None:
    """Leave the place of a node's learner to the next."""
    if following is None:
        node.pop(kind, None)
    else:
        node[kind] = following


def shown(node: Node, value: Any, depth: int) -> Learner | None:
    """Show a value to a node; return who learns from the next of this class."""
    learner = node.get(value.__class__)
    if learner is not None:
        show(node, value, learner, depth)
    return node.get(value.__class__)


def fertile(node: Node, known: set[int]) -> bool:
    """Tell whether a node has one of these learners."""
    return any(id(learner) in known for learner in node.values())


def prune(node: Node, known: set[int]) -> None:
    """Leave out the learners that are not among these."""
    for kind in [kind for kind, learner in node.items() if id(learner) not in known]:
        del node[kind]


class Choices:
    """Listed values, by value; what is seen is taken out and marked."""

    __slots__ = ("_sent", "pending")

    def __init__(self, sent: bytearray, pending: dict[Any, int]) -> None:
        self._sent = sent
        self.pending = pending

    def see(self, value: Any, depth: int) -> Learner | None:
        """Mark a scalar."""
        del depth
        index = self.pending.pop(value, None)
        if index is not None:
            self._sent[index] = 1
        return self if self.pending else None

    def teaches(self, known: set[int]) -> bool:
        """Tell whether there is anything to learn."""
        del known
        return bool(self.pending)

    def shed(self, known: set[int]) -> None:
        """Nothing is below."""


class Several:
    """What several schemas that speak about the same value can learn from it."""

    __slots__ = ("_learners",)

    def __init__(self, learners: list[Learner]) -> None:
        self._learners = learners

    def see(self, value: Any, depth: int) -> Learner | None:
        """Show a value to each."""
        following = [learner.see(value, depth) for learner in self._learners]
        self._learners = [learner for learner in following if learner is not None]
        return self if len(self._learners) > 1 else next(iter(self._learners), None)

    def teaches(self, known: set[int]) -> bool:
        """Tell whether there is anything to learn."""
        return any(id(learner) in known for learner in self._learners)

    def shed(self, known: set[int]) -> None:
        """Leave out those that teach nothing."""
        self._learners = [learner for learner in self._learners if id(learner) in known]
