"""No record: from when on a site's sources must be complete, and what may have been given elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lib.proofs import proof, said
from tests.lib.records import condition, observation
from tests.spec.codes import OESOPHAGEAL_CANCER, PLATELETS

NO, OPEN = ("false", "absence-presumed"), ("unknown", "no-record")
EVER = "condition: {concept: stroke}"
NOW = "condition: {concept: stroke, active: true}"
WITHIN = "condition: {concept: stroke, within: 6 mo}"
WHOLE = {"Condition": "lifelong", "Procedure": "lifelong", "medications": "lifelong"}


@pytest.mark.parametrize(
    ("asked", "since", "found"),
    [
        (EVER, "lifelong", NO), (EVER, "1900-01-01", OPEN),
        (NOW, "lifelong", NO), (NOW, "2026-11-01", NO), (NOW, "2026-11-02", OPEN),
        (WITHIN, "lifelong", NO), (WITHIN, "2026-05-01", NO), (WITHIN, "2026-05-02", OPEN),
    ],
)  # fmt: skip
def test_silence_counts_from_the_day_on_which_the_source_is_complete(
    asked: str, since: str, found: tuple[str, str]
) -> None:
    assert said(proof(asked, site={"complete": {"Condition": since}})) == found


@pytest.mark.parametrize("missing", ["Procedure", "medications"])
def test_every_source_must_be_complete(missing: str) -> None:
    asked = "received: {concept: systemic-chemotherapy}"
    assert said(proof(asked, site={"complete": WHOLE})) == NO
    less = {name: since for name, since in WHOLE.items() if name != missing}
    assert said(proof(asked, site={"complete": less})) == OPEN


def test_without_a_site_nothing_is_presumed() -> None:
    assert said(proof(EVER)) == OPEN


@pytest.mark.parametrize(
    ("since", "found"),
    [
        # Ninety days before the index date, and within them.
        ("2026-08-03", NO), ("2026-10-01", NO),
        ("2026-08-02", OPEN), ("2026-08", OPEN), ("2020", OPEN), (None, OPEN),
    ],
)  # fmt: skip
def test_one_diagnosed_long_ago_may_have_been_treated_elsewhere(
    since: str | None, found: tuple[str, str]
) -> None:
    record = condition(OESOPHAGEAL_CANCER, on=since)
    more: dict[str, Any] = {"population": "oesophageal-cancer", "site": {"complete": WHOLE}}
    assert said(proof("received: {concept: systemic-chemotherapy}", record, **more)) == found
    # What no one gives elsewhere without a record is not open for that.
    assert said(proof(EVER, record, **more)) == NO


def test_the_earliest_of_several_diagnoses_says_how_long_ago() -> None:
    old, new = (condition(OESOPHAGEAL_CANCER, on=day) for day in ("2026-01-01", "2026-10-01"))
    more: dict[str, Any] = {"population": "oesophageal-cancer", "site": {"complete": WHOLE}}
    for records in ((old, new), (new, old)):
        assert said(proof("received: {concept: systemic-chemotherapy}", *records, **more)) == OPEN


def test_everybody_has_no_cancer_to_be_treated_elsewhere() -> None:
    asked = "received: {concept: systemic-chemotherapy}"
    assert said(proof(asked, site={"complete": WHOLE})) == NO


@pytest.mark.parametrize("kind", ["MedicationRequest", "Procedure"])
def test_a_source_that_was_not_fetched_makes_nothing_absent(kind: str) -> None:
    found = proof("received: {concept: systemic-chemotherapy}", site={"complete": WHOLE}, unfetched=(kind,))
    assert said(found) == ("unknown", "not-fetched")
    assert found.basis.value == "missing"


def test_a_concept_may_be_complete_since_another_day_than_its_type() -> None:
    narrower = {
        "complete": {"Condition": "2026-05-02"},
        "complete_concepts": {"stroke": {"Condition": "lifelong"}},
    }
    assert said(proof(EVER, site=narrower)) == NO
    assert said(proof("condition: {concept: epilepsy}", site=narrower)) == OPEN
    less = {
        "complete": {"Condition": "lifelong"},
        "complete_concepts": {"stroke": {"Condition": "2026-05-02"}},
    }
    assert said(proof(EVER, site=less)) == OPEN
    assert said(proof("condition: {concept: epilepsy}", site=less)) == NO


def test_what_is_missing_elsewhere_opens_no_measurement() -> None:
    asked, gone = "measured: {concept: platelet-count, at_least: 100 10*9/L}", ("Condition",)
    assert said(proof(asked, unfetched=gone)) == OPEN
    assert said(proof(asked, observation(PLATELETS, "200 10*9/L"), unfetched=gone)) == ("true", "")
    assert said(proof(asked, unfetched=("Observation",))) == ("unknown", "not-fetched")
