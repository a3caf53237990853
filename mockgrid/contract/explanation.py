"""Explaining a rejection: which branch was meant, where it is wrong, what was expected and what was found.

Built on `jsonschema`. Its ``anyOf`` is replaced: it explains the one branch that the value's JSON type, or a
property such as ``role`` or ``type``, chose; never "is not valid under any of the given schemas". Its
``items`` is replaced too: in a long list, items that the fast validator accepts are passed over, so that one
bad message among 100,000 is explained at once.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from jsonschema import FormatChecker, validators
from jsonschema.exceptions import ValidationError
from jsonschema.validators import Draft4Validator, Draft202012Validator
from referencing import Registry

from mockgrid.contract.branches import Branch, Chosen, Undecided, choose
from mockgrid.contract.formats import FORMATS
from mockgrid.contract.messages import violations_of
from mockgrid.contract.validation import compile_fast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.contract.dialect import Draft
    from mockgrid.contract.violation import Violation

_MOST = 100
_LONG = 8


class Explainer:
    """Explains why values do not obey one schema.

    Args:
        schema: JSON Schema, possibly with references into ``document``.
        document: the translated document.
        draft: what the keywords mean.
        at: JSON pointer to the schema, the start of each violation's place in the contract.
    """

    def __init__(self, schema: Any, document: dict[str, Any], draft: Draft, *, at: str = "") -> None:
        self._document = document
        self._draft = draft
        self._at = at
        # Keyed by the identity of a schema that the document keeps alive.
        self._fast: dict[int, Callable[[Any], bool] | None] = {}
        base = Draft4Validator if draft == "draft4" else Draft202012Validator
        keywords: dict[str, Any] = {"anyOf": self._any_of, "items": self._items}
        if draft != "draft4":
            keywords["oneOf"] = self._any_of
        extended: Any = validators.extend(base, keywords)
        checker = FormatChecker(formats=())
        for name, check in FORMATS.items():
            checker.checks(name)(check)
        # The document is the root that references point into; the schema is what is applied.
        whole = extended(document, registry=Registry(), format_checker=checker)
        self._validator = whole.evolve(schema=schema)

    def accepts(self, value: Any) -> bool:
        """Tell whether a value obeys the schema, by the same code that explains."""
        return next(iter(self._validator.iter_errors(value)), None) is None

    def explain(self, value: Any) -> list[Violation]:
        """Return at most 100 violations in the order of the schema; nothing when the value obeys."""
        found: list[Violation] = []
        seen: set[tuple[str, str, str]] = set()
        for error in islice(self._validator.iter_errors(value), _MOST):
            for violation in violations_of(error, value, at=self._at):
                key = (violation.code, violation.pointer, violation.message)
                if key not in seen:
                    seen.add(key)
                    found.append(violation)
        return found[:_MOST]

    def _any_of(self, validator: Any, schemas: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        for subschema in schemas:
            if validator.evolve(schema=subschema).is_valid(value):
                return
        branches = [Branch.of(self._resolved(validator, subschema)) for subschema in schemas]
        found = choose(branches, value)
        if isinstance(found, Chosen):
            index = found.index
            yield from validator.descend(value, schemas[index], schema_path=index)
        else:
            yield _undecided(found, value)

    def _items(self, validator: Any, items: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if not validator.is_type(value, "array"):
            return
        start = 0
        if isinstance(items, list):  # draft-04: one schema for each place
            for index, (item, subschema) in enumerate(zip(value, items, strict=False)):
                yield from validator.descend(item, subschema, path=index, schema_path=index)
            return
        if self._draft != "draft4":
            start = len(schema.get("prefixItems", ()))
        accepts = self._accepting(items) if len(value) > _LONG else None
        for index in range(start, len(value)):
            if accepts is None or not accepts(value[index]):
                yield from validator.descend(value[index], items, path=index)

    def _accepting(self, schema: Any) -> Callable[[Any], bool] | None:
        if id(schema) not in self._fast:
            self._fast[id(schema)] = compile_fast(schema, self._document, self._draft)
        return self._fast[id(schema)]

    @staticmethod
    def _resolved(validator: Any, schema: Any) -> Any:
        """Follow references to the schema that says which values it is for."""
        resolver = validator._resolver  # noqa: SLF001 - jsonschema has no public way from a keyword
        for _ in range(16):
            if not isinstance(schema, dict) or "$ref" not in schema:
                break
            found = resolver.lookup(schema["$ref"])
            schema, resolver = found.contents, found.resolver
        return schema


def _undecided(found: Undecided, value: Any) -> ValidationError:
    error = ValidationError(
        found.keyword,
        validator=found.keyword,
        validator_value=found.expected,
        instance=value,
        path=() if found.property is None else (found.property,),
    )
    if found.property is not None:
        error.instance = value.get(found.property) if isinstance(value, dict) else value
    return error
