"""Every verdict: basis, reason and evidence, and what a compound makes of its children's."""

from __future__ import annotations

from tests.lib.records import Resource, condition, given, observation, ordered, patient
from tests.spec.codes import (
    CISPLATIN,
    COPD,
    CREATININE,
    FILGRASTIM,
    HAEMOGLOBIN,
    PLATELETS,
    RESPIRATORY_FAILURE,
    STROKE,
    WEIGHT,
)
from tests.spec.tables import Chapter, Expected, Table, Topic, case, false, presumed, true, unknown

COMPLETE = {"complete": {"Condition": "lifelong", "medications": "lifelong", "Procedure": "lifelong"}}
COUNT = "{measured: {concept: platelet-count, at_least: 100 10*9/L}}"
STROKES = "{condition: {concept: stroke}}"
CLEARANCE = "{derived: {quantity: creatinine-clearance, at_least: 50 mL/min}}"
FACTOR = "{received: {concept: growth-factor}}"


def count(value: str = "200") -> Resource:
    """A platelet count."""
    return observation(PLATELETS, f"{value} 10*9/L", id="count")


CLEAR = (observation(CREATININE, "0.9 mg/dL", id="creatinine"), observation(WEIGHT, "70 kg", id="weight"))

BASES = Topic(
    "basis",
    "Basis",
    "A verdict says what it rests on: `recorded`, `derived` (computed), `presumed` (absence taken as no, or "
    "an order taken as given), `missing`, or `confirm` (asked in person).",
    (
        Table(
            "basis-recorded",
            "Recorded",
            f"all: [{COUNT}]",
            [
                case(
                    "a value on record", true("count", value="200", unit="10*9/L", date="2026-10-20"), count()
                )
            ],
        ),
        Table(
            "basis-derived",
            "Derived",
            f"all: [{CLEARANCE}]",
            [
                case(
                    "computed",
                    true("creatinine", "weight", "patient", basis="derived", unit="mL/min"),
                    *CLEAR,
                )
            ],
        ),
        Table(
            "basis-presumed",
            "Presumed",
            f"all: [{STROKES}]",
            [case("silence at a site that records all", presumed())],
            site=COMPLETE,
        ),
        Table("basis-missing", "Missing", f"all: [{COUNT}]", [case("no record", unknown("no-record"))]),
        Table(
            "basis-confirm",
            "Confirm",
            "confirm: Is a pregnancy planned?",
            [case("whatever is on record", unknown("ask-in-person", basis="confirm"), count())],
        ),
    ),
)

COMPOUNDS = Topic(
    "compounds",
    "What a compound reports",
    "A compound reports the children that decide it: the true ones of a true *or*, the false ones of a "
    "false *and*, the unknown ones otherwise. Its basis is the strongest one where one child suffices, and "
    "the weakest where all are needed; its reason the first by one total order; its evidence that of the "
    "deciding children, sorted. It shows value, unit and date only when a single child decides.",
    (
        Table(
            "compound-true-or",
            "A true *or* rests on its strongest true child",
            f"any: [{COUNT}, {CLEARANCE}]",
            [
                case(
                    "both true",
                    true("count", "creatinine", "weight", "patient", value="", unit="", date=""),
                    count(),
                    *CLEAR,
                ),
                case(
                    "only the computed one",
                    true("creatinine", "weight", "patient", basis="derived", unit="mL/min"),
                    count("50"),
                    *CLEAR,
                ),
                case(
                    "only the recorded one",
                    true("count", value="200", unit="10*9/L", date="2026-10-20"),
                    count(),
                ),
            ],
        ),
        Table(
            "compound-true-and",
            "A true *and* rests on its weakest child",
            f"all: [{COUNT}, {CLEARANCE}, {{not: {STROKES}}}]",
            [
                case(
                    "recorded, derived and presumed",
                    Expected(
                        "true", "presumed", "absence-presumed", ("count", "creatinine", "weight", "patient")
                    ),
                    count(),
                    *CLEAR,
                ),
                case(
                    "recorded, derived and denied on record",
                    true("count", "creatinine", "weight", "patient", "c1", basis="derived"),
                    count(),
                    *CLEAR,
                    condition(STROKE, verification="refuted"),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "compound-false-and",
            "A false *and* rests on its strongest false child",
            f"all: [{COUNT}, {STROKES}]",
            [
                case("one recorded, one presumed", false("count", value=""), count("50")),
                case("only the presumed one", presumed(), count()),
            ],
            site=COMPLETE,
        ),
        Table(
            "compound-false-or",
            "A false *or* rests on its weakest child",
            f"any: [{COUNT}, {STROKES}]",
            [case("one recorded, one presumed", presumed("count"), count("50"))],
            site=COMPLETE,
        ),
        Table(
            "compound-at-least",
            "Of several, as many as are needed carry the basis: the strongest",
            f"at_least: {{n: 2, of: [{COUNT}, {CLEARANCE}, {FACTOR}]}}",
            [
                case(
                    "recorded, derived and presumed are true: two suffice",
                    true("count", "creatinine", "weight", "patient", "r1", basis="derived"),
                    count(),
                    *CLEAR,
                    ordered(FILGRASTIM),
                )
            ],
            site={"order_counts_as_given": ["growth-factor"]},
        ),
        Table(
            "compound-not",
            "*Not* keeps basis, reason, evidence and value",
            f"not: {COUNT}",
            [
                case("true", false("count", value="200", unit="10*9/L", date="2026-10-20"), count()),
                case(
                    "stale",
                    unknown("stale", "o1", value="200", date="2026-09-01"),
                    observation(PLATELETS, "200 10*9/L", on="2026-09-01"),
                ),
            ],
        ),
        Table(
            "presumed-needs-a-reason",
            "What is presumed says so, in every compound",
            f"all: [{COUNT}, {{not: {STROKES}}}]",
            [
                case(
                    "true and presumed", Expected("true", "presumed", "absence-presumed", ("count",)), count()
                ),
                case("false by the record", false("count"), count("50")),
            ],
            site=COMPLETE,
        ),
    ),
)

ORDER = Topic(
    "reasons",
    "The order of reasons",
    "Where several children are unknown, the first reason by the total order is reported, with the evidence "
    "of all unknown children: from what a person or the protocol must settle, over what the record says "
    "unclearly, to what it does not hold at all.",
    (
        Table(
            "reasons-order",
            "Two unknown children each",
            f"""\
all:
  - {COUNT}
  - measured: {{concept: haemoglobin, at_least: 100 g/L}}
""",
            [
                case(
                    "stale comes before no-record",
                    unknown("stale", "o1"),
                    observation(PLATELETS, "200 10*9/L", on="2026-09-01"),
                ),
                case(
                    "stale comes before no-unit",
                    unknown("stale", "o1", "o2"),
                    observation(PLATELETS, "200 10*9/L", on="2026-09-01"),
                    observation(HAEMOGLOBIN, "120"),
                ),
                case(
                    "no-value comes before no-unit",
                    unknown("no-value", "o1", "o2"),
                    observation(PLATELETS),
                    observation(HAEMOGLOBIN, "120"),
                ),
                case(
                    "no-unit comes before incomparable-unit",
                    unknown("no-unit", "o1", "o2"),
                    observation(PLATELETS, "200"),
                    observation(HAEMOGLOBIN, "120 U/L"),
                ),
                case(
                    "incomparable-unit comes before implausible-value",
                    unknown("incomparable-unit", "o1", "o2"),
                    observation(PLATELETS, "200 g/L"),
                    observation(HAEMOGLOBIN, "900 g/L"),
                ),
                case(
                    "implausible-value comes before censored-value",
                    unknown("implausible-value", "o1", "o2"),
                    observation(PLATELETS, "<150 10*9/L"),
                    observation(HAEMOGLOBIN, "900 g/L"),
                ),
                case(
                    "censored-value comes before no-record",
                    unknown("censored-value", "o1"),
                    observation(PLATELETS, "<150 10*9/L"),
                ),
            ],
        ),
        Table(
            "reasons-order-people",
            "What a person must settle comes first",
            f"""\
all:
  - any: [{{confirm: Agrees}}, {{constant: false}}]
  - {COUNT}
  - condition: {{concept: severe-pulmonary-dysfunction}}
  - received: {{concept: systemic-chemotherapy}}
""",
            [
                case(
                    "all else settled but the question",
                    unknown("ask-in-person", basis="confirm"),
                    count(),
                    *[condition(RESPIRATORY_FAILURE), given(CISPLATIN)],
                ),
                case(
                    "asked in person comes first of all",
                    unknown("ask-in-person", "c1", "r1", basis="confirm"),
                    condition(COPD),
                    ordered(CISPLATIN),
                ),
            ],
        ),
        Table(
            "reasons-order-records",
            "Order-only comes before judgement",
            """\
all:
  - condition: {concept: severe-pulmonary-dysfunction}
  - received: {concept: systemic-chemotherapy}
""",
            [
                case(
                    "an order, and a matter of judgement",
                    unknown("order-only", "c1", "r1"),
                    condition(COPD),
                    ordered(CISPLATIN),
                ),
                case(
                    "unconfirmed comes before an order",
                    unknown("unconfirmed", "c1", "r1"),
                    condition(RESPIRATORY_FAILURE, verification="provisional"),
                    ordered(CISPLATIN),
                ),
            ],
        ),
        Table(
            "evidence-patient",
            "The Patient resource is evidence too",
            "age: {at_least: 18 a}",
            [
                case(
                    "date of birth",
                    true("patient", value="66", unit="a", date="1960-05-20"),
                    patient(birthDate="1960-05-20"),
                )
            ],
        ),
    ),
)

CHAPTER = Chapter(
    "verdicts",
    "Verdicts",
    "A verdict is a truth with what it rests on, why it is open, and the records that decided it.",
    (BASES, COMPOUNDS, ORDER),
)
