"""How the forms of a value are told apart, and called."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mockgrid.schema.validator import compile_fast
from mockgrid.schema.violation import shown_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.schema.branches import Branch
    from mockgrid.schema.schemas import Schemas

__all__ = ["accepting", "telling_property", "words_of"]

_ORDER: Final = ("boolean", "integer", "number", "string", "array", "object")


def telling_property(branches: Sequence[Branch]) -> str | None:
    """Return the property that every object of these branches has, with other texts in each, or None."""
    if len(branches) < 2:  # noqa: PLR2004 (one needs not be told)
        return None
    for name in branches[0].required:
        lists = [branch.constants.get(name) or [None] for branch in branches if name in branch.required]
        choices = [choice for choices in lists for choice in choices]
        texts = {choice for choice in choices if isinstance(choice, str)}
        if len(lists) == len(branches) and len(texts) == len(choices):
            return name
    return None


def words_of(forms: Sequence[tuple[int, Branch, Any]]) -> list[str]:
    """Call each form differently: by its only value, its JSON type or name, by what it holds, by its number.

    >>> words_of(forms)  # doctest: +SKIP
    ["=auto", " (an object)", " (Cat)", " (Dog)"]
    """
    found = [_kinds(branch) for _, branch, _ in forms]
    for rename in (_named, lambda form: form[1].words(), lambda form: f"form {form[0] + 1}"):
        same = [words for words in found if found.count(words) > 1]
        found = [
            (rename(form) or words) if words in same else words
            for words, form in zip(found, forms, strict=True)
        ]
    only = [branch.choices for _, branch, _ in forms]
    return [
        f"={shown_plain(choices[0])}" if choices is not None and len(choices) == 1 else f" ({words})"
        for words, choices in zip(found, only, strict=True)
    ]


def _kinds(branch: Branch) -> str:
    kinds = sorted(branch.types - {"null"}, key=_ORDER.index)
    if len(kinds) == len(_ORDER):
        return "any value"
    return " or ".join(f"{'an' if kind[0] in 'aio' else 'a'} {kind}" for kind in kinds)


def _named(form: tuple[int, Branch, Any]) -> str:
    reference = form[2].get("$ref", "") if isinstance(form[2], dict) else ""
    return str(reference).rpartition("/")[2]


class _Accepting:
    """Tells whether a value obeys a schema; compiled when it is first asked."""

    def __init__(self, schemas: Schemas, schema: Any) -> None:
        self._schemas = schemas
        self._schema = schema

    def __call__(self, value: Any) -> bool:
        try:
            return self._accepts(value)
        except (TypeError, ValueError):
            return False  # what is not JSON obeys no schema

    @cached_property
    def _accepts(self) -> Callable[[Any], bool]:
        whole = {"allOf": [self._schema], **self._schemas.parts(self._schema)}
        compiled = compile_fast(whole, self._schemas.draft)
        if compiled is not None:
            return compiled
        from mockgrid.schema.explain import Explainer  # noqa: PLC0415 (imports jsonschema, only now)

        return Explainer(self._schemas, self._schema, at=self._schemas.origin(self._schema) or "").accepts


def accepting(schemas: Schemas, schema: Any) -> Callable[[Any], bool]:
    """Return what tells whether a value obeys a translated schema."""
    return _Accepting(schemas, schema)
