from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.values.truth import Truth, at_least, common, conjunction, disjunction, known, negation

F, U, T = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE
ORDER = [F, U, T]
truths = st.lists(st.sampled_from(ORDER), max_size=6)


def test_values_are_the_text_of_files() -> None:
    assert [truth.value for truth in Truth] == ["false", "unknown", "true"]


def test_a_truth_is_no_boolean() -> None:
    with pytest.raises(TypeError, match=r"^a Truth has three values: compare it with `is Truth\.TRUE`$"):
        bool(U)


def test_known() -> None:
    assert known(True) is T
    assert known(False) is F


@pytest.mark.parametrize(("truth", "expected"), [(F, T), (U, U), (T, F)])
def test_negation(truth: Truth, expected: Truth) -> None:
    assert negation(truth) is expected


@pytest.mark.parametrize(
    ("operands", "conjoined", "disjoined"),
    [
        ([], T, F),
        ([T], T, T),
        ([U], U, U),
        ([F], F, F),
        ([T, T], T, T),
        ([T, U], U, T),
        ([U, T], U, T),
        ([T, F], F, T),
        ([F, T], F, T),
        ([U, F], F, U),
        ([F, U], F, U),
        ([F, F], F, F),
        ([U, U], U, U),
        ([U, T, F], F, T),
    ],
)
def test_conjunction_and_disjunction(operands: list[Truth], conjoined: Truth, disjoined: Truth) -> None:
    assert conjunction(iter(operands)) is conjoined
    assert disjunction(iter(operands)) is disjoined


@given(truths)
def test_conjunction_is_the_least_and_disjunction_the_greatest(operands: list[Truth]) -> None:
    assert conjunction(operands) is min(operands, key=ORDER.index, default=T)
    assert disjunction(operands) is max(operands, key=ORDER.index, default=F)


@given(truths)
def test_de_morgan(operands: list[Truth]) -> None:
    assert negation(conjunction(operands)) is disjunction(map(negation, operands))


@pytest.mark.parametrize(
    ("count", "operands", "expected"),
    [
        (0, [], T),
        (1, [], F),
        (2, [T, T, F], T),
        (2, [T, U, F], U),
        (2, [U, U], U),
        (2, [T, F, F], F),
        (3, [T, U], F),
        (2, [T, T, U], T),
        (1, [F, F], F),
    ],
)
def test_at_least(count: int, operands: list[Truth], expected: Truth) -> None:
    assert at_least(count, iter(operands)) is expected


@given(truths)
def test_at_least_one_is_disjunction_and_at_least_all_is_conjunction(operands: list[Truth]) -> None:
    assert at_least(1, operands) is disjunction(operands)
    assert at_least(len(operands), operands) is conjunction(operands)


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        ([], U),
        ([T], T),
        ([F], F),
        ([T, T], T),
        ([F, F], F),
        ([T, F], U),
        ([U, U], U),
        ([T, U], U),
        ([T, T, F], U),
    ],
)
def test_common(operands: list[Truth], expected: Truth) -> None:
    assert common(iter(operands)) is expected
