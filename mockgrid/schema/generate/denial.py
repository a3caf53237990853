"""Turns "must not be valid" into a schema of what may be instead, so that a value can be aimed at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.generate.draft import DRAFT_4
from mockgrid.schema.generate.equality import is_number

if TYPE_CHECKING:
    from mockgrid.schema.generate.document import Document
    from mockgrid.schema.generate.schema import Schema

_ALTERNATIVE_LIMIT = 12
_COUNTED = {
    "minLength": ("string", "maxLength", -1),
    "maxLength": ("string", "minLength", 1),
    "minItems": ("array", "maxItems", -1),
    "maxItems": ("array", "minItems", 1),
    "minProperties": ("object", "maxProperties", -1),
    "maxProperties": ("object", "minProperties", 1),
}
_OTHERS = ("string", "integer", "number", "boolean", "object", "array", "null")


def opposite(document: Document, schema: Schema) -> Schema | None:
    """A schema whose values break ``schema``; it may miss some, and there is none where none is known.

    Wherever it holds, the denied schema still has to be checked: the opposite says where to look, not more.
    """
    if schema.opposite is None:
        alternatives = _alternatives(document, schema)
        if not alternatives:
            schema.opposite = False
        else:
            raw = alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives[:_ALTERNATIVE_LIMIT]}
            schema.opposite = document.make(raw, schema)
    return schema.opposite if not isinstance(schema.opposite, bool) else None


def _alternatives(document: Document, schema: Schema) -> list[dict[str, Any]]:
    old = document.draft.order == DRAFT_4
    found: list[dict[str, Any]] = []
    for keyword, value in schema.keywords.items():
        if keyword == "not":
            found.append(value if isinstance(value, dict) else {})
        elif keyword == "anyOf":
            found.append({"allOf": [{"not": part} for part in value]})
        elif keyword == "allOf":
            found += [{"not": part} for part in value]
        elif keyword == "$ref":
            found.append({"not": schema.targets["$ref"].raw})
        elif keyword == "properties":
            found += [
                {"type": "object", "required": [name], "properties": {name: {"not": part}}}
                for name, part in value.items()
                if part is not True
            ]
        elif keyword in {"additionalProperties", "unevaluatedProperties"} and value is not True:
            found.append(_stranger(schema, value))
        elif keyword in {"items", "contains"} and isinstance(value, dict):
            found.append(
                {"type": "array", "items": {"not": value}, "minItems": 1 if keyword == "items" else 0}
            )
        elif keyword == "required":
            found += [{"type": "object", "properties": {name: {"not": {}}}} for name in value]
        else:
            found += _bounds(keyword, value, old=old)
    return found


def _stranger(schema: Schema, further: Any) -> dict[str, Any]:
    """An object with a member that none of the schema's ``properties`` is about."""
    name = "other"
    while name in schema.keywords.get("properties", ()):
        name += "-x"
    return {
        "type": "object",
        "required": [name],
        "properties": {name: {} if further is False else {"not": further}},
    }


def _bounds(keyword: str, value: Any, *, old: bool) -> list[dict[str, Any]]:  # noqa: PLR0911 (one for each)
    """What breaks a keyword that judges by itself."""
    if keyword == "type":
        names = [value] if isinstance(value, str) else value
        others = [
            name for name in _OTHERS if name not in names and not ("number" in names and name == "integer")
        ]
        # An integer is a number too, and can only be avoided by a check.
        return [{"type": others}] if others else []
    if keyword in _COUNTED:
        kind, other, step = _COUNTED[keyword]
        limit = int(value) + step
        return [{"type": kind, other: limit}] if limit >= 0 else []
    if keyword in {"minimum", "maximum"}:
        other = "maximum" if keyword == "minimum" else "minimum"
        if old:
            return [{"type": "number", other: value, f"exclusive{other.capitalize()}": True}]
        return [{"type": "number", f"exclusive{other.capitalize()}": value}]
    if keyword in {"exclusiveMinimum", "exclusiveMaximum"} and is_number(value):
        return [{"type": "number", "maximum" if keyword == "exclusiveMinimum" else "minimum": value}]
    if keyword == "uniqueItems" and value is True:
        return [{"type": "array", "items": {"enum": ["same"]}, "minItems": 2}]
    return []
