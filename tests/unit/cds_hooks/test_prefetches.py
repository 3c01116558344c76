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


def _outcome(**issue: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _said(severity: str, code: str) -> dict[str, Any]:
    said = _outcome(severity=severity, code=code) | {"id": "said"}
    return {"search": {"mode": "outcome"}, "resource": said}


def with_entry(entry: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A Bundle of one condition and another entry."""
    return bundle(condition("a")) | {"entry": [{"resource": condition("a")}, entry]} | more


MEDICATION = {"resourceType": "Medication", "id": "m"}


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
        with_entry({"resource": MEDICATION, "search": {"mode": "include"}}, total=1),
        with_entry(_said("information", "informational"), total=1),
        with_entry(_said("warning", "not-supported")),
        bundle(
            condition("a", subject={"reference": "https://ehr.example/r4/Patient/1/_history/3"}),
        ),
    ],
)
def test_these_are_all(found: dict[str, Any]) -> None:
    assert "Condition" not in read(found).unfetched


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
        with_entry(_said("warning", "incomplete")),
        with_entry(_said("warning", "timeout")),
        with_entry(_said("warning", "too-costly")),
        with_entry(_said("warning", "processing")),
        with_entry(_said("information", "suppressed")),
        with_entry({"search": {"mode": "outcome"}, "resource": {"resourceType": "OperationOutcome"}}),
        with_entry({"fullUrl": "https://ehr.example/Condition/b", "search": {"mode": "match"}}),
        with_entry({"resource": MEDICATION, "search": {"mode": "include"}}, total=2),
        with_entry({"resource": condition("a")}, total=2),
        with_entry({"resource": bundle(condition("b"), link=link("next"))}),
    ],
)
def test_these_are_not(found: Any) -> None:
    assert "Condition" in read(found).unfetched


@pytest.mark.parametrize("code", ["not-supported", "not-found", "exception"])
def test_the_ehr_cannot_say_for_a_server_that_it_has_none_of_a_type(code: str) -> None:
    record = read(bundle(), consents=_outcome(severity="error", code=code))
    assert record.unserved == set()
    assert "Consent" in record.unfetched


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
