"""What objects teach: which properties were sent, and what those teach in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.coverage.learner import DEEPEST, Learner, Node, fertile, prune, replace, shown

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fields", "First", "Further"]


class Fields:
    """The properties of an object: what each can still teach, by name."""

    __slots__ = ("pending",)

    def __init__(self) -> None:
        self.pending: dict[str, Node] = {}

    def see(self, value: dict[str, Any], depth: int) -> Learner | None:
        """Learn from the properties that an object has."""
        pending = self.pending
        if depth >= DEEPEST:
            return self
        for name in value:  # noqa: PLC0206 (most have nothing to teach, so that this is faster)
            node = pending.get(name)
            if node is not None:
                item = value[name]
                learner = node.get(item.__class__)
                if learner is not None:
                    following = learner.see(item, depth + 1)
                    if following is not learner:
                        replace(node, item.__class__, following)
                        if not node and pending.get(name) is node:
                            del pending[name]
        return self if pending else None

    def teaches(self, known: set[int]) -> bool:
        """Tell whether there is anything to learn."""
        return any(fertile(node, known) for node in self.pending.values())

    def shed(self, known: set[int]) -> None:
        """Leave out the properties that teach nothing."""
        for node in self.pending.values():
            prune(node, known)
        for name in [name for name, node in self.pending.items() if not node]:
            del self.pending[name]


class First:
    """A property of an object that was never sent; it makes room for what its value can teach."""

    __slots__ = ("_fields", "_index", "_name", "_node", "_sent")

    def __init__(self, sent: bytearray, index: int, fields: Fields, name: str, node: Node) -> None:
        self._sent = sent
        self._index = index
        self._fields = fields
        self._name = name
        self._node = node

    def see(self, value: Any, depth: int) -> Learner | None:
        """Mark the property as sent, and learn from its value."""
        self._sent[self._index] = 1
        self._fields.pending[self._name] = self._node
        shown(self._node, value, depth)
        if not self._node and self._fields.pending.get(self._name) is self._node:
            del self._fields.pending[self._name]
        return self  # what held it has been replaced

    def teaches(self, known: set[int]) -> bool:
        """Tell that there is."""
        del known
        return True

    def shed(self, known: set[int]) -> None:
        """Leave out what is below."""
        prune(self._node, known)


class Further:
    """The properties of an object that its schema does not name."""

    __slots__ = ("_named", "_node", "_taken")

    def __init__(self, named: frozenset[str], taken: Callable[[str], bool], node: Node) -> None:
        self._named = named
        self._taken = taken
        self._node = node

    def see(self, value: dict[str, Any], depth: int) -> Learner | None:
        """Learn from such properties."""
        for name, item in value.items():
            if name not in self._named and self._taken(name):
                shown(self._node, item, depth)
        return self if self._node else None

    def teaches(self, known: set[int]) -> bool:
        """Tell whether there is anything to learn."""
        return fertile(self._node, known)

    def shed(self, known: set[int]) -> None:
        """Leave out what is below."""
        prune(self._node, known)
