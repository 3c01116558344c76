"""Diagnoses and therapies as asked: states that do not last, severities, how long a course went on."""

from __future__ import annotations

import pytest

from fhirscreen.engines.evaluator.occurrences import _severity
from fhirscreen.fhir.entries import read_entry
from fhirscreen.plan.nodes import Occurred
from fhirscreen.values.truth import Truth
from tests.lib.proofs import opened, proof, said
from tests.lib.records import Code, condition, given, observation, taken
from tests.spec.codes import (
    ADENOCARCINOMA,
    CISPLATIN,
    HISTOLOGY,
    LACTATION,
    LEUKOCYTES,
    MILD,
    MODERATE,
    NEUTROPHIL_PERCENT,
    OESOPHAGEAL_CANCER,
    PREDNISOLONE,
    SEVERE,
    STROKE,
    snomed,
)
from tests.spec.tables import catalogue

INFECTION = snomed("233604007", "pneumonia")


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ("2026-10-18", ("true", "")),
        ("2026-10-17", ("unknown", "stale")),
        ("2026-10", ("unknown", "stale")),
        ("2020-01-01", ("unknown", "stale")),
        (None, ("true", "")),
    ],
)
def test_a_state_that_does_not_last_was_active_a_while_ago(on: str | None, found: tuple[str, str]) -> None:
    """An infection decides for 14 days."""
    record = condition(INFECTION, on=on)
    assert said(proof("condition: {concept: active-infection, active: true}", record)) == found
    assert said(proof("condition: {concept: active-infection}", record)) == ("true", "")


def test_a_window_that_is_asked_stands_before_the_mappings() -> None:
    record = condition(INFECTION, on="2026-09-15")
    asked = "condition: {concept: active-infection, active: true, within: 60 d}"
    assert said(proof(asked, record)) == ("true", "")


def test_a_state_that_lasts_does_not_grow_stale() -> None:
    record = condition(STROKE, on="2001-01-01")
    assert said(proof("condition: {concept: stroke, active: true}", record)) == ("true", "")


@pytest.mark.parametrize(
    ("asked", "recorded", "truth"),
    [
        ({"mild"}, MILD, Truth.TRUE), ({"moderate"}, MODERATE, Truth.TRUE), ({"severe"}, SEVERE, Truth.TRUE),
        ({"mild", "severe"}, SEVERE, Truth.TRUE), ({"mild", "severe"}, MODERATE, Truth.FALSE),
        ({"severe"}, None, Truth.UNKNOWN), ({"mild"}, Code("http://ward", "255604002"), Truth.FALSE),
    ],
)  # fmt: skip
def test_severities(asked: set[str], recorded: object, truth: Truth) -> None:
    case, node, _ = opened(f"condition: {{concept: stroke, severity: [{', '.join(sorted(asked))}]}}")
    assert isinstance(node, Occurred)
    assert node.severity is not None
    record = condition(STROKE, severity=recorded, id="c")  # type: ignore[arg-type]
    entry = read_entry(record, catalogue().terms)
    assert entry is not None
    assert _severity(case, node.severity, entry) is truth


@pytest.mark.parametrize(
    ("on", "until", "found"),
    [
        ("2026-09-01", "2026-09-29", ("true", "")),
        ("2026-09-01", "2026-09-28", ("unknown", "no-record")),
        ("2026-10-04", "", ("true", "")),
        ("2026-10-05", "", ("unknown", "no-record")),
        ("2026-09", "2026-09-29", ("unknown", "imprecise-date")),
        ("2026-09-01", None, ("unknown", "imprecise-date")),
    ],
)
def test_a_course_lasts_from_its_first_to_its_last_day(
    on: str, until: str | None, found: tuple[str, str]
) -> None:
    asked = "received: {concept: systemic-corticosteroid, minimum_duration: 28 d}"
    status = "active" if until == "" else "completed"
    assert said(proof(asked, taken(PREDNISOLONE, on=on, until=until, status=status))) == found


def test_a_percentage_below_nothing_gives_no_count() -> None:
    percent = {"high": {"value": 60, "code": "%"}}
    records = (observation(LEUKOCYTES, "5 10*9/L"), observation(NEUTROPHIL_PERCENT, valueRange=percent))
    asked = "derived: {quantity: neutrophils-from-percent, at_least: 1.5 10*9/L}"
    assert said(proof(asked, *records)) == ("unknown", "not-computable")


def test_a_missing_medication_is_set_aside_in_plain_words() -> None:
    case, _, _ = opened(
        "received: {concept: systemic-chemotherapy}",
        given(None, medicationReference={"reference": "Medication/none"}),
        given(CISPLATIN),
    )
    assert [each.reason for each in case.chart.set_aside] == ["a referenced Medication is not in the data"]


@pytest.mark.parametrize(
    ("route", "found"),
    [
        (snomed("26643006", "oral"), ("true", "")),
        (snomed("47625008", "intravenous"), ("unknown", "no-record")),
        (None, ("unknown", "no-value")),
    ],
)
def test_another_route_is_not_the_one_asked(route: Code | None, found: tuple[str, str]) -> None:
    asked = "received: {concept: systemic-corticosteroid, routes: [oral]}"
    assert said(proof(asked, given(PREDNISOLONE, route=route))) == found


def test_a_histology_with_two_values_is_none() -> None:
    asked = "condition: {concept: oesophageal-squamous-cell-carcinoma}"
    morphology = Code("icd-o-3", "8070/3")
    sound = observation(HISTOLOGY, coded=morphology)
    cancer = condition(OESOPHAGEAL_CANCER, on="2026-10-01")
    assert said(proof(asked, cancer, sound, population="oesophageal-cancer")) == ("true", "")
    doubtful = observation(HISTOLOGY, coded=morphology, text="Adenokarzinom")
    assert said(proof(asked, cancer, doubtful, population="oesophageal-cancer")) == (
        "unknown",
        "coarser-code",
    )


def test_a_state_is_not_ended_by_a_denial_that_may_be_of_something_else() -> None:
    asked = "condition: {concept: lactation, active: true}"
    feeding = observation(LACTATION, boolean=True, on="2026-10-01")
    own, of_a_device = (observation(LACTATION, boolean=False, focus=focus) for focus in (None, "Device/1"))
    assert said(proof(asked, feeding, own)) == ("false", "")
    assert said(proof(asked, feeding, of_a_device)) == ("unknown", "conflicting")


def test_another_histology_that_was_refuted_denies_nothing() -> None:
    asked = "condition: {concept: oesophageal-squamous-cell-carcinoma}"
    cancer = condition(OESOPHAGEAL_CANCER, on="2026-10-01")
    for verification, found in (
        ("confirmed", ("false", "")),
        ("refuted", ("unknown", "coarser-code")),
    ):
        other = condition(ADENOCARCINOMA, on="2026-10-01", verification=verification)
        assert said(proof(asked, cancer, other, population="oesophageal-cancer")) == found
