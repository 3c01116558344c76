"""Why a question is open beyond its reason: which record, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.verdicts.proofs import explained
from tests.lib.proofs import proof, said
from tests.lib.records import condition, observation
from tests.spec.codes import CLINICAL_M, ECOG, M1, NECK_NODES, OESOPHAGEAL_CANCER, PLATELETS, PREGNANCY

THERAPY = "received: {concept: systemic-chemotherapy}"
WHOLE = {"Condition": "lifelong", "Procedure": "lifelong", "medications": "lifelong"}


def therapy(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "completed",
        "subject": {"reference": "Patient/proof-1"},
        "effectiveDateTime": "2026-10-03",
        "medicationCodeableConcept": more,
    }


@pytest.mark.parametrize(
    ("medication", "because"),
    [
        ({"text": "Platinum of some kind"}, "is in words alone"),
        (
            {"coding": [{"system": "urn:local", "code": "X-17"}], "text": "Platinum"},
            "has no code known here (X-17)",
        ),
    ],
)
def test_a_record_that_no_code_names_is_named_itself(medication: dict[str, Any], because: str) -> None:
    found = proof(THERAPY, therapy(**medication), site={"complete": WHOLE})
    assert said(found) == ("unknown", "coarser-code")
    (reference,) = found.evidence
    assert explained(found) == f"{reference} {because}"
    assert "Platinum" not in explained(found)


def test_a_source_that_is_complete_for_too_short_a_time_is_named() -> None:
    found = proof(THERAPY, site={"complete": {**WHOLE, "Procedure": "2015-01-01"}})
    assert said(found) == ("unknown", "no-record")
    assert explained(found) == "Procedure is complete here only since 2015-01-01, too late for it"
    assert explained(proof(THERAPY, site={"complete": {"Condition": "lifelong"}})) == ""


def test_a_cancer_of_long_ago_is_the_reason_why_silence_is_no_answer() -> None:
    more: dict[str, Any] = {"population": "oesophageal-cancer", "site": {"complete": WHOLE}}
    found = proof(THERAPY, condition(OESOPHAGEAL_CANCER, on="2025-01-01"), **more)
    assert explained(found).startswith("the cancer was diagnosed more than 90 days ago")
    assert explained(proof(THERAPY, condition(OESOPHAGEAL_CANCER, on="2026-10-01"), **more)) == ""


def test_a_record_too_old_to_be_shown_is_said_with_its_age() -> None:
    asked = "measured: {concept: platelet-count, at_least: 100 10*9/L}"
    record = observation(PLATELETS, "140 10*9/L", on="2021-03-04")
    found = proof(asked, record)
    assert (*said(found), found.evidence, found.value) == ("unknown", "no-record", (), "")
    assert explained(found) == "the last one (140 × 10⁹/L) is of 2021-03-04, too long ago"
    assert explained(proof(asked)) == ""


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        ({"valueQuantity": {"value": "one"}}, "Quantity.value is not a number"),
        ({"effectiveDateTime": "2024-13"}, "effectiveDateTime is not a FHIR date or dateTime"),
    ],
)
def test_a_record_that_could_not_be_read_is_named(record: dict[str, Any], wrong: str) -> None:
    asked = 'finding: {concept: ecog-performance-status, in: ["0", "1"]}'
    found = proof(asked, {**observation(ECOG, on="2026-10-20", id="o"), **record})
    assert said(found) == ("unknown", "not-fetched")
    assert explained(found) == f"Observation/proof-1-o: {wrong}"
    assert explained(proof(asked, unfetched=("Observation",))) == ""


def test_a_record_of_no_readable_code_may_be_of_anything_of_its_type() -> None:
    found = proof("condition: {concept: stroke}", {**condition(OESOPHAGEAL_CANCER, id="c"), "code": 5})
    assert said(found) == ("unknown", "not-fetched")
    assert explained(found).startswith("Condition/proof-1-c: ")


def test_an_episode_that_has_ended_is_named_where_it_says_nothing_of_now() -> None:
    ended = condition(PREGNANCY, on="2015-01-01", clinical="resolved")
    found = proof("condition: {concept: pregnancy, active: true}", ended)
    assert said(found) == ("unknown", "no-record")
    assert explained(found) == "the last one on record (2015-01-01) has ended, and says nothing of now"


def test_words_that_nobody_can_read_are_said_to_be_so() -> None:
    found = proof(
        "finding: {concept: ecog-performance-status, in: ['0']}", observation(ECOG, text="as before")
    )
    assert (said(found), found.value) == (("unknown", "coarser-code"), "as before")
    assert explained(found) == "recorded in words, or in a code, that are not known here"


def test_what_an_imprecise_site_may_be_is_named() -> None:
    found = proof(
        "finding: {concept: m-category, in: [M0, M1], sites: [cervical-lymph-node]}",
        condition(OESOPHAGEAL_CANCER, on="2026-10-01"),
        condition(NECK_NODES, on="2026-10-01"),
        observation(CLINICAL_M, coded=M1),
        population="oesophageal-cancer",
    )
    assert said(found) == ("unknown", "coarser-code")
    assert "neck lymph node may be cervical lymph node or head or face lymph node" in explained(found)
