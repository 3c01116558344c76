"""A patient whom an engine cannot evaluate at all is set aside and named as a gap, by every engine alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import orjson
import pytest

from fhirscreen import synthetic
from fhirscreen.engines.base import Screened
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.fhir.folders import Line
from fhirscreen.plan.nodes import CriterionPlan, Edge, FormulaWithin, Plan, Range, StudyPlan
from tests.lib.demo import demo_as_of, demo_plan
from tests.lib.searchable import Resource, Searchable

BROKEN = "NCT06190782"


@cache
def resources() -> tuple[Resource, ...]:
    found = synthetic.generate(patients=70)
    return (*found.others, *(each for record in found.resources.values() for each in record))


@cache
def plan() -> Plan:
    """The demo's plan, but that nobody can evaluate one study: a formula of three inputs gets none."""
    whole = demo_plan()

    def broken(study: StudyPlan) -> StudyPlan:
        last = study.criteria[-1]
        formula = FormulaWithin(
            "cockcroft-gault",
            whole.catalogue.concept("creatinine-clearance"),
            (),
            Range(Edge(50.0)),
            "cannot be",
        )
        return replace(study, criteria=(*study.criteria[:-1], CriterionPlan(last.criterion, formula)))

    studies = tuple(broken(study) if study.study.id == BROKEN else study for study in whole.studies)
    return replace(whole, studies=studies)


def in_memory(plan: Plan) -> Screened:
    return InMemory(gather(Line("test", each) for each in resources())).screen(plan, demo_as_of())


def search(plan: Plan) -> Screened:
    with Searchable(resources()).client(concurrency=3) as client:
        return FhirSearch(client).screen(plan, demo_as_of())


@pytest.mark.parametrize("screen", [in_memory, search])
def test_who_cannot_be_evaluated_is_set_aside_and_the_others_are_screened(
    screen: Callable[[Plan], Screened],
) -> None:
    sound, found = in_memory(demo_plan()), screen(plan())
    members = {s.patient for s in sound.subjects if s.study == BROKEN}
    assert members
    aside = set(named(found))
    assert aside == members
    assert {(each.where, each.reason) for each in found.set_aside} == {
        ("Patient", "the record could not be evaluated")
    }
    assert found.gaps == ["a patient's record could not be evaluated; it is among what was set aside"]
    assert found.subjects == [s for s in sound.subjects if s.patient not in aside]
    assert found.gated == [g for g in sound.gated if g.patient not in aside]
    assert found.patients == sound.patients
    assert not any(id in str(found.gaps) for id in aside)


def test_every_engine_sets_the_same_aside() -> None:
    one, other = in_memory(plan()), search(plan())
    assert named(one) == named(other)
    assert (one.gaps, one.outside, one.gated) == (other.gaps, other.outside, other.gated)


def named(screened: Screened) -> list[str]:
    return sorted(orjson.loads(each.verbatim)["id"] for each in screened.set_aside)
