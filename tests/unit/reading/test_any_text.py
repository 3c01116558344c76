"""Whatever the text: no error, every letter in one piece, the same every time, in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.criteria.bounds import Bound, Bounds, Limit
from fhirscreen.criteria.english import say
from fhirscreen.criteria.nodes import (
    Age,
    AnyOf,
    Condition,
    Expression,
    Finding,
    Judgement,
    Measured,
    Not,
    Received,
)
from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from fhirscreen.reading.characters import flatten
from tests.lib.reading import read_one, reader

WORDS = (
    "no", "not", "prior", "history of", "within", "4 weeks", "≥", "<=", "1.5", "x ULN", "ALT", "AST",
    "and", "or", ",", ";", ".", "(", ")", "if", "unless", "except", "liver metastases", "chemotherapy",
    "HIV", "ECOG", "0-1", "T3N1", "-", "\n", "* ", "1. ", "Inclusion Criteria:", "Exclusion Criteria:",
    "the following:", "age", "years", "old", "women", "positive", "eligible", "excluded", "consent",
    "e.g.", "&lt;", "100,000/mm3", "/", "+", "stage III", "NYHA", "normal",
)  # fmt: skip
texts = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))


@given(texts)
def test_no_text_is_an_error_and_every_letter_is_in_one_piece(text: str) -> None:
    readings = reader().read(text)
    flat = flatten(text)
    held = [0] * len(text)
    for reading in readings:
        assert reading.start is not None
        assert reading.end is not None
        assert reading.text == text[reading.start : reading.end]
        for index in range(reading.start, reading.end):
            held[index] += 1
        for first, last in reading.unread:
            assert reading.start <= first < last <= reading.end
    assert max(held, default=0) <= 1
    assert all(count == 1 for count, sign in zip(held, flat, strict=True) if sign.isalnum())
    assert readings == reader().read(text)


@given(st.text())
def test_flattening_keeps_every_place(text: str) -> None:
    assert len(flatten(text)) == len(text)


analytes = st.sampled_from(["alanine-aminotransferase", "total-bilirubin", "creatinine", "lipase"])
numbers = st.integers(1, 60).map(lambda n: n / 4)
limits = st.builds(
    lambda n, inclusive: Bound(n, limit=Limit.ULN, inclusive=inclusive), numbers, st.booleans()
)
measured = st.builds(lambda concept, bound: Measured(concept, Bounds(high=bound)), analytes, limits)
ages = st.builds(
    lambda low, more: Age(Bounds(Bound(float(low), "a"), Bound(float(low + more), "a"))),
    st.integers(1, 60),
    st.integers(1, 30),
)
scores = st.lists(st.sampled_from("01234"), min_size=1, unique=True).map(
    lambda values: Finding("ecog-performance-status", tuple(sorted(values)))
)  # fmt: skip
simple = st.one_of(measured, ages, scores)
said = st.one_of(
    simple,
    st.lists(measured, min_size=2, max_size=2, unique_by=lambda m: m.concept)
    # whether one of these two is enough is never sure: both are of the liver
    .filter(lambda of: {m.concept for m in of} != {"alanine-aminotransferase", "total-bilirubin"})
    .map(lambda of: AnyOf(tuple(of))),
)


@given(said)
def test_what_the_program_says_in_english_it_reads_back(expression: Expression) -> None:
    reading = read_one(say(expression))
    assert reading.status is Status.COMPUTED
    assert reading.expression == expression


diagnoses = st.sampled_from(["hypertension", "epilepsy", "diabetes", "gout", "dementia", "psoriasis"])
therapies = st.sampled_from(["radiotherapy", "warfarin", "metformin", "tamoxifen", "rituximab"])
qualifiers = st.sampled_from(["Uncontrolled", "Clinically significant", "Unstable", "Grade ≥ 3", "Recurrent"])


@given(qualifiers, diagnoses, st.booleans())
def test_whatever_narrows_a_diagnosis_it_is_for_judgement(word: str, name: str, negated: bool) -> None:
    reading = read_one(f"No {word.lower()} {name}" if negated else f"{word} {name}")
    judged = Judgement(Condition(name))
    assert reading.status is Status.COMPUTED
    assert reading.expression == (Not(judged) if negated else judged)


@given(therapies, st.integers(1, 12), st.booleans())
def test_a_therapy_in_a_window_is_read_with_its_polarity(name: str, weeks: int, negated: bool) -> None:
    said = f"{'No' if negated else 'Any'} {name} within {weeks} weeks before enrolment"
    received = Received(name, within=f"{weeks} wk")
    assert read_one(said).expression == (Not(received) if negated else received)
    assert read_one(f"At least {weeks} weeks since last {name}").expression == Not(received)


@given(st.lists(diagnoses, min_size=2, max_size=4, unique=True), st.booleans())
def test_any_of_a_list_excludes(names: list[str], comma: bool) -> None:
    said = f"{', '.join(names[:-1])}{',' if comma else ''} or {names[-1]}"
    reading = read_one(f"History of {said}", Kind.EXCLUSION)
    assert reading.status is Status.COMPUTED
    assert reading.expression == AnyOf(tuple(Condition(name) for name in names))
    assert read_one(f"Patients must not have {said}").expression == Not(reading.expression)


@pytest.mark.parametrize(
    "unit",
    ["a", "ALT ", "(", "1 ", "no ", "and ", "- ", "x ULN ", "≥ 1.5 ", "the following:\n", "1. ", "在", "<b>"],
)
def test_long_lines_take_time_in_proportion(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        started = time.process_time()
        reader().read(text)
        return time.process_time() - started

    seconds(2000)
    assert seconds(160_000) < 64 * max(seconds(5_000), 0.02)


def test_text_in_other_scripts_is_honestly_unread() -> None:
    (found,) = reader().read("年龄在十八岁以上的患者")
    assert found.status is Status.UNREAD
