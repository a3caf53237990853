"""What is still to be learned from values, and forgotten once it is known.

*Probes* say what a value of each Python class can teach: ``{str: Choices, list: Items}``. A class that is
not there teaches nothing, and no probes nothing at all, so that what is fully covered costs nothing. They
grow where a value first comes, so that a request pays only for what it has.
Null teaches nothing: a client that writes null for what it does not use has not used it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from mockgrid.schema.inventory import has_use
from mockgrid.schema.node import prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mockgrid.schema.node import SchemaNode

__all__ = [
    "CLASSES",
    "Arm",
    "Choices",
    "Discriminated",
    "Further",
    "Items",
    "Probe",
    "Probes",
    "Properties",
    "Several",
    "Tested",
    "replace",
    "show",
]

CLASSES: Final[tuple[type, ...]] = (str, int, float, bool, list, dict)
_DEEPEST: Final = 64
"""Levels of a value that are looked at."""


class Probe(Protocol):
    """Learns from the values of one place, of one Python class."""

    def see(self, value: Any, depth: int) -> Probe | None:
        """Learn from a value; return who learns from the next one, None where nothing is left to learn."""


Probes: TypeAlias = dict[type, Probe]


class Tree(Protocol):
    """What probes need of the tree that they are of: the pointers that were sent, and further probes."""

    sent: set[str]

    def probes(self, schema: Any) -> Probes:
        """Return what the values of a schema can teach."""


def show(probes: Probes, value: Any, depth: int) -> Probe | None:
    """Let the probe for a value learn from it; return who learns from the next of this class."""
    kind = value.__class__
    probe = probes.get(kind)
    if probe is None or depth >= _DEEPEST:
        return probe
    following = probe.see(value, depth + 1)
    if following is not probe:
        replace(probes, kind, following)
    return following


def replace(probes: Probes, kind: type, following: Probe | None) -> None:
    """Leave the place of a probe to the next, if there is one."""
    if following is None:
        probes.pop(kind, None)
    else:
        probes[kind] = following


class Choices:
    """Listed values, with their pointers; what is seen is taken out and marked."""

    __slots__ = ("_pending", "_tree")

    def __init__(self, tree: Tree, pending: dict[Any, str]) -> None:
        self._tree = tree
        self._pending = pending

    def see(self, value: Any, depth: int) -> Probe | None:
        """Mark a scalar."""
        del depth
        pointer = self._pending.pop(value, None)
        if pointer is not None:
            self._tree.sent.add(pointer)
        return self if self._pending else None


class Several:
    """What several schemas that speak about the same value can learn from it."""

    __slots__ = ("_probes",)

    def __init__(self, probes: list[Probe]) -> None:
        self._probes = probes

    def see(self, value: Any, depth: int) -> Probe | None:
        """Show a value to each."""
        following = [probe.see(value, depth) for probe in self._probes]
        self._probes = [probe for probe in following if probe is not None]
        return self if len(self._probes) > 1 else next(iter(self._probes), None)


class Properties:
    """The properties of an object: what each can still teach, by name."""

    __slots__ = ("pending",)

    def __init__(self, tree: Tree, node: SchemaNode, pointers: dict[str, str | None]) -> None:
        self.pending: dict[str, Probes] = {}
        for name, pointer in pointers.items():
            unseen = Unseen(tree, pointer, self.pending, name, node["properties"][name])
            self.pending[name] = dict.fromkeys(CLASSES, unseen)

    def see(self, value: dict[str, Any], depth: int) -> Probe | None:
        """Learn from the properties that an object has."""
        pending = self.pending
        if depth >= _DEEPEST:
            return self
        for name in value:  # noqa: PLC0206 (most have nothing to teach, so that this is faster)
            probes = pending.get(name)
            if probes is not None:
                item = value[name]
                probe = probes.get(item.__class__)
                if probe is not None:
                    following = probe.see(item, depth + 1)
                    if following is not probe:
                        replace(probes, item.__class__, following)
                        if not probes and pending.get(name) is probes:
                            del pending[name]
        return self if pending else None


class Unseen:
    """A property that was never sent; it makes room for what its value can teach.

    Args:
        tree: of all probes.
        pointer: to be marked; None for a property that has to be there.
        pending: the probes of all properties of the object.
        name: of the property.
        schema: of its values.
    """

    __slots__ = ("_name", "_pending", "_pointer", "_schema", "_tree")

    def __init__(
        self, tree: Tree, pointer: str | None, pending: dict[str, Probes], name: str, schema: Any
    ) -> None:
        self._tree = tree
        self._pointer = pointer
        self._pending = pending
        self._name = name
        self._schema = schema

    def see(self, value: Any, depth: int) -> Probe | None:
        """Mark the property as sent, and learn from its value."""
        pending, name = self._pending, self._name
        probes: Probes = {}
        if has_use(self._schema):
            if self._pointer is not None:
                self._tree.sent.add(self._pointer)
            probes = self._tree.probes(self._schema)
        pending[name] = probes
        show(probes, value, depth)
        if not probes and pending.get(name) is probes:
            del pending[name]
        return self  # what held it has been replaced


class Further:
    """The properties of an object that its schema does not name."""

    __slots__ = ("_probes", "_schema", "_taken", "_tree")

    def __init__(self, tree: Tree, taken: Callable[[str], bool], schema: Any) -> None:
        self._tree = tree
        self._taken = taken
        self._schema = schema
        self._probes: Probes | None = None

    def see(self, value: dict[str, Any], depth: int) -> Probe | None:
        """Learn from such properties."""
        if self._probes is None:
            self._probes = self._tree.probes(self._schema)
        for name, item in value.items():
            if self._taken(name):
                show(self._probes, item, depth)
        return self if self._probes else None


class Items:
    """The items of an array: some first ones with schemas of their own, and all others."""

    __slots__ = ("_first", "_further", "_node", "_tree")

    def __init__(self, tree: Tree, node: SchemaNode) -> None:
        self._tree = tree
        self._node = node
        self._first: list[Probes] = []
        self._further: Probes | None = None

    def see(self, value: list[Any], depth: int) -> Probe | None:
        """Learn from the items of an array."""
        further = self._further
        if further is None:
            self._first = [self._tree.probes(schema) for schema in prefix_of(self._node)]
            further = self._further = self._tree.probes(self._node.get("items"))
        if self._first:
            for probes, item in zip(self._first, value, strict=False):
                show(probes, item, depth)
            value = value[len(self._first) :]
        if len(further) == 1 and (objects := further.get(dict)).__class__ is Discriminated:
            if objects.see_all(value, depth) is None:
                further.pop(dict, None)
        elif further:
            for item in value:
                if item.__class__ in further:
                    show(further, item, depth)
        return self if further or any(self._first) else None


class Arm:
    """A branch of a schema that is the only one for values of this class; bool schemas teach no more."""

    __slots__ = ("_pointer", "_probes", "_schema", "_tree")

    def __init__(self, tree: Tree, pointer: str, schema: Any) -> None:
        self._tree = tree
        self._pointer = pointer
        self._schema = schema
        self._probes: Probes | None = None

    def see(self, value: Any, depth: int) -> Probe | None:
        """Mark the branch as taken, and learn what it has to teach."""
        self._tree.sent.add(self._pointer)
        if self._probes is None:
            self._probes = self._tree.probes(self._schema)
        return show(self._probes, value, depth)


class Discriminated:
    """Objects of several branches that are told apart by one property, such as ``role`` or ``type``.

    Conversations are long lists of these, so that this is where time is spent.

    Args:
        name: the property.
        arms: the branches by the values that it has in them.
    """

    __slots__ = ("_arms", "_name", "_plain")

    def __init__(self, name: str, arms: dict[Any, Arm]) -> None:
        self._name = name
        self._arms: dict[Any, Probe] = {**arms}
        # Of branches that are taken and teach by properties alone: those of their ``Properties``.
        self._plain: dict[Any, dict[str, Probes]] = {}

    def see(self, value: dict[str, Any], depth: int) -> Probe | None:
        """Learn from one object."""
        return self.see_all((value,), depth)

    def see_all(self, values: Iterable[Any], depth: int) -> Probe | None:
        """Learn from many objects."""
        key, taken = self._name, self._plain.get
        for item in values:
            try:
                pending = taken(item[key])
            except (KeyError, TypeError):
                continue  # such an object is of no branch
            if not pending:
                if pending is None:
                    self._take(item, item[key], depth)
                continue
            for name in item:
                probes = pending.get(name)
                if probes is not None and item[name].__class__ in probes:
                    show(probes, item[name], depth)
                    if not probes and pending.get(name) is probes:
                        del pending[name]
        return self if self._arms or any(self._plain.values()) else None

    def _take(self, item: Any, value: Any, depth: int) -> None:
        """Take a branch for the first time, or one that has more to teach than properties."""
        arm = self._arms.get(value)
        if arm is None or item.__class__ is not dict:
            return
        following = arm.see(item, depth)
        if following is None or isinstance(following, Properties):
            self._arms.pop(value, None)  # in a schema within itself, it may be gone already
            self._plain[value] = following.pending if following is not None else {}
        else:
            self._arms[value] = following


class Tested:
    """Branches that nothing tells apart at a glance; a value takes all of those that accept it."""

    __slots__ = ("_arms",)

    def __init__(self, arms: list[tuple[Arm, Callable[[Any], bool]]]) -> None:
        self._arms = arms

    def see(self, value: Any, depth: int) -> Probe | None:
        """Ask each branch that still has something to learn whether it accepts a value."""
        self._arms = [
            (arm, accepts)
            for arm, accepts in self._arms
            if not accepts(value) or arm.see(value, depth) is not None
        ]
        return self if self._arms else None
