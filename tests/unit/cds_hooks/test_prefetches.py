"""Prefetch as it comes: what is all, what is not, and what is about somebody else."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from fhirscreen.cds_hooks.calls import CallError
from fhirscreen.cds_hooks.prefetches import Record, read_prefetch
from fhirscreen.cds_hooks.templates import Templates, make_templates
from fhirscreen.mapping.loading import load_catalogue

PATIENT = {"resourceType": "Patient", "id": "1"}


@cache
def templates() -> Templates:
    return make_templates(load_catalogue(), roles=True)


def condition(id: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/1"}} | more


def bundle(*resources: Any, **more: Any) -> dict[str, Any]:
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries} | more


def read(conditions: Any = None, **more: Any) -> Record:
    return read_prefetch("1", {"patient": PATIENT, "conditions": conditions} | more, templates())


def link(relation: str, url: str = "https://ehr.example/Condition?page=2") -> list[dict[str, str]]:
    return [{"relation": relation, "url": url}]


@pytest.mark.parametrize(
    "found",
    [
        bundle(),
        {"resourceType": "Bundle", "type": "searchset", "total": 0},
        bundle(condition("a"), total=1),
        bundle(condition("a"), link=link("self", "https://ehr.example/Condition?_count=2")),
        bundle(condition("a"), link=link("self", "https://ehr.example/Condition?_count=lots")),
        bundle(condition("a"), link=link("self", "https://[broken")),
        bundle(condition("a"), total="many"),
        bundle(
            condition("a", subject={"reference": "https://ehr.example/r4/Patient/1/_history/3"}),
        ),
    ],
)
def test_these_are_all(found: dict[str, Any]) -> None:
    assert "Condition" not in read(found).unfetched


def _outcome(**issue: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [issue]}


@pytest.mark.parametrize(
    "found",
    [
        None,
        _outcome(severity="error", code="forbidden"),
        condition("a"),
        bundle(condition("a"), link=link("next")),
        bundle(condition("a"), total=2),
        bundle(condition("a"), link=link("self", "https://ehr.example/Condition?_count=1")),
        bundle(*(condition(str(number)) for number in range(1000))),
        bundle(condition("a"), {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}),
        bundle(condition("a"), condition("b", subject={"display": "somebody"})),
        bundle(condition("a"), "no resource"),
        bundle(condition("a"), _outcome(severity="error", code="incomplete") | {"id": "x"}),
        {**bundle(), "entry": {"resource": condition("a")}},
        {
            **bundle(),
            "entry": [
                {"resource": condition("a")},
                {"search": {"mode": "outcome"}, "resource": _outcome(severity="warning", code="incomplete")},
            ],
        },
    ],
)
def test_these_are_not(found: Any) -> None:
    assert "Condition" in read(found).unfetched


def test_a_server_that_has_none_of_a_type_says_so() -> None:
    record = read(bundle(), consents=_outcome(severity="error", code="not-supported"))
    assert record.unserved == {"Consent"}
    assert "Consent" in record.unfetched
    assert read(bundle(), consents=_outcome(severity="error", code="exception")).unserved == set()


@pytest.mark.parametrize(
    "more",
    [
        {"patient": {"resourceType": "Patient", "id": "2"}},
        {"conditions": bundle(condition("a", subject={"reference": "Patient/2"}))},
        {"conditions": bundle(bundle(condition("a", subject={"reference": "https://x.example/Patient/2"})))},
        {"consents": bundle({"resourceType": "Consent", "id": "c", "patient": {"reference": "Patient/2"}})},
        {
            "researchSubjects": bundle(
                {"resourceType": "ResearchSubject", "id": "c", "individual": {"reference": "Patient/2"}}
            )
        },
        {"conditions": bundle({"resourceType": "Patient", "id": "2"})},
        {"conditions": []},
        {"conditions": {"entry": []}},
    ],
)
def test_another_patient_or_no_resource_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(CallError) as caught:
        read(**more)
    assert caught.value.where is not None
    assert caught.value.where.startswith("prefetch.")


def test_the_patient_may_come_in_a_bundle() -> None:
    assert read(patient=bundle(PATIENT)).person == PATIENT
    assert read(patient=bundle()).person is None
    assert "Patient" in read(patient=bundle()).unfetched


def test_records_of_a_merged_patient_are_known_not_to_be_all() -> None:
    survivor = {**PATIENT, "link": [{"type": "replaces", "other": {"reference": "Patient/2"}}]}
    old = condition("a", subject={"reference": "Patient/2"})
    record = read(bundle(old), patient=survivor)
    assert record.ids == ("1", "2")
    assert templates().clinical <= record.unfetched
