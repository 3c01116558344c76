"""One patient against a panel is told what a screening of everybody tells."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from fhirscreen import synthetic
from fhirscreen.criteria.nodes import Condition
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import CLINICAL_TYPES
from fhirscreen.fhir.folders import Line, unbundled
from fhirscreen.screening.panels import Panel, make_panel
from fhirscreen.screening.patients import assess
from fhirscreen.verdicts.standings import Gate
from tests.lib.demo import STUDIES, demo_as_of, demo_plan


@cache
def records() -> dict[str, list[Line]]:
    """The lines of each patient's Bundle, with those that are shared."""
    bundles = synthetic.bundles(synthetic.generate(patients=60))
    shared = list(unbundled(bundles.pop("shared"), "shared"))
    return {id: [*shared, *unbundled(bundle, id)] for id, bundle in bundles.items()}


@pytest.fixture(scope="module")
def panel() -> Panel:
    plan = demo_plan()
    return make_panel(plan.catalogue, [each.study for each in plan.studies])


def test_each_patient_is_told_what_the_whole_cohort_is(panel: Panel) -> None:
    lines = [line for found in records().values() for line in found]
    screened = InMemory(gather(lines)).screen(demo_plan(), demo_as_of())
    told = {(each.study, each.patient): each for each in screened.subjects}
    gates = {(each.study, each.patient): each.gate for each in screened.gated}
    assert told
    assert gates
    for id, found in records().items():
        assessed = assess(panel, id, found, demo_as_of())
        for study in STUDIES:
            assert assessed.subject(study) == told.get((study, id))
            assert assessed.gate(study) == gates.get((study, id))


def test_in_haste_the_same_patients_are_listed(panel: Panel) -> None:
    listed = failed = 0
    for id, found in records().items():
        whole = assess(panel, id, found, demo_as_of())
        hasty = assess(panel, id, found, demo_as_of(), hasty=True)
        assert hasty.subjects == tuple(each for each in whole.subjects if each.status is not None)
        assert hasty.failed == whole.failed
        listed += len(hasty.subjects)
        failed += len(hasty.failed)
    assert listed
    assert failed


def test_only_the_studies_asked_for(panel: Panel) -> None:
    id, found = next((id, f) for id, f in records().items() if assess(panel, id, f, demo_as_of()).subjects)
    assessed = assess(panel, id, found, demo_as_of(), studies={STUDIES[1]})
    assert {each.study for each in assessed.subjects} <= {STUDIES[1]}


def test_what_was_not_fetched_is_never_presumed_absent(panel: Panel) -> None:
    id, found = next(
        (id, f)
        for id, f in records().items()
        if any(each.status is not None for each in assess(panel, id, f, demo_as_of()).subjects)
    )
    subject = assess(panel, id, found, demo_as_of(), unfetched=CLINICAL_TYPES).subjects[0]
    assert not subject.complete
    assert not any(v.proof.basis.value == "presumed" for v in subject.verdicts)


def test_a_merged_patient_is_gated(panel: Panel) -> None:
    lines = [line for found in records().values() for line in found]
    survivors = gather(lines).survivors
    seen = {
        gated.gate
        for id, survivor in survivors.items()
        for gated in assess(panel, id, records()[survivor], demo_as_of()).gated
    }
    assert seen <= {Gate.MERGED}


def test_a_record_without_its_patient_is_an_error(panel: Panel) -> None:
    id, found = next(iter(records().items()))
    others = [line for line in found if line.resource and line.resource["resourceType"] != "Patient"]
    with pytest.raises(DataError, match="not in the data"):
        assess(panel, id, others, demo_as_of())


def test_one_study_that_cannot_be_resolved_takes_no_other_with_it(panel: Panel) -> None:
    catalogue = panel.plan.catalogue
    good, other = panel.studies
    broken = replace(
        other,
        criteria=(replace(other.criteria[0], expression=Condition("no-such-concept")), *other.criteria[1:]),
    )
    made = make_panel(catalogue, [good, broken], {good.id: 3, broken.id: 2})
    assert [study.id for study in made.studies] == [good.id]
    assert made.versions == {good.id: 3}
    assert "no-such-concept" in str(made.refused[broken.id])
    assert made.study(broken.id) is None
