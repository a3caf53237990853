"""Deciding whether a value obeys a schema of the contract.

Accepting is the common case and must cost microseconds: a compiled `jsonschema-rs` validator does it.
Explaining a rejection is rare and must be exact: `jsonschema` does it, and its word is final. Without
`jsonschema-rs` everything works, slower.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from mockgrid.contract.formats import FORMATS
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.contract.dialect import Draft
    from mockgrid.contract.explanation import Explainer
    from mockgrid.contract.violation import Violation

try:
    import jsonschema_rs
except ImportError:  # pragma: no cover - exercised in a subprocess without it
    jsonschema_rs = None  # type: ignore[assignment]

# Named parts of a document that a reference may point into.
_SHARED = ("components", "paths", "$defs", "definitions")


class Validator(Protocol):
    """Accepts, and explains what it does not accept."""

    @property
    def accepts(self) -> Callable[[Any], bool]:
        """Tell whether a value obeys the schema."""

    def explain(self, value: Any) -> list[Violation]:
        """Return what is wrong with a value, at most 100 violations; nothing when it obeys."""


class SchemaValidator:
    """One schema of a translated document, compiled when it is first needed.

    Args:
        schema: JSON Schema, as ``dialect.translate`` made it.
        document: the translated document that references in ``schema`` point into.
        draft: what the keywords mean.
        at: JSON pointer to the schema in the document.
    """

    def __init__(self, schema: Any, document: dict[str, Any], draft: Draft, *, at: str = "") -> None:
        self.schema = schema
        self.at = at
        self.draft = draft
        self._document = document

    @cached_property
    def accepts(self) -> Callable[[Any], bool]:
        """Tell whether a value obeys the schema."""
        compiled = compile_fast(self.schema, self._document, self.draft)
        if compiled is not None:
            return compiled
        return self._explainer.accepts

    def explain(self, value: Any) -> list[Violation]:
        """Return what is wrong with a value, at most 100 violations; nothing when it obeys."""
        return self._explainer.explain(value)

    @cached_property
    def standalone(self) -> dict[str, Any]:
        """The schema with the parts of the document that its references point into."""
        return {"allOf": [self.schema], **shared_parts(self._document)}

    @cached_property
    def _explainer(self) -> Explainer:
        from mockgrid.contract.explanation import Explainer  # noqa: PLC0415 - imports jsonschema, only now

        return Explainer(self.schema, self._document, self.draft, at=self.at)


def shared_parts(document: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a document that a schema's references may point into."""
    return {name: document[name] for name in _SHARED if name in document}


def compile_fast(schema: Any, document: dict[str, Any], draft: Draft) -> Callable[[Any], bool] | None:
    """Compile the accepting validator, or return None where `jsonschema-rs` is not installed."""
    if jsonschema_rs is None:
        return None
    make = jsonschema_rs.Draft4Validator if draft == "draft4" else jsonschema_rs.Draft202012Validator
    try:
        validator = make(
            {"allOf": [schema], **shared_parts(document)},
            formats=dict(FORMATS),
            validate_formats=True,
            retriever=_refuse,
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000),
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DocumentError(
            f"a schema of the contract cannot be compiled: {reason}",
            hint="Check it with `mockgrid check`.",
        ) from None
    accepts: Callable[[Any], bool] = validator.is_valid
    return accepts


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not part of the document, and nothing is fetched")
