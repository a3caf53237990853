"""The drafts of JSON Schema, and which of their keywords hold subschemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockgrid.errors import InvalidSchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft.

    Attributes:
        name: as in ``2020-12`` or ``draft-07``.
        order: rises from draft to draft.
        one: keywords whose value is a schema.
        many: keywords whose value is a list of schemas.
        named: keywords whose value is an object of schemas.
        keywords: every keyword that asserts or applies something.
    """

    name: str
    order: int
    one: frozenset[str]
    many: frozenset[str]
    named: frozenset[str]
    keywords: frozenset[str]

    @property
    def booleans(self) -> bool:
        """Whether ``true`` and ``false`` are schemas."""
        return self.order >= DRAFT_6

    @property
    def lonely_ref(self) -> bool:
        """Whether ``$ref`` makes its neighbours void."""
        return self.order < DRAFT_2019


DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019, DRAFT_2020 = range(5)

_ASSERTIONS = frozenset(
    [
        "type",
        "enum",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxProperties",
        "minProperties",
        "required",
        "format",
        "$ref",
    ]
)
_ONE_4 = frozenset({"not", "additionalItems", "additionalProperties", "items"})
_MANY_4 = frozenset({"allOf", "anyOf", "oneOf", "items"})
_NAMED_4 = frozenset({"properties", "patternProperties", "definitions", "dependencies"})
_ONE_6 = _ONE_4 | {"contains", "propertyNames"}
_ONE_7 = _ONE_6 | {"if", "then", "else"}
_ONE_2019 = _ONE_7 | {"unevaluatedItems", "unevaluatedProperties", "contentSchema"}
# "dependencies" and "definitions" are gone, but the metaschema still describes them and references may enter.
_NAMED_2019 = _NAMED_4 | {"$defs", "dependentSchemas"}
_NEW_6 = frozenset({"const", "contains", "propertyNames"})
_NEW_7 = _NEW_6 | {"if", "then", "else"}
_NEW_2019 = _NEW_7 | {
    "dependentRequired",
    "dependentSchemas",
    "minContains",
    "maxContains",
    "unevaluatedItems",
    "unevaluatedProperties",
}
_APPLICATORS_4 = frozenset(
    [
        "not",
        "allOf",
        "anyOf",
        "oneOf",
        "items",
        "additionalItems",
        "properties",
        "patternProperties",
        "additionalProperties",
    ]
)
_BASE = _ASSERTIONS | _APPLICATORS_4

_DRAFTS = (
    Draft("draft-04", DRAFT_4, _ONE_4, _MANY_4, _NAMED_4, _BASE | {"dependencies"}),
    Draft("draft-06", DRAFT_6, _ONE_6, _MANY_4, _NAMED_4, _BASE | _NEW_6 | {"dependencies"}),
    Draft("draft-07", DRAFT_7, _ONE_7, _MANY_4, _NAMED_4, _BASE | _NEW_7 | {"dependencies"}),
    Draft("2019-09", DRAFT_2019, _ONE_2019, _MANY_4, _NAMED_2019, _BASE | _NEW_2019 | {"$recursiveRef"}),
    Draft(
        "2020-12",
        DRAFT_2020,
        _ONE_2019 - {"additionalItems"},
        frozenset({"allOf", "anyOf", "oneOf", "prefixItems"}),
        _NAMED_2019,
        (_BASE | _NEW_2019 | {"$dynamicRef", "prefixItems"}) - {"additionalItems"},
    ),
)
_BY_URI: Mapping[str, Draft] = {
    "json-schema.org/draft-04/schema": _DRAFTS[DRAFT_4],
    "json-schema.org/draft-06/schema": _DRAFTS[DRAFT_6],
    "json-schema.org/draft-07/schema": _DRAFTS[DRAFT_7],
    "json-schema.org/draft/2019-09/schema": _DRAFTS[DRAFT_2019],
    "json-schema.org/draft/2020-12/schema": _DRAFTS[DRAFT_2020],
}


def choose_draft(schema: object, name: str | None) -> Draft:
    """The draft of that name or URI; by ``$schema`` without a name; 2020-12 where that says nothing known.

    Raises:
        InvalidSchemaError: no draft has that name.
    """
    if name is not None:
        plain = (
            name.lower()
            .replace("draft4", "draft-04")
            .replace("draft6", "draft-06")
            .replace("draft7", "draft-07")
        )
        for draft in _DRAFTS:
            if plain == draft.name:
                return draft
        if (found := _by_uri(name)) is not None:
            return found
        names = ", ".join(draft.name for draft in _DRAFTS)
        raise InvalidSchemaError(f"{name!r} is no known draft of JSON Schema; known are {names}")
    declared = schema.get("$schema") if isinstance(schema, dict) else None
    found = _by_uri(declared) if isinstance(declared, str) else None
    return found or _DRAFTS[DRAFT_2020]


def _by_uri(uri: str) -> Draft | None:
    return _BY_URI.get(uri.removeprefix("https://").removeprefix("http://").removesuffix("#"))
