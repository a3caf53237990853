"""What values teach that may be of one branch or another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.coverage.learner import Learner, Node, prune, show, shown
from mockgrid.schema.coverage.objects import Fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Arm", "Tested", "Told"]


class Arm:
    """A branch of a schema that is the only one for values of this class."""

    __slots__ = ("_index", "_node", "_sent")

    def __init__(self, sent: bytearray, index: int, node: Node) -> None:
        self._sent = sent
        self._index = index
        self._node = node

    def see(self, value: Any, depth: int) -> Learner | None:
        """Mark the branch as taken, and learn what it has to teach."""
        self._sent[self._index] = 1
        return shown(self._node, value, depth)

    def teaches(self, known: set[int]) -> bool:
        """Tell that there is."""
        del known
        return True

    def shed(self, known: set[int]) -> None:
        """Leave out what is below."""
        prune(self._node, known)


class Told:
    """Objects of several branches that are told apart by one property, such as ``role`` or ``type``.

    Conversations are long lists of these, so that this is where time is spent.

    Args:
        teller: the property.
        arms: the branches by the values that it has in them.
    """

    __slots__ = ("_arms", "_plain", "_teller")

    def __init__(self, teller: str, arms: dict[Any, Arm]) -> None:
        self._teller = teller
        self._arms: dict[Any, Learner] = {**arms}
        # Of branches that are taken and teach by properties alone: those of their ``Fields``.
        self._plain: dict[Any, dict[str, Node]] = {}

    def see(self, value: dict[str, Any], depth: int) -> Learner | None:
        """Learn from one object."""
        return self.see_all((value,), depth)

    def see_all(self, values: Iterable[Any], depth: int) -> Learner | None:
        """Learn from many objects."""
        teller, plain = self._teller, self._plain
        taken = plain.get
        for item in values:
            try:
                pending = taken(item[teller])
            except (KeyError, TypeError):
                continue  # such an object is of no branch
            if not pending:
                if pending is None:
                    self._take(item, item[teller], depth)
                continue
            for name in item:
                node = pending.get(name)
                if node is not None:
                    learner = node.get(item[name].__class__)
                    if learner is not None:
                        show(node, item[name], learner, depth)
                        if not node and pending.get(name) is node:
                            del pending[name]
        return self if self._arms or any(plain.values()) else None

    def _take(self, item: Any, value: Any, depth: int) -> None:
        """Take a branch for the first time, or one that has more to teach than properties."""
        arm = self._arms.get(value)
        if arm is None or item.__class__ is not dict:
            return
        following = arm.see(item, depth)
        if following is None or isinstance(following, Fields):
            self._arms.pop(value, None)  # in a schema within itself, it may be gone already
            self._plain[value] = following.pending if following is not None else {}
        else:
            self._arms[value] = following

    def teaches(self, known: set[int]) -> bool:
        """Tell that there is."""
        del known
        return True

    def shed(self, known: set[int]) -> None:
        """Branches stay; each leaves out what is below."""


class Tested:
    """Branches that nothing tells apart at a glance; a value takes all of those that accept it."""

    __slots__ = ("_arms",)

    def __init__(self, arms: list[tuple[Arm, Callable[[Any], bool]]]) -> None:
        self._arms = arms

    def see(self, value: Any, depth: int) -> Learner | None:
        """Ask each branch that still has something to learn whether it accepts a value."""
        self._arms = [
            (arm, accepts)
            for arm, accepts in self._arms
            if not accepts(value) or arm.see(value, depth) is not None
        ]
        return self if self._arms else None

    def teaches(self, known: set[int]) -> bool:
        """Tell that there is."""
        del known
        return True

    def shed(self, known: set[int]) -> None:
        """Branches stay; each leaves out what is below."""
