"""Walking a plan: every child and every feature, of every kind of node, in the order of the file."""

from __future__ import annotations

import pytest

from fhirscreen.plan.nodes import Predicate, Readings
from fhirscreen.plan.walk import children, closure, features
from tests.spec.tables import Table, case, true

A, B, C = (f"condition: {{concept: {name}}}" for name in ("stroke", "ascites", "epilepsy"))
IF = f"conditional: {{when: {{{A}}}, then: {{{B}}}, otherwise: {{{C}}}}}"
LDH = "measured: {concept: lactate-dehydrogenase, at_least: 1 U/L}"


def predicate(criteria: str, more: str = "") -> Predicate:
    plan = Table("walk", "says", criteria, [case("the patient", true())], more=more).plan()
    return plan.studies[0].criteria[0].predicate


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        (A, ["stroke"]),
        (LDH, ["lactate-dehydrogenase"]),
        ("finding: {concept: nyha-class, in: [III]}", ["nyha-class"]),
        (f"all: [{A}, {B}, {C}]", ["stroke", "ascites", "epilepsy"]),
        (f"any: [{B}, {A}]", ["ascites", "stroke"]),
        (f"at_least: {{n: 1, of: [{C}, {A}]}}", ["epilepsy", "stroke"]),
        (f"not: {{{A}}}", ["stroke"]),
        (f"recorded: {{{A}}}", ["stroke"]),
        (f"judgement: {{{A}}}", ["stroke"]),
        (IF, ["stroke", "ascites", "epilepsy"]),
        (f"elapsed: {{since: {{{A}}}, at_least: 1 d}}", ["stroke"]),
        (f"sequence: {{first: {{{A}}}, then: {{{B}}}}}", ["stroke", "ascites"]),
        (f"count: {{of: {{{A}}}, at_least: 1}}", ["stroke"]),
        (f"all: [not: {{{A}}}, any: [{B}, not: {{{C}}}]]", ["stroke", "ascites", "epilepsy"]),
        ("age: {at_least: 18 a}", []),
        ("sex: male", []),
        ("constant: true", []),
        ("confirm: Willing?", []),
        ("unread: Suitable", []),
    ],
)  # fmt: skip
def test_the_features_below_a_node(criteria: str, names: list[str]) -> None:
    assert [feature.concept.id for feature in features(predicate(criteria))] == names


def test_the_readings_of_a_question_are_its_children() -> None:
    asked = f"question: {{id: q, readings: {{one: {{{A}}}, other: {{{B}}}}}}}"
    found = predicate(asked, "questions: [{id: q, asks: Which is meant}]")
    assert [feature.concept.id for feature in features(found)] == ["stroke", "ascites"]
    assert len(children(found)) == 2
    assert isinstance(found, Readings)
    assert (found.question, [name for name, _ in found.readings]) == ("q", ["one", "other"])


@pytest.mark.parametrize(
    ("criteria", "number"),
    [
        (A, 0), (f"all: [{A}, {B}]", 2), (f"not: {{{A}}}", 1), (f"judgement: {{{A}}}", 1),
        (IF, 3),
        (f"sequence: {{first: {{{A}}}, then: {{{B}}}}}", 2), ("confirm: Willing?", 0),
    ],
)  # fmt: skip
def test_the_children_of_a_node(criteria: str, number: int) -> None:
    assert len(children(predicate(criteria))) == number


def test_a_formula_needs_its_inputs_and_what_is_reported() -> None:
    found = features(predicate("derived: {quantity: creatinine-clearance, at_least: 50 mL/min}"))
    names = [feature.concept.id for feature in found]
    assert {"creatinine", "body-weight", "body-height"} <= set(names)
    assert names[-1] == "reported-creatinine-clearance"
    percent = features(predicate("derived: {quantity: neutrophils-from-percent, at_least: 1 10*9/L}"))
    assert {feature.concept.id for feature in percent} == {"leukocyte-count", "neutrophil-percentage"}


def test_what_a_feature_needs_comes_before_it() -> None:
    (ecog,) = features(predicate('finding: {concept: ecog-performance-status, in: ["1"]}'))
    needed = [feature.concept.id for feature in closure(ecog)]
    assert needed[-1] == "ecog-performance-status"
    assert "karnofsky-performance-status" in needed[:-1]
    (stroke,) = features(predicate(A))
    assert list(closure(stroke)) == [stroke]


def test_a_predicate_says_concepts_by_their_labels() -> None:
    assert predicate(LDH).says == "LDH at least 1 U/L"
