"""Courses of a therapy around the index date: whether one goes on, when it began, where its day lies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lib.proofs import proof, said
from tests.lib.records import (
    Code,
    concept,
    condition,
    dispensed,
    given,
    observation,
    ordered,
    quantity,
    taken,
)
from tests.spec.codes import (
    CISPLATIN,
    DISEASE_STATUS,
    ECOG,
    LIVER_METASTASIS,
    PREDNISOLONE,
    PROGRESSING,
    STROKE,
    snomed,
)

STEROID = "received: {concept: systemic-corticosteroid, current: true}"
UNSURE = ("unknown", "imprecise-date")
COMPLETE = {"complete": {"Condition": "lifelong", "Procedure": "lifelong", "medications": "lifelong"}}
NO = ("false", "absence-presumed")


@pytest.mark.parametrize(
    ("period", "status", "found"),
    [
        # Without an end, a course that nobody says is over may go on; one that is active does.
        ({"start": "2026-09-01"}, "completed", UNSURE),
        ({"start": "2026-09-01"}, "active", ("true", "")),
        # It ends on the index date, some time that day: perhaps it goes on at its end.
        ({"start": "2026-09-01", "end": "2026-11-01"}, "completed", UNSURE),
        ({"start": "2026-09-01", "end": "2026-11"}, "completed", UNSURE),
        ({"start": "2026-09-01", "end": "2026-11-02"}, "completed", ("true", "")),
        ({"start": "2026-09-01", "end": "2026-10-31"}, "completed", NO),
    ],
)
def test_a_course_goes_on_until_it_ends(period: dict[str, str], status: str, found: tuple[str, str]) -> None:
    record = taken(PREDNISOLONE, on=None, status=status, effectivePeriod=period)
    assert said(proof(STEROID, record, site=COMPLETE)) == found


@pytest.mark.parametrize("on", ["2026-11-01", "2026-10-20"])
def test_a_single_dose_is_over(on: str) -> None:
    assert said(proof(STEROID, given(PREDNISOLONE, on=on), site=COMPLETE)) == NO


@pytest.mark.parametrize(
    ("on", "found"),
    [("2026-09-01", ("true", "order-only")), ("2026-10-20", NO)],
)
def test_an_order_that_counts_goes_on_since_it_was_written(on: str, found: tuple[str, str]) -> None:
    site: dict[str, Any] = {**COMPLETE, "order_counts_as_given": ["systemic-corticosteroid"]}
    asked = "received: {concept: systemic-corticosteroid, minimum_duration: 28 d}"
    assert said(proof(asked, ordered(PREDNISOLONE, on=on), site=site)) == found


def test_a_condition_that_ends_after_the_index_date_is_active() -> None:
    asked = "condition: {concept: stroke, active: true}"
    for day, found in (("2026-11-02", "true"), ("2026-11-01", "false")):
        record = condition(STROKE, on="2026-10-01", clinical=None, until=day)
        assert said(proof(asked, record)) == (found, "")


def test_a_therapy_that_ended_the_day_after_was_last_given_on_the_index_date() -> None:
    asked = "elapsed: {since: {received: {concept: systemic-chemotherapy}}, at_least: 0 d, at_most: 0 d}"
    period = {"start": "2026-10-01", "end": "2026-11-02"}
    record = taken(CISPLATIN, on=None, status="completed", effectivePeriod=period)
    assert said(proof(asked, record)) == ("true", "")


LIVER, RIGHT, LEFT = LIVER_METASTASIS, snomed("362896006", "right lobe"), snomed("362897002", "left lobe")
AT_LEAST_TWO = "count: {of: {%s}, distinct: value, at_least: 2}"


@pytest.mark.parametrize(
    "of",
    ["condition: {concept: liver-metastasis}", "finding: {concept: metastasis-site, in: [liver]}"],
)
def test_what_is_counted_by_value_is_told_apart_by_its_site(of: str) -> None:
    asked = AT_LEAST_TWO % of
    apart = proof(asked, condition(LIVER, site=RIGHT), condition(LIVER, site=LEFT))
    assert (*said(apart), apart.value) == ("true", "", "2")
    alike = proof(asked, condition(LIVER, site=RIGHT), condition(LIVER, site=RIGHT))
    assert (*said(alike), alike.value) == ("unknown", "censored-value", "1")


def test_what_is_counted_by_value_is_told_apart_by_its_code() -> None:
    asked = AT_LEAST_TWO % "condition: {concept: distant-metastasis}"
    lung = snomed("94391008", "lung metastasis")
    apart = proof(asked, condition(LIVER), condition(lung))
    assert (*said(apart), apart.value) == ("true", "", "2")


def test_events_without_a_date_are_counted_and_show_none() -> None:
    asked = "count: {of: {condition: {concept: stroke}}, at_least: 2}"
    found = proof(asked, condition(STROKE, on=None), condition(STROKE, on=None))
    assert (*said(found), found.value, found.date) == ("true", "", "2", "")
    dated = proof(asked, condition(STROKE, on=None), condition(STROKE, on="2026-09-01"))
    assert (*said(dated), dated.date) == ("true", "", "2026-09-01")


def test_the_one_site_of_an_observation_tells_apart_too() -> None:
    asked = AT_LEAST_TWO % "finding: {concept: tumour-response, which: any, in: [progressing]}"
    right, left = (
        observation(DISEASE_STATUS, coded=PROGRESSING, bodySite=concept(site)) for site in (RIGHT, LEFT)
    )
    apart = proof(asked, right, left)
    assert (*said(apart), apart.value) == ("true", "", "2")
    alike = proof(asked, right, right)
    assert alike.value == "1"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("finding: {concept: epilepsy}", ("true", "")),
        ("finding: {concept: epilepsy, within: 90 d}", NO),
        ("finding: {concept: epilepsy, within: 10 a}", ("true", "")),
    ],
)
def test_a_diagnosis_as_a_finding_lies_in_its_window(asked: str, found: tuple[str, str]) -> None:
    record = condition(Code("icd-10-cm", "G40.909"), on="2024-01-01")
    assert said(proof(asked, record, site=COMPLETE)) == found


@pytest.mark.parametrize(
    ("which", "truth"), [("latest", "false"), ("any", "true"), ("every", "false"), ("first", "true")]
)
def test_which_of_several_values_is_meant(which: str, truth: str) -> None:
    asked = f'finding: {{concept: ecog-performance-status, which: {which}, in: ["0"]}}'
    old, new = observation(ECOG, integer=0, on="2026-10-20"), observation(ECOG, integer=1, on="2026-10-25")
    assert said(proof(asked, old, new)) == (truth, "")


def test_a_long_supply_holds_what_was_given_under_it() -> None:
    """A short one within it does not part the course: the longest so far counts."""
    asked = "received: {concept: systemic-corticosteroid, minimum_duration: 100 d}"
    records = (
        dispensed(PREDNISOLONE, on="2026-06-01", daysSupply=quantity("60 d")),
        given(PREDNISOLONE, on="2026-06-05"),
        dispensed(PREDNISOLONE, on="2026-08-01", daysSupply=quantity("60 d")),
    )
    assert said(proof(asked, *records, site=COMPLETE)) == ("true", "")
