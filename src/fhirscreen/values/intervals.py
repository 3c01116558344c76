"""Numbers that are known only within bounds: `<0.5` is an interval, and so is what is computed from it.

All comparisons are made at 12 significant digits, so that engines whose arithmetic differs in the last
bits agree at the bound. Bounds are finite floats; None is unbounded. An interval is never empty.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from fhirscreen.exceptions import DataError
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, negation

Comparator = Literal["<", "<=", ">=", ">"]
"""FHIR's QuantityComparator (R4, datatypes, Quantity): the true value is less, or more, than the number."""


class Interval(NamedTuple):
    """The numbers between `low` and `high`; an end is excluded when it is open, and None is unbounded."""

    low: float | None
    high: float | None
    low_open: bool = False
    high_open: bool = False


ANYTHING = Interval(None, None)


def exactly(number: float) -> Interval:
    """The one number. Raises DataError for NaN and infinities, which are no FHIR decimals."""
    number = float(number)
    if number - number != 0.0:  # the quickest test that is false for every finite float
        raise DataError("a number is not finite", expected="a FHIR decimal")
    return Interval(number, number)


def from_comparator(number: float, comparator: str | None = None, *, nonnegative: bool = False) -> Interval:
    """What a FHIR Quantity's value and comparator say.

    `nonnegative` is for what cannot be below zero (concentrations, counts, sizes): `<0.5` is then [0, 0.5).
    Raises DataError for a comparator that R4 does not have and for numbers that are not finite.
    """
    point = exactly(number)
    if comparator is None:
        return point
    floor = 0.0 if nonnegative and number >= 0 else None
    match comparator:
        case "<":
            # "<0" of something nonnegative would be empty: it is read as zero.
            return Interval(floor, number, high_open=number != floor)
        case "<=":
            return Interval(floor, number)
        case ">=":
            return Interval(number, None)
        case ">":
            return Interval(number, None, low_open=True)
    raise DataError("a quantity's comparator is unknown", expected="one of < <= >= >")


def round12(number: float) -> float:
    """The number at 12 significant digits, rounded correctly from its binary value (C's `%.11e`)."""
    return float(f"{number:.11e}")


def compare(left: float, right: float) -> int:
    """-1, 0 or 1, at 12 significant digits."""
    difference = left - right
    # Numbers this far apart cannot round to the same 12 digits: rounding is needed only at the bound.
    if abs(difference) > 2e-11 * (abs(left) + abs(right)):
        return 1 if difference > 0 else -1
    if difference == 0:
        return 0
    left, right = round12(left), round12(right)
    return (left > right) - (left < right)


def is_at_least(interval: Interval, bound: float) -> Truth:
    """Whether the number is `bound` or more."""
    low, high = interval.low, interval.high
    if low is not None and compare(low, bound) >= 0:
        return TRUE
    if high is not None:
        order = compare(high, bound)
        if order < 0 or (order == 0 and interval.high_open):
            return FALSE
    return UNKNOWN


def is_above(interval: Interval, bound: float) -> Truth:
    """Whether the number is more than `bound`."""
    low, high = interval.low, interval.high
    if low is not None:
        order = compare(low, bound)
        if order > 0 or (order == 0 and interval.low_open):
            return TRUE
    if high is not None and compare(high, bound) <= 0:
        return FALSE
    return UNKNOWN


def is_at_most(interval: Interval, bound: float) -> Truth:
    """Whether the number is `bound` or less."""
    return negation(is_above(interval, bound))


def is_below(interval: Interval, bound: float) -> Truth:
    """Whether the number is less than `bound`."""
    return negation(is_at_least(interval, bound))


def is_point(interval: Interval) -> bool:
    """Whether the interval is one number."""
    return interval.low is not None and interval.low == interval.high


def contains(interval: Interval, number: float) -> bool:
    """Whether the number is one of the interval's."""
    low, high = interval.low, interval.high
    if low is not None:
        order = compare(number, low)
        if order < 0 or (order == 0 and interval.low_open):
            return False
    if high is not None:
        order = compare(number, high)
        if order > 0 or (order == 0 and interval.high_open):
            return False
    return True


def scale(interval: Interval, factor: float) -> Interval:
    """The interval times a number: each end is one float64 multiplication."""
    low, high, low_open, high_open = interval
    if factor == 1.0:
        return interval
    if factor == 0.0:
        return Interval(0.0, 0.0)
    low = None if low is None else low * factor
    high = None if high is None else high * factor
    if factor < 0:
        return Interval(high, low, high_open, low_open)
    return Interval(low, high, low_open, high_open)


def add(left: Interval, right: Interval) -> Interval:
    """The sums."""
    low = None if left.low is None or right.low is None else left.low + right.low
    high = None if left.high is None or right.high is None else left.high + right.high
    return Interval(
        low,
        high,
        low is not None and (left.low_open or right.low_open),
        high is not None and (left.high_open or right.high_open),
    )


def subtract(left: Interval, right: Interval) -> Interval:
    """The differences."""
    return add(left, Interval(*_negated(right)))


def _negated(interval: Interval) -> tuple[float | None, float | None, bool, bool]:
    low, high, low_open, high_open = interval
    return (None if high is None else -high, None if low is None else -low, high_open, low_open)


def multiply(left: Interval, right: Interval) -> Interval | None:
    """The products of numbers that are not negative; None where an interval reaches below zero."""
    if left.low is None or right.low is None or left.low < 0 or right.low < 0:
        return None
    low = left.low * right.low
    # Zero is reached as soon as one factor can be zero, whatever the other's end.
    low_open = (left.low_open or right.low_open) and not _reaches_zero(left) and not _reaches_zero(right)
    if left.high == 0 or right.high == 0:
        return Interval(0.0, 0.0)
    if left.high is None or right.high is None:
        return Interval(low, None, low_open)
    return Interval(low, left.high * right.high, low_open, left.high_open or right.high_open)


def divide(left: Interval, right: Interval) -> Interval | None:
    """The quotients of numbers that are not negative; None where an interval reaches below zero.

    The divisor is a measured amount and not zero itself: [0, 2] divides like (0, 2], whose quotients are
    unbounded. None where it can be nothing but zero.
    """
    if left.low is None or right.low is None or left.low < 0 or right.low < 0 or right.high == 0:
        return None
    if right.high is None:
        # The quotient comes as near to zero as one likes, and is zero only where the dividend can be.
        low, low_open = 0.0, not _reaches_zero(left)
    else:
        low = left.low / right.high
        low_open = (left.low_open or right.high_open) and not _reaches_zero(left)
    if left.high == 0:
        return Interval(0.0, 0.0)
    if left.high is None or right.low == 0:
        return Interval(low, None, low_open)
    return Interval(low, left.high / right.low, low_open, left.high_open or right.low_open)


def _reaches_zero(interval: Interval) -> bool:
    return interval.low == 0 and not interval.low_open


def rounded(interval: Interval) -> Interval:
    """The interval with its ends at 12 significant digits, for what was computed."""
    low, high, low_open, high_open = interval
    if low is not None and low == high:
        low = round12(low)
        return Interval(low, low, low_open, high_open)
    return Interval(
        None if low is None else round12(low), None if high is None else round12(high), low_open, high_open
    )


@lru_cache(maxsize=1 << 14)
def number_text(number: float) -> str:
    """The shortest decimal that reads back as the same float64, without an exponent."""
    shortest = repr(float(number))
    if "e" in shortest:
        shortest = format(Decimal(shortest), "f")
    shortest = shortest.removesuffix(".0")
    return "0" if shortest == "-0" else shortest


def text(interval: Interval) -> str:
    """The interval as a record would have it: `5`, `<0.5`, `>=3`, `>1 <=2`; nothing where it is unbounded.

    A lower end of zero under an upper end is what nonnegative quantities have anyway, and is left out.
    """
    low, high, low_open, high_open = interval
    if low is not None and low == high:
        return number_text(low)
    parts = []
    if low is not None and not (low == 0 and not low_open and high is not None):
        parts.append(f"{'>' if low_open else '>='}{number_text(low)}")
    if high is not None:
        parts.append(f"{'<' if high_open else '<='}{number_text(high)}")
    return " ".join(parts)
