"""The models of fhir.resources at the edge: what breaks R4 is named by place, never by value."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.fhir.models import model_fault

SUBJECT: dict[str, Any] = {
    "resourceType": "ResearchSubject",
    "id": "s",
    "status": "candidate",
    "study": {"reference": "ResearchStudy/1"},
    "individual": {"reference": "Patient/1"},
}


def test_a_sound_resource_has_no_fault() -> None:
    assert model_fault(SUBJECT) is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"study": {"reference": 5}}, "study.reference: string type"),
        ({"nickname": "secret"}, "nickname: extra forbidden"),
        ({"resourceType": "Nonsense"}, "resourceType is not one of R4"),
    ],
)
def test_a_fault_names_the_place(change: dict[str, Any], fault: str) -> None:
    found = model_fault(SUBJECT | change)
    assert found == fault
    assert "secret" not in found


def test_a_required_element_is_missed() -> None:
    assert model_fault({name: value for name, value in SUBJECT.items() if name != "individual"}) is not None
