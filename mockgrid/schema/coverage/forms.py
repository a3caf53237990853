"""What a schema leaves open about a value: listed values, JSON types and forms, each with its pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.document.pointer import join
from mockgrid.schema.node import SchemaNode
from mockgrid.schema.violation import shown_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.schema.branches import Branch

__all__ = [
    "Form",
    "discriminating_property",
    "forms_of",
    "has_use",
    "listed_types",
    "listed_values",
    "property_pointer",
    "speaking_of",
    "words_of",
]

_ORDER: Final = ("boolean", "integer", "number", "string", "array", "object")


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
        yield from schema.speaking(_only_form)


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
    """Tell whether requests have a use for a property with this schema."""
    if not isinstance(schema, SchemaNode):
        return schema is True
    return schema.source.get("readOnly") is not True and bool(schema.branch.types - {"null"})


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
    return " or ".join(f"{'an' if kind[0] in 'aio' else 'a'} {kind}" for kind in kinds)
