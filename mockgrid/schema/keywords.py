"""Every keyword of a schema: what its value must be like, and which of them hold schemas.

A keyword with another value would mean nothing, so that it is found wrong before a request meets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import join
from mockgrid.errors import DocumentError
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.document.document import Document

__all__ = ["DATA", "KNOWN", "NAMED", "ONE", "SEVERAL", "TYPES", "Dialect", "check_keywords"]

Dialect = Literal["3.0", "draft-04", "draft-06", "draft-07", "2019-09", "2020-12"]
"""What a schema is written in."""

TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")


class _Shape(NamedTuple):
    words: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_schema(value: Any) -> bool:
    return isinstance(value, (dict, bool))


def _is_schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_schema(item) for item in value)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_schema(item) for item in value.values())


def _are_dependent(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_texts(item) for item in value.values())


def _are_dependencies(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_texts(item) or _is_schema(item) for item in value.values())


_TEXT: Final = _Shape("a text", lambda value: isinstance(value, str))
_NUMBER: Final = _Shape("a number", _is_number)
_COUNT: Final = _Shape("a whole number from 0 up", _is_count)
_BOOLEAN: Final = _Shape("true or false", lambda value: isinstance(value, bool))
_TEXTS: Final = _Shape("a list of texts", _is_texts)
_SCHEMA: Final = _Shape("a schema", _is_schema)
_SCHEMAS: Final = _Shape("a list of schemas with at least one", _is_schemas)
_NAMED: Final = _Shape("schemas by name", _is_named)
_LIST: Final = _Shape("a list", lambda value: isinstance(value, list))
_STEP: Final = _Shape("a number above 0", lambda value: _is_number(value) and value > 0)
_ITEMS: Final = _Shape("a schema", lambda value: _is_schema(value) or _is_schemas(value) or value == [])

# Of the shape of everything: it is shown, or told apart elsewhere.
_ANY: Final = _Shape("anything", lambda _: True)

_SHAPES: Final = {
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef", "format", "pattern"), _TEXT),
    **dict.fromkeys(("minimum", "maximum"), _NUMBER),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties"), _COUNT),
    **dict.fromkeys(("maxProperties", "minContains", "maxContains"), _COUNT),
    **dict.fromkeys(("uniqueItems", "nullable", "deprecated", "readOnly", "writeOnly"), _BOOLEAN),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _SCHEMAS),
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), _NAMED),
    **dict.fromkeys(("not", "if", "then", "else", "contains", "propertyNames"), _SCHEMA),
    **dict.fromkeys(("additionalProperties", "additionalItems", "unevaluatedItems"), _SCHEMA),
    "unevaluatedProperties": _SCHEMA,
    "required": _TEXTS,
    "enum": _LIST,
    "multipleOf": _STEP,
    "items": _ITEMS,
    "dependentRequired": _Shape("lists of texts by name", _are_dependent),
    "dependencies": _Shape("schemas or lists of texts by name", _are_dependencies),
    **dict.fromkeys(("type", "const", "exclusiveMinimum", "exclusiveMaximum", "contentEncoding"), _ANY),
    **dict.fromkeys(("contentMediaType", "title", "description", "default", "examples"), _ANY),
}
KNOWN: Final = frozenset(_SHAPES.keys() - {"nullable"})
"""What a validator may see; ``nullable`` is translated."""
ONE: Final = frozenset(key for key, shape in _SHAPES.items() if shape in (_SCHEMA, _ITEMS))
"""Keywords whose value is a schema; ``items`` is a list of them, too, in older drafts."""
SEVERAL: Final = frozenset(key for key, shape in _SHAPES.items() if shape in (_SCHEMAS, _ITEMS))
"""Keywords whose value is a list of schemas."""
NAMED: Final = frozenset(key for key, shape in _SHAPES.items() if shape is _NAMED)
"""Keywords whose value has schemas under names that the author chose, so that one may be called "default"."""
DATA: Final = frozenset(("const", "default", "enum", "example", "value"))
"""Keywords whose value is data, in which ``$ref`` and ``$id`` are keys like any other."""


def check_keywords(schema: dict[str, Any], dialect: Dialect, document: Document, at: str) -> None:
    """Check the keywords of one schema, not of those inside it.

    Raises:
        DocumentError: a keyword's value is none that it can have; says where in the document.
    """
    for key, value in schema.items():
        if key == "type":
            _check_type(value, document, at)
        elif key in ("exclusiveMinimum", "exclusiveMaximum"):
            _check_exclusive(key, value, dialect, document, at)
        elif key in _SHAPES and not _SHAPES[key].fits(value):
            hint = ""
            if key == "required" and isinstance(value, bool):
                hint = "List the names of the required properties in the schema that has them."
            raise _wrong(document, at, key, f"is {shown(value)}; {_SHAPES[key].words} was expected.", hint)


def _check_type(value: Any, document: Document, at: str) -> None:
    for name in value or [value] if isinstance(value, list) else [value]:
        if name not in TYPES:
            meant = nearest(name, TYPES) if isinstance(name, str) else None
            hint = f"Did you mean {meant}?" if meant else f"The types are {', '.join(TYPES)}."
            if name == "file":
                hint = "A file is a string with the format binary."
            raise _wrong(document, at, "type", f"is {shown(name)}, which is not a type.", hint)


def _check_exclusive(key: str, value: Any, dialect: Dialect, document: Document, at: str) -> None:
    if dialect in ("3.0", "draft-04"):
        if not isinstance(value, bool):
            bound = "minimum" if key == "exclusiveMinimum" else "maximum"
            hint = f"Write {bound}: {shown(value)} and {key}: true, or say openapi: 3.1.0."
            raise _wrong(document, at, key, f"is {shown(value)}; true or false was expected.", hint)
    elif not _is_number(value):
        hint = "From OpenAPI 3.1 on it is the bound itself." if isinstance(value, bool) else ""
        raise _wrong(document, at, key, f"is {shown(value)}; a number was expected.", hint)


def _wrong(document: Document, at: str, key: str, message: str, hint: str) -> DocumentError:
    return DocumentError(f"{key} {message}", where=document.where(at + join((key,))), hint=hint)
