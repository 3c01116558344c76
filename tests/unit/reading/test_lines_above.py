"""Lines above criteria that have no colon, stand on their level, or ask for something beside them."""

from __future__ import annotations

import pytest

from fhirscreen.reading import Status
from tests.lib.reading import expression_of, reader

GROUP = "it stands under a line that may hold for one group alone, or for some"


@pytest.mark.parametrize(
    "above",
    [
        "Inclusion Criteria:\n\n  DONOR:",
        "Inclusion Criteria:\n\n  Sibling donors:",
        "Inclusion Criteria:\n\n  Criteria for caregivers:",
        "Donor Inclusion Criteria:",
        "Inclusion Criteria:\n\n  Phase II",
        "Inclusion Criteria:\n\n  Phase 1b only",
        "Inclusion Criteria:\n\n  Dose escalation part",
        "Inclusion Criteria (control group):\n\n  - Gout\n\nInclusion Criteria (MRI group):",
    ],
)
def test_what_is_asked_of_others_or_of_a_part_is_partial(above: str) -> None:
    found = reader().read(f"{above}\n\n  - Age of at least 40 years\n")[-1]
    assert (found.status, GROUP in found.warnings) == (Status.PARTIAL, True)


@pytest.mark.parametrize(
    ("section", "above", "status"),
    [
        ("Inclusion", "At least one of the following", Status.PARTIAL),
        ("Inclusion", "Two or more of the following risk factors:", Status.PARTIAL),
        ("Inclusion", "Either of the criteria below", Status.PARTIAL),
        ("Inclusion", "All of the following:", Status.COMPUTED),
        ("Exclusion", "Any of the following:", Status.COMPUTED),
        ("Exclusion", "At least two of the following:", Status.PARTIAL),
        ("Exclusion", "Gout and one of the following:", Status.PARTIAL),
    ],
)
def test_alternatives_on_the_level_of_the_line_that_offers_them(
    section: str, above: str, status: Status
) -> None:
    text = f"{section} Criteria:\n\n  - {above}\n\n  - Asthma\n\n  - Albumin < 30 g/L\n"
    found = reader().read(text)[-1]
    assert (found.status, GROUP in found.warnings) == (status, status is Status.PARTIAL)


def test_what_stands_less_deep_is_no_alternative_any_more() -> None:
    text = "Inclusion Criteria:\n\n    - At least one of the following\n\n    - Asthma\n\n  - Hypertension\n"
    assert [r.status for r in reader().read(text)[-2:]] == [Status.PARTIAL, Status.COMPUTED]


@pytest.mark.parametrize(
    "above",
    [
        "Organ function satisfies all the conditions below.",
        "Adequate organ function as follows",
        "Normal marrow function as defined below",
    ],
)
def test_a_line_that_points_below_without_a_colon_is_the_line_above(above: str) -> None:
    text = f"Inclusion Criteria:\n\n  1. {above}\n\n      1. Platelets of at least 100,000/mm3\n"
    found = reader().read(text)
    assert [r.status for r in found[-2:]] == [Status.HEADING, Status.COMPUTED]


@pytest.mark.parametrize(
    ("above", "status"),
    [
        ("Gout with at least one of the following:", Status.PARTIAL),
        ("Cirrhosis plus any of the following:", Status.PARTIAL),
        ("Patients with any of the following:", Status.COMPUTED),
        ("Allergies to the following:", Status.PARTIAL),
    ],
)
def test_what_a_line_asks_for_beside_those_below_it(above: str, status: Status) -> None:
    found = reader().read(f"Exclusion Criteria:\n\n  - {above}\n\n      - Asthma\n")[-1]
    assert found.status is status


@pytest.mark.parametrize(
    "above",
    [
        "Laboratory values - within 10 days before enrolment:",
        "Laboratory values obtained within 10 days before enrolment.",
        "Organ and marrow function within 10 days before enrolment",
    ],
)
def test_the_time_of_values_on_the_level_of_the_line_that_says_it(above: str) -> None:
    text = (
        f"Inclusion Criteria:\n\n  - {above}\n\n  - Albumin ≥ 30 g/L\n\n  - Asthma\n\n  - Lipase < 2 x ULN\n"
    )
    _, heading, first, other, last = reader().read(text)
    assert heading.status is Status.HEADING
    assert expression_of(first) == {
        "measured": {"concept": "albumin", "at_least": "30 g/L", "within": "10 d"}
    }
    assert expression_of(other) == {"condition": {"concept": "asthma"}}
    assert expression_of(last) == {"measured": {"concept": "lipase", "below": "2 ULN"}}


def test_a_test_that_is_asked_for_is_no_line_above_values() -> None:
    text = (
        "Inclusion Criteria:\n\n  - Negative pregnancy test within 7 days before enrolment\n\n"
        "  - Albumin ≥ 30 g/L\n"
    )
    assert expression_of(reader().read(text)[-1]) == {
        "measured": {"concept": "albumin", "at_least": "30 g/L"}
    }


@pytest.mark.parametrize(
    ("below", "status"),
    [
        ("If creatinine is > 1.5 x ULN, a clearance of at least 60 mL/min", Status.PARTIAL),
        ("For patients with creatinine above 1.5 x ULN: clearance ≥ 60 mL/min", Status.PARTIAL),
        ("If albumin is below 30 g/L, a dietician is consulted", Status.COMPUTED),
    ],
)
def test_a_value_that_the_next_line_goes_on_about(below: str, status: Status) -> None:
    found = reader().read(f"Inclusion Criteria:\n\n  - Creatinine ≤ 1.5 x ULN\n\n  - {below}\n")[1]
    assert found.status is status
