"""One sentence for each way of breaking a schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from mockgrid.document.nearest import nearest
from mockgrid.schema.branches import json_type, with_article
from mockgrid.schema.violation import shown, violation_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.schema.violation import Violation

_SHOWN_CHOICES = 12
_ESCAPED = re.compile(r'\\(["\\])')
_LONGEST_NAME = 64


class Broken(Protocol):
    """What is used of an error of `jsonschema`."""

    instance: Any
    message: str
    schema: Any
    absolute_path: Any
    validator: Any
    validator_value: Any


def violations_of(error: Broken, contract: str) -> Iterator[Violation]:
    """Turn one error of `jsonschema` into violations; one that names several properties becomes several.

    Args:
        error: what was found.
        contract: JSON pointer to the keyword that was broken.
    """
    path = list(error.absolute_path)
    keyword = str(error.validator)
    if keyword == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield _missing([*path, name], error, contract, None)
        return
    if keyword == "dependentRequired":
        yield from _dependent(path, error, contract)
        return
    if keyword == "label":
        yield _missing(path, error, contract, error.validator_value)
        return
    if keyword == "unknown":
        known = sorted(error.schema.get("properties", ())) if isinstance(error.schema, dict) else []
        for name in error.validator_value:
            yield _unexpected([*path, name], error.instance[name], known, contract)
        return
    if keyword == "surplus":
        path.append(error.validator_value)
        error.instance = error.instance[error.validator_value]
    code, message, expected = _WORDED.get(keyword, _other)(error)
    yield violation_at(path, code, message, expected, error.instance, contract)


def _dependent(path: list[Any], error: Broken, contract: str) -> Iterator[Violation]:
    for present, names in error.validator_value.items():
        for name in names if present in error.instance else ():
            if name not in error.instance:
                message = f"is required where {shown(present)} is there, but missing"
                yield violation_at([*path, name], "MG111", message, "a value", contract=contract)


def _missing(path: list[Any], error: Broken, contract: str, choices: list[Any] | None) -> Violation:
    name = str(path[-1])
    # What the schema has itself is meant as it is written.
    known = error.schema.get("properties", ()) if isinstance(error.schema, dict) else ()
    unknown = (key for key in error.instance if key not in known and len(key) <= _LONGEST_NAME)
    meant = nearest(name, unknown)
    message = "is required but missing"
    if choices:
        message += f"; one of {_listed(choices)} was expected"
    if meant is not None:
        message += f"; is {shown(meant)} a misspelling of it?"
    expected = f"one of {_listed(choices)}" if choices else "a value"
    return violation_at(path, "MG111", message, expected, contract=contract)


def _unexpected(path: list[Any], value: Any, known: list[str], contract: str) -> Violation:
    meant = nearest(str(path[-1]), known)
    hint = f"; did you mean {shown(meant)}?" if meant else ""
    message = f"is not a field that is known here{hint}"
    expected = f"one of {_listed(known)}" if known else "no such field"
    return violation_at(path, "MG118", message, expected, value, contract)


def _listed(choices: list[Any]) -> str:
    texts = [shown(choice) for choice in choices[:_SHOWN_CHOICES]]
    more = len(choices) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")


def _type_names(value: Any) -> str:
    kinds = [value] if isinstance(value, str) else list(value)
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    kinds.sort(key=lambda kind: kind == "null")  # null is said last
    names = [with_article(str(kind)) for kind in kinds]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def _type(error: Broken) -> tuple[str, str, str]:
    expected = _type_names(error.validator_value)
    got = with_article(json_type(error.instance))
    if isinstance(error.instance, float) and "integer" in error.validator_value:
        return (
            "MG110",
            f"must be {expected}, written without fraction or exponent, got {shown(error.instance)}",
            expected,
        )
    return "MG110", f"must be {expected}, got {got}", expected


def _type_of(error: Broken) -> tuple[str, str, str]:
    return _not_among(error.validator_value, error.instance)


def _not_among(choices: Any, value: Any) -> tuple[str, str, str]:
    """Say that a value has none of the types of the listed values."""
    expected = _type_names(sorted({json_type(choice) for choice in choices}))
    return "MG110", f"must be {expected}, got {with_article(json_type(value))}", expected


def _enum(error: Broken) -> tuple[str, str, str]:
    choices = [choice for choice in error.validator_value if choice is not None] or error.validator_value
    if not choices:
        return "MG118", "is not allowed here", "nothing"
    if json_type(error.instance) not in {json_type(choice) for choice in choices}:
        return _not_among(choices, error.instance)
    expected = f"one of {_listed(choices)}" if len(choices) > 1 else shown(choices[0])
    message = f"must be {expected}, got {shown(error.instance)}"
    if isinstance(error.instance, str):
        meant = nearest(error.instance, (choice for choice in choices if isinstance(choice, str)))
        if meant is not None:
            message += f"; did you mean {shown(meant)}?"
    return "MG112", message, expected


def _const(error: Broken) -> tuple[str, str, str]:
    expected = shown(error.validator_value)
    return "MG112", f"must be {expected}, got {shown(error.instance)}", expected


def _bound(words: str, code: str = "MG113") -> Callable[[Broken], tuple[str, str, str]]:
    def worded(error: Broken) -> tuple[str, str, str]:
        limit = shown(error.validator_value)
        exclusive = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}.get(str(error.validator))
        strictly = error.schema.get(exclusive) is True  # as draft-04 has it
        text = {"at least": "above", "at most": "below"}.get(words, words) if strictly else words
        return code, f"must be {text} {limit}, got {shown(error.instance)}", f"{text} {limit}"

    return worded


def _size(least: str, unit: str) -> Callable[[Broken], tuple[str, str, str]]:
    def worded(error: Broken) -> tuple[str, str, str]:
        limit = error.validator_value
        units = unit if limit == 1 else {"property": "properties"}.get(unit, unit + "s")
        expected = f"{least} {limit} {units}"
        return "MG114", f"must have {expected}, got {len(error.instance)}", expected

    return worded


def _pattern(error: Broken) -> tuple[str, str, str]:
    # As the document has it: quoted as JSON, its backslashes would be doubled.
    pattern = _ESCAPED.sub(r"\1", shown(error.validator_value))
    message = f"must match the pattern {pattern}, got {shown(error.instance)}"
    return "MG115", message, f"text that matches {pattern}"


def _format(error: Broken) -> tuple[str, str, str]:
    name = str(error.validator_value)
    return "MG116", f"must have the format {name}, got {shown(error.instance)}", f"the format {name}"


def _unique(error: Broken) -> tuple[str, str, str]:
    where = ""
    if isinstance(error.validator_value, tuple):
        first, again = error.validator_value
        where = f"; item {again} is item {first} again"
    return "MG117", f"must not hold the same item twice{where}", "distinct items"


def _surplus(error: Broken) -> tuple[str, str, str]:
    count = error.validator_value
    expected = f"at most {count} item{'' if count == 1 else 's'}"
    return "MG118", f"is an item too many; {expected} can stand here", expected


def _names(error: Broken) -> tuple[str, str, str]:
    return "MG118", f"has a field name that is not allowed: {error.message[:120]}", "allowed field names"


def _any_of(error: Broken) -> tuple[str, str, str]:
    forms = [str(form) for form in error.validator_value]
    expected = "; or ".join(forms[:_SHOWN_CHOICES])
    return "MG119", f"has none of the forms that are allowed here: {expected}", expected


def _choices(schema: Any) -> list[Any]:
    """Return the values that a schema lists itself."""
    choices = schema.get("enum") if isinstance(schema, dict) else None
    return choices if isinstance(choices, list) else []


def _not(error: Broken) -> tuple[str, str, str]:
    refused = error.validator_value if isinstance(error.validator_value, dict) else {}
    listed = refused.get("enum", [refused["const"]] if "const" in refused else [])
    expected = f"anything but {_listed(listed) or shown(refused)}"
    message = f"must not be {shown(error.instance)}"
    allowed = [choice for choice in _choices(error.schema) if choice not in listed]
    if allowed:
        expected = _listed(allowed) if len(allowed) == 1 else f"one of {_listed(allowed)}"
    return "MG120", f"{message}; {expected} was expected", expected


def _contains(error: Broken) -> tuple[str, str, str]:
    schema = error.schema if isinstance(error.schema, dict) else {}
    most = error.validator == "maxContains"
    count = error.validator_value if error.validator != "contains" else schema.get("minContains", 1)
    bound, items = "at most" if most else "at least", "item" if count == 1 else "items"
    expected = (
        f"{bound} {count} {items} that {'obeys' if count == 1 else 'obey'} {shown(schema.get('contains'))}"
    )
    return "MG121", f"must have {expected}", expected


def _other(error: Broken) -> tuple[str, str, str]:
    if error.validator_value is False or error.schema is False:
        return "MG118", "is not allowed here", "nothing"
    rule = shown(error.validator_value)
    return "MG121", f"breaks the rule {error.validator}: {rule}", f"{error.validator} {rule}"


_WORDED: dict[str, Callable[[Broken], tuple[str, str, str]]] = {
    "type": _type,
    "type-of": _type_of,
    "enum": _enum,
    "const": _const,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("above"),
    "exclusiveMaximum": _bound("below"),
    "multipleOf": _bound("a multiple of"),
    "minLength": _size("at least", "character"),
    "maxLength": _size("at most", "character"),
    "minItems": _size("at least", "item"),
    "maxItems": _size("at most", "item"),
    "minProperties": _size("at least", "property"),
    "maxProperties": _size("at most", "property"),
    "contains": _contains,
    "minContains": _contains,
    "maxContains": _contains,
    "pattern": _pattern,
    "format": _format,
    "uniqueItems": _unique,
    "surplus": _surplus,
    "propertyNames": _names,
    "anyOf": _any_of,
    "oneOf": _any_of,
    "not": _not,
}
