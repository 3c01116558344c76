"""Headings, bullets, numbers, stems, wraps: where criteria begin and end, and what they are under."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Reading, Status
from tests.lib.reading import expression_of, reader


def criteria(text: str) -> list[Reading]:
    return [r for r in reader().read(text) if r.status is not Status.HEADING]


def said(text: str) -> list[tuple[str, str]]:
    return [(r.kind.value if r.kind else "", " ".join(r.text.split())) for r in criteria(text)]


def test_sections_in_several_styles() -> None:
    for first, second in [
        ("Inclusion Criteria:", "Exclusion Criteria:"),
        ("KEY INCLUSION CRITERIA", "KEY EXCLUSION CRITERIA"),
        ("Inclusion", "Non-inclusion criteria:"),
        ("Main inclusion criteria for part A:", "Patients are excluded if they have any of the following:"),
    ]:
        text = f"{first}\n\n1. Adults\n2. ECOG 0-1\n\n{second}\n\n1. Stroke"
        assert said(text) == [
            ("inclusion", "1. Adults"),
            ("inclusion", "2. ECOG 0-1"),
            ("exclusion", "1. Stroke"),
        ]


def test_a_heading_on_the_line_of_its_criterion() -> None:
    assert said("Inclusion Criteria: Adults\nExclusion Criteria: Stroke") == [
        ("inclusion", "Adults"),
        ("exclusion", "Stroke"),
    ]


def test_text_without_a_section_is_an_inclusion_with_a_warning() -> None:
    (found,) = criteria("Adults")
    assert found.kind is Kind.INCLUSION
    assert "no heading" in found.warnings[0]


def test_a_line_that_wraps_is_one_criterion() -> None:
    text = (
        "Inclusion Criteria:\n\n"
        "          -  Platelets of at least 100,000/mm3 as measured in the laboratory of the\n"
        "             hospital\n\n          -  Adults\n"
    )
    assert len(criteria(text)) == 2


def test_a_stem_is_a_heading_and_lends_its_words() -> None:
    text = (
        "Inclusion Criteria:\n\n* No history of any of the following:\n\n  * Stroke\n  * Asthma\n\n* Adults"
    )
    found = reader().read(text)
    assert [r.status for r in found] == [Status.HEADING, Status.HEADING, *[Status.COMPUTED] * 3]
    assert found[2].group == "No history of any of the following:"
    assert all(atom.negated for r in found[2:4] for atom in r.atoms)
    assert found[4].group is None


def test_alternatives_under_a_stem_are_not_each_asked_for() -> None:
    text = "Inclusion Criteria:\n\n* At least one of the following:\n\n  * Asthma\n  * Diabetes"
    assert [r.status for r in criteria(text)] == [Status.PARTIAL] * 2


def test_inner_headings_of_a_run_on_paragraph() -> None:
    text = (
        "DISEASE CHARACTERISTICS: Histologically confirmed breast cancer "
        "PATIENT CHARACTERISTICS: Age: 18 and over "
        "Performance status: Karnofsky 70-100% Hematopoietic: Platelet count at least 100,000/mm3"
    )
    atoms = [(a.concept, a.low) for r in criteria(text) for a in r.atoms]
    assert ("age", 18) in atoms
    assert ("platelet-count", 100000) in atoms


def test_numbers_in_one_line() -> None:
    text = "Exclusion Criteria:\n1.Age ≥80 years 2.Brain metastasis 3.Diabetes"
    assert [r.status for r in criteria(text)] == [Status.COMPUTED] * 3


def test_a_sentence_that_excepts_stays_with_what_it_excepts() -> None:
    text = (
        "Exclusion Criteria:\n* Brain metastases. Patients with treated metastases are eligible.\n"
        "* Stroke. Diabetes."
    )
    assert [t for _, t in said(text)] == [
        "Brain metastases. Patients with treated metastases are eligible.",
        "Stroke.",
        "Diabetes.",
    ]
    assert criteria(text)[0].status is Status.PARTIAL


def test_a_line_that_ends_with_or_is_one_of_several() -> None:
    text = "Inclusion Criteria:\n\n* Bilirubin ≤ 1.5 x ULN OR\n* Direct bilirubin ≤ ULN\n* Adults"
    assert [r.status for r in criteria(text)] == [Status.PARTIAL, Status.PARTIAL, Status.COMPUTED]


@pytest.mark.parametrize(
    ("stem", "status"),
    [
        ("Uncontrolled medical conditions such as:", Status.COMPUTED),
        ("Severe endocrine disease, including:", Status.COMPUTED),
        ("Uncontrolled conditions that began abroad, such as:", Status.PARTIAL),
        ("In the second cohort, any of the following:", Status.PARTIAL),
    ],
)
def test_a_stem_narrows_its_bullets_or_leaves_them_in_doubt(stem: str, status: Status) -> None:
    (reading,) = criteria(f"Exclusion Criteria:\n\n* {stem}\n\n  * Diabetes")
    assert reading.status is status
    if status is Status.COMPUTED:
        assert expression_of(reading) == {"judgement": {"condition": {"concept": "diabetes"}}}


def test_a_number_that_counts_nothing_is_kept() -> None:
    assert [t for _, t in said("Inclusion Criteria:\n1. Adults\n2. \u0816")] == ["1. Adults", "2"]
