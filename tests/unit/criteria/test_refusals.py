"""What is malformed is refused, by the reader with the path and by the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fhirscreen.criteria.wire import load_document, parse_yaml, read_study
from fhirscreen.exceptions import StudyError

MAPPINGS = Path(__file__).parents[3] / "mappings"
VALIDATOR = Draft202012Validator(
    json.loads((MAPPINGS / "schemas" / "study.schema.json").read_text(encoding="utf-8"))
)
HEAD = "study: S1\ntitle: A study\npopulation: all\n"
PLATELETS = "measured: {concept: platelet-count, at_least: 100 10*9/L}"

# what stands in the study, where the error is, and a word of what it says
BOTH = {
    "no study id": ("title: A study\npopulation: all", "", "`study` is missing"),
    "no population": ("study: S1\ntitle: A study", "", "`population` is missing"),
    "a population of a word": ("study: S1\ntitle: T\npopulation: everyone", "population", "everyone"),
    "an unknown key": (HEAD + "titel: T", "titel", "did you mean `title`"),
    "an unknown status": (HEAD + "status: recruiting", "S1", "recruiting"),
    "criteria that are no list": (HEAD + "inclusion: {age: {at_least: 18 a}}", "inclusion", "a list"),
    "a criterion without id": (HEAD + f"inclusion: [{{says: A, {PLATELETS}}}]", "inclusion[0]", "`id`"),
    "a criterion without words": (HEAD + f"inclusion: [{{id: a, {PLATELETS}}}]", "inclusion[0]", "`says`"),
    "two expressions": (
        HEAD + f"inclusion: [{{id: a, says: A, sex: male, {PLATELETS}}}]",
        "inclusion[0]",
        "2 expressions",
    ),
    "no expression": (HEAD + "inclusion: [{id: a, says: A}]", "inclusion[0]", "no expression"),
    "an id with a space": (HEAD + f"inclusion: [{{id: a b, says: A, {PLATELETS}}}]", "inclusion[0]", "a b"),
    "a mirror without its offsets' text": (
        HEAD + f"inclusion: [{{id: a, says: A, start: 3, {PLATELETS}}}]",
        "inclusion[0].start",
        "without `text`",
    ),
    "an answer without a date": (
        HEAD + "questions: [{id: q, asks: What, answer: {reading: a, by: someone, on: yesterday}}]",
        "questions[0].answer",
        "not a date",
    ),
}
EXPRESSIONS = {
    "an unknown expression": ("mesured: {concept: a, at_least: 1}", "mesured", "did you mean `measured`"),
    "a measured without bound": ("measured: {concept: platelet-count}", "measured", "no bound"),
    "a measured without concept": ("measured: {at_least: 1}", "measured", "`concept` is missing"),
    "a concept with capitals": ("measured: {concept: Platelets, at_least: 1}", "measured", "Platelets"),
    "a bound of words": (
        "measured: {concept: a, at_least: a hundred}",
        "measured.at_least",
        "not a bound",
    ),
    "a bound without a space": ("measured: {concept: a, at_least: 100g/L}", "measured.at_least", "100g/L"),
    "a bound that is true": ("measured: {concept: a, at_least: true}", "measured.at_least", "true or false"),
    "a bound that is a list": ("measured: {concept: a, at_most: [1]}", "measured.at_most", "a list"),
    "two lower bounds": ("measured: {concept: a, at_least: 1, above: 2}", "measured.above", "both"),
    "an unknown which": ("measured: {concept: a, at_least: 1, which: last}", "measured.which", "latest"),
    "a window of no unit": (
        "measured: {concept: a, at_least: 1, within: 28}",
        "measured.within",
        "unit of `28`",
    ),
    "a window of words": ("condition: {concept: a, within: lately}", "condition", "lately"),
    "an age without years": ("age: {at_least: 18}", "age", "18"),
    "an age in months": ("age: {at_least: 216 mo}", "age", "18 a"),
    "no such sex": ("sex: any", "sex", "male or female"),
    "values that are no list": ("finding: {concept: a, in: T3}", "finding.in", "a list"),
    "no values": ("finding: {concept: a, in: []}", "finding.in", "empty"),
    "a value twice": ("finding: {concept: a, in: [T3, T3]}", "finding.in[1]", "twice"),
    "sites without values": ("finding: {concept: a, sites: [liver]}", "finding", "sites"),
    "a flag of text": ("condition: {concept: a, active: 'yes'}", "condition.active", "true or false"),
    "an unknown key of an atom": ("received: {concept: a, route: [oral]}", "received.route", "routes"),
    "an elapsed of the latest of all": (
        "elapsed: {since: {received: {concept: a}}, which: minimum, at_least: 28 d}",
        "elapsed",
        "first or latest",
    ),
    "an elapsed in millilitres": (
        "elapsed: {since: {received: {concept: a}}, at_least: 28 mL}",
        "elapsed",
        "28 mL",
    ),
    "an elapsed since an age": (
        "elapsed: {since: {age: {at_least: 18 a}}, at_least: 28 d}",
        "elapsed.since",
        "not an event",
    ),
    "a sequence that begins with a finding": (
        "sequence: {first: {finding: {concept: a}}, then: {condition: {concept: b}}}",
        "sequence.first",
        "condition or received",
    ),
    "a count of grams": ("count: {of: {condition: {concept: a}}, at_most: 4 g}", "count", "without a unit"),
    "a count of nothing": ("count: {of: {sex: male}, at_most: 4}", "count.of", "can be counted"),
    "an empty all": ("all: []", "all", "empty"),
    "an all of one mapping": ("all: {sex: male}", "all", "instead of a list"),
    "an at_least without n": ("at_least: {of: [{sex: male}]}", "at_least", "`n` is missing"),
    "an at_least of none": ("at_least: {n: 0, of: [{sex: male}]}", "at_least", "0 of 1"),
    "a conditional without its other branch": (
        "conditional: {when: {sex: male}, then: {constant: true}}",
        "conditional",
        "`otherwise` is missing",
    ),
    "an expression with two keys": ("not: {sex: male, age: {at_least: 18 a}}", "not", "2 keys"),
    "an expression that is text": ("not: male", "not", "text instead of an expression"),
    "a question with one reading": (
        "question: {id: q, readings: {a: {sex: male}}}",
        "question",
        "two or more",
    ),
    "a constant of text": ("constant: 'true'", "constant", "true or false"),
    "nothing to confirm": ("confirm: ''", "confirm", "empty"),
    "nothing unread": ("unread:", "unread", "nothing instead of text"),
}
READER_ONLY = {
    "bounds the wrong way round": (
        "measured: {concept: a, at_least: 5 g/L, at_most: 4 g/L}",
        "measured",
        "no value lies between",
    ),
    "more than there are": ("at_least: {n: 2, of: [{sex: male}]}", "at_least", "2 of 1"),
    "a unit that is a limit": ("measured: {concept: a, at_least: 1e999}", "measured.at_least", "finite"),
}


def study_of(expression: str) -> str:
    first = "{id: first, says: First, sex: male}"
    return f"{HEAD}inclusion:\n  - {first}\n  - id: a\n    says: A\n    {expression}"


def refuse(text: str) -> StudyError:
    with pytest.raises(StudyError) as caught:
        read_study(parse_yaml(text, "study.yaml"), "study.yaml")
    return caught.value


def check_error(error: StudyError, path: str, word: str) -> None:
    assert error.where == (f"study.yaml: {path}" if path and path != "S1" else path or "study.yaml")
    assert word in str(error)
    assert error.expected or error.remedy


@pytest.mark.parametrize("name", sorted(BOTH))
def test_a_malformed_study(name: str) -> None:
    text, path, word = BOTH[name]
    check_error(refuse(text), path, word)
    assert not VALIDATOR.is_valid(parse_yaml(text, "study.yaml"))


@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_a_malformed_expression(name: str) -> None:
    expression, path, word = EXPRESSIONS[name]
    error = refuse(study_of(expression))
    check_error(error, f"inclusion[1].{path}", word)
    assert not VALIDATOR.is_valid(parse_yaml(study_of(expression), "study.yaml"))


@pytest.mark.parametrize("name", sorted(READER_ONLY))
def test_what_a_schema_cannot_tell(name: str) -> None:
    expression, path, word = READER_ONLY[name]
    check_error(refuse(study_of(expression)), f"inclusion[1].{path}", word)


def test_an_error_below_names_the_whole_path() -> None:
    error = refuse(study_of("any: [{sex: male}, {all: [{not: {age: {at_least: 18}}}]}]"))
    assert error.where == "study.yaml: inclusion[1].any[1].all[0].not.age"


def test_an_id_twice_and_a_mirror_of_nothing() -> None:
    twice = HEAD + "inclusion: [{id: a, says: A, sex: male}]\nexclusion: [{id: a, says: A, sex: female}]"
    assert "used twice" in str(refuse(twice))
    mirror = HEAD + "exclusion: [{id: a, says: A, sex: female, mirrors: b}]"
    assert "mirrors 'b'" in str(refuse(mirror))


def test_nesting_has_an_end() -> None:
    data: dict[str, Any] = {"sex": "male"}
    for _ in range(200):
        data = {"not": data}
    with pytest.raises(StudyError, match="nested too deeply"):
        read_study(
            {"study": "S", "title": "T", "population": "all", "inclusion": [{"id": "a", "says": "A", **data}]}
        )


def test_both_shipped_studies_satisfy_the_schema() -> None:
    files = sorted((MAPPINGS / "studies").glob("*.yaml"))
    assert [file.stem for file in files] == ["NCT06190782", "NCT06907602"]
    for file in files:
        assert [error.message for error in VALIDATOR.iter_errors(load_document(file))] == []


def test_the_schema_knows_every_expression() -> None:
    from fhirscreen.criteria.wire.files import META_KEYS, STUDY_KEYS
    from fhirscreen.criteria.wire.readers import READERS

    schema = VALIDATOR.schema
    assert isinstance(schema, dict)
    assert set(schema["properties"]) == set(STUDY_KEYS)
    assert list(schema["$defs"]["expression"]["properties"]) == list(READERS)
    assert set(schema["$defs"]["criterion"]["properties"]) == {*META_KEYS, *READERS}


def test_a_version_with_a_point_is_quoted() -> None:
    head = {"study": "S", "title": "T", "population": "all"}
    with pytest.raises(StudyError) as caught:
        read_study({**head, "version": 1.1})  # was 1.10
    assert (caught.value.where, caught.value.remedy) == ("version", "put it in quotes")
    assert read_study({**head, "version": 2}).version == "2"
