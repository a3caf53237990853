"""What a schema leaves open about a value: listed values, JSON types and forms, each with its pointer.

The inventory of all of them, those nearest to the root first, is made when a report asks for it.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.document.pointer import join
from mockgrid.schema.branches import with_article
from mockgrid.schema.keywords import TYPES
from mockgrid.schema.node import SchemaNode, prefix_of
from mockgrid.schema.violation import shown_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.schema.branches import Branch

__all__ = [
    "Form",
    "SchemaBranch",
    "discriminating_property",
    "forms_of",
    "has_use",
    "inventory",
    "listed_types",
    "listed_values",
    "property_pointer",
    "speaking_of",
    "words_of",
]

_MOST: Final = 200
"""Branches of one body that are told of: a schema may lead to all others of its document."""
_ORDER: Final = TYPES[1:]  # without null


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
    """Return the branches of a translated schema in its order, those below another behind it.

    Of more than 200, those nearest to the root, and a few more where they are found together.
    """
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
        while self._waiting and len(self.branches) < _MOST:
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
            label = f"{at.path} ({with_article(name)})".strip()
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


class Form(NamedTuple):
    """One form that a value may have, null aside: its pointer, number, summary and schema."""

    pointer: str
    number: int
    branch: Branch
    schema: Any

    @property
    def kinds(self) -> frozenset[str]:
        """The JSON types of the form, but for null."""
        return self.branch.types - {"null"}

    @property
    def reference(self) -> str:
        """The last part of what the form refers to."""
        own = self.schema.get("$ref", "") if isinstance(self.schema, dict) else ""
        return str(own).rpartition("/")[2]


def speaking_of(schema: Any) -> Iterator[SchemaNode]:
    """Yield the schemas that speak about every value of one, null aside."""
    if isinstance(schema, SchemaNode):
        yield from (node for node in schema.speaking(_only_form) if node.names.get("properties") != "")


def _only_form(node: SchemaNode) -> list[Any]:
    forms = forms_of(node)
    return [forms[0].schema] if len(forms) == 1 else []


def forms_of(node: SchemaNode) -> list[Form]:
    """Return the forms that a value may have, null aside."""
    forms = (
        Form(f"{node.origin('anyOf')}/{number}", number, branch, schema)
        for number, (branch, schema) in enumerate(node.branches)
    )
    return [form for form in forms if form.kinds]


def listed_values(node: SchemaNode) -> list[tuple[Any, str]]:
    """Return the values of which a client may send any, with their pointers; null is none of them."""
    choices = node.get("enum")
    if choices is None and "type" in node:
        choices = node.source.get("enum")  # a lenient contract takes others, too
    if not isinstance(choices, list):
        return []
    at = node.origin("enum")
    listed = [(choice, f"{at}/{number}") for number, choice in enumerate(choices) if choice is not None]
    return listed if len(listed) > 1 else []


def listed_types(node: SchemaNode) -> list[tuple[str, str]]:
    """Return the JSON types that a schema lists as forms of a value, with their pointers."""
    named = node.get("type")
    if not isinstance(named, list) or len(set(named) - {"null"}) == 1 or "enum" in node:
        return []
    at = node.origin("type")
    return [(name, f"{at}/{number}") for number, name in enumerate(named) if name in _ORDER]


def has_use(schema: Any) -> bool:
    """Tell whether what is sent in this direction has a use for a property with this schema."""
    if not isinstance(schema, SchemaNode):
        return schema is True
    branch = schema.branch
    if branch.choices is not None and all(choice is None for choice in branch.choices):
        return False  # null shows nothing
    return schema.source.get(schema.shared.other_way) is not True and bool(branch.types - {"null"})


def property_pointer(node: SchemaNode, name: str) -> str:
    """Return the pointer to a property of a schema."""
    return node.origin("properties") + join((name,))


def discriminating_property(forms: Sequence[Form]) -> str | None:
    """Return the property that every object of these forms has, with other texts in each, or None."""
    branches = [form.branch for form in forms if form.branch.takes({})]
    if len(branches) < 2:  # noqa: PLR2004 (one needs not be told from others)
        return None
    for name in branches[0].required:
        lists = [branch.constants.get(name) or [None] for branch in branches if name in branch.required]
        choices = [choice for choices in lists for choice in choices]
        texts = {choice for choice in choices if isinstance(choice, str)}
        if len(lists) == len(branches) and len(texts) == len(choices):
            return name
    return None


def words_of(forms: Sequence[Form]) -> list[str]:
    """Call each form differently: by its only value, its JSON type or name, by what it holds, by its number.

    >>> words_of(forms)  # doctest: +SKIP
    ["=auto", " (an object)", " (Cat)", " (Dog)"]
    """
    words = [_kinds(form) for form in forms]
    for rename in (
        lambda form: form.reference,
        lambda form: form.branch.words(),
        lambda form: f"form {form.number + 1}",
    ):
        same = [word for word in words if words.count(word) > 1]
        words = [
            (rename(form) or word) if word in same else word for word, form in zip(words, forms, strict=True)
        ]
    only = [form.branch.choices for form in forms]
    return [
        f"={shown_plain(choices[0])}" if choices is not None and len(choices) == 1 else f" ({word})"
        for word, choices in zip(words, only, strict=True)
    ]


def _kinds(form: Form) -> str:
    kinds = sorted(form.kinds, key=_ORDER.index)
    if len(kinds) == len(_ORDER):
        return "any value"
    return " or ".join(map(with_article, kinds))
