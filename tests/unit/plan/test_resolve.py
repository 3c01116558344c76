"""What a study asks becomes a plan, or an error that names the criterion and what would fit."""

from __future__ import annotations

from functools import cache

import pytest

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import parse_yaml, read_study
from fhirscreen.exceptions import MappingError, StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.plan.nodes import Fixed, Occurred, Plan, Threshold, ValueAmong, ValueWithin
from fhirscreen.plan.resolve import resolve
from fhirscreen.plan.walk import children, closure, features
from fhirscreen.values.durations import Duration

READINGS = "{id: q, readings: {a: {constant: true}, b: {constant: false}}}"
HEAD = "study: S1\ntitle: A study\npopulation: {cancer: oesophageal-cancer}\n"


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def study(criterion: str, head: str = HEAD) -> Study:
    return read_study(parse_yaml(f"{head}inclusion:\n  - {{id: c1, says: says, {criterion}}}\n", "test"))


def plan(criterion: str, head: str = HEAD) -> Plan:
    return resolve([study(criterion, head)], catalogue())


@pytest.mark.parametrize(
    ("criterion", "what", "expected"),
    [
        (
            "measured: {concept: platelet-count, at_least: 100 g/L}",
            "platelet count: the unit `g/L` does not fit",
            "10*9/L",
        ),
        ("measured: {concept: platelet-count, at_least: 100 bottles}", "unknown unit `bottles`", "10*9/L"),
        ("measured: {concept: platelet-count, at_least: 100}", "the unit of `100` is missing", "10*9/L"),
        ("measured: {concept: stroke, at_least: 100}", "stroke is a diagnosis", "a measurement concept here"),
        ("derived: {quantity: platelet-count, at_least: 1 10*9/L}", "is a measurement", "a derived concept"),
        ("condition: {concept: platelet-count}", "is a measurement", "a diagnosis or event concept here"),
        ("received: {concept: stroke}", "stroke is a diagnosis", "a therapy concept here"),
        ("finding: {concept: platelet-count}", "is a measurement", "a diagnosis or event concept here"),
        ("finding: {concept: stroke, in: [x]}", "stroke is a diagnosis", "a category concept here"),
        ("finding: {concept: t-category, in: [T9]}", "t-category has no value 'T9'", "one of T0, "),
        (
            "finding: {concept: t-category, in: [T3], sites: [liver]}",
            "t-category has no sites",
            "names its sites",
        ),
        ("finding: {concept: m-category, in: [M1], sites: [toe]}", "unknown site 'toe'", "one of liver"),
        ("condition: {concept: stroke, severity: [bad]}", "unknown severity 'bad'", "mild, moderate, severe"),
        ("received: {concept: radiotherapy, routes: [magic]}", "unknown route 'magic'", "oral, intravenous"),
        (
            "received: {concept: radiotherapy, for: platelet-count}",
            "is a measurement",
            "a diagnosis concept here",
        ),
        (
            "question: {id: q, readings: {a: {constant: true}, b: {constant: false}}}",
            "'q' is not asked",
            "questions",
        ),
        ("count: {of: {condition: {concept: stroke}}, at_least: 1.5}", "not a whole number", "such as `4`"),
        ("elapsed: {since: {condition: {concept: stroke}}, at_least: 0.5 mo}", "not a duration", "28 d"),
    ],
)
def test_a_refusal_names_the_criterion(criterion: str, what: str, expected: str) -> None:
    with pytest.raises(StudyError) as caught:
        plan(criterion)
    assert what in caught.value.what
    assert expected in (caught.value.expected or "")
    assert caught.value.where == "S1.c1"


def test_a_misspelt_concept_is_guessed() -> None:
    with pytest.raises((StudyError, MappingError)) as caught:
        plan("measured: {concept: platelet-counts, at_least: 100 10*9/L}")
    assert caught.value.what == "unknown concept 'platelet-counts'"
    assert caught.value.where == "S1.c1"
    assert "did you mean `platelet-count`" in (caught.value.remedy or "")


def test_a_population_must_be_a_diagnosis() -> None:
    with pytest.raises(StudyError) as caught:
        plan("constant: true", HEAD.replace("oesophageal-cancer", "platelet-count"))
    assert caught.value.where == "S1.population"


def test_without_an_index_cancer_nothing_is_for_it() -> None:
    head = HEAD.replace("{cancer: oesophageal-cancer}", "all")
    with pytest.raises(StudyError) as caught:
        plan("received: {concept: radiotherapy, for: index-cancer}", head)
    assert caught.value.what == "the study has no index cancer"
    assert caught.value.expected == "a population that names a cancer"


def test_an_answer_must_be_a_reading() -> None:
    readings = f"question: {READINGS}"
    asked = "questions: [{id: q, asks: which, answer: {reading: %s, by: somebody, on: 2026-01-01}}]\n"
    with pytest.raises(StudyError) as caught:
        plan(readings, HEAD + asked % "c")
    assert caught.value.what == "the answer to 'q' is no reading of it"
    assert caught.value.expected == "a, b"
    (criterion,) = plan(readings, HEAD + asked % "b").studies[0].criteria
    assert isinstance(criterion.predicate, Fixed)
    assert criterion.predicate.value is False


def test_bounds_are_in_the_canonical_unit() -> None:
    (criterion,) = (
        plan("measured: {concept: haemoglobin, at_least: 11 g/dL, below: 2 ULN}").studies[0].criteria
    )
    assert isinstance(criterion.predicate, ValueWithin)
    low, high = criterion.predicate.range.low, criterion.predicate.range.high
    assert low is not None
    assert high is not None
    assert (low.value, low.inclusive, low.limit) == (110.0, True, None)
    assert (high.value, high.inclusive, high.limit) == (2.0, False, "ULN")


def test_equal_features_are_one_object() -> None:
    one = "{measured: {concept: platelet-count, at_least: 100 10*9/L}}"
    other = "{measured: {concept: platelet-count, at_most: 900 10*9/L}}"
    third = "{measured: {concept: platelet-count, at_most: 900 10*9/L, within: 7 d}}"
    found = plan(f"all: [{one}, {other}, {third}]")
    predicate = found.studies[0].criteria[0].predicate
    assert isinstance(predicate, Threshold)
    first, second, last = features(predicate)
    assert first is second
    assert last is not first
    assert last.windows.decides == Duration(days=7)
    assert [f for f in found.features if f.concept.id == "platelet-count"] == [first, last]


def test_values_hold_finer_ones_and_sites_limit_spread() -> None:
    criterion = "finding: {concept: m-category, in: [M0, M1], sites: [neck-lymph-node]}"
    predicate = plan(criterion).studies[0].criteria[0].predicate
    assert isinstance(predicate, ValueAmong)
    assert {"M0", "M1", "M1a", "M1b"} <= predicate.values
    assert predicate.spread == predicate.values - {"M0"}
    assert {"neck-lymph-node", "cervical-lymph-node", "supraclavicular-lymph-node"} <= predicate.sites
    assert "lymph-node" not in predicate.sites


def test_a_window_of_a_finding_is_the_criterions_own() -> None:
    own = plan("finding: {concept: t-category, in: [T3], within: 7 d}").studies[0].criteria[0].predicate
    mapped = plan("finding: {concept: t-category, in: [T3]}").studies[0].criteria[0].predicate
    assert isinstance(own, ValueAmong)
    assert isinstance(mapped, ValueAmong)
    assert own.feature.windows.decides == Duration(days=7)
    assert mapped.feature.windows.decides != Duration(days=7)


def test_a_refusal_lists_what_would_fit() -> None:
    with pytest.raises(StudyError) as caught:
        plan("finding: {concept: m-category, in: [M1], sites: [toe]}")
    sites = [value.name for value in catalogue().concept("metastasis-site").values]
    assert caught.value.expected == f"one of {', '.join(sites)}"


def test_features_stand_after_what_they_need() -> None:
    found = plan("finding: {concept: m-category, in: [M0]}")
    seen: set[object] = set()
    for feature in found.features:
        assert set(feature.needs) <= seen
        seen.add(feature)
    category = next(f for f in found.features if f.concept.id == "m-category")
    assert category.level == 1
    assert {f.concept.id for f in closure(category)} == {
        "m-category",
        "cancer-progression",
        "distant-metastasis",
        "metastasis-site",
    }


def test_retrieves_are_by_type_and_distinct() -> None:
    found = plan("received: {concept: radiotherapy}")
    assert len(found.retrieves) == len(set(found.retrieves))
    assert {retrieve.resource for retrieve in found.retrieves} == {"Condition", "Procedure"}
    by_concept = {
        retrieve.resource: retrieve.codes for retrieve in found.retrieves if retrieve.resource == "Procedure"
    }
    assert by_concept["Procedure"].matches("snomed", "108290001")


def test_what_finds_metastases_is_fetched_where_it_is_needed() -> None:
    needed = plan("measured: {concept: metastasis-size, at_most: 5 cm}")
    assert "distant-metastasis" in {f.concept.id for f in needed.features}
    other = plan("measured: {concept: platelet-count, at_least: 1 10*9/L}")
    assert "distant-metastasis" not in {f.concept.id for f in other.features}
    assert "malignancy" in {f.concept.id for f in other.features}


@pytest.mark.parametrize(
    ("criterion", "below"),
    [
        ("all: [{sex: male}, {constant: true}]", 2),
        ("not: {sex: male}", 1),
        ("recorded: {sex: male}", 1),
        ("judgement: {sex: male}", 1),
        ("conditional: {when: {sex: male}, then: {constant: true}, otherwise: {constant: false}}", 3),
        ("elapsed: {since: {condition: {concept: stroke}}, at_least: 1 d}", 1),
        ("sequence: {first: {condition: {concept: stroke}}, then: {condition: {concept: stroke}}}", 2),
        ("count: {of: {condition: {concept: stroke}}, at_least: 1}", 1),
        ("sex: male", 0),
        ("confirm: asked", 0),
    ],
)
def test_children(criterion: str, below: int) -> None:
    assert len(children(plan(criterion).studies[0].criteria[0].predicate)) == below


def test_an_unanswered_question_keeps_its_readings() -> None:
    readings = "question: {id: q, readings: {a: {sex: male}, b: {condition: {concept: stroke}}}}"
    found = plan(readings, HEAD + "questions: [{id: q, asks: which}]\n").studies[0].criteria[0].predicate
    first, second = children(found)
    assert isinstance(second, Occurred)
    assert [f.concept.id for f in features(found)] == ["stroke"]
    assert list(features(first)) == []
