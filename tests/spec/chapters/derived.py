"""Derived quantities: each formula, the time between its inputs, and what a laboratory reports itself."""

from __future__ import annotations

from tests.lib.records import Resource, observation, patient
from tests.spec.codes import (
    ALBUMIN,
    BLOOD_COUNT,
    CALCIUM,
    CLEARANCE,
    CREATININE,
    HEIGHT,
    LEUKOCYTES,
    LYMPHOCYTES,
    NEUTROPHIL_PERCENT,
    NEUTROPHILS,
    WEIGHT,
)
from tests.spec.tables import Chapter, Table, Topic, case, false, true, unknown

CLEAR = "derived: {quantity: creatinine-clearance, at_least: 50 mL/min}"
ALL = ("creatinine", "weight", "patient")
BORN = patient(birthDate="1956-10-20")
"""Seventy on the day of the creatinine: (140 - 70) is a round number."""


def creatinine(value: str = "1 mg/dL", on: str = "2026-10-20") -> Resource:
    """A creatinine."""
    return observation(CREATININE, value, on=on, id="creatinine")


def weight(value: str = "72 kg", on: str = "2026-10-20") -> Resource:
    """A weight: 72 cancels the formula's own number."""
    return observation(WEIGHT, value, on=on, id="weight")


def neutrophils(value: str, on: str = "2026-10-20") -> Resource:
    """A reported count."""
    return observation(NEUTROPHILS, f"{value} 10*9/L", on=on, id="anc")


def differential() -> tuple[Resource, Resource]:
    """Leukocytes and their percentage of neutrophils: 0.6 × 10⁹/L."""
    return (
        observation(LEUKOCYTES, "2 10*9/L", id="wbc"),
        observation(NEUTROPHIL_PERCENT, "30 %", id="pc"),
    )


def height(value: str, on: str = "2020-01-01") -> Resource:
    """A height."""
    return observation(HEIGHT, value, on=on, id="height")


COCKCROFT = Topic(
    "clearance",
    "Creatinine clearance by Cockcroft and Gault",
    "(140 − age) × weight × (0.85 for a woman) ÷ (72 × creatinine in mg/dL), with the actual weight and the "
    "age at the date of the creatinine (Nephron 1976;16:31–41).",
    (
        Table(
            "clearance",
            "At least 50 mL/min, in a man of 70 who weighs 72 kg",
            CLEAR,
            [
                case(
                    "1 mg/dL: 70",
                    true(*ALL, basis="derived", value="70", unit="mL/min"),
                    BORN,
                    creatinine(),
                    weight(),
                ),
                case(
                    "1.4 mg/dL: exactly 50",
                    true(*ALL, basis="derived", value="50"),
                    BORN,
                    creatinine("1.4 mg/dL"),
                    weight(),
                ),
                case("1.41 mg/dL", false(*ALL, basis="derived"), BORN, creatinine("1.41 mg/dL"), weight()),
                case(
                    "123.76 µmol/L is 1.4 mg/dL…",
                    true(*ALL, basis="derived"),
                    BORN,
                    creatinine("123.7 umol/L"),
                    weight(),
                ),
                case(
                    "…158.5 µmol/L is more",
                    false(*ALL, basis="derived"),
                    BORN,
                    creatinine("158.5 umol/L"),
                    weight(),
                ),
                case(
                    "a woman: × 0.85, 59.5",
                    true(*ALL, basis="derived", value="59.5"),
                    patient(birthDate="1956-10-20", gender="female"),
                    creatinine(),
                    weight(),
                ),
                case(
                    "seventy on that very day",
                    true(*ALL, basis="derived", value="70"),
                    BORN,
                    creatinine(),
                    weight(),
                ),
                case(
                    "a day younger: 71",
                    true(*ALL, basis="derived", value="71"),
                    patient(birthDate="1956-10-21"),
                    creatinine(),
                    weight(),
                ),
                case(
                    "weight in pounds",
                    true(*ALL, basis="derived"),
                    BORN,
                    creatinine(),
                    weight("158.732829440 [lb_av]"),
                ),
            ],
        ),
        Table(
            "clearance-missing",
            "What is missing",
            CLEAR,
            [
                case("no creatinine", unknown("no-record"), BORN, weight()),
                case(
                    "two creatinines in one panel that differ, in whichever order",
                    unknown("conflicting", *ALL, basis="derived"),
                    BORN,
                    observation(
                        BLOOD_COUNT,
                        on="2026-10-20",
                        id="creatinine",
                        parts=[(CREATININE, "3 mg/dL"), (CREATININE, "1 mg/dL")],
                    ),
                    weight(),
                ),
                case(
                    "…and the other way about",
                    unknown("conflicting", *ALL, basis="derived"),
                    BORN,
                    observation(
                        BLOOD_COUNT,
                        on="2026-10-20",
                        id="creatinine",
                        parts=[(CREATININE, "1 mg/dL"), (CREATININE, "3 mg/dL")],
                    ),
                    weight(),
                ),
                case(
                    "no weight",
                    unknown("not-computable", "creatinine", "patient", basis="derived"),
                    BORN,
                    creatinine(),
                ),
                case(
                    "sex not known",
                    unknown("not-computable", "creatinine", "patient", basis="derived"),
                    patient(gender="other"),
                    creatinine(),
                    weight(),
                ),
                case(
                    "no date of birth",
                    unknown("not-computable", "creatinine", "patient", basis="derived"),
                    patient(birthDate=None),
                    creatinine(),
                    weight(),
                ),
                case(
                    "creatinine without a unit",
                    unknown("no-unit", "creatinine", basis="derived"),
                    BORN,
                    creatinine("1"),
                    weight(),
                ),
                case(
                    "creatinine stale",
                    unknown("stale", "creatinine"),
                    BORN,
                    creatinine(on="2026-09-20"),
                    weight(on="2026-09-20"),
                ),
                case(
                    "weight without a unit",
                    unknown("no-unit", *ALL, basis="derived"),
                    BORN,
                    creatinine(),
                    weight("72"),
                ),
            ],
        ),
        Table(
            "clearance-weight-days",
            "The weight is of within 14 days of the creatinine",
            CLEAR,
            [
                case(
                    "14 days before", true(*ALL, basis="derived"), BORN, creatinine(), weight(on="2026-10-06")
                ),
                case(
                    "15 days before: stale",
                    unknown("stale", *ALL, basis="derived"),
                    BORN,
                    creatinine(),
                    weight(on="2026-10-05"),
                ),
                case(
                    "14 days after, but after the index date",
                    unknown("not-computable", "creatinine", "patient", basis="derived"),
                    BORN,
                    creatinine(),
                    weight(on="2026-11-03"),
                ),
                case(
                    "12 days after", true(*ALL, basis="derived"), BORN, creatinine(), weight(on="2026-11-01")
                ),
                case(
                    "the latest weight of those counts",
                    true(*ALL, basis="derived", value="70"),
                    BORN,
                    creatinine(),
                    observation(WEIGHT, "36 kg", on="2026-10-10", id="old"),
                    weight(),
                ),
                case(
                    "two of one day that differ",
                    unknown("conflicting", *ALL, "other", basis="derived"),
                    BORN,
                    creatinine(),
                    weight(),
                    observation(WEIGHT, "36 kg", id="other"),
                ),
            ],
        ),
        Table(
            "clearance-obese",
            "From a body mass index of 30 on, the adjusted weight is tried too",
            "derived: {quantity: creatinine-clearance, at_least: 80 mL/min}",
            [
                case(
                    "no height: the actual weight alone",
                    true(*ALL, basis="derived"),
                    BORN,
                    creatinine(),
                    weight("90 kg"),
                ),
                case(
                    "174 cm, index 29.7: the actual weight alone",
                    true(*ALL, basis="derived", value="87.5"),
                    BORN,
                    creatinine(),
                    weight("90 kg"),
                    height("174 cm"),
                ),
                case(
                    "170 cm, index 31: opposite answers",
                    unknown("conflicting", *ALL, "height", basis="derived"),
                    BORN,
                    creatinine(),
                    weight("90 kg"),
                    height("170 cm"),
                ),
                case(
                    "170 cm and 120 kg: both high enough",
                    true(*ALL, "height", basis="derived"),
                    BORN,
                    creatinine(),
                    weight("120 kg"),
                    height("170 cm"),
                ),
                case(
                    "index of exactly 30: 67.5 kg and 1.5 m",
                    unknown("conflicting", *ALL, "height", basis="derived"),
                    BORN,
                    creatinine("0.7 mg/dL"),
                    weight("67.5 kg"),
                    height("150 cm"),
                ),
            ],
        ),
        Table(
            "clearance-heights",
            "Two heights of the same day",
            "derived: {quantity: creatinine-clearance, at_least: 80 mL/min}",
            [
                case(
                    "170 and 165 cm: the same answer",
                    true(*ALL, "height", "other", basis="derived"),
                    BORN,
                    creatinine(),
                    weight("120 kg"),
                    height("170 cm"),
                    observation(HEIGHT, "165 cm", on="2020-01-01", id="other"),
                ),
                case(
                    "170 and 174 cm: opposite answers",
                    unknown("conflicting", *ALL, "height", basis="derived"),
                    BORN,
                    creatinine(),
                    weight("90 kg"),
                    height("170 cm"),
                    observation(HEIGHT, "174 cm", on="2020-01-01", id="other"),
                ),
                case(
                    "174 cm, and 170 cm years before: the latest",
                    true(*ALL, basis="derived"),
                    BORN,
                    creatinine(),
                    weight("90 kg"),
                    height("174 cm"),
                    observation(HEIGHT, "170 cm", on="2015-01-01", id="other"),
                ),
            ],
        ),
        Table(
            "clearance-intervals",
            "Intervals are carried through",
            CLEAR,
            [
                case(
                    "creatinine <0.9 mg/dL",
                    true(*ALL, basis="derived"),
                    BORN,
                    creatinine("<0.9 mg/dL"),
                    weight(),
                ),
                case(
                    "creatinine <2 mg/dL",
                    unknown("censored-value", *ALL, basis="derived"),
                    BORN,
                    creatinine("<2 mg/dL"),
                    weight(),
                ),
                case(
                    "a year of birth that does not matter",
                    true(*ALL, basis="derived"),
                    patient(birthDate="1956"),
                    creatinine(),
                    weight(),
                ),
                case(
                    "a year of birth that does",
                    unknown("imprecise-date", *ALL, basis="derived"),
                    patient(birthDate="1956"),
                    creatinine("1.41 mg/dL"),
                    weight(),
                ),
            ],
        ),
        Table(
            "clearance-reported",
            "A reported clearance counts only where none can be computed",
            CLEAR,
            [
                case(
                    "reported, and no creatinine",
                    true("o1", value="60", unit="mL/min"),
                    BORN,
                    observation(CLEARANCE, "60 mL/min"),
                ),
                case(
                    "reported, and no weight",
                    true("o1", value="60"),
                    BORN,
                    creatinine(),
                    observation(CLEARANCE, "60 mL/min"),
                ),
                case(
                    "computed too low, reported high: the computed one",
                    false(*ALL, basis="derived"),
                    BORN,
                    creatinine("2 mg/dL"),
                    weight(),
                    observation(CLEARANCE, "60 mL/min"),
                ),
                case(
                    "reported, and the weight too old",
                    false("o1", value="40"),
                    BORN,
                    creatinine(),
                    weight(on="2026-10-01"),
                    observation(CLEARANCE, "40 mL/min"),
                ),
                case(
                    "not reported, and no weight",
                    unknown("not-computable", "creatinine", "patient", basis="derived"),
                    BORN,
                    creatinine(),
                ),
            ],
        ),
    ),
)

OTHERS = Topic(
    "others",
    "Other formulas",
    "Body mass index (weight by the square of the height, whatever the height’s age); calcium corrected for "
    "albumin of the same week (Payne 1973); neutrophils from leukocytes and their percentage, and the ratio "
    "of neutrophils to lymphocytes, of the same sample (a day apart at most).",
    (
        Table(
            "body-mass-index",
            "Body mass index at least 18.5 kg/m²",
            "derived: {quantity: body-mass-index, at_least: 18.5 kg/m2}",
            [
                case(
                    "74 kg and 2 m: exactly 18.5",
                    true("weight", "height", basis="derived", value="18.5", unit="kg/m2"),
                    weight("74 kg"),
                    height("200 cm"),
                ),
                case("73 kg", false("weight", "height", basis="derived"), weight("73 kg"), height("2 m")),
                case("no height", unknown("not-computable", "weight", basis="derived"), weight("73 kg")),
                case(
                    "weight too old",
                    unknown("stale", "weight"),
                    weight("74 kg", on="2026-10-01"),
                    height("200 cm"),
                ),
            ],
        ),
        Table(
            "body-mass-index-heights",
            "Two heights of the same day",
            "derived: {quantity: body-mass-index, at_least: 18.5 kg/m2}",
            [
                case(
                    "opposite answers",
                    unknown("conflicting", "weight", "height", "other", basis="derived"),
                    weight("60 kg"),
                    height("170 cm"),
                    observation(HEIGHT, "190 cm", on="2020-01-01", id="other"),
                ),
                case(
                    "the same answer",
                    true("weight", "height", "other", basis="derived"),
                    weight("60 kg"),
                    height("170 cm"),
                    observation(HEIGHT, "171 cm", on="2020-01-01", id="other"),
                ),
            ],
        ),
        Table(
            "corrected-calcium",
            "Corrected calcium at most 2.6 mmol/L",
            "derived: {quantity: corrected-calcium, at_most: 2.6 mmol/L}",
            [
                case(
                    "2.4 with albumin 30 g/L: exactly 2.6",
                    true("ca", "alb", basis="derived", value="2.6"),
                    observation(CALCIUM, "2.4 mmol/L", id="ca"),
                    observation(ALBUMIN, "30 g/L", id="alb"),
                ),
                case(
                    "2.41",
                    false("ca", "alb", basis="derived"),
                    observation(CALCIUM, "2.41 mmol/L", id="ca"),
                    observation(ALBUMIN, "3 g/dL", id="alb"),
                ),
                case(
                    "albumin of 8 days before",
                    unknown("stale", "ca", "alb", basis="derived"),
                    observation(CALCIUM, "2.4 mmol/L", id="ca"),
                    observation(ALBUMIN, "30 g/L", on="2026-10-12", id="alb"),
                ),
                case(
                    "albumin of 7 days before",
                    true("ca", "alb", basis="derived"),
                    observation(CALCIUM, "2.4 mmol/L", id="ca"),
                    observation(ALBUMIN, "30 g/L", on="2026-10-13", id="alb"),
                ),
                case(
                    "albumin in moles: 0.45113 mmol/L is 30 g/L",
                    true("ca", "alb", basis="derived"),
                    observation(CALCIUM, "2.4 mmol/L", id="ca"),
                    observation(ALBUMIN, "0.4512 mmol/L", id="alb"),
                ),
            ],
        ),
        Table(
            "neutrophils-from-percent",
            "Neutrophils at least 1.5 × 10⁹/L",
            "derived: {quantity: neutrophils-from-percent, at_least: 1.5 10*9/L}",
            [
                case(
                    "30 % of 5: exactly 1.5",
                    true("wbc", "pc", basis="derived", value="1.5", unit="10*9/L"),
                    observation(LEUKOCYTES, "5 10*9/L", id="wbc"),
                    observation(NEUTROPHIL_PERCENT, "30 %", id="pc"),
                ),
                case(
                    "29 %",
                    false("wbc", "pc", basis="derived"),
                    observation(LEUKOCYTES, "5000 /uL", id="wbc"),
                    observation(NEUTROPHIL_PERCENT, "29 %", id="pc"),
                ),
                case(
                    "of the day before",
                    true("wbc", "pc", basis="derived"),
                    observation(LEUKOCYTES, "5 10*9/L", id="wbc"),
                    observation(NEUTROPHIL_PERCENT, "30 %", id="pc", on="2026-10-19"),
                ),
                case(
                    "of another sample",
                    unknown("stale", "wbc", "pc", basis="derived"),
                    observation(LEUKOCYTES, "5 10*9/L", id="wbc"),
                    observation(NEUTROPHIL_PERCENT, "30 %", id="pc", on="2026-10-18"),
                ),
                case(
                    "no percentage",
                    unknown("not-computable", "wbc", basis="derived"),
                    observation(LEUKOCYTES, "5 10*9/L", id="wbc"),
                ),
            ],
        ),
        Table(
            "neutrophils-newest",
            "Neutrophils at least 1.5 × 10⁹/L, as reported or computed",
            "measured: {concept: neutrophil-count, at_least: 1.5 10*9/L}",
            [
                case("reported", true("anc"), neutrophils("4")),
                case("computed alone", false("wbc", "pc", basis="derived", value="0.6"), *differential()),
                case(
                    "reported, and newer ones to compute it from",
                    false("wbc", "pc", basis="derived"),
                    neutrophils("4", on="2026-10-10"),
                    *differential(),
                ),
                case(
                    "reported, and older ones to compute it from",
                    true("anc"),
                    neutrophils("4", on="2026-10-25"),
                    *differential(),
                ),
                case(
                    "of the same day: as reported",
                    true("anc"),
                    neutrophils("4"),
                    *differential(),
                ),
                case(
                    "reported, and newer leukocytes without a percentage",
                    true("anc"),
                    neutrophils("4", on="2026-10-10"),
                    observation(LEUKOCYTES, "2 10*9/L", id="wbc"),
                ),
                case(
                    "reported too long ago",
                    false("wbc", "pc", basis="derived"),
                    neutrophils("4", on="2026-09-01"),
                    *differential(),
                ),
                case(
                    "reported without a unit, and newer",
                    unknown("no-unit", "anc"),
                    observation(NEUTROPHILS, "4", id="anc", on="2026-10-25"),
                    *differential(),
                ),
                case("neither", unknown("no-record")),
            ],
            text="A measurement that can be computed too (`computed_as` of the mapping) is decided by "
            "whichever is newer; of the same time the reported one goes before.",
        ),
        Table(
            "neutrophil-lymphocyte-ratio",
            "Ratio of neutrophils to lymphocytes at most 3",
            "derived: {quantity: neutrophil-lymphocyte-ratio, at_most: 3}",
            [
                case(
                    "6 to 2",
                    true("n", "l", basis="derived", value="3"),
                    observation(NEUTROPHILS, "6 10*9/L", id="n"),
                    observation(LYMPHOCYTES, "2 10*9/L", id="l"),
                ),
                case(
                    "6.1 to 2",
                    false("n", "l", basis="derived"),
                    observation(NEUTROPHILS, "6.1 10*9/L", id="n"),
                    observation(LYMPHOCYTES, "2 10*9/L", id="l"),
                ),
                case(
                    "to 0",
                    unknown("not-computable", "n", "l", basis="derived"),
                    observation(NEUTROPHILS, "6 10*9/L", id="n"),
                    observation(LYMPHOCYTES, "0 10*9/L", id="l"),
                ),
                case(
                    "to <2: more than 3",
                    false("n", "l", basis="derived"),
                    observation(NEUTROPHILS, "6 10*9/L", id="n"),
                    observation(LYMPHOCYTES, "<2 10*9/L", id="l"),
                ),
            ],
        ),
    ),
)

CHAPTER = Chapter(
    "derived",
    "Derived quantities",
    "What is computed from several records; its basis is `derived`.",
    (COCKCROFT, OTHERS),
)
