"""The synthetic cohort: what the generator planted against what the engines find, row by row."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import fhirscreen.synthetic
from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.base import Screened
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.evaluator.notes import ELSEWHERE, TRANSFERRED
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.synthetic.cohorts import AS_OF, Cohort, generate
from fhirscreen.synthetic.truths import PROBE
from fhirscreen.values.durations import AsOf
from tests.lib.searchable import Searchable

STUDIES = ("NCT06907602", "NCT06190782")
PROBE_FILE = Path(fhirscreen.synthetic.__file__).with_name("probe.yaml")


@cache
def cohort() -> Cohort:
    return generate()


@cache
def plan() -> Plan:
    folder = mappings_folder()
    studies = [load_study(folder / "studies" / f"{id}.yaml") for id in STUDIES]
    studies.append(load_study(PROBE_FILE))
    return resolve(studies, load_catalogue().at(load_site(folder / "sites" / "demo.yaml")))


def as_of() -> AsOf:
    return AsOf(AS_OF, plan().catalogue.site.zone)


def resources() -> list[Any]:
    return [r for found in cohort().resources.values() for r in found] + cohort().others


@cache
def screened() -> Screened:
    lines = [Line("cohort", resource) for resource in resources()]
    return InMemory(gather(lines)).screen(plan(), as_of())


def verdicts() -> dict[tuple[str, str, str], Any]:
    return {
        (v.study, v.patient, v.criterion.id): v.proof
        for subject in screened().subjects
        for v in subject.verdicts
    }


def test_every_planted_truth_is_found() -> None:
    found = verdicts()
    gated = {(each.study, each.patient) for each in screened().gated}
    differences, compared = [], 0
    for planted in cohort().truths:
        if (planted.study, planted.patient) in gated:
            continue
        proof = found[planted.study, planted.patient, planted.criterion]
        got = {
            "truth": proof.truth.value,
            "basis": proof.basis.value,
            "reason": proof.reason.value if proof.reason else "",
            "evidence": tuple(proof.evidence),
        }
        wanted = {
            "truth": planted.truth,
            "basis": planted.basis,
            "reason": planted.reason,
            "evidence": planted.evidence,
        }
        compared += 1
        for field, value in wanted.items():
            # The generator states a basis, a reason or evidence only where a clinician's reading settles it.
            if value is not None and value != got[field]:
                differences.append(
                    (planted.patient, planted.criterion, planted.scenario, field, value, got[field])
                )
    assert compared > 10_000
    assert differences == []


def test_every_planted_truth_of_the_probe_claims_a_reason() -> None:
    claimed = [planted for planted in cohort().truths if planted.study == PROBE]
    assert len(claimed) > 800
    assert [each for each in claimed if each.reason is None] == []
    criteria = {criterion.id for criterion in load_study(PROBE_FILE).criteria}
    assert {planted.criterion for planted in claimed} == criteria


def in_memory() -> Screened:
    return screened()


def search() -> Screened:
    """The patients with a note, and some without."""
    some = {*cohort().notes, *sorted(cohort().resources)[:20]}
    found = [r for id in sorted(some) for r in cohort().resources[id]] + cohort().others
    with Searchable(found).client(concurrency=3) as client:
        return FhirSearch(client).screen(plan(), as_of())


@pytest.mark.parametrize("screen", [in_memory, search])
def test_every_planted_note_is_found_and_no_other(screen: Callable[[], Screened]) -> None:
    assert set(cohort().notes.values()) == {ELSEWHERE, TRANSFERRED}
    found: dict[str, set[str]] = {}
    for subject in screen().subjects:
        if subject.notes:
            found.setdefault(subject.patient, set()).update(subject.notes)
    assert found == {patient: {note} for patient, note in cohort().notes.items()}


def test_nobody_is_added_or_lost() -> None:
    found = {(subject.study, subject.patient) for subject in screened().subjects}
    found |= {(each.study, each.patient) for each in screened().gated}
    planted = {(each.study, each.patient) for each in cohort().truths}
    assert planted <= found
    assert screened().set_aside == []
