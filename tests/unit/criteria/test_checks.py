"""What the lint finds, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhirscreen.criteria.checks import Catalogue, Lint, Severity, check_study, evaluate_unknown
from fhirscreen.criteria.wire import load_study, parse_yaml, read_expression, read_study
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.values.truth import Truth

STUDIES = Path(__file__).parents[3] / "mappings" / "studies"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def lints(
    inclusion: str, exclusion: str = "", more: str = "", catalogue: Catalogue | None = None
) -> list[Lint]:
    """What is found in a study of these criteria, beside one of each kind that is in order."""
    text = (
        "{study: S, title: T, population: {cancer: oesophageal-cancer}, "
        f"inclusion: [{{id: ok, says: S, age: {{at_least: 18 a}}}}, {inclusion}], "
        f"exclusion: [{{id: fine, says: S, condition: {{concept: stroke}}}}, {exclusion}], {more}}}"
    )
    return list(check_study(read_study(parse_yaml(text, "")), catalogue))


def one(found: list[Lint]) -> tuple[Severity, str, str]:
    assert len(found) == 1, [str(lint) for lint in found]
    assert found[0].remedy
    return found[0].severity, found[0].where, found[0].what


def criterion(id: str, expression: str, meta: str = "") -> str:
    return f"{{id: {id}, says: S, {expression}{', ' + meta if meta else ''}}}"


def test_a_study_in_order_has_no_lints(catalogue: Catalogue) -> None:
    assert (
        lints(
            criterion("a", "measured: {concept: platelet-count, at_least: 100 10*9/L}"), catalogue=catalogue
        )
        == []
    )


@pytest.mark.parametrize(
    ("inclusion", "exclusion", "where", "word"),
    [
        (
            criterion("a", "measured: {concept: platelet-count, at_least: 100 10*9/L}"),
            criterion("b", "measured: {concept: platelet-count, at_least: 50 10*9/L}"),
            "exclusion.b",
            "leaves no value",
        ),
        (
            criterion("a", "measured: {concept: x, above: 5 g/L}")
            + ", "
            + criterion("b", "all: [{measured: {concept: x, at_most: 5 g/L}}, {sex: male}]"),
            "",
            "inclusion.b",
            "leaves no value",
        ),
        (criterion("a", "age: {at_most: 17 a}"), "", "inclusion.a", "leaves no value"),
        (
            criterion("a", "sex: male") + ", " + criterion("b", "sex: female"),
            "",
            "inclusion.b",
            "contradicts `a`",
        ),
        (
            criterion("a", "condition: {concept: x}"),
            criterion("b", "any: [{condition: {concept: x}}, {condition: {concept: y}}]"),
            "exclusion.b",
            "contradicts `a`",
        ),
        (
            criterion("a", "finding: {concept: x, in: [T1, T2]}"),
            criterion("b", "finding: {concept: x, in: [T1, T2, T3]}"),
            "exclusion.b",
            "leaves no value",
        ),
        (
            criterion("a", "finding: {concept: x, in: [A]}")
            + ", "
            + criterion("b", "finding: {concept: x, in: [B]}"),
            "",
            "inclusion.b",
            "leaves no value",
        ),
        (
            criterion("a", "question: {id: q, readings: {x: {sex: male}, y: {age: {above: 60 a}}}}"),
            "",
            "inclusion.a",
            "not among",
        ),
        (criterion("a", "recorded: {condition: {concept: x}}"), "", "inclusion.a", "fails this criterion"),
        (
            "",
            criterion("b", "not: {recorded: {condition: {concept: x}}}"),
            "exclusion.b",
            "fails this criterion",
        ),
        (criterion("a", "sex: male", "mirrors: ok"), "", "inclusion.a", "mirrors"),
    ],
)
def test_errors(inclusion: str, exclusion: str, where: str, word: str) -> None:
    severity, at, what = one(
        [lint for lint in lints(inclusion, exclusion) if lint.severity is Severity.ERROR]
    )
    assert (severity, at) == (Severity.ERROR, where)
    assert word in what


def test_an_exclusion_that_is_the_inclusion() -> None:
    found = lints(criterion("a", "any: [{sex: male}, {condition: {concept: x}}]"),
                  criterion("b", "any: [{sex: male}, {condition: {concept: x}}]"))  # fmt: skip
    assert [(lint.where, "nobody can be a candidate" in lint.what) for lint in found] == [
        ("exclusion.b", True)
    ]


@pytest.mark.parametrize(
    ("inclusion", "exclusion", "where", "word"),
    [
        (criterion("a", "sex: male") + ", " + criterion("b", "sex: male"), "", "inclusion.b", "same as `a`"),
        (
            criterion("a", "condition: {concept: x}"),
            criterion("b", "not: {condition: {concept: x}}"),
            "exclusion.b",
            "repeats `a`",
        ),
        (
            criterion("a", "finding: {concept: x, in: [T1, T2]}"),
            criterion("b", "finding: {concept: x, in: [T2, T3]}"),
            "exclusion.b",
            "excludes T2",
        ),
        (
            criterion("a", "not: {recorded: {condition: {concept: x}}}"),
            "",
            "inclusion.a",
            "meets this criterion",
        ),
        ("", criterion("b", "recorded: {condition: {concept: x}}"), "exclusion.b", "meets this criterion"),
        ("", criterion("b", "unread: the rest"), "exclusion.b", "nobody has mapped"),
        (
            criterion("a", "any: [{sex: male}, {confirm: Willing}]"),
            "",
            "inclusion.a.any[1]",
            "larger sentence",
        ),
        (criterion("a", "any: [{sex: male}, {sex: male}]"), "", "inclusion.a", "twice"),
        (criterion("a", "sex: male", "recheck_after: 7 d"), "", "inclusion.a", "without `recoverable`"),
    ],
)
def test_warnings(inclusion: str, exclusion: str, where: str, word: str) -> None:
    severity, at, what = one(lints(inclusion, exclusion))
    assert severity is Severity.WARNING
    assert at == where
    assert word in what


@pytest.mark.parametrize(
    ("inclusion", "exclusion"),
    [
        (criterion("a", "constant: true"), ""),
        (criterion("a", "not: {condition: {concept: x}}"), criterion("b", "not: {condition: {concept: y}}")),
        (
            criterion("a", "finding: {concept: t, in: [T3]}"),
            criterion("b", "finding: {concept: t, in: [T1]}"),
        ),
        (
            criterion("a", "any: [{measured: {concept: x, at_least: 5}}, {sex: male}]"),
            criterion("b", "measured: {concept: x, at_least: 5}"),
        ),
        (
            criterion("a", "measured: {concept: x, at_least: 5 g/L}"),
            criterion("b", "measured: {concept: x, below: 5 g/L}"),
        ),
        (
            criterion("a", "measured: {concept: x, at_least: 5 g/L}"),
            criterion("b", "measured: {concept: x, at_least: 5 g/L, which: first}"),
        ),
        (criterion("a", "confirm: Willing"), ""),
    ],
)
def test_what_is_in_order(inclusion: str, exclusion: str) -> None:
    assert lints(inclusion, exclusion) == []


def test_empty_lists_and_everybody() -> None:
    found = check_study(read_study({"study": "S", "title": "T", "population": "all"}))
    assert [lint.where for lint in found] == ["inclusion", "exclusion", "population"]


QUESTION = "question: {id: q, readings: {x: {sex: male}, y: {age: {above: 60 a}}}}"


@pytest.mark.parametrize(
    ("questions", "severity", "where", "word"),
    [
        ("{id: q, asks: Which}", Severity.WARNING, "questions.q", "open: Which"),
        (
            "{id: q, asks: Which, answer: {reading: z, by: P, on: 2026-01-02}}",
            Severity.ERROR,
            "questions.q",
            "none of the readings x, y",
        ),
        (
            "{id: q, asks: W, answer: {reading: x, by: P, on: 2026-01-02}}, {id: r, asks: W}",
            Severity.WARNING,
            "questions.r",
            "no criterion depends",
        ),
        (
            (
                "{id: q, asks: W, answer: {reading: x, by: P, on: 2026-01-02}}, "
                "{id: q, asks: V, answer: {reading: x, by: P, on: 2026-01-02}}"
            ),
            Severity.ERROR,
            "questions.q",
            "two questions",
        ),
    ],
)
def test_questions(questions: str, severity: Severity, where: str, word: str) -> None:
    found = one(lints(criterion("a", QUESTION), more=f"questions: [{questions}]"))
    assert found[:2] == (severity, where)
    assert word in found[2]


def test_a_question_has_the_same_readings_everywhere() -> None:
    other = "question: {id: q, readings: {x: {sex: male}, z: {age: {above: 60 a}}}}"
    answered = "questions: [{id: q, asks: W, answer: {reading: x, by: P, on: 2026-01-02}}]"
    found = one(lints(f"{criterion('a', QUESTION)}, {criterion('b', other)}", more=answered))
    assert found[:2] == (Severity.ERROR, "inclusion.b")
    assert "other readings" in found[2]


@pytest.mark.parametrize(
    ("expression", "severity", "word"),
    [
        ("measured: {concept: platelet-cuont, at_least: 1 10*9/L}", Severity.ERROR, "unknown concept"),
        ("measured: {concept: platelet-count, at_least: 100 g/L}", Severity.ERROR, "does not fit"),
        ("measured: {concept: platelet-count, at_least: 100}", Severity.ERROR, "`100` is missing"),
        ("measured: {concept: platelet-count, at_least: 1 furlong}", Severity.ERROR, "unknown unit"),
        (
            "measured: {concept: left-ventricular-ejection-fraction, at_least: 50}",
            Severity.ERROR,
            "`50` is missing",
        ),
        ("measured: {concept: platelet-count, at_least: 100000 10*9/L}", Severity.WARNING, "plausible"),
        ("measured: {concept: heart-failure, at_least: 1}", Severity.ERROR, "is a diagnosis"),
        ("condition: {concept: platelet-count}", Severity.ERROR, "is a measurement"),
        ("received: {concept: heart-failure}", Severity.ERROR, "not a therapy"),
        ("received: {concept: radiotherapy, for: heart-falure}", Severity.ERROR, "unknown concept"),
        ("derived: {quantity: creatinine, at_least: 1 mg/dL}", Severity.ERROR, "is a measurement"),
        ("finding: {concept: t-category, in: [T9]}", Severity.ERROR, "no value `T9`"),
        ("finding: {concept: m-category, in: [M1], sites: [elbow]}", Severity.ERROR, "no value `elbow`"),
        ("finding: {concept: t-category, in: [T1], sites: [liver]}", Severity.ERROR, "names no sites"),
        ("count: {of: {finding: {concept: metastasis-site}}, at_most: 3}", Severity.ERROR, "not said"),
    ],
)
def test_against_the_mappings(catalogue: Catalogue, expression: str, severity: Severity, word: str) -> None:
    found = one(lints(criterion("a", expression), catalogue=catalogue))
    assert found[0] is severity
    assert found[1].startswith("inclusion.a")
    assert word in found[2]


def test_contradictions_across_units_need_the_mappings(catalogue: Catalogue) -> None:
    pair = (
        criterion("a", "measured: {concept: haemoglobin, at_least: 9 g/dL}"),
        criterion("b", "measured: {concept: haemoglobin, at_least: 80 g/L}"),
    )
    assert lints(*pair) == []
    assert "leaves no value" in one(lints(*pair, catalogue=catalogue))[2]


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        ("sex: male", Truth.UNKNOWN),
        ("recorded: {sex: male}", Truth.FALSE),
        ("judgement: {constant: true}", Truth.UNKNOWN),
        ("judgement: {constant: false}", Truth.FALSE),
        ("any: [{sex: male}, {constant: true}]", Truth.TRUE),
        ("all: [{sex: male}, {constant: true}]", Truth.UNKNOWN),
        ("at_least: {n: 2, of: [{sex: male}, {constant: false}]}", Truth.FALSE),
        ("conditional: {when: {sex: male}, then: {constant: true}, otherwise: {constant: true}}", Truth.TRUE),
        ("conditional: {when: {sex: male}, then: {constant: true}, otherwise: {sex: male}}", Truth.UNKNOWN),
        ("question: {id: q, readings: {a: {constant: true}, b: {constant: false}}}", Truth.UNKNOWN),
        ("unread: x", Truth.UNKNOWN),
    ],
)
def test_nothing_known(expression: str, truth: Truth) -> None:
    assert evaluate_unknown(read_expression(parse_yaml(expression, ""))) is truth


def test_the_shipped_studies(catalogue: Catalogue) -> None:
    first, second = (check_study(load_study(file), catalogue) for file in sorted(STUDIES.glob("*.yaml")))
    assert {lint.severity for lint in (*first, *second)} == {Severity.WARNING}
    assert [lint.where for lint in first] == ["exclusion.other-exclusions"]
    assert [lint.where for lint in second] == [
        "questions.haemoglobin-unit",
        "questions.prior-treatment-cancer",
        "questions.steroid-duration",
        "questions.past-hepatitis-b",
        "questions.past-hepatitis-c",
        "inclusion.haemoglobin.question.readings.as-registered",
    ]
