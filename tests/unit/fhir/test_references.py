"""References in every style of R4, and whom a resource is about."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.fhir.references import extension_references, patient_of, target, targets

ALIASES = {"urn:uuid:1": "Condition/c1", "urn:uuid:2": "Patient/p2"}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("Condition/c1", "Condition/c1"),
        ("Condition/c1/_history/3", "Condition/c1"),
        ("https://server.example/fhir/Condition/c1", "Condition/c1"),
        ("https://server.example/fhir/Condition/c1/_history/3", "Condition/c1"),
        ("https://server.example/fhir/Condition/c1/", "Condition/c1"),
        ("Condition/c1?version=2", "Condition/c1"),
        ("urn:uuid:1", "Condition/c1"),
        ("urn:uuid:unknown", None),
        ("urn:oid:1.2.3", None),
        ("#contained", None),
        ("c1", None),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_target(reference: Any, found: str | None) -> None:
    assert target({"reference": reference}, ALIASES) == found


@pytest.mark.parametrize(
    "reference", [None, "Condition/c1", [], {"display": "Jane"}, {"identifier": {"value": "7"}}]
)
def test_what_is_no_literal_reference(reference: Any) -> None:
    assert target(reference) is None


def test_urns_without_aliases() -> None:
    assert target({"reference": "urn:uuid:1"}) is None


def test_targets_of_a_list_or_of_one() -> None:
    one, other = {"reference": "Condition/1"}, {"reference": "Condition/2"}
    assert list(targets([one, {"display": "x"}, other])) == ["Condition/1", "Condition/2"]
    assert list(targets(one)) == ["Condition/1"]
    assert list(targets(None)) == []


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ({"resourceType": "Patient", "id": "p1"}, "p1"),
        ({"resourceType": "Patient", "id": 7}, None),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/p1"}}, "p1"),
        ({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"}}, "p1"),
        ({"resourceType": "ResearchSubject", "individual": {"reference": "urn:uuid:2"}}, "p2"),
        ({"resourceType": "Observation", "subject": {"reference": "Group/g1"}}, None),
        ({"resourceType": "Observation", "subject": {"reference": "https://other.example/Patient/p9"}}, "p9"),
        ({"resourceType": "Medication"}, None),
    ],
)
def test_patient_of(resource: dict[str, Any], found: str | None) -> None:
    assert patient_of(resource, ALIASES) == found


def test_extension_references() -> None:
    extensions = [{"url": "u", "valueReference": {"reference": "urn:uuid:1"}}, {"url": "v"}, "stray"]
    assert list(extension_references({"extension": extensions}, ALIASES)) == ["Condition/c1"]
    assert list(extension_references({"extension": "stray"})) == []
    assert list(extension_references({})) == []
