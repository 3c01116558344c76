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


@cache
def treated() -> Panel:
    """A study that silence rules out, as long as it means no: it asks for a treatment."""
    made = {
        "study": "TREATED",
        "title": "After a checkpoint inhibitor",
        "population": {"cancer": OWN},
        "inclusion": [
            {"id": "inhibitor", "says": "Had one", "received": {"concept": "immune-checkpoint-inhibitor"}}
        ],
    }
    return make_panel(demo_plan().catalogue, [read_study(made)])


def test_silence_rules_nobody_out_where_a_record_may_break_it() -> None:
    """Before and after patients of whom everything could be read: what silence means is remembered."""
    seen = 0
    for id, lines in records().items():
        assert UNTOLD.resource is not None
        own = Line("untold", UNTOLD.resource | {"subject": {"reference": f"Patient/{id}"}})
        found = []
        for each in (lines, [*lines, own], lines):
            whole = ordered(assess(treated(), id, each, demo_as_of()).subjects)
            known = read_record(treated(), id, each, demo_as_of())
            assert suggest(treated(), known, most=2) == whole
            found.append(bool(whole))
        seen += found == [False, True, False]
    assert seen


def test_what_cannot_be_read_is_no_silence() -> None:
    differs = 0
    for id, lines in list(records().items())[:12]:
        assert MALFORMED.resource is not None
        own = Line("malformed", MALFORMED.resource | {"subject": {"reference": f"Patient/{id}"}})
        kept = [line for line in lines if _code(line) != "777-3"]
        before, after = (expected_of(id, each) for each in (kept, [*kept, own]))
        assert suggest(panel(), read(id, kept), most=3) == before[:3]
        assert suggest(panel(), read(id, [*kept, own]), most=3) == after[:3]
        differs += [s.verdicts for s in before] != [s.verdicts for s in after]
    assert differs


def expected_of(id: str, lines: list[Line]) -> list[Subject]:
    listed = ordered(assess(panel(), id, lines, demo_as_of()).subjects)
    return [s for s in listed if not any(v.criterion.weight is Weight.GATE for v in s.open)]


def _code(line: Line) -> object:
    coded = (line.resource or {}).get("code") or {}
    return next((coding.get("code") for coding in coded.get("coding", ())), None)


def test_what_silence_means_is_asked_again_on_another_day() -> None:
    for id, lines in list(records().items())[:6]:
        for day in (demo_as_of(), demo_as_of()._replace(day=date(2031, 3, 1)), demo_as_of()):
            whole = ordered(assess(panel(), id, lines, day).subjects)
            wanted = [s for s in whole if not any(v.criterion.weight is Weight.GATE for v in s.open)]
            assert suggest(panel(), read_record(panel(), id, lines, day), most=2) == wanted[:2]
