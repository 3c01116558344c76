"""The best studies of a patient, found in haste, are those of the whole assessment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cache

import pytest

from benchmarks.studies import CANCERS, OWN, make_studies
from fhirscreen import synthetic
from fhirscreen.criteria.studies import Weight
from fhirscreen.criteria.wire import read_study
from fhirscreen.fhir.folders import Line, unbundled
from fhirscreen.screening.panels import Panel, make_panel
from fhirscreen.screening.patients import assess
from fhirscreen.screening.suggestions import Known, read_record, suggest
from fhirscreen.verdicts.reasons import Reason
from fhirscreen.verdicts.standings import Subject, ordered
from tests.lib.demo import demo_as_of, demo_plan


@cache
def records() -> dict[str, list[Line]]:
    bundles = synthetic.bundles(synthetic.generate(patients=60))
    shared = list(unbundled(bundles.pop("shared"), "shared"))
    return {id: [*shared, *unbundled(bundle, id)] for id, bundle in bundles.items()}


@cache
def panel() -> Panel:
    """Both shipped studies and many generated ones, most of them of the cohort's cancer."""
    plan = demo_plan()
    made = make_studies(plan.catalogue, 60, (OWN, OWN, *CANCERS))
    return make_panel(plan.catalogue, [*(each.study for each in plan.studies), *map(read_study, made)])


def read(id: str, lines: list[Line]) -> Known:
    return read_record(panel(), id, lines, demo_as_of())


def expected(id: str, unfetched: Collection[str], studies: Collection[str] | None) -> list[Subject]:
    found = assess(panel(), id, records()[id], demo_as_of(), unfetched=unfetched, studies=studies)
    listed = ordered(found.subjects)
    return [s for s in listed if not any(v.criterion.weight is Weight.GATE for v in s.open)]


@pytest.mark.parametrize(
    "unfetched", [(), ("AllergyIntolerance",), ("Observation",), ("Condition", "Procedure")], ids=str
)
@pytest.mark.parametrize("most", [1, 2, 100])
def test_they_are_those_that_everything_decided_would_give(unfetched: tuple[str, ...], most: int) -> None:
    seen = 0
    for id, lines in records().items():
        best = suggest(panel(), read(id, lines), most=most, unfetched=unfetched)
        assert best == expected(id, unfetched, None)[:most]
        seen += len(best)
    assert seen >= 40 * most if most < 3 else seen > 200


def test_only_the_studies_that_are_asked_for_are_found() -> None:
    id, lines = next(iter(records().items()))
    (first, second) = suggest(panel(), read(id, lines), most=2)
    asked = {study.id for study in panel().studies} - {first.study}
    (best,) = suggest(panel(), read(id, lines), most=1, studies=asked)
    assert best == second


def test_what_rests_on_missing_data_is_not_met() -> None:
    id, lines = next(iter(records().items()))
    whole = assess(panel(), id, lines, demo_as_of())
    partly = assess(panel(), id, lines, demo_as_of(), unfetched=("Observation",))
    for before, after in zip(whole.subjects, partly.subjects, strict=True):
        assert {v.criterion.id for v in after.failed} <= {v.criterion.id for v in before.failed}
        measured = [v for v in after.verdicts if v.criterion.id in {"platelet-count", "platelets"}]
        assert all(v.proof.reason is Reason.NOT_FETCHED for v in measured if v not in after.failed)
        assert not after.complete


UNTOLD = Line(
    "untold",
    {
        "resourceType": "MedicationStatement",
        "id": "untold",
        "status": "completed",
        "medicationCodeableConcept": {"text": "as agreed with the patient"},
        "effectiveDateTime": "2026-01-05",
    },
)
MALFORMED = Line(
    "malformed",
    {
        "resourceType": "Observation",
        "id": "malformed",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "effectiveDateTime": "yesterday",
    },
)


@pytest.mark.parametrize("more", [UNTOLD, MALFORMED], ids=["untold", "malformed"])
def test_silence_is_no_answer_where_a_record_may_break_it(more: Line) -> None:
    """Before and after patients of whom everything could be read: what silence means is remembered."""
    differs = 0
    for id, lines in list(records().items())[:12]:
        assert more.resource is not None
        own = Line(more.where, more.resource | {"subject": {"reference": f"Patient/{id}"}})
        kept = [line for line in lines if line.resource is None or _code(line) != "777-3"]
        found = []
        for each in (kept, [*kept, own], kept):
            whole = ordered(assess(panel(), id, each, demo_as_of()).subjects)
            wanted = [s for s in whole if not any(v.criterion.weight is Weight.GATE for v in s.open)]
            assert suggest(panel(), read(id, each), most=3) == wanted[:3]
            found.append([(s.study, s.verdicts) for s in wanted])
        assert found[0] == found[2]
        differs += found[0] != found[1]
    assert differs


def _code(line: Line) -> object:
    coded = (line.resource or {}).get("code") or {}
    return next((coding.get("code") for coding in coded.get("coding", ())), None)


def test_what_silence_means_is_asked_again_on_another_day() -> None:
    for id, lines in list(records().items())[:6]:
        for day in (demo_as_of(), demo_as_of()._replace(day=date(2031, 3, 1)), demo_as_of()):
            whole = ordered(assess(panel(), id, lines, day).subjects)
            wanted = [s for s in whole if not any(v.criterion.weight is Weight.GATE for v in s.open)]
            assert suggest(panel(), read_record(panel(), id, lines, day), most=2) == wanted[:2]
