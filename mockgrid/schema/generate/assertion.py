"""The keywords that judge a value by itself, without other schemas."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mockgrid.schema.generate.equality import canonical, is_number
from mockgrid.schema.generate.schema import ARRAY, BOOLEAN, FRACTION, INTEGER, NULL, OBJECT, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockgrid.schema.generate.equality import JSON
    from mockgrid.schema.generate.schema import Schema

    Assertion = Callable[[Schema, Any, JSON], bool]


def kind_of(value: JSON) -> int:
    """The one kind that a value is of; a float without fraction counts as an integer."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, float):
        return INTEGER if value.is_integer() else FRACTION
    if isinstance(value, str):
        return STRING
    return ARRAY if isinstance(value, list) else OBJECT


def divides(divisor: float, value: float) -> bool:
    """Whether ``value`` is a multiple, by both readings in use: exact decimals, whole float quotient."""
    if isinstance(divisor, int) and isinstance(value, int):
        return value % divisor == 0
    if decimal(value) % decimal(divisor):
        return False
    try:
        quotient = value / divisor
        return quotient == int(quotient)
    except OverflowError:
        return False


def decimal(number: float) -> Fraction:
    """A number as it is written in decimal, so that 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _type(schema: Schema, _: object, value: JSON) -> bool:
    return bool(schema.kinds & kind_of(value))


def _enum(schema: Schema, _: object, value: JSON) -> bool:
    return canonical(value) in schema.members("enum")


def _const(schema: Schema, _: object, value: JSON) -> bool:
    return canonical(value) in schema.members("const")


def _minimum(schema: Schema, bound: float, value: Any) -> bool:
    if not is_number(value):
        return True
    return bool(value > bound if schema.keywords.get("exclusiveMinimum") is True else value >= bound)


def _maximum(schema: Schema, bound: float, value: Any) -> bool:
    if not is_number(value):
        return True
    return bool(value < bound if schema.keywords.get("exclusiveMaximum") is True else value <= bound)


def _exclusive_minimum(_: Schema, bound: float, value: Any) -> bool:
    return isinstance(bound, bool) or not is_number(value) or value > bound


def _exclusive_maximum(_: Schema, bound: float, value: Any) -> bool:
    return isinstance(bound, bool) or not is_number(value) or value < bound


def _multiple_of(_: Schema, divisor: float, value: Any) -> bool:
    return not is_number(value) or divides(divisor, value)


def _min_length(_: Schema, limit: int, value: JSON) -> bool:
    return not isinstance(value, str) or len(value) >= limit


def _max_length(_: Schema, limit: int, value: JSON) -> bool:
    return not isinstance(value, str) or len(value) <= limit


def _pattern(schema: Schema, source: str, value: JSON) -> bool:
    return not isinstance(value, str) or schema.patterns[source].search(value)


def _min_items(_: Schema, limit: int, value: JSON) -> bool:
    return not isinstance(value, list) or len(value) >= limit


def _max_items(_: Schema, limit: int, value: JSON) -> bool:
    return not isinstance(value, list) or len(value) <= limit


def _unique_items(_: Schema, unique: bool, value: JSON) -> bool:  # noqa: FBT001 (a keyword's own value)
    if not unique or not isinstance(value, list):
        return True
    return len(set(map(canonical, value))) == len(value)


def _min_properties(_: Schema, limit: int, value: JSON) -> bool:
    return not isinstance(value, dict) or len(value) >= limit


def _max_properties(_: Schema, limit: int, value: JSON) -> bool:
    return not isinstance(value, dict) or len(value) <= limit


def _required(_: Schema, names: list[str], value: JSON) -> bool:
    return not isinstance(value, dict) or all(name in value for name in names)


def _dependent_required(_: Schema, needs: dict[str, list[str]], value: JSON) -> bool:
    if not isinstance(value, dict):
        return True
    return all(name in value for trigger, names in needs.items() if trigger in value for name in names)


ASSERTIONS: Mapping[str, Assertion] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _exclusive_minimum,
    "exclusiveMaximum": _exclusive_maximum,
    "multipleOf": _multiple_of,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "minItems": _min_items,
    "maxItems": _max_items,
    "uniqueItems": _unique_items,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
    "required": _required,
    "dependentRequired": _dependent_required,
}
