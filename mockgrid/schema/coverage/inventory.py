"""All branches that a schema has, those nearest to its root first; made when a report asks for them."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.schema.coverage.forms import (
    discriminating_property,
    forms_of,
    has_use,
    listed_types,
    listed_values,
    property_pointer,
    speaking_of,
    words_of,
)
from mockgrid.schema.node import prefix_of
from mockgrid.schema.violation import shown_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.schema.node import SchemaNode

__all__ = ["SchemaBranch", "inventory"]


class SchemaBranch(NamedTuple):
    """One branch.

    Attributes:
        pointer: JSON pointer into the contract, to the property, the listed value or the form.
        label: where and what it is: ``messages[].role=tool``.
        kind: ``property``, ``value`` or ``form``.
        deprecated: whether the contract says so.
        parent: pointer of the branch that a request must have to have this one; None for none.
    """

    pointer: str
    label: str
    kind: str
    deprecated: bool
    parent: str | None


class _Location(NamedTuple):
    """Where in a body a schema speaks: the path as it is shown, and the branch that leads there."""

    path: str = ""
    parent: str | None = None

    def field(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def inside(self, path: str) -> _Location:
        return _Location(path, self.parent)


def inventory(schema: Any) -> tuple[SchemaBranch, ...]:
    """Return the branches of a translated schema in its order, those below another behind it."""
    branches = _Inventory(schema).branches.values()
    below: dict[str | None, list[SchemaBranch]] = {}
    for branch in branches:
        below.setdefault(branch.parent, []).append(branch)
    return tuple(_in_order(below))


def _in_order(below: dict[str | None, list[SchemaBranch]]) -> Iterator[SchemaBranch]:
    waiting = below.get(None, [])[::-1]
    while waiting:
        branch = waiting.pop()
        yield branch
        waiting += below.get(branch.pointer, [])[::-1]


class _Inventory:
    def __init__(self, schema: Any) -> None:
        self.branches: dict[str, SchemaBranch] = {}
        self._known: set[SchemaNode] = set()
        self._waiting: deque[Callable[[], None]] = deque()
        self._visit(schema, _Location())
        while self._waiting:
            self._waiting.popleft()()

    def _visit(self, schema: Any, at: _Location) -> None:
        for node in speaking_of(schema):
            if node not in self._known:
                self._known.add(node)
                self._scalars(node, at)
                self._waiting.append(partial(self._properties, node, at))
                self._waiting.append(partial(self._items, node, at))
                self._forms(node, at)

    def _add(self, pointer: str, label: str, kind: str, at: _Location, *, deprecated: bool = False) -> None:
        self.branches.setdefault(pointer, SchemaBranch(pointer, label, kind, deprecated, at.parent))

    def _scalars(self, node: SchemaNode, at: _Location) -> None:
        seen: set[tuple[bool, Any]] = set()
        for choice, pointer in listed_values(node):
            if isinstance(choice, (str, int, float)) and (isinstance(choice, bool), choice) not in seen:
                seen.add((isinstance(choice, bool), choice))
                self._add(pointer, f"{at.path}={shown_plain(choice)}", "value", at)
        for name, pointer in listed_types(node):
            label = f"{at.path} ({'an' if name[0] in 'aio' else 'a'} {name})".strip()
            self._add(pointer, label, "form", at)

    def _properties(self, node: SchemaNode, at: _Location) -> None:
        for name, schema in node.get("properties", {}).items():
            if not has_use(schema):
                continue
            inside = at.inside(at.field(name))
            if name not in node.get("required", ()):
                pointer = property_pointer(node, name)
                deprecated = any(part.get("deprecated") is True for part in speaking_of(schema))
                self._add(pointer, inside.path, "property", at, deprecated=deprecated)
                inside = _Location(inside.path, pointer)
            self._visit(schema, inside)
        for schema in (*node.get("patternProperties", {}).values(), node.get("additionalProperties")):
            self._visit(schema, at.inside(at.field("*")))

    def _items(self, node: SchemaNode, at: _Location) -> None:
        for number, schema in enumerate(prefix_of(node)):
            self._visit(schema, at.inside(f"{at.path}[{number}]"))
        self._visit(node.get("items"), at.inside(f"{at.path}[]"))

    def _forms(self, node: SchemaNode, at: _Location) -> None:
        forms = forms_of(node)
        if len(forms) <= 1:
            return
        discriminating = discriminating_property(forms)
        for form, words in zip(forms, words_of(forms), strict=True):
            path, label = at.path, f"{at.path}{words}"
            if discriminating is not None and form.kinds == {"object"}:
                value = "|".join(shown_plain(choice) for choice in form.branch.constants[discriminating])
                path = f"{path.removesuffix('[]')}[{discriminating}={value}]"
                label = f"{at.field(discriminating)}={value}"
            self._add(form.pointer, label.strip(), "form", at)
            self._waiting.append(partial(self._visit, form.schema, _Location(path, form.pointer)))
