from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.plan.nodes import Retrieve
from fhirscreen.plan.queries import Query, merged, queries
from fhirscreen.values.codes import CodeSet, Systems

SYSTEMS = Systems.from_data(
    {
        "loinc": {"url": "http://loinc.org", "also": ["urn:oid:2.16.840.1.113883.6.1"]},
        "icd-10": {"url": "http://hl7.org/fhir/sid/icd-10"},
        "snomed": {"url": "http://snomed.info/sct"},
    }
)


def retrieve(resource: str, codes: dict[str, list[str]]) -> Retrieve:
    return Retrieve(resource, CodeSet.from_data(codes))


def test_exact_codes_narrow_under_every_spelling() -> None:
    (found,) = queries(retrieve("Observation", {"loinc": ["777-3", "718-7"]}), SYSTEMS)
    assert found.text == (
        "Observation?code=http://loinc.org|718-7,http://loinc.org|777-3,"
        "urn:oid:2.16.840.1.113883.6.1|718-7,urn:oid:2.16.840.1.113883.6.1|777-3"
    )
    assert not found.unfiltered


@pytest.mark.parametrize(
    ("resource", "codes", "because"),
    [
        ("Condition", {"icd-10": ["C15"]}, "icd-10, icd-10-cm, icd-10-gm match by prefix"),
        (
            "Condition",
            {"icd-10": ["C15"], "snomed": ["363402007"]},
            "icd-10, icd-10-cm, icd-10-gm match by prefix",
        ),
        (
            "Condition",
            {"icd-10": ["C15"], "atc": ["L01"]},
            "atc, icd-10, icd-10-cm, icd-10-gm match by prefix",
        ),
        ("MedicationRequest", {"snomed": ["1"]}, "a medication may be named by reference"),
    ],
)
def test_where_a_code_could_lose_somebody_the_type_is_fetched_whole(
    resource: str, codes: dict[str, list[str]], because: str
) -> None:
    (found,) = queries(retrieve(resource, codes), SYSTEMS)
    assert found == Query(resource, (), because)
    assert found.text == resource


def test_separators_in_codes_are_escaped() -> None:
    (found,) = queries(retrieve("Observation", {"urn:lab": ["XA,B|C$\\D"]}), SYSTEMS)
    assert found.parameters == (("code", "urn:lab|XA\\,B\\|C\\$\\\\D"),)


def test_one_retrieve_a_type() -> None:
    codes: list[Any] = [{"loinc": ["777-3"]}, {"loinc": ["718-7"]}]
    both = [retrieve("Observation", each) for each in codes] + [retrieve("Condition", {"icd-10": ["C15"]})]
    found = merged(both)
    assert [each.resource for each in found] == ["Condition", "Observation"]
    assert found[1].codes.matches("loinc", "777-3")
    assert found[1].codes.matches("loinc", "718-7")
