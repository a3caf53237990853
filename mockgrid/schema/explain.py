"""Explaining a rejection: which branch was meant, where it is wrong, what was expected and what was found.

Built on `jsonschema`, some of whose keywords are replaced:

* ``anyOf`` explains the one branch that the value's JSON type, or a property such as ``role`` or ``type``,
  chose; never "is not valid under any of the given schemas".
* ``items`` passes over items that the fast validator accepts, so that one bad message among 100,000 is
  explained at once. The same validator chooses branches, so that the time is linear in the depth of a value.
* ``pattern`` cannot blow up, and ``uniqueItems`` compares each item once.
"""

from __future__ import annotations

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from jsonschema import FormatChecker, validators
from jsonschema.exceptions import ValidationError
from jsonschema.validators import Draft4Validator, Draft202012Validator
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

from mockgrid.document.pointer import join
from mockgrid.errors import DocumentError
from mockgrid.schema.branches import Chosen, Undecided, choose
from mockgrid.schema.equality import first_repeated
from mockgrid.schema.evaluated import unevaluated
from mockgrid.schema.formats import FORMATS
from mockgrid.schema.messages import violations_of
from mockgrid.schema.node import SchemaNode
from mockgrid.schema.violation import violation_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.schema.schemas import Schemas
    from mockgrid.schema.violation import Violation

__all__ = ["Explainer"]

_MOST = 100
_FURTHEST = 2_000
_WRONG_TYPE = "MG110"
_LONG = 8
_FRAMES = 50_000
_BYTES = 256 * 1024 * 1024
_LOCK = threading.Lock()


class Explainer:
    """Explains why values do not obey one schema.

    Args:
        schemas: the document's schemas, which references lead to.
        schema: one of them.
        at: JSON pointer to the schema, for what has no place of its own.
    """

    def __init__(self, schemas: Schemas, schema: Any, *, at: str = "") -> None:
        self._schemas = schemas
        self._schema = schema
        self._draft = schemas.draft
        self._at = at
        self._patterns = schemas.shared.patterns
        self._base: Any = Draft4Validator if self._draft == "draft4" else Draft202012Validator
        keywords: dict[str, Any] = {
            "anyOf": self._any_of,
            "items": self._items,
            "properties": self._properties,
            "prefixItems": self._prefix_items,
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
            "uniqueItems": self._unique_items,
            **{
                keyword: partial(self._unevaluated, keyword)
                for keyword in ("unevaluatedProperties", "unevaluatedItems")
                if keyword in self._base.VALIDATORS  # draft-04 has neither
            },
        }
        extend: Any = validators.extend  # has no types
        extended = extend(self._base, keywords)
        checker = FormatChecker(formats=())
        for name, check in FORMATS.items():
            checker.checks(name)(check)
        # What is shared is the root that references point into; the schema is what is applied.
        whole = extended(schemas.shared.data, registry=REGISTRY, format_checker=checker)
        self._validator = whole.evolve(schema=schema)

    def explain(self, value: Any) -> list[Violation]:
        """Return at most 100 violations in the order of the schema; nothing when the value obeys."""
        return _with_deep_stack(lambda: self._explained(value))

    def _explained(self, value: Any) -> list[Violation]:
        violations: list[Violation] = []
        seen: set[tuple[str, str, str]] = set()
        mistaken: set[str] = set()
        try:
            for error in islice(self._validator.iter_errors(value), _FURTHEST):
                if _is_label(error):
                    mistaken.add(join(list(error.absolute_path)[:-1]))
                for violation in islice(violations_of(error, self._place(error)), _MOST):
                    key = (violation.code, violation.pointer, violation.message)
                    if key in seen:
                        continue
                    seen.add(key)
                    if len(violations) < _MOST:
                        violations.append(violation)
                    elif violation.code != _WRONG_TYPE:
                        violations[-1] = violation
                # A hundred wrong types are not all there is to say where something else is wrong as well.
                if len(violations) >= _MOST and any(
                    violation.code != _WRONG_TYPE for violation in violations
                ):
                    break
        except re.error:  # a pattern beside unevaluatedProperties that Python cannot read
            message = "breaks the schema, in a way that cannot be told"
            expected = "a value that obeys the schema"
            violations.append(violation_at((), "MG121", message, expected, value, self._at))
        # What is missing from an object with the wrong label is said after that the label is wrong.
        violations.sort(
            key=lambda violation: (
                violation.code == "MG111" and violation.pointer.rpartition("/")[0] in mistaken
            )
        )
        return violations[:_MOST]

    def _place(self, error: ValidationError) -> str:
        """Return the pointer to the keyword that was broken, in the document as it was published."""
        keyword = next((str(part) for part in reversed(error.schema_path) if isinstance(part, str)), "")
        path: list[str | int] = list(error.absolute_schema_path)
        if isinstance(error.schema, dict):
            if keyword not in error.schema:
                keyword = str(error.validator) if str(error.validator) in error.schema else ""
            if isinstance(error.schema, SchemaNode):
                return error.schema.origin(keyword)
        return self._schemas.origin_along(self._schema, path) or self._at

    @staticmethod
    def _any_of(validator: Any, schemas: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if any(_obeys(validator, value, subschema) for subschema in schemas):
            return
        choice = choose([branch for branch, _ in schema.branches], value)
        if isinstance(choice, Chosen):
            yield from validator.descend(value, schemas[choice.index], schema_path=choice.index)
        else:
            yield _undecided(choice, value)

    def _items(self, validator: Any, items: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if not validator.is_type(value, "array"):
            return
        if isinstance(items, list):  # draft-04: one schema for each place
            yield from self._prefix_items(validator, items, value, schema)
            return
        # Draft-04 does not know places: a document of OpenAPI 3.0 may well write them.
        start = 0 if self._draft == "draft4" else len(schema.get("prefixItems", ()))
        if items is False:
            if len(value) > start:
                yield ValidationError("surplus", validator="surplus", validator_value=start, instance=value)
            return
        long = len(value) > _LONG
        for index in range(start, len(value)):
            if not long or not _obeys(validator, value[index], items):
                yield from validator.descend(value[index], items, path=index)

    @staticmethod
    def _properties(validator: Any, properties: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if validator.is_type(value, "object"):
            for name, subschema in properties.items():
                if name in value:
                    yield from _descended(validator, value[name], subschema, name, name)

    @staticmethod
    def _prefix_items(validator: Any, places: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if validator.is_type(value, "array"):
            for index, (item, subschema) in enumerate(zip(value, places, strict=False)):
                yield from _descended(validator, item, subschema, index, index)

    def _pattern(self, validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if validator.is_type(value, "string") and not self._patterns.found(pattern, value):
            yield ValidationError("pattern")

    def _pattern_properties(
        self, validator: Any, schemas: Any, value: Any, _schema: Any
    ) -> Iterator[ValidationError]:
        if not validator.is_type(value, "object"):
            return
        for pattern, subschema in schemas.items():
            for name, item in value.items():
                if self._patterns.found(pattern, name):
                    yield from _descended(validator, item, subschema, name, pattern)

    def _additional_properties(
        self, validator: Any, further: Any, value: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if not validator.is_type(value, "object"):
            return
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        names = (
            name
            for name in value
            if name not in known and not any(self._patterns.found(pattern, name) for pattern in patterns)
        )
        if further is False:
            surplus = list(islice(names, _MOST))
            if surplus:
                yield ValidationError("surplus", validator="unknown", validator_value=surplus)
            return
        long = len(value) > _LONG
        for name in names:
            if not long or not _obeys(validator, value[name], further):
                yield from validator.descend(value[name], further, path=name)

    def _unevaluated(
        self, keyword: str, validator: Any, further: Any, value: Any, schema: Any
    ) -> Iterator[ValidationError]:
        """Say which part is wrong, where the library says of the whole that one is."""
        errors = list(self._base.VALIDATORS[keyword](validator, further, value, schema))
        parts = list(_of_unevaluated(validator, further, value, schema)) if errors else []
        yield from parts or errors

    @staticmethod
    def _unique_items(validator: Any, unique: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if unique and validator.is_type(value, "array"):
            repeated = first_repeated(value)
            if repeated is not None:
                yield ValidationError("unique", validator="uniqueItems", validator_value=repeated)


def _of_unevaluated(
    validator: Any, further: Any, value: Any, schema: SchemaNode
) -> Iterator[ValidationError]:
    """Yield what is wrong with each part of a value that the other keywords have not looked at."""
    parts = unevaluated(schema, value, partial(_obeys, validator))
    if further is False and isinstance(value, list):
        for part in parts:
            yield from _descended(validator, value[part], further, part, part)
    elif further is False and parts:
        yield ValidationError("surplus", validator="unknown", validator_value=parts[:_MOST])
    else:
        for part in parts:
            yield from validator.descend(value[part], further, path=part)


def _obeys(validator: Any, value: Any, schema: Any) -> bool:
    if isinstance(schema, bool):
        return schema
    try:
        return bool(schema.accepts(value))
    except DocumentError:  # it cannot be compiled
        return bool(validator.evolve(schema=schema).is_valid(value))


def _is_label(error: ValidationError) -> bool:
    """Tell whether the error is at a property that can have but one value, such as a ``type``."""
    wanted: Any = error.validator_value
    single = error.validator == "const" or (error.validator == "enum" and len(wanted) == 1)
    return single and bool(error.absolute_path) and isinstance(error.instance, str)


def _descended(
    validator: Any, value: Any, schema: Any, path: str | int, schema_path: str | int
) -> Iterator[ValidationError]:
    if schema is False:  # of which jsonschema forgets where it stood
        yield ValidationError(
            "forbidden",
            validator="forbidden",
            validator_value=False,
            path=(path,),
            schema_path=(schema_path,),
            instance=value,
            schema=False,
        )
        return
    yield from validator.descend(value, schema, path=path, schema_path=schema_path)


def _undecided(choice: Undecided, value: Any) -> ValidationError:
    path = () if choice.property is None else (choice.property,)
    return ValidationError(
        choice.keyword,
        validator=choice.keyword,
        validator_value=choice.expected,
        # Of a label that is missing, what was sent beside it tells whether it is misspelt.
        instance=value.get(choice.property) if path and choice.keyword != "label" else value,
        path=path,
    )


def _with_deep_stack(explain: Callable[[], list[Violation]]) -> list[Violation]:
    """Call a function; where it runs out of stack, call it once more with one as deep as a body may be.

    The memory is reserved only, and used as far as the recursion goes.
    """
    try:
        return explain()
    except RecursionError:
        pass
    with _LOCK:
        limit, size = sys.getrecursionlimit(), threading.stack_size(_BYTES)
        try:
            sys.setrecursionlimit(max(limit, _FRAMES))
            with ThreadPoolExecutor(1) as executor:
                return executor.submit(explain).result()
        finally:
            threading.stack_size(size)
            sys.setrecursionlimit(limit)
