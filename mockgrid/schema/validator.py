"""Deciding whether a value obeys a schema of the contract.

Accepting is the common case and must cost microseconds: a compiled `jsonschema-rs` validator does it.
Explaining a rejection is rare and must be exact: `jsonschema` does it, and its word is final.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from mockgrid.errors import DocumentError
from mockgrid.schema.engine import compile_validator
from mockgrid.schema.reached import compiles_later

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.schema.explain import Explainer
    from mockgrid.schema.schemas import Schemas
    from mockgrid.schema.translate import Draft
    from mockgrid.schema.violation import Violation

__all__ = ["SchemaValidator", "check_compiling", "indices_broken"]


class SchemaValidator:
    """One schema of a document, compiled when it is first needed.

    Args:
        schemas: the document's schemas, for what is sent or for what is answered.
        at: JSON pointer to the schema in the document.

    Raises:
        KeyError: there is nothing under the pointer.
    """

    def __init__(self, schemas: Schemas, at: str) -> None:
        self.schemas = schemas
        self.at = at
        self.draft: Draft = schemas.draft
        if schemas.on_demand:
            schemas.expect(at)
        else:
            self.schema = schemas.at(at)

    @cached_property
    def schema(self) -> Any:
        """The schema, translated with all that it refers to."""
        return self.schemas.at(self.at)

    @cached_property
    def accepts(self) -> Callable[[Any], bool]:
        """Tell whether a value obeys the schema; where that cannot be compiled, what explains decides."""
        with self.schemas.mistakes:
            accepts = self.schemas.shared.acceptor(self.schema)
            return partial(self._accepted, accepts) if compiles_later(accepts) else accepts
        return lambda value: not self.explain(value)

    def _accepted(self, accepts: Callable[[Any], bool], value: Any) -> bool:
        with self.schemas.mistakes:
            return accepts(value)
        return not self.explain(value)

    def explain(self, value: Any) -> list[Violation]:
        """Return what is wrong with a value, at most 100 violations; nothing when it obeys."""
        return self._explainer.explain(value)

    @cached_property
    def standalone(self) -> dict[str, Any]:
        """The schema with all that its references point to."""
        return self.schemas.shared.standalone(self.schema)

    @cached_property
    def _explainer(self) -> Explainer:
        from mockgrid.schema.explain import Explainer  # noqa: PLC0415 - imports jsonschema, only now

        return Explainer(self.schemas, self.schema, at=self.at)


def check_compiling(schemas: Schemas) -> None:
    """Compile all schemas that were asked for, at once, to find out that they can be.

    Args:
        schemas: of one document.
    """
    roots = [schema for schema in schemas.roots.values() if isinstance(schema, dict)]
    shared = schemas.shared
    try:
        compile_validator({"anyOf": roots, **shared.data}, schemas.draft) if roots else None
    except DocumentError as error:
        for schema in [*shared.data["components"]["schemas"].values(), *roots]:
            try:
                compile_validator(shared.standalone(schema), schemas.draft)
            except DocumentError as first:
                schemas.mistakes.tell(schemas.document.error(first.message, schema.at))
                return
        schemas.mistakes.tell(schemas.document.error(error.message, ""))


def indices_broken(schemas: Schemas, pairs: Sequence[tuple[Any, Any]]) -> list[int]:
    """Return which values break the schema beside them, all schemas compiled at once.

    Args:
        schemas: of one document.
        pairs: a translated schema of these, and a value for it.
    """
    parts = {str(index): schema for index, (schema, _) in enumerate(pairs)}
    together = None
    with schemas.mistakes:
        together = compile_validator({"properties": parts, **schemas.shared.data}, schemas.draft)
    if together is None:
        return []
    values = {str(index): value for index, (_, value) in enumerate(pairs)}
    return sorted({int(error.instance_path[0]) for error in together.iter_errors(values)})
