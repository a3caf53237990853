"""Every keyword of a schema: what its value must be like, and which of them hold schemas.

One with another value is found wrong before a request meets it, and means what was surely meant, or nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from urllib.parse import unquote

from mockgrid.document.nearest import misspelt, nearest
from mockgrid.document.pointer import join, resolve
from mockgrid.document.scalar import plain
from mockgrid.schema.discriminating import checked_discriminator
from mockgrid.schema.formats import RANGES
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.document.document import Document

__all__ = ["DATA", "KNOWN", "NAMED", "OLD", "ONE", "SEVERAL", "TYPES", "Dialect", "checked_keywords"]

Dialect = Literal["3.0", "draft-04", "draft-06", "draft-07", "2019-09", "2020-12"]
"""What a schema is written in."""

TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")
# Other words for them, by which documents call them.
_MEANT_TYPES: Final = {
    **{name: name for name in TYPES},
    **dict.fromkeys(("none", "nil"), "null"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("int", "int32", "int64", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("str", "text", "file", "date", "datetime", "date-time", "uuid"), "string"),
    **dict.fromkeys(("list",), "array"),
    **dict.fromkeys(("dict", "map", "hash"), "object"),
}


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


_OF_TYPE: Final[dict[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and value == int(value),
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}

_TEXT: Final = _Shape("a text", lambda value: isinstance(value, str))
_NUMBER: Final = _Shape("a number", _is_number)
_COUNT: Final = _Shape("a whole number from 0 up", _is_count)
_BOOLEAN: Final = _Shape("true or false", lambda value: isinstance(value, bool))
_TEXTS: Final = _Shape("a list of texts", _is_texts)
_SCHEMA: Final = _Shape("a schema", _is_schema)
_SCHEMAS: Final = _Shape("a list of schemas with at least one", _is_schemas)
_NAMED: Final = _Shape("schemas by name", _is_named)
_DEPENDENCIES: Final = _Shape("schemas or lists of texts by name", _are_dependencies)
_LIST: Final = _Shape("a list", lambda value: isinstance(value, list))
_STEP: Final = _Shape("a number above 0", lambda value: _is_number(value) and value > 0)
_ITEMS: Final = _Shape("a schema", lambda value: _is_schema(value) or _is_schemas(value) or value == [])

_WORDS: Final = _Shape("a text", lambda value: value is None or isinstance(value, str))

# Of the shape of everything: it is shown, or told apart elsewhere.
_ANY: Final = _Shape("anything", lambda _: True)

_SHAPES: Final = {
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef", "format", "pattern"), _TEXT),
    **dict.fromkeys(("title", "description", "contentEncoding", "contentMediaType"), _WORDS),
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
    "dependencies": _DEPENDENCIES,
    "examples": _LIST,
    **dict.fromkeys(("type", "const", "exclusiveMinimum", "exclusiveMaximum", "default"), _ANY),
    "discriminator": _ANY,
}
KNOWN: Final = frozenset(_SHAPES.keys() - {"nullable", "discriminator"})
"""What a validator may see; these two are translated."""
ONE: Final = frozenset(key for key, shape in _SHAPES.items() if shape in (_SCHEMA, _ITEMS))
"""Keywords whose value is a schema; ``items`` is a list of them, too, in older drafts."""
SEVERAL: Final = frozenset(key for key, shape in _SHAPES.items() if shape in (_SCHEMAS, _ITEMS))
"""Keywords whose value is a list of schemas."""
NAMED: Final = frozenset(key for key, shape in _SHAPES.items() if shape in (_NAMED, _DEPENDENCIES))
"""Keywords whose value has schemas under names that the author chose, so that one may be called "default".

One of ``dependencies`` may be a list of names.
"""
OLD: Final = frozenset(
    (
        *(
            "title",
            "description",
            "type",
            "format",
            "enum",
            "default",
            "example",
            "externalDocs",
            "deprecated",
        ),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "minLength"),
        *("maxLength", "items", "minItems", "maxItems", "uniqueItems", "properties", "additionalProperties"),
        *("required", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "not", "discriminator"),
        *("nullable", "readOnly", "writeOnly", "xml", "$ref"),
    )
)
"""Keywords that OpenAPI 3.0 has."""
_NEWER: Final = frozenset(
    (
        *("const", "contains", "maxContains", "minContains", "propertyNames", "if", "then", "else"),
        *(
            "prefixItems",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedItems",
            "unevaluatedProperties",
        ),
    )
)
_OTHERS: Final = frozenset(
    (
        *("$id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment"),
        *("xml", "externalDocs", "example", "contentSchema", "nullable"),
    )
)
DATA: Final = frozenset(("const", "default", "enum", "example", "value"))
"""Keywords whose value is data, in which ``$ref`` and ``$id`` are keys like any other."""


def checked_keywords(schema: dict[str, Any], dialect: Dialect, document: Document, at: str) -> dict[str, Any]:
    """Return a schema in which every keyword, but for those inside it, has a value that it can have.

    It is the same object where nothing is wrong.
    """
    meant = schema
    for key, value in schema.items():
        if key == "type" and value in TYPES:
            continue
        if dialect == "3.0" and key in _NEWER:
            hint = "It is read from 3.1 on." if key != "const" else f"Write enum: {shown([value])}."
            document.mistakes.tell(
                document.error(f"{key} is no keyword of OpenAPI 3.0.", at + join((key,)), hint, key=True)
            )
            if key == "const" and "enum" not in schema:
                meant = {name: item for name, item in meant.items() if name != key} | {"enum": [value]}
        elif key in _SHAPES and (key != "examples" or dialect != "3.0"):  # which has no such keyword
            instead = _CHECKS.get(key, _checked)(key, schema, dialect, document, at)
            if instead is not None:
                meant = {name: item for name, item in meant.items() if name != key} | instead
        elif key not in _SHAPES and key not in _OTHERS and not key.startswith("x-"):
            _check_unknown(key, schema, document, at)
    return meant


def _check_unknown(key: str, schema: dict[str, Any], document: Document, at: str) -> None:
    """Tell of a keyword that is surely another, or a property that stands beside ``properties``."""
    value = schema[key]
    if key == "id" and isinstance(value, str):  # as draft-04 has it
        return
    holds = isinstance(value, dict)
    meant = misspelt(key, (word for word in (*_SHAPES, *_OTHERS) if not (holds and word.startswith("$"))))
    if meant is not None:
        hint = f"Did you mean {meant}?"
    elif holds and (value.get("type") in TYPES or isinstance(value.get("$ref"), str)):
        hint = "Properties stand under properties."
    else:
        return
    document.mistakes.tell(
        document.error(f"{key} is no keyword of a schema.", at + join((key,)), hint, key=True)
    )


def _checked(
    key: str, schema: dict[str, Any], dialect: Dialect, document: Document, at: str
) -> dict[str, Any] | None:
    """Return what a keyword means; None where it means what it says."""
    value, shape = schema[key], _SHAPES[key]
    if not shape.fits(value):
        hint = ""
        if shape is _NAMED and isinstance(value, dict) and isinstance(value.get("$ref"), str):
            return _referred(key, value, document, at)
        if key == "required" and isinstance(value, bool):
            hint = "List the names of the required properties in the schema that has them."
        _tell(document, at, key, f"is {shown(value)}; {shape.words} was expected.", hint)
        return _repaired(key, value)
    if key == "nullable" and dialect != "3.0":
        hint = "Write the type as a list with null in it, or anyOf with type: 'null'."
        _tell(document, at, key, "is no keyword of OpenAPI 3.1.", hint)
    elif key == "items" and isinstance(value, list) and dialect == "2020-12":
        _tell(document, at, key, "is a list; a schema was expected.", "From 2020-12 on it is prefixItems.")
        return {"prefixItems": value} if value else {}
    if value is None and shape is _WORDS:
        return {}
    return {key: int(value)} if isinstance(value, float) and shape is _COUNT else None


def _referred(key: str, value: dict[str, Any], document: Document, at: str) -> dict[str, Any]:
    """Return the schemas by name that a reference leads to where there may be none."""
    place = f"{at}/{key}/$ref"
    hint = "Write out what it refers to."
    document.mistakes.tell(
        document.error("OpenAPI has no reference here, so that other tools read none.", place, hint)
    )
    target = resolve(document.data, unquote(value["$ref"]), None)
    document.moved[f"{at}/{key}"] = unquote(value["$ref"]).removeprefix("#")
    beside = {name: item for name, item in value.items() if name != "$ref" and _is_schema(item)}
    return {key: {**(target if _is_named(target) else {}), **beside}}


def _repaired(key: str, value: Any) -> dict[str, Any]:
    """Return what a keyword was meant to be: a number written as a text, or what is right of a list."""
    shape = _SHAPES[key]
    if isinstance(value, str):
        with suppress(ValueError):
            value = plain(value.strip())
    elif isinstance(value, dict):
        if shape is _SCHEMAS:
            value = [value]
        elif shape is _NAMED:
            value = {name: item for name, item in value.items() if _is_schema(item)}
        elif key == "examples":
            value = [item.get("value", item) if isinstance(item, dict) else item for item in value.values()]
    elif isinstance(value, list):
        fits = _is_schema if shape is _SCHEMAS else lambda item: isinstance(item, str)
        value = [item for item in value if fits(item)]
    return {key: value} if shape.fits(value) else {}


def _checked_type(
    key: str, schema: dict[str, Any], _dialect: Dialect, document: Document, at: str
) -> dict[str, Any] | None:
    value = schema[key]
    names = value if isinstance(value, list) and value else [value]
    for name in names:
        if name not in TYPES:
            usual = _MEANT_TYPES.get(str(name).lower())
            meant = usual or (nearest(name, TYPES) if isinstance(name, str) else None)
            hint = f"Did you mean {meant}?" if meant else f"The types are {', '.join(TYPES)}."
            if name == "file":
                hint = "A file is a string with the format binary."
            _tell(document, at, key, f"is {shown(name)}, which is not a type.", hint)
    types = list(dict.fromkeys(_MEANT_TYPES.get(str(name).lower()) for name in names))
    if types in (value, [value]):
        return None
    return {} if None in types else {key: types[0] if len(types) == 1 else types}


def _checked_bound(
    key: str, schema: dict[str, Any], dialect: Dialect, document: Document, at: str
) -> dict[str, Any] | None:
    """Return what a bound means that is written as another version of OpenAPI has it."""
    value, bound = schema[key], "minimum" if key == "exclusiveMinimum" else "maximum"
    if dialect in ("3.0", "draft-04"):
        if isinstance(value, bool):
            return None
        hint = f"Write {bound}: {shown(value)} and {key}: true, or say openapi: 3.1.0."
        _tell(document, at, key, f"is {shown(value)}; true or false was expected.", hint)
        return {bound: value, key: True} if _is_number(value) else {}
    if _is_number(value):
        return None
    hint = "From OpenAPI 3.1 on it is the bound itself." if isinstance(value, bool) else ""
    _tell(document, at, key, f"is {shown(value)}; a number was expected.", hint)
    return {key: schema[bound]} if value is True and _is_number(schema.get(bound)) else {}


def _checked_enum(
    key: str, schema: dict[str, Any], dialect: Dialect, document: Document, at: str
) -> dict[str, Any] | None:
    """Return what is meant by a list of which no value is of the schema's type.

    They are of the type where they can be written so, are for the items of an array, or tell the type.
    """
    values, named = schema[key], schema.get("type")
    types = {
        _MEANT_TYPES.get(str(name).lower()) for name in (named if isinstance(named, list) else [named])
    } - {"null"}
    kind = next(iter(types), None)
    if not isinstance(values, list) or len(types) != 1 or kind is None:
        return _checked(key, schema, dialect, document, at)
    fits = _OF_TYPE[kind]
    odd = [value for value in values if value is not None]
    if not odd or any(map(fits, odd)):
        return None
    document.unmet.add(at)
    of_items = kind == "array"
    hint = "Say it of the items." if of_items else "Write each value as the type has it, or correct the type."
    _tell(document, at, key, f"lists {shown(odd[0])}; a value of type {kind} was expected.", hint)
    if of_items:
        items = schema.get("items")
        return {"items": {"allOf": [items, {key: values}]} if _is_schema(items) else {key: values}}
    fitting = [item for item in (_rewritten(value, kind) for value in odd) if fits(item)]
    if fitting:
        return {key: fitting + [None] * (None in values)}
    types = {next(name for name in TYPES if _OF_TYPE[name](value)) for value in odd}
    return {key: values, "type": types.pop()} if len(types) == 1 else {}


def _rewritten(value: Any, kind: str) -> Any:
    """Return a text as the number or flag that it reads as, or one of these as a text; else nothing."""
    if kind == "string":
        return shown(value) if _is_number(value) or isinstance(value, bool) else None
    with suppress(ValueError):
        return plain(value.strip()) if isinstance(value, str) else None
    return None


def _checked_format(
    key: str, schema: dict[str, Any], dialect: Dialect, document: Document, at: str
) -> dict[str, Any] | None:
    """Return what is meant by a format of numbers that ends before the bounds beside it begin: no format."""
    value = schema[key]
    if not isinstance(value, str) or value not in RANGES:
        return _checked(key, schema, dialect, document, at)
    low, high = RANGES[value]
    bounds = [name for name in ("minimum", "maximum") if _is_number(schema.get(name))]
    beyond = next((name for name in bounds if not _leaves(low, high, name, schema[name])), None)
    if beyond is None:
        return None
    message = f"is {value}, which goes from {low} to {high}; {beyond} is {shown(schema[beyond])}."
    _tell(document, at, key, message, "Remove the format, or correct the bound.")
    return {}


def _leaves(low: int, high: int, name: str, bound: float) -> bool:
    """Tell whether a bound leaves some of the numbers of a range."""
    return bound <= high if name == "minimum" else bound >= low


_CHECKS: Final = {
    "discriminator": lambda key, schema, _, document, at: checked_discriminator(schema[key], document, at),
    "type": _checked_type,
    "format": _checked_format,
    "enum": _checked_enum,
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _checked_bound),
}


def _tell(document: Document, at: str, key: str, message: str, hint: str) -> None:
    document.mistakes.tell(document.error(f"{key} {message}", at + join((key,)), hint))
