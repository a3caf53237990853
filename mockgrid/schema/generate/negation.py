"""Turns "must not be valid" into a schema of what may be instead, so that a value can be aimed at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.generate.keywords import DRAFT_4, TYPES, is_number

if TYPE_CHECKING:
    from mockgrid.schema.generate.document import SchemaDocument
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
_OPPOSED = {
    "minimum": "exclusiveMaximum",
    "maximum": "exclusiveMinimum",
    "exclusiveMinimum": "maximum",
    "exclusiveMaximum": "minimum",
}


def negate(document: SchemaDocument, schema: Schema) -> Schema | None:
    """A schema whose values break ``schema``; it may miss some, and there is none where none is known.

    Wherever it holds, the denied schema still has to be checked: this says where to look, not more.
    """
    if schema.opposite is None:
        ways = _alternatives(schema, old=document.draft.order == DRAFT_4)[:_ALTERNATIVE_LIMIT]
        raw = ways[0] if len(ways) == 1 else {"anyOf": ways}
        schema.opposite = document.make(raw, schema) if ways else False
    return schema.opposite if not isinstance(schema.opposite, bool) else None


def _alternatives(schema: Schema, *, old: bool) -> list[dict[str, Any]]:  # noqa: C901, PLR0912 (one for each keyword)
    ways: list[dict[str, Any]] = []
    for keyword, value in schema.keywords.items():
        match keyword:
            case "not":
                ways.append(value if isinstance(value, dict) else {})
            case "anyOf":
                ways.append({"allOf": [{"not": part} for part in value]})
            case "allOf":
                ways += [{"not": part} for part in value]
            case "$ref":
                ways.append({"not": schema.targets["$ref"].raw})
            case "type":
                names = [value] if isinstance(value, str) else value
                # An integer is a number too, and can only be avoided by a check.
                other = [
                    name for name in TYPES if name not in {*names, "integer" if "number" in names else ""}
                ]
                ways += [{"type": other}] if other else []
            case "properties":
                ways += [_having(name, part) for name, part in value.items() if part is not True]
            case "additionalProperties" | "unevaluatedProperties" if value is not True:
                name = "other"
                while name in schema.keywords.get("properties", ()):
                    name += "-x"
                ways.append(_having(name, value))
            case "required":
                ways += [{"type": "object", "properties": {name: {"not": {}}}} for name in value]
            case "items" | "contains" if isinstance(value, dict):
                least = 1 if keyword == "items" else 0
                ways.append({"type": "array", "items": {"not": value}, "minItems": least})
            case "uniqueItems" if value:
                ways.append({"type": "array", "items": {"enum": ["same"]}, "minItems": 2})
            case _ if keyword in _COUNTED:
                kind, other_keyword, step = _COUNTED[keyword]
                ways += [{"type": kind, other_keyword: value + step}] if value + step >= 0 else []
            case _ if keyword in _OPPOSED and is_number(value):
                opposed = {_OPPOSED[keyword]: value}
                if old:
                    bound = "maximum" if keyword == "minimum" else "minimum"
                    opposed = {bound: value, f"exclusive{bound.capitalize()}": True}
                ways.append({"type": "number", **opposed})
    return ways


def _having(name: str, broken: object) -> dict[str, Any]:
    """An object with a member that breaks a schema."""
    part = {} if broken is False else {"not": broken}
    return {"type": "object", "required": [name], "properties": {name: part}}
