from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.exceptions import DataError
from fhirscreen.values.intervals import (
    ANYTHING,
    Interval,
    add,
    compare,
    contains,
    divide,
    exactly,
    from_comparator,
    is_above,
    is_at_least,
    is_at_most,
    is_below,
    is_point,
    multiply,
    number_text,
    round12,
    rounded,
    scale,
    subtract,
    text,
)
from fhirscreen.values.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

F, U, T = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE

small = st.integers(0, 6)


@st.composite
def intervals(draw: st.DrawFn, *, bounded: bool = False) -> Interval:
    low, high = sorted((draw(small), draw(small)))
    if low == high:
        return exactly(low)
    kinds = st.booleans()
    return Interval(
        None if not bounded and draw(kinds) else float(low),
        None if not bounded and draw(kinds) else float(high),
        draw(kinds),
        draw(kinds),
    )


def members(interval: Interval) -> list[float]:
    """Numbers of the interval, and beyond any bound where it has none."""
    return [n / 4 for n in range(-80, 81) if contains(interval, n / 4)]


def test_exactly_is_one_float() -> None:
    point = exactly(5)
    assert point == Interval(5.0, 5.0, low_open=False, high_open=False)
    assert isinstance(point.low, float)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_must_be_finite(number: float) -> None:
    with pytest.raises(DataError) as caught:
        exactly(number)
    assert str(caught.value) == "a number is not finite\n  expected: a FHIR decimal"


@pytest.mark.parametrize(
    ("comparator", "nonnegative", "expected"),
    [
        (None, False, Interval(0.5, 0.5)),
        (None, True, Interval(0.5, 0.5)),
        ("<", False, Interval(None, 0.5, high_open=True)),
        ("<", True, Interval(0.0, 0.5, high_open=True)),
        ("<=", False, Interval(None, 0.5)),
        ("<=", True, Interval(0.0, 0.5)),
        (">=", True, Interval(0.5, None)),
        (">", False, Interval(0.5, None, low_open=True)),
    ],
)
def test_from_comparator(comparator: str | None, nonnegative: bool, expected: Interval) -> None:
    assert from_comparator(0.5, comparator, nonnegative=nonnegative) == expected


def test_from_comparator_by_default_goes_below_zero() -> None:
    assert from_comparator(0.5, "<").low is None


def test_less_than_zero_of_a_nonnegative_quantity_is_zero() -> None:
    assert from_comparator(0, "<", nonnegative=True) == exactly(0)
    assert from_comparator(0, "<=", nonnegative=True) == exactly(0)
    assert from_comparator(0, "<") == Interval(None, 0.0, high_open=True)


def test_a_negative_limit_is_taken_as_it_is() -> None:
    assert from_comparator(-1, "<", nonnegative=True) == Interval(None, -1.0, high_open=True)


@pytest.mark.parametrize("comparator", ["ad", "", "=", "~"])
def test_from_comparator_refuses_what_r4_does_not_have(comparator: str) -> None:
    with pytest.raises(DataError) as caught:
        from_comparator(1, comparator)
    assert str(caught.value) == "a quantity's comparator is unknown\n  expected: one of < <= >= >"


@pytest.mark.parametrize("comparator", [None, "<", ">"])
def test_from_comparator_wants_a_finite_number(comparator: str | None) -> None:
    with pytest.raises(DataError):
        from_comparator(math.inf, comparator)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.0, 0.0),
        (1.0, 1.0),
        (0.1 + 0.2, 0.3),
        (123456789012.4, 123456789012.0),
        (1.000000000004, 1.0),
        (1.000000000006, 1.00000000001),
        (-1.000000000006, -1.00000000001),
        (9.999999999996, 10.0),
        (1.23456789012345e-300, 1.23456789012e-300),
    ],
)
def test_round12(number: float, expected: float) -> None:
    assert round12(number) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1.0, 2.0, -1),
        (2.0, 1.0, 1),
        (1.0, 1.0, 0),
        (0.1 + 0.2, 0.3, 0),
        (0.0, 1e-20, -1),
        (1e-20, 0.0, 1),
        (-1.0, 1.0, -1),
        (0.0, -0.0, 0),
        (1.0, 1.00000000001, -1),
        (1.00000000001, 1.0, 1),
        (1.0, 1.000000000004, 0),
        (9.99999999999, 10.0, -1),
        (9.999999999999, 10.0, 0),
        (-1.0, -1.00000000001, 1),
    ],
)
def test_compare(left: float, right: float, expected: int) -> None:
    assert compare(left, right) == expected


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers, st.one_of(numbers, st.integers(-30, 30)))
def test_compare_is_that_of_the_rounded_numbers(left: float, other: float) -> None:
    # an integer is taken as a step of some 1e-12 away: near enough to round, or not, to the same number
    right = left * (1 + other * 1e-12) if isinstance(other, int) else other
    if math.isinf(right):
        return
    assert compare(left, right) == (round12(left) > round12(right)) - (round12(left) < round12(right))


@pytest.mark.parametrize(
    ("interval", "bound", "at_least", "above"),
    [
        (exactly(5), 5, T, F),
        (exactly(5), 4, T, T),
        (exactly(5), 6, F, F),
        (exactly(4.99999999999999), 5, T, F),
        (exactly(5.00000000000001), 5, T, F),
        (Interval(5, None), 5, T, U),
        (Interval(5, None, low_open=True), 5, T, T),
        (Interval(5, None), 4, T, T),
        (Interval(5, None), 6, U, U),
        (Interval(None, 5), 5, U, F),
        (Interval(None, 5, high_open=True), 5, F, F),
        (Interval(None, 5), 6, F, F),
        (Interval(None, 5), 4, U, U),
        (Interval(1, 5), 3, U, U),
        (Interval(1, 5), 1, T, U),
        (Interval(1, 5, low_open=True), 1, T, T),
        (Interval(1, 5, high_open=True), 5, F, F),
        (ANYTHING, 0, U, U),
    ],
)
def test_comparisons(interval: Interval, bound: float, at_least: Truth, above: Truth) -> None:
    opposite = {T: F, U: U, F: T}
    assert is_at_least(interval, bound) is at_least
    assert is_below(interval, bound) is opposite[at_least]
    assert is_above(interval, bound) is above
    assert is_at_most(interval, bound) is opposite[above]


@given(intervals(), small)
def test_comparisons_say_what_holds_of_every_member(interval: Interval, bound: int) -> None:
    questions: list[tuple[Callable[[Interval, float], Truth], Callable[[float, float], bool]]] = [
        (is_at_least, operator.ge),
        (is_above, operator.gt),
        (is_at_most, operator.le),
        (is_below, operator.lt),
    ]
    for question, holds in questions:
        answers = {holds(number, bound) for number in members(interval)}
        assert question(interval, bound) is (U if len(answers) > 1 else T if answers == {True} else F)


@pytest.mark.parametrize(
    ("interval", "number", "expected"),
    [
        (Interval(1, 2), 1, True),
        (Interval(1, 2), 2, True),
        (Interval(1, 2), 0.9, False),
        (Interval(1, 2), 2.1, False),
        (Interval(1, 2, low_open=True), 1, False),
        (Interval(1, 2, high_open=True), 2, False),
        (Interval(1, 2, low_open=True, high_open=True), 1.5, True),
        (ANYTHING, -1e300, True),
        (Interval(0.3, None), 0.1 + 0.2, True),
    ],
)
def test_contains(interval: Interval, number: float, expected: bool) -> None:
    assert contains(interval, number) is expected


def test_is_point() -> None:
    assert is_point(exactly(3))
    assert not is_point(Interval(3, 4))
    assert not is_point(Interval(3, None))
    assert not is_point(ANYTHING)


@pytest.mark.parametrize(
    ("interval", "factor", "expected"),
    [
        (Interval(1, 2, True, False), 3, Interval(3, 6, True, False)),
        (Interval(1, 2, True, False), -1, Interval(-2, -1, False, True)),
        (Interval(None, 2, False, True), -2, Interval(-4, None, True, False)),
        (Interval(1, None, True, False), -2, Interval(None, -2, False, True)),
        (Interval(1, None, True, False), 0.5, Interval(0.5, None, True, False)),
        (Interval(1, None), 0, Interval(0, 0)),
        (Interval(1, 2, True, True), 1, Interval(1, 2, True, True)),
    ],
)
def test_scale(interval: Interval, factor: float, expected: Interval) -> None:
    assert scale(interval, factor) == expected


@pytest.mark.parametrize(
    ("left", "right", "total", "difference"),
    [
        (exactly(5), exactly(3), exactly(8), exactly(2)),
        (Interval(1, 2), Interval(10, 20), Interval(11, 22), Interval(-19, -8)),
        (Interval(1, 2, True, False), Interval(10, 20, False, True), Interval(11, 22, True, True),
         Interval(-19, -8, True, False)),
        (Interval(1, 2, False, True), Interval(10, 20, True, False), Interval(11, 22, True, True),
         Interval(-19, -8, False, True)),
        (Interval(None, 2), Interval(10, 20, True, True), Interval(None, 22, False, True),
         Interval(None, -8, False, True)),
        (Interval(1, None, True), Interval(10, None, True), Interval(11, None, True), ANYTHING),
        (Interval(1, 2, True, True), Interval(None, None), ANYTHING, ANYTHING),
        (Interval(None, 2, False, True), Interval(None, 5), Interval(None, 7, False, True), ANYTHING),
        (Interval(1, 4), Interval(None, 5, False, True), Interval(None, 9, False, True),
         Interval(-4, None, True, False)),
    ],
)  # fmt: skip
def test_add_and_subtract(left: Interval, right: Interval, total: Interval, difference: Interval) -> None:
    assert add(left, right) == total
    assert subtract(left, right) == difference


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (exactly(2), exactly(3), exactly(6)),
        (Interval(1, 2), Interval(3, 4), Interval(3, 8)),
        (Interval(1, 2, True, False), Interval(3, 4), Interval(3, 8, True, False)),
        (Interval(1, 2, False, True), Interval(3, 4), Interval(3, 8, False, True)),
        (Interval(1, 2), Interval(3, 4, True, True), Interval(3, 8, True, True)),
        (Interval(0, 2, True, False), Interval(3, 4), Interval(0, 8, True, False)),
        (Interval(0, 2), Interval(3, 4, True, False), Interval(0, 8)),
        (Interval(3, 4, True, False), Interval(0, 2), Interval(0, 8)),
        (Interval(1, None), Interval(3, 4), Interval(3, None)),
        (Interval(1, None, True), Interval(3, 4), Interval(3, None, True)),
        (Interval(3, 4), Interval(1, None), Interval(3, None)),
        (exactly(0), Interval(3, None, True), exactly(0)),
        (Interval(3, None, True), exactly(0), exactly(0)),
        (Interval(-1, 2), Interval(3, 4), None),
        (Interval(3, 4), Interval(-1, 2), None),
        (Interval(None, 2), Interval(3, 4), None),
        (Interval(3, 4), Interval(None, 2), None),
    ],
)
def test_multiply(left: Interval, right: Interval, expected: Interval | None) -> None:
    assert multiply(left, right) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (exactly(6), exactly(3), exactly(2)),
        (Interval(6, 12), Interval(2, 3), Interval(2, 6)),
        (Interval(6, 12, True, False), Interval(2, 3), Interval(2, 6, True, False)),
        (Interval(6, 12, False, True), Interval(2, 3), Interval(2, 6, False, True)),
        (Interval(6, 12), Interval(2, 3, True, False), Interval(2, 6, False, True)),
        (Interval(6, 12), Interval(2, 3, False, True), Interval(2, 6, True, False)),
        (Interval(0, 12), Interval(2, 3, False, True), Interval(0, 6)),
        (Interval(0, 12, True), Interval(2, 3), Interval(0, 6, True)),
        (exactly(6), Interval(0, 3), Interval(2, None)),
        (exactly(6), Interval(0, 3, False, True), Interval(2, None, True)),
        (exactly(6), Interval(3, None), Interval(0, 2, True, False)),
        (exactly(6), Interval(3, None, True), Interval(0, 2, True, True)),
        (Interval(0, 6), Interval(3, None), Interval(0, 2)),
        (Interval(0, 6, True), Interval(3, None), Interval(0, 2, True)),
        (Interval(6, None), exactly(3), Interval(2, None)),
        (Interval(6, None, True), exactly(3), Interval(2, None, True)),
        (exactly(0), Interval(0, 3), exactly(0)),
        (exactly(0), Interval(3, 4, True, True), exactly(0)),
        (exactly(0), Interval(3, None), exactly(0)),
        (exactly(1), exactly(0), None),
        (Interval(-1, 2), exactly(3), None),
        (Interval(None, 2), exactly(3), None),
        (exactly(3), Interval(-1, 2), None),
        (exactly(3), Interval(None, 2), None),
    ],
)
def test_divide(left: Interval, right: Interval, expected: Interval | None) -> None:
    assert divide(left, right) == expected


@given(intervals(bounded=True), intervals(bounded=True))
def test_arithmetic_holds_what_members_give(left: Interval, right: Interval) -> None:
    total, difference = add(left, right), subtract(left, right)
    product, quotient = multiply(left, right), divide(left, right)
    assert product is not None
    for a in members(left):
        for b in members(right):
            assert contains(total, a + b)
            assert contains(difference, a - b)
            assert contains(product, a * b)
            if b > 0:
                assert quotient is not None
                assert contains(quotient, float(Fraction(a) / Fraction(b)))


def test_rounded() -> None:
    assert rounded(Interval(0.1 + 0.2, 1.000000000004, True, True)) == Interval(0.3, 1.0, True, True)
    assert rounded(Interval(None, 0.1 + 0.2)) == Interval(None, 0.3)
    assert rounded(Interval(0.1 + 0.2, None)) == Interval(0.3, None)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (5, "5"),
        (5.0, "5"),
        (100.0, "100"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (1.5e300, "15" + "0" * 299),
        (-0.0, "0"),
        (10.05, "10.05"),
    ],
)
def test_number_text(number: float, expected: str) -> None:
    assert number_text(number) == expected


@given(numbers)
def test_number_text_reads_back(number: float) -> None:
    shortest = number_text(number)
    assert float(shortest) == number
    assert "e" not in shortest


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (exactly(5), "5"),
        (exactly(0), "0"),
        (from_comparator(0.5, "<"), "<0.5"),
        (from_comparator(0.5, "<", nonnegative=True), "<0.5"),
        (from_comparator(0.5, "<=", nonnegative=True), "<=0.5"),
        (from_comparator(3, ">="), ">=3"),
        (from_comparator(3, ">"), ">3"),
        (Interval(0, None), ">=0"),
        (Interval(1, 2, True, False), ">1 <=2"),
        (Interval(0, 2, True, True), ">0 <2"),
        (Interval(1, 2, False, True), ">=1 <2"),
        (ANYTHING, ""),
    ],
)
def test_text(interval: Interval, expected: str) -> None:
    assert text(interval) == expected
