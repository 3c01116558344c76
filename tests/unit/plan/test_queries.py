from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.plan.nodes import Retrieve
from fhirscreen.plan.queries import Query, merged, queries
from fhirscreen.values.codes import CodeSet


def retrieve(resource: str, codes: dict[str, list[str]]) -> Retrieve:
    return Retrieve(resource, CodeSet.from_data(codes))


def test_exact_codes_narrow_and_stand_alone_as_they_are_sent() -> None:
    (found,) = queries(retrieve("Observation", {"loinc": ["777-3", "718-7"], "urn:lab": ["718-7", "PLT"]}))
    assert found.text == "Observation?combo-code=718-7,777-3,PLT"
    assert found.codes == ("718-7", "777-3", "PLT")
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
    (found,) = queries(retrieve(resource, codes))
    assert found == Query(resource, (), because)
    assert found.text == resource


def test_separators_in_codes_are_escaped() -> None:
    (found,) = queries(retrieve("Observation", {"urn:lab": ["XA,B|C$\\D"]}))
    assert found.parameters == (("combo-code", "XA\\,B\\|C\\$\\\\D"),)


def test_one_retrieve_a_type() -> None:
    codes: list[Any] = [{"loinc": ["777-3"]}, {"loinc": ["718-7"]}]
    both = [retrieve("Observation", each) for each in codes] + [retrieve("Condition", {"icd-10": ["C15"]})]
    found = merged(both)
    assert [each.resource for each in found] == ["Condition", "Observation"]
    assert found[1].codes.matches("loinc", "777-3")
    assert found[1].codes.matches("loinc", "718-7")
