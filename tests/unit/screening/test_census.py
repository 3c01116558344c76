"""A census counts, and holds nothing about one patient; a draft made of it is a site file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhirscreen.mapping.loading import load_site
from fhirscreen.screening.census import Census, LocalCode, UnitSeen, grouped
from fhirscreen.screening.drafts import draft_site
from tests.lib.demo import demo_plan

LOINC = "http://loinc.org"


def observation(patient: str, *codings: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{len(codings)}",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code} for system, code in codings]},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def quantity(unit: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": 1, **({"unit": unit} if unit else {})}}


@pytest.fixture
def census() -> Census:
    return Census(demo_plan().catalogue)


def test_patients_are_counted_once(census: Census) -> None:
    for patient in ("a", "a", "b"):
        census.add(observation(patient, (LOINC, "777-3")))
    assert len(census.patients["platelet-count"]) == 2
    assert census.resources["Observation"] == 3


def test_units_of_components_are_counted(census: Census) -> None:
    part = {"code": {"coding": [{"system": LOINC, "code": "777-3"}]}, **quantity("K/uL")}
    census.add(observation("a", (LOINC, "58410-2"), component=[part]))
    assert census.units[UnitSeen("platelet-count", "K/uL")] == 1
    assert census.patients["platelet-count"] == {"a"}


def test_what_is_no_evidence_is_not_counted(census: Census) -> None:
    census.add(observation("a", (LOINC, "777-3"), status="entered-in-error"))
    refuted = {
        "resourceType": "Condition",
        "id": "c",
        "verificationStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}
            ]
        },
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "363402007"}]},
        "subject": {"reference": "Patient/a"},
    }
    census.add(refuted)
    assert not census.patients


def test_a_coded_finding_counts_for_the_diagnosis_that_its_value_names(census: Census) -> None:
    value = {"coding": [{"system": "http://snomed.info/sct", "code": "35917007"}]}
    census.add(observation("a", (LOINC, "31206-6"), valueCodeableConcept=value))
    assert "oesophageal-squamous-cell-carcinoma" not in census.patients


def test_units_are_counted_as_they_are_spelt(census: Census) -> None:
    for unit in ("10*9/L", "10*9/L", "K/uL", "mg/dL", ""):
        census.add(observation("a", (LOINC, "777-3"), **quantity(unit)))
    seen = {unit: UnitSeen("platelet-count", unit) for unit in ("10*9/L", "K/uL", "mg/dL", "")}
    assert census.units == {seen["10*9/L"]: 2, seen["K/uL"]: 1, seen["mg/dL"]: 1, seen[""]: 1}
    assert {unit: census.fits(each) for unit, each in seen.items()} == {
        "10*9/L": True, "K/uL": True, "mg/dL": False, "": False,
    }  # fmt: skip


def test_local_codes_come_by_frequency_and_apart_from_known_systems(census: Census) -> None:
    for code, times in (("A", 1), ("B", 3)):
        for _ in range(times):
            census.add(observation("a", ("urn:lab", code)))
    census.add(observation("a", (LOINC, "0-0")))
    census.add(observation("a", ("urn:lab", "C"), (LOINC, "777-3")))
    assert census.local() == [
        (LocalCode("Observation", "urn:lab", "B"), 3),
        (LocalCode("Observation", "urn:lab", "A"), 1),
    ]
    assert census.foreign() == [(LocalCode("Observation", "loinc", "0-0"), 1)]


def order(patient: str, kind: str = "MedicationRequest", **drug: Any) -> dict[str, Any]:
    subject = {"reference": f"Patient/{patient}"}
    return {
        "resourceType": kind,
        "id": patient,
        "status": "completed",
        "intent": "order",
        "subject": subject,
        **drug,
    }


def test_a_drug_named_by_reference_is_counted_whenever_it_comes(census: Census) -> None:
    for patient, drug in (("a", "m1"), ("b", "m1"), ("c", "m2")):
        census.add(order(patient, medicationReference={"reference": f"Medication/{drug}"}))
    assert census.drugs_wanted
    code = {"coding": [{"system": "http://www.whocc.no/atc", "code": "L01XA01"}]}
    census.add({"resourceType": "Medication", "id": "m1", "code": code})
    census.settle()
    assert census.patients["platinum-chemotherapy"] == {"a", "b"}
    assert census.by_reference == 1


def test_codes_are_grouped_by_what_a_site_tells_apart(census: Census) -> None:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    laboratory = {"category": [{"coding": [{"system": system, "code": "laboratory"}]}]}
    drug: dict[str, Any] = {
        "medicationCodeableConcept": {"coding": [{"system": "urn:pharmacy", "code": "D"}]}
    }
    census.add(observation("a", ("urn:lab", "A"), **laboratory))
    census.add(order("a", **drug))
    census.add(order("a", "MedicationAdministration", **drug))
    assert grouped(census.local()) == {
        "medications": [(LocalCode("medications", "urn:pharmacy", "D"), 2)],
        "Observation, laboratory": [(LocalCode("Observation, laboratory", "urn:lab", "A"), 1)],
    }


def test_a_code_is_called_what_the_data_call_it_often(census: Census) -> None:
    for times, display in ((5, "Pain"), (4, "Jane's pain")):
        for _ in range(times):
            each = observation("a", ("urn:lab", "P"))
            each["code"]["coding"][0]["display"] = display
            census.add(each)
    rare = observation("a", ("urn:lab", "R"))
    rare["code"]["coding"][0]["display"] = "as Jane said"
    census.add(rare)
    assert census.display(LocalCode("Observation", "urn:lab", "P")) == "Pain"
    assert census.display(LocalCode("Observation", "urn:lab", "R")) == ""


def test_a_draft_lists_codes_by_kind_and_types_of_drugs_as_one(census: Census) -> None:
    for kind in ("MedicationRequest", "MedicationAdministration"):
        census.add(order("a", kind, authoredOn="2026-01-02", effectiveDateTime="2026-01-02"))
    for _ in range(2):
        census.add(observation("a", (LOINC, "0-0")))
    lines = draft_site(census).splitlines()
    assert sum("newest data" in line for line in lines) == 1
    assert "#   medications: 2015-01-01" in "\n".join(lines)
    assert '#   CONCEPT: {"loinc": ["0-0"]}  # Observation, 2 resources' in lines


def test_newest_data_and_what_cannot_be_read(census: Census) -> None:
    census.add(observation("a", (LOINC, "777-3"), effectiveDateTime="2026-01-02T10:00:00Z"))
    census.add(
        observation("a", (LOINC, "777-3"), effectivePeriod={"start": "2025-01-01", "end": "2026-03-01"})
    )
    census.add(observation("a", (LOINC, "777-3"), effectiveDateTime="2024-13"))
    census.add(observation("a", (LOINC, "777-3"), code="777-3"))
    assert census.newest == {"Observation": "2026-03-01"}
    assert census.unreadable == 2


def test_a_draft_loads_and_names_what_waits(census: Census, tmp_path: Path) -> None:
    census.add(observation("jane", ('urn:la"b\n', "X: {"), **quantity("")))
    census.add(observation("jane", (LOINC, "777-3"), effectiveDateTime="2026-01-02", **quantity("")))
    draft = draft_site(census)
    (tmp_path / "site.yaml").write_text(draft)
    site = load_site(tmp_path / "site.yaml")
    assert (site.id, site.complete, site.local_codes) == ("my-hospital", {}, {})
    assert "platelet-count: 10*9/L" in draft
    assert "2026-01-02" in draft
    assert "X: {" in draft
    assert "jane" not in draft
