"""Whether each keyword of a schema has a value of the right kind: what the metaschemas say, in one table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mockgrid.errors import InvalidSchemaError
from mockgrid.schema.generate.draft import DRAFT_4
from mockgrid.schema.generate.equality import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockgrid.schema.generate.draft import Draft

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


def check_shape(raw: dict[str, object], draft: Draft, pointer: str) -> None:
    """Refuse a schema one of whose own keywords is malformed; subschemas are checked by whoever walks them.

    Raises:
        InvalidSchemaError: at the keyword.
    """
    for keyword, value in raw.items():
        if not isinstance(keyword, str):
            raise InvalidSchemaError(f"the keyword {keyword!r} is no string", where=pointer)
        rule = _RULES.get(keyword)
        if rule is None or (keyword not in draft.keywords and keyword in _DATED):
            continue
        if draft.lonely_ref and keyword in _ANCHORS:
            continue
        if draft.order == DRAFT_4:
            rule = _RULES_4.get(keyword, rule)
        expected, fits = rule
        if not fits(value):
            raise InvalidSchemaError(
                f"{keyword} is {describe(value)}, expected {expected}", where=f"{pointer}/{escape(keyword)}"
            )
    if draft.order == DRAFT_4:
        for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            bound = keyword.removeprefix("exclusive").lower()
            if keyword in raw and bound not in raw:
                raise InvalidSchemaError(f"{keyword} stands without {bound}", where=f"{pointer}/{keyword}")


def describe(value: object) -> str:
    """A value in a few words, for messages."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    if isinstance(value, int) and value.bit_length() > _SHOWN * 4:
        return "a number of more than 40 digits"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return (
        "an object"
        if isinstance(value, dict)
        else "an array"
        if isinstance(value, list)
        else repr(type(value))
    )


def escape(token: str) -> str:
    """A key as a JSON pointer token."""
    return token.replace("~", "~0").replace("/", "~1")


_SHOWN = 40


def _finite(value: object) -> bool:
    return is_number(value) and (
        isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    )


def _positive(value: object) -> bool:
    return _finite(value) and isinstance(value, (int, float)) and value > 0


def _count(value: object) -> bool:
    if not _finite(value) or not isinstance(value, (int, float)):
        return False
    return value >= 0 and value == int(value)


def _string(value: object) -> bool:
    return isinstance(value, str)


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


def _strings(value: object) -> bool:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return False
    return len(set(value)) == len(value)


def _type(value: object) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and _strings(names) and all(name in TYPES for name in names)


def _list(value: object) -> bool:
    return isinstance(value, list)


def _requirements(value: object) -> bool:
    return isinstance(value, dict) and all(map(_strings, value.values()))


_Rule = tuple[str, "Callable[[object], bool]"]
_COUNT: _Rule = ("a count of zero or more", _count)
_NUMBER: _Rule = ("a number", _finite)
_STRING: _Rule = ("a string", _string)
_BOOLEAN: _Rule = ("true or false", _boolean)
_STRINGS: _Rule = ("a list of distinct strings", _strings)
_LIST: _Rule = ("a list", _list)

_RULES: Mapping[str, _Rule] = {
    "type": (f"one of {', '.join(TYPES)}, or a list of them", _type),
    "enum": _LIST,
    "multipleOf": ("a number above zero", _positive),
    "maximum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "minimum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "maxLength": _COUNT,
    "minLength": _COUNT,
    "pattern": _STRING,
    "maxItems": _COUNT,
    "minItems": _COUNT,
    "uniqueItems": _BOOLEAN,
    "maxContains": _COUNT,
    "minContains": _COUNT,
    "maxProperties": _COUNT,
    "minProperties": _COUNT,
    "required": _STRINGS,
    "dependentRequired": ("an object of lists of distinct strings", _requirements),
    "format": _STRING,
    "$ref": _STRING,
    "$id": _STRING,
    "$schema": _STRING,
    "$anchor": _STRING,
    "$dynamicRef": _STRING,
    "$dynamicAnchor": _STRING,
    "$recursiveRef": _STRING,
    "$recursiveAnchor": _BOOLEAN,
    "$comment": _STRING,
    "title": _STRING,
    "description": _STRING,
    "examples": _LIST,
    "deprecated": _BOOLEAN,
    "readOnly": _BOOLEAN,
    "writeOnly": _BOOLEAN,
    "contentEncoding": _STRING,
    "contentMediaType": _STRING,
}
# Keywords whose shape is checked only in the drafts that know them.
_ANCHORS = frozenset({"$anchor", "$dynamicAnchor", "$recursiveAnchor"})
_DATED = frozenset(
    ["dependentRequired", "minContains", "maxContains", "$dynamicRef", "$recursiveRef"],
)
_RULES_4: Mapping[str, _Rule] = {
    "exclusiveMinimum": _BOOLEAN,
    "exclusiveMaximum": _BOOLEAN,
    "id": _STRING,
    "examples": ("anything", lambda _: True),
    "$id": ("anything", lambda _: True),
}
