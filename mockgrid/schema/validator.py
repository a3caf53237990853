"""Deciding whether a value obeys a schema of the contract.

Accepting is the common case and must cost microseconds: a compiled `jsonschema-rs` validator does it.
Explaining a rejection is rare and must be exact: `jsonschema` does it, and its word is final. Without
`jsonschema-rs` everything works, slower.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from mockgrid.document.pointer import split
from mockgrid.errors import DocumentError
from mockgrid.schema.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mockgrid.schema.explain import Explainer
    from mockgrid.schema.schemas import Schemas
    from mockgrid.schema.translate import Draft
    from mockgrid.schema.violation import Violation

try:
    import jsonschema_rs
except ImportError:  # pragma: no cover - exercised in a subprocess without it
    jsonschema_rs = None  # type: ignore[assignment]


class Validator(Protocol):
    """Accepts, and explains what it does not accept."""

    @property
    def accepts(self) -> Callable[[Any], bool]:
        """Tell whether a value obeys the schema."""

    def explain(self, value: Any) -> list[Violation]:
        """Return what is wrong with a value, at most 100 violations; nothing when it obeys."""


class SchemaValidator:
    """One schema of a document, compiled when it is first needed.

    Args:
        schemas: the document's schemas, for what is sent or for what is answered.
        at: JSON pointer to the schema in the document.

    Raises:
        KeyError: there is nothing under the pointer.
        DocumentError: what is there is not a schema.
    """

    def __init__(self, schemas: Schemas, at: str) -> None:
        self.schemas = schemas
        self.schema = schemas.at(at)
        self.at = at
        self.draft: Draft = schemas.draft

    @cached_property
    def accepts(self) -> Callable[[Any], bool]:
        """Tell whether a value obeys the schema."""
        compiled = compile_fast(self.standalone, self.draft)
        if compiled is not None:
            return compiled
        return self._explainer.accepts

    def explain(self, value: Any) -> list[Violation]:
        """Return what is wrong with a value, at most 100 violations; nothing when it obeys."""
        return self._explainer.explain(value)

    @cached_property
    def standalone(self) -> dict[str, Any]:
        """The schema with all that its references point to."""
        return {"allOf": [self.schema], **self.schemas.parts(self.schema)}

    def place(self, pointer: str) -> str:
        """Turn a pointer into ``standalone`` into one into the document as it was published."""
        return self.schemas.origin_along(self.standalone, list(split(pointer))) or self.at

    @cached_property
    def _explainer(self) -> Explainer:
        from mockgrid.schema.explain import Explainer  # noqa: PLC0415 - imports jsonschema, only now

        return Explainer(self.schemas, self.schema, at=self.at)


def compile_fast(schema: dict[str, Any], draft: Draft) -> Callable[[Any], bool] | None:
    """Compile the accepting validator, or return None where `jsonschema-rs` is not installed.

    Raises:
        DocumentError: the schema cannot be compiled.
    """
    engine: Any = jsonschema_rs
    if engine is None:
        return None
    # Any format at all, needed or not, makes each check slower by a third.
    named = _formats_in(schema)
    formats = {name: check for name, check in FORMATS.items() if name in named}
    accepts: Callable[[Any], bool] = _compiled(schema, draft, formats).is_valid
    return accepts


def _formats_in(schema: Any) -> set[str]:
    """Return the formats that a schema names; perhaps more, since an example is not told from a schema."""
    named: set[str] = set()
    parts = [schema]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            name = part.get("format")
            if isinstance(name, str):
                named.add(name)
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return named


def _compiled(
    schema: dict[str, Any], draft: Draft, formats: Mapping[str, Callable[[Any], bool]] = FORMATS
) -> Any:
    engine: Any = jsonschema_rs
    make = engine.Draft4Validator if draft == "draft4" else engine.Draft202012Validator
    try:
        return make(
            schema,
            formats=dict(formats),
            validate_formats=True,
            retriever=_refuse,
            pattern_options=engine.FancyRegexOptions(backtrack_limit=100_000),
        )
    except (engine.ValidationError, engine.ReferencingError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DocumentError(f"this schema cannot be compiled: {reason}.") from None


def check_compiling(schemas: Schemas, where: Callable[[str], str]) -> None:
    """Compile all schemas that were asked for, at once, to find out that they can be.

    Args:
        schemas: of one document.
        where: gives the place in a file of a JSON pointer.

    Raises:
        DocumentError: one cannot; says where it was written.
    """
    circle = schemas.circle()
    if circle is not None:
        raise DocumentError("this schema refers to itself with nothing between.", where=where(circle))
    roots = [schema for schema in schemas.roots.values() if isinstance(schema, dict)]
    if not roots or jsonschema_rs is None:
        return
    try:
        _compiled({"anyOf": roots, **schemas.shared}, schemas.draft)
    except DocumentError as error:
        for schema in [*schemas.shared["components"]["schemas"].values(), *roots]:
            try:
                _compiled({"allOf": [schema], **schemas.parts(schema)}, schemas.draft)
            except DocumentError as found:
                raise DocumentError(found.message, where=where(schemas.origin(schema) or "")) from None
        raise DocumentError(error.message, where=where("")) from None


def indices_broken(schemas: Schemas, pairs: Sequence[tuple[SchemaValidator, Any]]) -> list[int]:
    """Return which values break the schema beside them, all schemas compiled at once.

    Args:
        schemas: of one document; all validators are of these.
        pairs: a validator, and a value for it.
    """
    engine: Any = jsonschema_rs
    if engine is None:
        return [index for index, (validator, value) in enumerate(pairs) if not validator.accepts(value)]
    parts = {str(index): validator.schema for index, (validator, _) in enumerate(pairs)}
    together = _compiled({"properties": parts, **schemas.shared}, schemas.draft)
    values = {str(index): value for index, (_, value) in enumerate(pairs)}
    return sorted({int(error.instance_path[0]) for error in together.iter_errors(values)})


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not part of the document, and nothing is fetched")
