"""Makes numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.edges import edge_number
from mockgrid.schema.generate.keywords import FRACTION, INTEGER
from mockgrid.schema.generate.limits import INTEGER_HIGH, INTEGER_LOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.constraints import Bound, Constraints

Exact: TypeAlias = "int | Fraction"
"""A number without rounding."""

_USUAL = 100
_FAR = 10_000
_TRIES = 40
_DIGITS = (2, 1, 4, 9, 17, 40, 330)
_FORMATS = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 255),
    "uint32": (0, 2**32 - 1),
}
_WIDEST_STEP = 8_000
_WIDEST_WRITTEN = 200
_TRIES_OF_SCALE = 3


def numbers(
    constraints: Constraints, kinds: int, position: ValuePosition, *, edges: bool = False
) -> Iterator[int | float]:
    """Numbers within the bounds, and multiples of what is wanted; the first ones are the nicest.

    Args:
        constraints: the bounds and divisors.
        kinds: ``INTEGER``, ``FRACTION`` or both.
        position: chooses among them.
        edges: whether one at an edge comes first.

    Raises:
        UnsatisfiableError: no number fits.
    """
    low, high = _range(constraints)
    whole = not kinds & FRACTION
    step = _step(constraints, whole=whole)
    proposals = iter(()) if step is None else _multiples(constraints, low, high, step, position)
    if step is None:
        proposals = _decimals(low, high, position)
        if kinds & INTEGER:
            proposals = chain(proposals, _multiples(constraints, low, high, 1, position))
    if edges and position.turn is None:
        least, most = _narrowed(constraints, low, high)
        edge = edge_number(position, least, most, step)
        proposals = chain((edge,), proposals)
    fits = False
    for proposal in proposals:
        number = _as_json(proposal, whole=whole)
        if number is not None and _fits(constraints, number):
            fits = True
            yield number
    if not fits:
        what = "integer" if whole else "number"
        raise UnsatisfiableError(f"{_phrase(constraints)}, so no {what} fits", where=constraints.where)


def _range(constraints: Constraints) -> tuple[Exact | None, Exact | None]:
    low = None if constraints.low is None else _exact(constraints.low.value)
    high = None if constraints.high is None else _exact(constraints.high.value)
    for name in constraints.formats:
        if name in _FORMATS:
            # A bound is only added where the numbers would not lie near zero anyway.
            least, most = _FORMATS[name]
            low = least if low is None and high is not None and high <= least else low
            low = None if low is None else max(low, least)
            high = min(high, most) if high is not None else most if low is not None else None
    if low is not None and high is not None and low > high:
        raise UnsatisfiableError(f"{_phrase(constraints)}, so no number fits", where=constraints.where)
    return low, high


def _narrowed(
    constraints: Constraints, low: Exact | None, high: Exact | None
) -> tuple[Exact | None, Exact | None]:
    """Bounds within those of the formats: what is at the edge of a type is an edge, too."""
    for least, most in (_FORMATS[name] for name in constraints.formats if name in _FORMATS):
        low = least if low is None else max(low, least)
        high = most if high is None else min(high, most)
    return low, high


def _phrase(constraints: Constraints) -> str:
    low, high = constraints.low, constraints.high
    bounds = [_bound("minimum", low), _bound("maximum", high)]
    if low is not None and high is not None:
        if low.value > high.value:
            return " is above ".join(bounds)
        phrase = f"{' and '.join(bounds)} are given"
    else:
        given = "".join(bounds)
        phrase = f"{given} is given" if given else "integers are kept within 64 bits"
    if constraints.multiples:
        phrase += f" with multipleOf {' and '.join(map(_short, constraints.multiples))}"
    return phrase


def _bound(name: str, bound: Bound | None) -> str:
    if bound is None:
        return ""
    return f"{'exclusive ' if bound.open else ''}{name} {_short(bound.value)}"


def _short(number: float) -> str:
    if isinstance(number, int) and number.bit_length() > _WIDEST_WRITTEN:
        return "of more than 60 digits"
    return str(number)


def _step(constraints: Constraints, *, whole: bool) -> Exact | None:
    """The least common multiple of all divisors; nothing where any number will do."""
    divisors = [_decimal(divisor) for divisor in constraints.multiples] + ([1] if whole else [])
    if not divisors:
        return None
    step = divisors[0]
    for divisor in divisors[1:]:
        step = Fraction(
            math.lcm(step.numerator, divisor.numerator), math.gcd(step.denominator, divisor.denominator)
        )
        if step.numerator.bit_length() + step.denominator.bit_length() > _WIDEST_STEP:
            raise UnsatisfiableError(
                "the values of multipleOf have no common multiple of usable size", where=constraints.where
            )
    return step


def _multiples(
    constraints: Constraints,
    low: Exact | None,
    high: Exact | None,
    step: Exact,
    position: ValuePosition,
) -> Iterator[Exact]:
    """Multiples of a step between the bounds, from anywhere among the hundred that are nearest to zero."""
    first = None if low is None else -(-low // step)
    last = None if high is None else high // step
    if first is not None and constraints.low is not None and constraints.low.open and first * step == low:
        first += 1
    if last is not None and constraints.high is not None and constraints.high.open and last * step == high:
        last -= 1
    count = max(_USUAL, position.span)
    if first is not None and first < -_FAR and (last is None or last >= count):
        first = 1  # as people count, where the bounds are those of a type
    if first is None:
        first = last - count + 1 if last is not None and last < 1 else 1
    size = count if last is None else min(last - first + 1, count)
    start = position.draw(size) if size > 0 else 0
    for turn in range(min(size, _TRIES)):
        yield (first + (start + turn) % size) * step


def _decimals(low: Exact | None, high: Exact | None, position: ValuePosition) -> Iterator[Exact]:
    """Decimals between the bounds, with two digits or as many as it takes."""
    if low is None:
        low = high - _USUAL if high is not None and high <= 0 else 0
    if low < -_FAR and (high is None or high >= _USUAL):
        low = 0
    if high is None:
        high = low + _USUAL
    for digits in _DIGITS:
        scale = 10**digits
        first, last = math.ceil(low * scale), math.floor(high * scale)
        size = min(last - first + 1, max(_USUAL * _USUAL, position.span))
        start = position.draw(size) if size > 0 else 0
        for turn in range(min(size, _TRIES_OF_SCALE)):
            yield Fraction(first + (start + turn) % size, scale)


def _as_json(number: Exact, *, whole: bool) -> int | float | None:
    """A number as JSON writes it; nothing where 64-bit readers would lose it."""
    if number.denominator == 1 and INTEGER_LOW <= number.numerator <= INTEGER_HIGH:
        return number.numerator
    try:
        return None if whole else float(number)
    except OverflowError:
        return None


def _fits(constraints: Constraints, number: float) -> bool:
    low, high = constraints.low, constraints.high
    if low is not None and (number < low.value or (low.open and number == low.value)):
        return False
    if high is not None and (number > high.value or (high.open and number == high.value)):
        return False
    return all(_divides(divisor, number) for divisor in constraints.multiples)


def _divides(divisor: float, value: float) -> bool:
    """Whether ``value`` is a multiple, by both readings in use: exact decimals, whole float quotient."""
    if isinstance(divisor, int) and isinstance(value, int):
        return value % divisor == 0
    if _decimal(value) % _decimal(divisor):
        return False
    try:
        quotient = value / divisor
        return quotient == int(quotient)
    except OverflowError:
        return False


def _exact(number: float) -> Exact:
    """A number as it is: most are whole, and those count faster."""
    return number if isinstance(number, int) else Fraction(number)


def _decimal(number: float) -> Exact:
    """A number as it is written in decimal, so that 0.1 is a tenth."""
    return number if isinstance(number, int) else Fraction(repr(number))
