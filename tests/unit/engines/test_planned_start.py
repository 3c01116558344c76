"""The day on which treatment is planned: the deadline that orders a list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.engines.test_malformed import member, screen

CISPLATIN = {"coding": [{"system": "http://www.whocc.no/atc", "code": "L01XA01"}]}
RADIOTHERAPY = {"coding": [{"system": "http://snomed.info/sct", "code": "108290001"}]}


def start(**resource: Any) -> str:
    resources = member()
    patient = next(r["id"] for r in resources if r["resourceType"] == "Patient")
    added = {"id": "planned", "subject": {"reference": f"Patient/{patient}"}, **resource}
    (subject,) = screen([*resources, added]).subjects
    return subject.planned_start


def order(timing: Any) -> str:
    return start(
        resourceType="MedicationRequest",
        status="active",
        intent="order",
        authoredOn="2026-10-30",
        medicationCodeableConcept=CISPLATIN,
        dosageInstruction=[{"timing": timing}],
    )


@pytest.mark.parametrize(
    ("timing", "day"),
    [
        ({"event": ["2026-11-09"]}, "2026-11-09"),
        ({"repeat": {"boundsPeriod": {"start": "2026-11-05"}}}, "2026-11-05"),
        ({"event": ["2026-11-23", "2026-11-09"]}, "2026-11-09"),
        ({"event": ["2026-11-01"]}, "2026-11-01"),
        ({"event": ["2026-10-20"]}, ""),
        ({}, ""),
    ],
)
def test_an_order_says_when_it_is_to_begin(timing: Any, day: str) -> None:
    assert order(timing) == day


def test_a_procedure_in_preparation_is_planned() -> None:
    planned = {"resourceType": "Procedure", "code": RADIOTHERAPY, "performedDateTime": "2026-11-12"}
    assert start(**planned, status="preparation") == "2026-11-12"
    assert start(**planned, status="not-done") == ""


def test_another_procedure_is_no_treatment_of_a_cancer() -> None:
    other = {"coding": [{"system": "http://snomed.info/sct", "code": "80146002"}]}
    assert (
        start(resourceType="Procedure", code=other, performedDateTime="2026-11-12", status="preparation")
        == ""
    )
