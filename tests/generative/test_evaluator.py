"""What holds for every criterion and every patient, drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirscreen.criteria.nodes import Confirm, Constant, Expression, Not, Unread
from fhirscreen.criteria.walk import walk
from fhirscreen.engines.base import Screened
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.plan.resolve import resolve
from fhirscreen.screening.explanations import explain
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth, negation
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from tests.lib.records import Resource, chart
from tests.lib.strategies.criteria import all_nodes
from tests.lib.strategies.records import Records, patients, records
from tests.lib.strategies.screenable import STRATEGIES, expressions, study
from tests.spec.tables import catalogue_at

SITES = {
    "silent": "site: silent\ntime_zone: Europe/Berlin\n",
    "complete": (
        "site: complete\ntime_zone: Europe/Berlin\norder_counts_as_given: [growth-factor]\n"
        "default_units: {haemoglobin: g/dL}\n"
        "complete: {Condition: lifelong, Procedure: lifelong, medications: lifelong,"
        " AllergyIntolerance: lifelong, Observation: 2020-01-01}\n"
    ),
}
sites = st.sampled_from(sorted(SITES))
many = st.lists(expressions, min_size=1, max_size=4)
QUICK = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@cache
def catalogue(site: str) -> Catalogue:
    """The shipped mappings at one of the sites."""
    return catalogue_at(SITES[site])


def screen(criteria: Sequence[Expression], resources: Sequence[Resource], site: str) -> Screened:
    """The reference engine's answer."""
    plan = resolve([study(list(criteria))], catalogue(site))
    as_of = AsOf(date(2026, 11, 1), plan.catalogue.site.zone)
    return InMemory(gather(Line("drawn", resource) for resource in resources)).screen(plan, as_of)


def proofs(criteria: Sequence[Expression], resources: Sequence[Resource], site: str) -> list[Proof]:
    """The proofs of the one patient; none for whoever is no member."""
    return [v.proof for s in screen(criteria, resources, site).subjects for v in s.verdicts]


def test_every_node_has_a_strategy() -> None:
    assert set(STRATEGIES) == all_nodes()


@pytest.mark.parametrize("name", sorted(node.__name__ for node in STRATEGIES))
@given(data=st.data(), records=patients(malformed=True), site=sites)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_verdicts_are_whole(name: str, data: st.DataObject, records: Records, site: str) -> None:
    """Whatever the node and however broken the records: a verdict that says why, by records that exist."""
    node = next(each for each in STRATEGIES if each.__name__ == name)
    expression: Expression = data.draw(STRATEGIES[node])
    resources = chart("p", records)
    known = {f"{resource['resourceType']}/{resource['id']}" for resource in resources}
    for proof in proofs([expression], resources, site):
        check_proof(proof, known)
        fixed = any(isinstance(each, Constant | Confirm | Unread) for each in walk(expression))
        if proof.truth is not Truth.UNKNOWN and proof.basis in (Basis.RECORDED, Basis.DERIVED) and not fixed:
            assert proof.evidence


def check_proof(proof: Proof, known: set[str]) -> None:
    """Every proof of a tree: its reason, its basis and its evidence fit each other."""
    assert list(proof.evidence) == sorted(set(proof.evidence))
    assert set(proof.evidence) <= known
    if proof.truth is Truth.UNKNOWN:
        assert proof.reason is not None
        assert proof.reason is not Reason.ABSENCE_PRESUMED
    else:
        assert (proof.reason is not None) == (proof.basis is Basis.PRESUMED)
        assert proof.basis not in (Basis.MISSING, Basis.CONFIRM)
    for child in proof.children:
        check_proof(child, known)


@given(criteria=many, records=patients(malformed=True), site=sites, order=st.randoms(use_true_random=False))
@QUICK
def test_order_of_resources_does_not_matter(
    criteria: list[Expression], records: Records, site: str, order: Random
) -> None:
    resources = chart("p", records)
    mixed = list(resources)
    order.shuffle(mixed)
    assert screen(criteria, mixed, site) == screen(criteria, resources, site)


@given(criteria=many, records=patients(), site=sites, wrong=records)
@QUICK
def test_what_was_entered_in_error_changes_nothing(
    criteria: list[Expression], records: Records, site: str, wrong: Resource
) -> None:
    error = {**wrong, "id": "wrong"}
    if wrong["resourceType"] in ("Condition", "AllergyIntolerance"):
        system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        error["verificationStatus"] = {"coding": [{"system": system, "code": "entered-in-error"}]}
    else:
        error["status"] = "entered-in-error"
    with_it, without = chart("p", [*records, error]), chart("p", records)
    assert proofs(criteria, with_it, site) == proofs(criteria, without, site)


@given(expression=expressions, records=patients(), site=sites)
@QUICK
def test_negation_keeps_all_but_truth(expression: Expression, records: Records, site: str) -> None:
    resources = chart("p", records)
    found = proofs([expression, Not(expression), Not(Not(expression))], resources, site)
    if found:
        plain, twice, once = found  # inclusions first: the first and the third
        for proof, truth in ((once, negation(plain.truth)), (twice, plain.truth)):
            assert proof.truth is truth
            assert proof[1:7] == plain[1:7]


@given(criteria=many, records=patients(), site=sites)
@QUICK
def test_a_criterion_is_decided_by_itself(criteria: list[Expression], records: Records, site: str) -> None:
    """Repeating a criterion beside others changes nothing: nothing is remembered wrongly between them."""
    resources = chart("p", records)
    for subject in screen([*criteria, *criteria[::-1]], resources, site).subjects:
        by_id = {verdict.criterion.id: verdict.proof for verdict in subject.verdicts}
        last = 2 * len(criteria) - 1
        for place, expression in enumerate(criteria):
            assert by_id[f"c{place}"] == by_id[f"c{last - place}"], expression


@given(criteria=many, site=sites)
@QUICK
def test_whatever_resolves_can_be_explained(criteria: list[Expression], site: str) -> None:
    plan = resolve([study(criteria)], catalogue(site))
    (explained,) = explain(plan)
    ids = [each.criterion.id for each in plan.studies[0].criteria]
    assert [each.criterion.id for each in explained.criteria] == ids
    assert all(each.english for each in explained.criteria)
    assert [feature.level for feature in plan.features] == sorted(feature.level for feature in plan.features)
    known = set(plan.features)
    assert all(needed in known for feature in plan.features for needed in feature.needs)
