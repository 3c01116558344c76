"""Malformed resources: set aside and counted, whatever is wrong with them; the rest is screened."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest

from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.base import Screened
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.synthetic.cohorts import AS_OF, generate
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.reasons import Reason
from tests.lib.records import Code, condition
from tests.spec.tables import Table, case, true

WRONG: list[Any] = ["abc", 5, None, [], {}, True, [1], {"a": 1}, ["x"], -3.5, "2024-13"]


@cache
def plan() -> Plan:
    folder = mappings_folder()
    catalogue = load_catalogue().at(load_site(folder / "sites" / "demo.yaml"))
    return resolve([load_study(folder / "studies" / "NCT06907602.yaml")], catalogue)


def screen(resources: list[Any]) -> Screened:
    lines = [Line("test", resource) for resource in resources]
    return InMemory(gather(lines)).screen(plan(), AsOf(AS_OF, plan().catalogue.site.zone))


def spoil(resource: Any, random: Random) -> None:
    """Puts something wrong at a random place of a resource, its identity apart."""
    holder: Any = None
    current, key = resource, None
    while isinstance(current, dict | list) and current and (holder is None or random.random() < 0.75):
        holder, key = (
            current,
            random.choice(list(current) if isinstance(current, dict) else range(len(current))),
        )
        current = current[key]
    if holder is not None and not (holder is resource and key in ("resourceType", "id")):
        holder[key] = random.choice(WRONG)


def spoilt(random: Random) -> Iterator[list[Any]]:
    cohort = generate(patients=40)
    for patient in sorted(cohort.resources):
        for _ in range(5):
            resources = copy.deepcopy(cohort.resources[patient])
            for resource in resources:
                if random.random() < 0.3:
                    spoil(resource, random)
            yield resources


def test_nothing_malformed_ends_a_run() -> None:
    reasons = set()
    for resources in spoilt(Random(1)):  # noqa: S311 - not for secrets
        reasons |= {each.reason for each in screen(resources).set_aside}
    assert "effectiveDateTime is not a FHIR date or dateTime" in reasons
    assert len(reasons) > 10


def member() -> list[Any]:
    cohort = generate(patients=40)
    sound = next(id for id in sorted(cohort.resources) if screen(cohort.resources[id]).subjects)
    return copy.deepcopy(cohort.resources[sound])


@pytest.mark.parametrize(
    ("element", "wrong", "reason"),
    [
        ("effectiveDateTime", "2024-13", "effectiveDateTime is not a FHIR date or dateTime"),
        ("valueQuantity", {"value": "abc", "code": "10*9/L"}, "Quantity.value is not a number"),
    ],
)
def test_a_spoilt_result_is_set_aside_verbatim_and_not_taken_as_absent(
    element: str, wrong: Any, reason: str
) -> None:
    resources = member()
    result = {
        "resourceType": "Observation",
        "id": "spoilt",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "1742-6"}]},
        "subject": {
            "reference": f"Patient/{next(r['id'] for r in resources if r['resourceType'] == 'Patient')}"
        },
        "effectiveDateTime": "2026-10-31",
        "valueQuantity": {"value": 30, "unit": "U/L", "code": "U/L"},
        element: wrong,
    }
    others = [r for r in resources if "1742-6" not in str(r.get("code"))]
    outcome = screen([*others, result])
    assert [(each.where, each.reason) for each in outcome.set_aside] == [("Observation/spoilt", reason)]
    assert '"spoilt"' in outcome.set_aside[0].verbatim
    (subject,) = outcome.subjects
    verdict = next(v for v in subject.verdicts if v.criterion.id == "alt")
    assert (verdict.proof.truth, verdict.proof.reason) == (Truth.UNKNOWN, Reason.NOT_FETCHED)
    assert not subject.complete


def test_a_spoilt_patient_keeps_the_other_verdicts() -> None:
    resources = member()
    next(r for r in resources if r["resourceType"] == "Patient")["birthDate"] = "2024-13"
    outcome = screen(resources)
    (subject,) = outcome.subjects
    found = {v.criterion.id: v.proof for v in subject.verdicts}
    assert found["age"].reason is Reason.NOT_FETCHED
    assert found["histology"].truth is not Truth.UNKNOWN or found["histology"].evidence
    assert [each.reason for each in outcome.set_aside] == ["birthDate is not a FHIR date or dateTime"]


@pytest.mark.parametrize(
    "stage", [{"summary": 5}, {"summary": {"coding": [5]}}, {"summary": {"text": "III"}, "type": "c"}, 5]
)
def test_a_spoilt_stage_costs_its_record_and_not_the_patient(stage: Any) -> None:
    text = Code("snomed", "363402007", "oesophageal cancer")
    spoilt = [condition(text, stage=[stage]), condition(text)]
    asked = "finding: {concept: stage-group, in: [III]}"
    table = Table("stage", "says", asked, [case("one", true(), *spoilt)], "oesophageal-cancer")
    lines = [Line("test", resource) for resource in table.resources(0)]
    outcome = InMemory(gather(lines)).screen(table.plan(), table.index_date())
    assert [each.where for each in outcome.set_aside] == ["Condition/stage-1-c1"]
    assert [subject.complete for subject in outcome.subjects] == [False]
