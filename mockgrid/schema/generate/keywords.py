"""The keywords of each draft: which hold subschemas, and what kind of value each must have."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from mockgrid.document.pointer import join
from mockgrid.errors import InvalidSchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Rule: TypeAlias = tuple[str, Callable[[object], bool]]

DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019, DRAFT_2020 = range(5)
NULL, BOOLEAN, INTEGER, FRACTION, STRING, ARRAY, OBJECT = (1 << bit for bit in range(7))
NUMBER = INTEGER | FRACTION
EVERY_KIND = (1 << 7) - 1
KINDS = {
    "null": NULL,
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}
TYPES = tuple(KINDS)


def kind_of(value: object) -> int:
    """The one kind that a value is of; a float without fraction counts as an integer."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, (int, float)):
        return INTEGER if isinstance(value, int) or value.is_integer() else FRACTION
    if isinstance(value, str):
        return STRING
    return ARRAY if isinstance(value, list) else OBJECT


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


_NAMES = ("draft-04", "draft-06", "draft-07", "2019-09", "2020-12")
# What the rest of the package calls the drafts of a contract's schemas.
_ALIASES = {"draft4": "draft-04", "draft2020-12": "2020-12"}
# The keywords that assert or apply something, by the draft that brought them, and that did away with them.
_BROUGHT = {
    DRAFT_4: "type enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength "
    "pattern maxItems minItems uniqueItems maxProperties minProperties required format $ref not allOf anyOf "
    "oneOf items additionalItems properties patternProperties additionalProperties dependencies",
    DRAFT_6: "const contains propertyNames",
    DRAFT_7: "if then else",
    DRAFT_2019: "dependentRequired dependentSchemas minContains maxContains unevaluatedItems "
    "unevaluatedProperties $recursiveRef",
    DRAFT_2020: "prefixItems $dynamicRef",
}
_ENDED = {DRAFT_2019: "dependencies", DRAFT_2020: "additionalItems $recursiveRef"}
_CHILD = words(
    "not additionalItems additionalProperties items contains propertyNames if then else unevaluatedItems "
    "unevaluatedProperties"
)
# "dependencies" and "definitions" are gone, but the metaschema still describes them and references may enter.
_NAMED = words("properties patternProperties definitions dependencies")
_NAMED_2019 = _NAMED | words("$defs dependentSchemas")


@dataclass(eq=False, repr=False)
class Draft:
    """One draft.

    Attributes:
        order: rises from draft to draft.
        keywords: every keyword that asserts or applies something.
        child: keywords whose value is a schema.
        listed: keywords whose value is a list of schemas.
        named: keywords whose value is an object of schemas.
    """

    order: int
    keywords: frozenset[str]
    child: frozenset[str]
    listed: frozenset[str]
    named: frozenset[str]

    @property
    def lonely_ref(self) -> bool:
        """Whether ``$ref`` makes its neighbours void."""
        return self.order < DRAFT_2019


@cache
def _draft(order: int) -> Draft:
    brought = words(" ".join(text for since, text in _BROUGHT.items() if since <= order))
    ended = words(" ".join(text for since, text in _ENDED.items() if since <= order))
    keywords = brought - ended
    child = (_CHILD & keywords) | words("contentSchema" if order >= DRAFT_2019 else "")
    listed = words("allOf anyOf oneOf prefixItems" if order >= DRAFT_2020 else "allOf anyOf oneOf items")
    return Draft(order, keywords, child, listed, _NAMED if order < DRAFT_2019 else _NAMED_2019)


def choose_draft(schema: object, name: str | None) -> Draft:
    """The draft of that name; by ``$schema`` without a name; 2020-12 where that says nothing known.

    Raises:
        InvalidSchemaError: no draft has that name.
    """
    if name is not None:
        name = _ALIASES.get(name, name)
        if name not in _NAMES:
            known = ", ".join(_NAMES)
            raise InvalidSchemaError(f"{name!r} is no known draft of JSON Schema; known are {known}")
        return _draft(_NAMES.index(name))
    declared = schema.get("$schema") if isinstance(schema, dict) else None
    match = _URI.fullmatch(declared) if isinstance(declared, str) else None
    return _draft(_NAMES.index(match[1]) if match else DRAFT_2020)


_URI = re.compile(
    r"(?:https?://)?json-schema\.org/(?:(?=d)|draft/(?=2))(draft-0[467]|2019-09|2020-12)/schema#?"
)


def check_shape(raw: dict[str, object], draft: Draft, pointer: str) -> None:
    """Refuse a schema one of whose own keywords is malformed; subschemas are checked by whoever walks them.

    Raises:
        InvalidSchemaError: at the keyword.
    """
    for keyword, value in raw.items():
        expected, fits = _rule(keyword, draft)
        if not fits(value):
            shape = "an empty list" if value == [] and keyword in draft.listed else describe(value)
            raise InvalidSchemaError(
                f"{keyword} is {shape}, expected {expected}", where=pointer + join([keyword])
            )
        if draft.order == DRAFT_4 and keyword in _EXCLUSIVE and _EXCLUSIVE[keyword] not in raw:
            message = f"{keyword} stands without {_EXCLUSIVE[keyword]}"
            raise InvalidSchemaError(message, where=f"{pointer}/{keyword}")
    for name, part in raw.get("dependencies", {}).items():  # type: ignore[attr-defined]
        if isinstance(part, list) and not all(isinstance(item, str) for item in part):
            where = pointer + join(["dependencies", name])
            raise InvalidSchemaError("a dependency is no list of strings", where=where)


def _rule(keyword: str, draft: Draft) -> Rule:
    """What is expected of a keyword, and whether a value is that."""
    if keyword in draft.named:
        return "an object of schemas", _of(dict)
    if keyword in draft.listed and keyword not in draft.child:
        return "a list of schemas", lambda value: isinstance(value, list) and bool(value)
    dated = keyword in _DATED and keyword not in draft.keywords
    if dated or (draft.lonely_ref and keyword in _ANCHORS):
        return _ANY
    return (draft.order == DRAFT_4 and _RULES_4.get(keyword)) or _RULES.get(keyword, _ANY)


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


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a JSON number: booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _finite(value: object) -> TypeGuard[float]:
    return is_number(value) and (isinstance(value, int) or math.isfinite(value))


def _count(value: object) -> bool:
    return _finite(value) and value >= 0 and value == int(value)


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


_ANY: Rule = ("anything", lambda _: True)
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_STRINGS_ARE = (
    "pattern format $ref $id $schema $anchor $dynamicRef $dynamicAnchor $recursiveRef $comment title "
    "description contentEncoding contentMediaType"
)
_COUNTS_ARE = "maxLength minLength maxItems minItems maxContains minContains maxProperties minProperties"
_RULES: Mapping[str, Rule] = {
    **_rules("type", f"one of {', '.join(TYPES)}, or a list of them", _type),
    **_rules("multipleOf", "a number above zero", lambda value: _finite(value) and value > 0),
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
    **dict.fromkeys(("examples", "$id"), _ANY),
}
