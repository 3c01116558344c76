"""The real HAPI is what the other tests take it for. Counts are compared, never status codes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lib.hapi import Hapi, Resource

pytestmark = pytest.mark.hapi

PATIENTS = 50
PER_PATIENT = 66
OBSERVATIONS = PATIENTS * PER_PATIENT


def cohort() -> Iterator[Resource]:
    # Patients last: load() has to find the order, or the server refuses dangling references.
    for patient in range(PATIENTS):
        for number in range(PER_PATIENT):
            yield {
                "resourceType": "Observation",
                "id": f"platelets-{patient}-{number}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
                "subject": {"reference": f"Patient/patient-{patient}"},
                "effectiveDateTime": f"2026-01-{number % 28 + 1:02}",
                "valueQuantity": {
                    "value": 100 + number,
                    "system": "http://unitsofmeasure.org",
                    "code": "10*9/L",
                },
            }
    for patient in range(PATIENTS):
        link = [{"type": "seealso", "other": {"reference": f"Patient/patient-{patient ^ 1}"}}]
        yield {"resourceType": "Patient", "id": f"patient-{patient}"} | (
            {"link": link} if patient < 2 else {}
        )


def distinct(server: Hapi) -> int:
    # By code: a limit of 1,000 then cuts at 3,000; unfiltered paging may come whole beyond 2,000.
    code = "http://loinc.org|777-3"
    return len({resource["id"] for resource in server.pages("Observation", code=code, _count="500")})


@pytest.fixture(scope="module")
def loaded(hapi: Hapi) -> Hapi:
    hapi.load(cohort())
    return hapi


@pytest.fixture(scope="module")
def loaded_short(hapi_short: Hapi) -> Hapi:
    hapi_short.load(cohort())
    return hapi_short


def test_it_is_r4(hapi: Hapi) -> None:
    with hapi.client() as client:
        assert client.get("/metadata").json()["fhirVersion"] == "4.0.1"


def test_everything_loaded_is_counted(loaded: Hapi) -> None:
    assert (loaded.count("Patient"), loaded.count("Observation")) == (PATIENTS, OBSERVATIONS)
    assert loaded.count("Observation", patient="patient-0,patient-1") == 2 * PER_PATIENT


def test_paging_is_whole_beyond_a_thousand(loaded: Hapi) -> None:
    assert distinct(loaded) == OBSERVATIONS


def test_a_fetch_limit_shortens_paging_without_an_error(loaded_short: Hapi) -> None:
    # The hazard that the search engine has to notice: the count is right, and the pages stop early.
    assert loaded_short.count("Observation") == OBSERVATIONS
    assert 1000 <= distinct(loaded_short) < OBSERVATIONS


def test_a_dangling_reference_is_refused(hapi: Hapi) -> None:
    observation = {**next(cohort()), "id": "dangling", "subject": {"reference": "Patient/nobody"}}
    with pytest.raises(RuntimeError, match="Patient/nobody"):
        hapi.load([observation])


def test_it_can_be_emptied(loaded: Hapi) -> None:
    loaded.clear()
    assert (loaded.count("Patient"), loaded.count("Observation")) == (0, 0)
    assert distinct(loaded) == 0
