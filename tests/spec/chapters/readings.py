"""Recorded, judgement, questions, constants, what is asked and what is unread."""

from __future__ import annotations

from tests.lib.records import Resource, condition, given, observation
from tests.spec.codes import CISPLATIN, HAEMOGLOBIN, STROKE
from tests.spec.tables import Chapter, Expected, Table, Topic, case, false, presumed, true, unknown


def haemoglobin(value: str, on: str = "2026-10-20") -> Resource:
    """A haemoglobin."""
    return observation(HAEMOGLOBIN, value, on=on)


RECORDED = Topic(
    "recorded",
    "Is on record",
    "`recorded` asks whether something is on record: true where it is true, else false, and then presumed: "
    "the study asks for no more. What could not be read stays unknown.",
    (
        Table(
            "recorded",
            "A stroke is on record",
            "recorded: {condition: {concept: stroke}}",
            [
                case("on record", true("c1"), condition(STROKE)),
                case("refuted", false("c1"), condition(STROKE, verification="refuted")),
                case(
                    "unconfirmed is on record",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, verification="provisional"),
                ),
                case("no record", presumed()),
                case("a record that cannot be read", unknown("not-fetched"), condition(STROKE, on="soon")),
            ],
        ),
    ),
)

JUDGEMENT = Topic(
    "judgement",
    "For the investigator",
    "`judgement` makes what is true unknown: it is on record, and for a person to weigh.",
    (
        Table(
            "judgement",
            "A stroke, for the investigator",
            "judgement: {condition: {concept: stroke}}",
            [
                case("on record", unknown("judgement", "c1", value="230690007"), condition(STROKE)),
                case("refuted", false("c1"), condition(STROKE, verification="refuted")),
                case(
                    "unconfirmed", unknown("unconfirmed", "c1"), condition(STROKE, verification="provisional")
                ),
                case("no record", unknown("no-record")),
            ],
        ),
    ),
)

READINGS = """\
question:
  id: unit
  readings:
    as-registered: {measured: {concept: haemoglobin, at_least: 11 g/L}}
    grams-per-decilitre: {measured: {concept: haemoglobin, at_least: 11 g/dL}}
"""
ASKED = "questions:\n  - {id: unit, asks: 'Is 11 g/dL meant?'%s}\n"

QUESTIONS = Topic(
    "questions",
    "Questions to the investigator",
    "An ambiguity of the protocol is a question with readings. Until it is answered, the readings’ common "
    "truth holds, and the range where they differ is `bound-in-question`. The answer, with who gave it and "
    "when, stands in the study file.",
    (
        Table(
            "question-open",
            "Haemoglobin at least 11 “g/L”; not answered",
            READINGS,
            [
                case("120 g/L: enough by both readings", true("o1"), haemoglobin("120 g/L")),
                case(
                    "80 g/L: by one only",
                    unknown("bound-in-question", "o1", value="80"),
                    haemoglobin("80 g/L"),
                ),
                case("no record", unknown("no-record")),
                case("no unit", unknown("no-unit", "o1"), haemoglobin("120")),
            ],
            more=ASKED % "",
        ),
        Table(
            "question-answered",
            "Answered: grams per decilitre",
            READINGS,
            [
                case("120 g/L", true("o1", value="120"), haemoglobin("120 g/L")),
                case("80 g/L", false("o1"), haemoglobin("80 g/L")),
            ],
            more=ASKED % ", answer: {reading: grams-per-decilitre, by: the investigator, on: 2026-06-01}",
        ),
        Table(
            "question-answered-otherwise",
            "Answered: as registered",
            READINGS,
            [case("80 g/L", true("o1"), haemoglobin("80 g/L"))],
            more=ASKED % ", answer: {reading: as-registered, by: the investigator, on: 2026-06-01}",
        ),
        Table(
            "question-one-unknown",
            "A reading that is unknown leaves open what the others would settle",
            """\
question:
  id: unit
  readings:
    strokes-count: {condition: {concept: stroke}}
    nothing-counts: {constant: false}
""",
            [
                case("a stroke", unknown("bound-in-question", "c1"), condition(STROKE)),
                case("refuted", false("c1"), condition(STROKE, verification="refuted")),
                case("no record: the question may settle it", unknown("bound-in-question")),
            ],
            more=ASKED % "",
        ),
    ),
)

LEAVES = Topic(
    "leaves",
    "What decides by itself, what is asked, what is unread",
    "A constant decides by itself. What is asked in person is `confirm`, and text that nobody has mapped is "
    "`unread`: neither looks at any record.",
    (
        Table(
            "constant-true",
            "Any sex",
            "constant: true",
            [case("anybody", true()), case("a record changes nothing", true(), given(CISPLATIN))],
        ),
        Table("constant-false", "Never", "constant: false", [case("anybody", false())]),
        Table(
            "confirm",
            "Consents",
            "confirm: Does the patient consent?",
            [case("anybody", unknown("ask-in-person", basis="confirm"))],
        ),
        Table(
            "confirm-not",
            "The negation of what is asked",
            "not: {confirm: 'Does the patient refuse?'}",
            [case("anybody", unknown("ask-in-person", basis="confirm"))],
        ),
        Table(
            "unread",
            "Not mapped",
            'unread: "Suitable in the view of the team"',
            [case("anybody", unknown("unread"))],
        ),
        Table(
            "constant-branch",
            "A branch that is a constant rests on its condition",
            """\
conditional:
  when: {condition: {concept: stroke}}
  then: {constant: false}
  otherwise: {constant: true}
""",
            [
                case("a stroke", false("c1"), condition(STROKE)),
                case("none on record", Expected("true", "presumed", "absence-presumed")),
            ],
            site={"complete": {"Condition": "lifelong"}},
        ),
    ),
)

CHAPTER = Chapter(
    "readings",
    "Readings, questions and what is asked",
    "How a study file says what records cannot settle by themselves.",
    (RECORDED, JUDGEMENT, QUESTIONS, LEAVES),
)
