"""Makes numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.limits import INTEGER_HIGH, INTEGER_LOW
from mockgrid.schema.generate.schema import FRACTION, INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.generate.constraints import Bound, Constraints
    from mockgrid.schema.generate.position import Position

_USUAL = 100
_TRIES = 40
_DIGITS = (2, 1, 4, 9, 17, 40, 330)
_FORMATS = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 255),
    "uint32": (0, 2**32 - 1),
}
_WIDEST_STEP = 2_000


def numbers(constraints: Constraints, kinds: int, position: Position) -> Iterator[int | float]:
    """Numbers within the bounds, and multiples of what is asked; the first ones are the nicest.

    Args:
        constraints: the bounds and divisors.
        kinds: ``INTEGER``, ``FRACTION`` or both.
        position: chooses among them.

    Raises:
        UnsatisfiableError: no number fits.
    """
    low, high = _range(constraints)
    step = _step(constraints, whole=not kinds & FRACTION)
    found = False
    if step is not None and (kinds & FRACTION or step.denominator == 1):
        for number in _multiples(constraints, low, high, step, position, floats=bool(kinds & FRACTION)):
            found = True
            yield number
    elif step is None:
        for number in _decimals(constraints, low, high, position):
            found = True
            yield number
        if kinds & INTEGER:
            for number in _multiples(constraints, low, high, Fraction(1), position, floats=True):
                found = True
                yield number
    if not found:
        what = "integer" if not kinds & FRACTION else "number"
        raise UnsatisfiableError(f"{_phrase(constraints)}, so no {what} fits", where=constraints.where)


def _range(constraints: Constraints) -> tuple[Fraction | None, Fraction | None]:
    low = None if constraints.low is None else Fraction(constraints.low.value)
    high = None if constraints.high is None else Fraction(constraints.high.value)
    for name in constraints.formats:
        if name in _FORMATS:
            least, most = _FORMATS[name]
            low = Fraction(least) if low is None and high is not None and high <= least else low
            low = max(low, Fraction(least)) if low is not None else low
            high = (
                min(high, Fraction(most))
                if high is not None
                else (Fraction(most) if low is not None else high)
            )
    if low is not None and high is not None and low > high:
        raise UnsatisfiableError(f"{_phrase(constraints)}, so no number fits", where=constraints.where)
    return low, high


def _phrase(constraints: Constraints) -> str:
    low, high = constraints.low, constraints.high
    if low is not None and high is not None:
        least, most = _bound("minimum", low), _bound("maximum", high)
        if low.value > high.value:
            return f"{least} is above {most}"
        found = f"{least} and {most} are given"
    else:
        given = [_bound("minimum", low) if low else "", _bound("maximum", high) if high else ""]
        found = (
            f"{' '.join(filter(None, given))} is given" if any(given) else "integers are kept within 64 bits"
        )
    if constraints.multiples:
        found += f" with multipleOf {' and '.join(map(_short, constraints.multiples))}"
    return found


def _bound(name: str, bound: Bound) -> str:
    return f"{'exclusive ' if bound.open else ''}{name} {_short(bound.value)}"


def _short(number: float) -> str:
    if isinstance(number, int) and number.bit_length() > _WIDEST_SHOWN:
        return "of more than 60 digits"
    return str(number)


_WIDEST_SHOWN = 200


def _step(constraints: Constraints, *, whole: bool) -> Fraction | None:
    """The least common multiple of all divisors; nothing where any number will do."""
    divisors = [_decimal(divisor) for divisor in constraints.multiples] + ([Fraction(1)] if whole else [])
    if not divisors:
        return None
    step = divisors[0]
    for divisor in divisors[1:]:
        step = Fraction(
            math.lcm(step.numerator, divisor.numerator), math.gcd(step.denominator, divisor.denominator)
        )
        if step.numerator.bit_length() + step.denominator.bit_length() > _WIDEST_STEP * 4:
            raise UnsatisfiableError(
                "the values of multipleOf have no common multiple of usable size", where=constraints.where
            )
    return step


def _multiples(  # noqa: PLR0913 (a range, its grid and how to pick from it)
    constraints: Constraints,
    low: Fraction | None,
    high: Fraction | None,
    step: Fraction,
    position: Position,
    *,
    floats: bool,
) -> Iterator[int | float]:
    first = None if low is None else math.ceil(low / step)
    last = None if high is None else math.floor(high / step)
    if first is not None and constraints.low is not None and constraints.low.open and first * step == low:
        first += 1
    if last is not None and constraints.high is not None and constraints.high.open and last * step == high:
        last -= 1
    count = max(_USUAL, position.span)
    if first is None:
        first = 1 if last is None or last >= 1 else last - count + 1
        first = 1 if last is not None and last >= count else first
    if last is None:
        last = first + count - 1
    size = min(last - first + 1, count)
    if size < 1:
        return
    start = position.draw(size)
    for turn in range(min(size, _TRIES)):
        number = _as_json((first + (start + turn) % size) * step, floats=floats)
        if number is not None and _fits(constraints, number):
            yield number


def _decimals(
    constraints: Constraints, low: Fraction | None, high: Fraction | None, position: Position
) -> Iterator[int | float]:
    if low is None and high is None:
        low, high = Fraction(0), Fraction(_USUAL)
    elif low is None and high is not None:
        low = high - _USUAL if high <= 0 else Fraction(0)
    elif high is None and low is not None:
        high = low + _USUAL
    if low is None or high is None:
        return
    for digits in _DIGITS:
        scale = 10**digits
        first, last = math.ceil(low * scale), math.floor(high * scale)
        size = min(last - first + 1, max(_USUAL * _USUAL, position.span))
        if size < 1:
            continue
        start = position.draw(size)
        for turn in range(min(size, 3)):
            number = _as_json(Fraction(first + (start + turn) % size, scale), floats=True)
            if number is not None and _fits(constraints, number):
                yield number


def _as_json(number: Fraction, *, floats: bool) -> int | float | None:
    """A number as JSON writes it; nothing where 64-bit readers would lose it."""
    if number.denominator == 1 and INTEGER_LOW <= number.numerator <= INTEGER_HIGH:
        return number.numerator
    if not floats:
        return None
    try:
        converted = float(number)
    except OverflowError:
        return None
    return converted


def _fits(constraints: Constraints, number: float) -> bool:
    low, high = constraints.low, constraints.high
    if low is not None and not (number > low.value if low.open else number >= low.value):
        return False
    if high is not None and not (number < high.value if high.open else number <= high.value):
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


def _decimal(number: float) -> Fraction:
    """A number as it is written in decimal, so that 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))
