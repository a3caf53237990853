"""The keywords of each draft: which hold subschemas, and what kind of value each must have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mockgrid.document.pointer import join
from mockgrid.errors import InvalidSchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Rule: TypeAlias = tuple[str, Callable[[object], bool]]

DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019, DRAFT_2020 = range(5)
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


@dataclass(slots=True, eq=False, repr=False)
class Draft:
    """One draft.

    Attributes:
        name: as in ``2020-12`` or ``draft-07``.
        order: rises from draft to draft.
        child: keywords whose value is a schema.
        listed: keywords whose value is a list of schemas.
        named: keywords whose value is an object of schemas.
        keywords: every keyword that asserts or applies something.
    """

    name: str
    order: int
    child: frozenset[str]
    listed: frozenset[str]
    named: frozenset[str]
    keywords: frozenset[str]

    @property
    def lonely_ref(self) -> bool:
        """Whether ``$ref`` makes its neighbours void."""
        return self.order < DRAFT_2019


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


_BASE = words(
    "type enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern "
    "maxItems minItems uniqueItems maxProperties minProperties required format $ref not allOf anyOf oneOf "
    "items additionalItems properties patternProperties additionalProperties"
)
_NEW_6 = words("const contains propertyNames")
_NEW_7 = _NEW_6 | words("if then else")
_NEW_2019 = _NEW_7 | words(
    "dependentRequired dependentSchemas minContains maxContains unevaluatedItems unevaluatedProperties"
)
_CHILD_4 = words("not additionalItems additionalProperties items")
_CHILD_6 = _CHILD_4 | words("contains propertyNames")
_CHILD_7 = _CHILD_6 | words("if then else")
_CHILD_2019 = _CHILD_7 | words("unevaluatedItems unevaluatedProperties contentSchema")
_LISTED_4 = words("allOf anyOf oneOf items")
_NAMED_4 = words("properties patternProperties definitions dependencies")
# "dependencies" and "definitions" are gone, but the metaschema still describes them and references may enter.
_NAMED_2019 = _NAMED_4 | words("$defs dependentSchemas")
_OLD = words("dependencies")
_DRAFTS = (
    Draft("draft-04", DRAFT_4, _CHILD_4, _LISTED_4, _NAMED_4, _BASE | _OLD),
    Draft("draft-06", DRAFT_6, _CHILD_6, _LISTED_4, _NAMED_4, _BASE | _OLD | _NEW_6),
    Draft("draft-07", DRAFT_7, _CHILD_7, _LISTED_4, _NAMED_4, _BASE | _OLD | _NEW_7),
    Draft(
        "2019-09",
        DRAFT_2019,
        _CHILD_2019,
        _LISTED_4,
        _NAMED_2019,
        _BASE | _NEW_2019 | words("$recursiveRef"),
    ),
    Draft(
        "2020-12",
        DRAFT_2020,
        _CHILD_2019 - {"additionalItems"},
        words("allOf anyOf oneOf prefixItems"),
        _NAMED_2019,
        (_BASE | _NEW_2019 | words("$dynamicRef prefixItems")) - {"additionalItems"},
    ),
)
_BY_URI: Mapping[str, Draft] = {
    "json-schema.org/draft-04/schema": _DRAFTS[DRAFT_4],
    "json-schema.org/draft-06/schema": _DRAFTS[DRAFT_6],
    "json-schema.org/draft-07/schema": _DRAFTS[DRAFT_7],
    "json-schema.org/draft/2019-09/schema": _DRAFTS[DRAFT_2019],
    "json-schema.org/draft/2020-12/schema": _DRAFTS[DRAFT_2020],
}
# What the rest of the package calls the drafts of a contract's schemas.
_ALIASES = {
    "draft4": "draft-04",
    "draft6": "draft-06",
    "draft7": "draft-07",
    "draft2020-12": "2020-12",
}


def choose_draft(schema: object, name: str | None) -> Draft:
    """The draft of that name or URI; by ``$schema`` without a name; 2020-12 where that says nothing known.

    Raises:
        InvalidSchemaError: no draft has that name.
    """
    if name is not None:
        plain = _ALIASES.get(name.lower(), name.lower())
        named = next((draft for draft in _DRAFTS if draft.name == plain), None) or _by_uri(name)
        if named is None:
            names = ", ".join(draft.name for draft in _DRAFTS)
            raise InvalidSchemaError(f"{name!r} is no known draft of JSON Schema; known are {names}")
        return named
    declared = schema.get("$schema") if isinstance(schema, dict) else None
    return (_by_uri(declared) if isinstance(declared, str) else None) or _DRAFTS[DRAFT_2020]


def _by_uri(uri: str) -> Draft | None:
    return _BY_URI.get(uri.removeprefix("https://").removeprefix("http://").removesuffix("#"))


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
                f"{keyword} is {describe(value)}, expected {expected}", where=pointer + join([keyword])
            )
    _check_containers(raw, draft, pointer)
    if draft.order == DRAFT_4:
        for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            bound = keyword.removeprefix("exclusive").lower()
            if keyword in raw and bound not in raw:
                raise InvalidSchemaError(f"{keyword} stands without {bound}", where=f"{pointer}/{keyword}")


def _check_containers(raw: dict[str, object], draft: Draft, pointer: str) -> None:
    """Refuse keywords whose subschemas do not stand in an object or a list as they must."""
    for keyword, value in raw.items():
        where = f"{pointer}/{keyword}"
        if keyword in draft.named:
            if not isinstance(value, dict):
                message = f"{keyword} is {describe(value)}, expected an object of schemas"
                raise InvalidSchemaError(message, where=where)
            for name, part in value.items():
                if not isinstance(name, str):
                    raise InvalidSchemaError("a property name is no string", where=where)
                strings = not isinstance(part, list) or all(isinstance(item, str) for item in part)
                if keyword == "dependencies" and not strings:
                    raise InvalidSchemaError("a dependency is no list of strings", where=where + join([name]))
        elif keyword in draft.listed - draft.child and not (isinstance(value, list) and value):
            listed = "an empty list" if value == [] else describe(value)
            raise InvalidSchemaError(f"{keyword} is {listed}, expected a list of schemas", where=where)


def describe(value: object) -> str:
    """A value in a few words, for messages."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        return repr(value if len(value) <= _QUOTED else value[:_QUOTED] + "…")
    if isinstance(value, int) and value.bit_length() > _QUOTED * 4:
        return "a number of more than 40 digits"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    return repr(type(value))


_QUOTED = 40


def is_number(value: object) -> bool:
    """Whether a value is a JSON number: booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _finite(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and is_number(value)
        and (isinstance(value, int) or math.isfinite(value))
    )


def _count(value: object) -> bool:
    return isinstance(value, (int, float)) and _finite(value) and value >= 0 and value == int(value)


def _strings(value: object) -> bool:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return False
    return len(set(value)) == len(value)


def _type(value: object) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and _strings(names) and all(name in TYPES for name in names)


def _of(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _rules(text: str, expected: str, fits: Callable[[object], bool]) -> dict[str, Rule]:
    return dict.fromkeys(text.split(), (expected, fits))


_STRINGS_ARE = (
    "pattern format $ref $id $schema $anchor $dynamicRef $dynamicAnchor $recursiveRef $comment title "
    "description contentEncoding contentMediaType"
)
_COUNTS_ARE = "maxLength minLength maxItems minItems maxContains minContains maxProperties minProperties"
_RULES: Mapping[str, Rule] = {
    **_rules("type", f"one of {', '.join(TYPES)}, or a list of them", _type),
    **_rules("multipleOf", "a number above zero", lambda value: _finite(value) and value > 0),  # type: ignore[operator]
    **_rules("maximum exclusiveMaximum minimum exclusiveMinimum", "a number", _finite),
    **_rules(_COUNTS_ARE, "a count of zero or more", _count),
    **_rules(_STRINGS_ARE, "a string", _of(str)),
    **_rules("uniqueItems $recursiveAnchor deprecated readOnly writeOnly", "true or false", _of(bool)),
    **_rules("enum examples", "a list", _of(list)),
    **_rules("required", "a list of distinct strings", _strings),
    **_rules(
        "dependentRequired",
        "an object of lists of distinct strings",
        lambda value: isinstance(value, dict) and all(map(_strings, value.values())),
    ),
}
# Keywords whose shape is checked only in the drafts that know them.
_ANCHORS = words("$anchor $dynamicAnchor $recursiveAnchor")
_DATED = words("dependentRequired minContains maxContains $dynamicRef $recursiveRef")
_RULES_4: Mapping[str, Rule] = {
    **_rules("exclusiveMinimum exclusiveMaximum", "true or false", _of(bool)),
    **_rules("id", "a string", _of(str)),
    **_rules("examples $id", "anything", lambda _: True),
}
