"""Units: what laboratories really send, conversion, reference limits, plausibility."""

from __future__ import annotations

from typing import Any

from tests.lib.records import Code, Resource, concept, observation, patient, quantity
from tests.spec.codes import ALT, BILIRUBIN, CALCIUM, CREATININE, HAEMOGLOBIN, INR, PLATELETS, TEMPERATURE
from tests.spec.tables import Case, Chapter, Table, Topic, case, false, true, unknown

COUNT = "measured: {concept: platelet-count, at_least: 100 10*9/L}"


def counted(*values: str) -> list[Case]:
    """Rows of platelet counts, all exactly at the bound."""
    return [case(value, true("o1"), observation(PLATELETS, value)) for value in values]


SPELLINGS = Topic(
    "spellings",
    "Spellings",
    "Units are UCUM, and the synonyms that laboratories really send are read. The code of a Quantity counts, "
    "else its unit.",
    (
        Table(
            "synonyms",
            "One count, many spellings: all of them exactly 100 × 10⁹/L",
            COUNT,
            [
                *counted(
                    "100 10*9/L",
                    "100 10^9/L",
                    "100 10E9/L",
                    "100 x10E9/L",
                    "100 10*3/uL",
                    "100 K/uL",
                    "100 x10E3/uL",
                    "100 10^3/µL",
                    "100 G/L",
                    "100 G/l",
                    "100 Mrd/l",
                    "100 Gpt/l",
                    "100 Tsd/ul",
                    "100 THO/uL",
                    "100 Thousand/uL",
                    "100000 /uL",
                    "100000 /mm3",
                    "100000 {cells}/uL",
                    "100 10*3/mm3",
                ),
                case(
                    "the unit alone, without a code",
                    true("o1", unit="10*3/uL"),
                    observation(PLATELETS, valueQuantity={"value": 100, "unit": "K/uL"}),
                ),
                case(
                    "the code goes before the unit",
                    true("o1"),
                    observation(
                        PLATELETS,
                        valueQuantity={
                            "value": 100,
                            "unit": "/uL",
                            "system": "http://unitsofmeasure.org",
                            "code": "10*9/L",
                        },
                    ),
                ),
            ],
        ),
        Table(
            "equivalents",
            "Equivalents and moles of an ion of valence two",
            "measured: {concept: calcium, at_most: 2.5 mmol/L}",
            [
                case("5 mEq/L is 2.5 mmol/L", true("o1"), observation(CALCIUM, "5 mEq/L")),
                case("5.1 mEq/L", false("o1"), observation(CALCIUM, "5.1 mEq/L")),
            ],
        ),
        Table(
            "temperatures",
            "A scale with an offset",
            "measured: {concept: body-temperature, at_most: 38 Cel}",
            [
                case("100.4 °F is 38 °C", true("o1"), observation(TEMPERATURE, "100.4 [degF]")),
                case("100.5 °F", false("o1"), observation(TEMPERATURE, "100.5 [degF]")),
                case("38 degC", true("o1"), observation(TEMPERATURE, "38 Cel")),
            ],
        ),
    ),
)

EXACT = Topic(
    "exact",
    "Exactly at the bound",
    "Conversion is checked for dimension; between mass and moles it takes the molar mass of the analyte. All "
    "engines convert in one fixed order and compare at 12 significant digits, so that a value exactly at the "
    "bound is the same in all of them, in whatever unit it was sent.",
    (
        Table(
            "exact-haemoglobin",
            "Haemoglobin at least 110 g/L",
            "measured: {concept: haemoglobin, at_least: 110 g/L}",
            [
                case("110 g/L", true("o1"), observation(HAEMOGLOBIN, "110 g/L")),
                case("11 g/dL", true("o1", value="11", unit="g/dL"), observation(HAEMOGLOBIN, "11 g/dL")),
                case("11.0 g/dL", true("o1"), observation(HAEMOGLOBIN, "11.0 g/dL")),
                case("10.9 g/dL", false("o1"), observation(HAEMOGLOBIN, "10.9 g/dL")),
                case("0.11 kg/L", true("o1"), observation(HAEMOGLOBIN, "0.11 kg/L")),
                case(
                    "6.8262 mmol/L, per monomer of 16 114.5 g/mol",
                    true("o1"),
                    observation(HAEMOGLOBIN, "6.8262 mmol/L"),
                ),
                case("6.8261 mmol/L", false("o1"), observation(HAEMOGLOBIN, "6.8261 mmol/L")),
            ],
        ),
        Table(
            "exact-haemoglobin-grams-per-decilitre",
            "The bound in another unit: at least 11 g/dL",
            "measured: {concept: haemoglobin, at_least: 11 g/dL}",
            [
                case("110 g/L", true("o1"), observation(HAEMOGLOBIN, "110 g/L")),
                case("11 g/dL", true("o1"), observation(HAEMOGLOBIN, "11 g/dL")),
                case("109.99 g/L", false("o1"), observation(HAEMOGLOBIN, "109.99 g/L")),
            ],
        ),
        Table(
            "exact-creatinine",
            "Creatinine at most 1.5 mg/dL (113.12 g/mol)",
            "measured: {concept: creatinine, at_most: 1.5 mg/dL}",
            [
                case("1.5 mg/dL", true("o1"), observation(CREATININE, "1.5 mg/dL")),
                case("15 mg/L", true("o1"), observation(CREATININE, "15 mg/L")),
                case("1.51 mg/dL", false("o1"), observation(CREATININE, "1.51 mg/dL")),
                case("132.6 µmol/L", true("o1"), observation(CREATININE, "132.6 umol/L")),
                case("132.7 µmol/L", false("o1"), observation(CREATININE, "132.7 umol/L")),
                case("0.1326 mmol/L", true("o1"), observation(CREATININE, "0.1326 mmol/L")),
            ],
        ),
        Table(
            "exact-bilirubin",
            "Bilirubin at most 17.1 µmol/L (584.66 g/mol)",
            "measured: {concept: total-bilirubin, at_most: 17.1 umol/L}",
            [
                case("17.1 µmol/L", true("o1"), observation(BILIRUBIN, "17.1 umol/L")),
                case("0.9997686 mg/dL", true("o1"), observation(BILIRUBIN, "0.9997686 mg/dL")),
                case("1 mg/dL is 17.104 µmol/L", false("o1"), observation(BILIRUBIN, "1 mg/dL")),
            ],
        ),
        Table(
            "exact-tenths",
            "Tenths that binary fractions cannot hold",
            "measured: {concept: alanine-aminotransferase, at_most: 3 ULN}",
            [
                case(
                    "0.3 × 1000 against 3 × 0.1 × 1000",
                    true("o1"),
                    observation(ALT, "0.3 kU/L", high="0.1 kU/L"),
                ),
                case("1.1 × 3 = 3.3", true("o1"), observation(ALT, "3.3 U/L", high="1.1 U/L")),
                case("a little more", false("o1"), observation(ALT, "3.3001 U/L", high="1.1 U/L")),
            ],
        ),
    ),
)

WITHOUT = Topic(
    "without",
    "No unit, or one that does not fit",
    "A value without a unit is `no-unit`, unless the site names its default; one of another dimension, or "
    "that nobody knows, is `incomparable-unit`. A pure number needs none. The plausible range of an analyte "
    "guards against slips.",
    (
        Table(
            "no-unit",
            "Haemoglobin at least 100 g/L",
            "measured: {concept: haemoglobin, at_least: 100 g/L}",
            [
                case(
                    "120, no unit",
                    unknown("no-unit", "o1", value="120", unit=""),
                    observation(HAEMOGLOBIN, "120"),
                ),
                case("120 U/L", unknown("incomparable-unit", "o1"), observation(HAEMOGLOBIN, "120 U/L")),
                case(
                    "a unit that nobody knows",
                    unknown("incomparable-unit", "o1", unit="bottles"),
                    observation(HAEMOGLOBIN, "12 bottles"),
                ),
                case(
                    "12 g/L: a slip for g/dL",
                    unknown("implausible-value", "o1"),
                    observation(HAEMOGLOBIN, "12 g/L"),
                ),
                case(
                    "120 g/dL: a slip for g/L",
                    unknown("implausible-value", "o1"),
                    observation(HAEMOGLOBIN, "120 g/dL"),
                ),
                case("below zero", unknown("implausible-value", "o1"), observation(HAEMOGLOBIN, "-120 g/L")),
                case("the lowest that is plausible", false("o1"), observation(HAEMOGLOBIN, "20 g/L")),
                case("the highest", true("o1"), observation(HAEMOGLOBIN, "260 g/L")),
                case(
                    "a bounded value that may be plausible", false("o1"), observation(HAEMOGLOBIN, "<25 g/L")
                ),
            ],
        ),
        Table(
            "no-unit-default",
            "A site whose laboratory knows one unit",
            "measured: {concept: haemoglobin, at_least: 100 g/L}",
            [
                case(
                    "12, no unit: g/dL", true("o1", value="12", unit="g/dL"), observation(HAEMOGLOBIN, "12")
                ),
                case("9.9", false("o1"), observation(HAEMOGLOBIN, "9.9")),
                case("a unit of its own goes before", true("o1"), observation(HAEMOGLOBIN, "120 g/L")),
            ],
            site={"default_units": {"haemoglobin": "g/dL"}},
        ),
        Table(
            "pure-numbers",
            "A ratio needs no unit",
            "measured: {concept: international-normalised-ratio, at_most: 1.5}",
            [
                case("1.2", true("o1"), observation(INR, "1.2")),
                case("1.2 {INR}", true("o1"), observation(INR, "1.2 {INR}")),
                case("1.6", false("o1"), observation(INR, "1.6")),
                case("1, as an integer", true("o1", value="1"), observation(INR, integer=1)),
            ],
        ),
    ),
)

TWICE = "measured: {concept: alanine-aminotransferase, at_most: 2 ULN}"
SEX = {"male": Code("administrative-gender", "male"), "female": Code("administrative-gender", "female")}


def limits(*ranges: dict[str, Any], value: str = "90 U/L") -> Resource:
    """An ALT with several reference ranges."""
    return observation(ALT, value, referenceRange=list(ranges))


def limit(high: str, **more: Any) -> dict[str, Any]:
    """A reference range up to `high`."""
    return {"high": quantity(high), **more}


def applies(*groups: Code) -> dict[str, Any]:
    """Whom a range applies to."""
    return {"appliesTo": [concept(group) for group in groups]}


def years(low: int | None, high: int | None) -> dict[str, Any]:
    """The ages a range applies to."""
    ends = {"low": low, "high": high}
    return {
        "age": {
            end: {"value": age, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
            for end, age in ends.items()
            if age is not None
        }
    }


MEANING = "reference-range-meaning"

REFERENCE = Topic(
    "reference-ranges",
    "Multiples of a reference limit",
    "`2 ULN` is twice the upper limit of the same result’s own reference range, `LLN` the lower one. The "
    "range’s unit is converted; without one it has the value’s. Ranges for another sex or age do not apply; "
    "several that are left, a range in words alone, and one whose low end is not below the high one, are "
    "`no-reference-range`. A result without any range "
    "takes the site’s default limit, if it has one.",
    (
        Table(
            "uln",
            "At most twice the upper limit",
            TWICE,
            [
                case(
                    "exactly twice",
                    true("o1", value="90", unit="U/L"),
                    observation(ALT, "90 U/L", high="45 U/L"),
                ),
                case("more", false("o1"), observation(ALT, "91 U/L", high="45 U/L")),
                case("the range in another unit", true("o1"), observation(ALT, "90 U/L", high="0.045 kU/L")),
                case(
                    "microkatals: 0.75 µkat/L is 45 U/L",
                    true("o1"),
                    observation(ALT, "1.5 ukat/L", high="45 U/L"),
                ),
                case(
                    "the range without a unit has the value’s",
                    true("o1"),
                    observation(ALT, "90 U/L", high="45"),
                ),
                case(
                    "the range in a unit that does not fit",
                    unknown("no-reference-range", "o1"),
                    observation(ALT, "90 U/L", high="45 g/L"),
                ),
                case("no range", unknown("no-reference-range", "o1"), observation(ALT, "90 U/L")),
                case("a range in words", unknown("no-reference-range", "o1"), limits({"text": "up to 45"})),
                case(
                    "only a lower limit",
                    unknown("no-reference-range", "o1"),
                    observation(ALT, "90 U/L", low="10 U/L"),
                ),
                case(
                    "a range of 0 to 0",
                    unknown("no-reference-range", "o1"),
                    observation(ALT, "31 U/L", low="0 U/L", high="0 U/L"),
                ),
                case(
                    "a range with its ends the wrong way round",
                    unknown("no-reference-range", "o1"),
                    observation(ALT, "31 U/L", low="45 U/L", high="10 U/L"),
                ),
                case("a range from 0", true("o1"), observation(ALT, "90 U/L", low="0 U/L", high="45 U/L")),
                case("a value that is bounded", true("o1"), observation(ALT, "<5 U/L", high="45 U/L")),
                case(
                    "bounded above the limit",
                    unknown("censored-value", "o1"),
                    observation(ALT, ">80 U/L", high="45 U/L"),
                ),
                case(
                    "U and IU of one analyte are the same",
                    true("o1"),
                    observation(ALT, "90 [IU]/L", high="45 U/L"),
                ),
            ],
        ),
        Table(
            "lln",
            "At least the lower limit",
            "measured: {concept: platelet-count, at_least: 1 LLN}",
            [
                case(
                    "at the limit",
                    true("o1"),
                    observation(PLATELETS, "150 10*9/L", low="150 10*9/L", high="400 10*9/L"),
                ),
                case("below it", false("o1"), observation(PLATELETS, "149 10*9/L", low="150 10*9/L")),
            ],
        ),
        Table(
            "uln-several",
            "Several ranges; the patient is a man of 66",
            TWICE,
            [
                case(
                    "by sex",
                    true("o1"),
                    limits(
                        limit("45 U/L", **applies(SEX["male"])), limit("30 U/L", **applies(SEX["female"]))
                    ),
                ),
                case(
                    "another sex alone",
                    unknown("no-reference-range", "o1"),
                    limits(limit("45 U/L", **applies(SEX["female"]))),
                ),
                case(
                    "by age",
                    true("o1"),
                    limits(limit("45 U/L", **years(18, None)), limit("30 U/L", **years(0, 17))),
                ),
                case(
                    "of another age alone",
                    unknown("no-reference-range", "o1"),
                    limits(limit("45 U/L", **years(0, 17))),
                ),
                case(
                    "two that both apply, and differ",
                    unknown("no-reference-range", "o1"),
                    limits(limit("45 U/L"), limit("30 U/L")),
                ),
                case(
                    "two that say the same in two units",
                    true("o1"),
                    limits(limit("45 U/L"), limit("0.045 kU/L")),
                ),
                case(
                    "one of normal, one of treatment",
                    true("o1"),
                    limits(
                        limit("45 U/L", type=concept(Code(MEANING, "normal"))),
                        limit("200 U/L", type=concept(Code(MEANING, "treatment"))),
                    ),
                ),
                case(
                    "for a group nobody can tell",
                    unknown("no-reference-range", "o1"),
                    limits(limit("45 U/L", **applies(Code("snomed", "77386006", "pregnant")))),
                ),
                case(
                    "sex not known",
                    unknown("no-reference-range", "o1"),
                    patient(gender="unknown"),
                    limits(
                        limit("45 U/L", **applies(SEX["male"])), limit("30 U/L", **applies(SEX["female"]))
                    ),
                ),
                case(
                    "date of birth not known",
                    unknown("no-reference-range", "o1"),
                    patient(birthDate=None),
                    limits(limit("45 U/L", **years(18, None))),
                ),
            ],
        ),
        Table(
            "uln-site",
            "A site’s default limits",
            TWICE,
            [
                case("no range: the site’s, by sex", true("o1"), observation(ALT, "100 U/L")),
                case("a woman", false("o1"), patient(gender="female"), observation(ALT, "100 U/L")),
                case(
                    "sex not known, and no limit for all",
                    unknown("no-reference-range", "o1"),
                    patient(gender=None),
                    observation(ALT, "100 U/L"),
                ),
                case("its own range goes before", false("o1"), observation(ALT, "100 U/L", high="45 U/L")),
                case(
                    "a range in words is a range",
                    unknown("no-reference-range", "o1"),
                    limits({"text": "see below"}),
                ),
            ],
            site={
                "reference_ranges": {
                    "alanine-aminotransferase": [
                        {"high": 50, "unit": "U/L", "sex": "male"},
                        {"high": 35, "unit": "U/L", "sex": "female"},
                    ]
                }
            },
        ),
        Table(
            "uln-site-all",
            "One default limit for all, in another unit",
            "measured: {concept: total-bilirubin, at_most: 1.5 ULN}",
            [
                case("1.8 mg/dL against 1.5 × 1.2 mg/dL", true("o1"), observation(BILIRUBIN, "1.8 mg/dL")),
                case("30.7 µmol/L", true("o1"), observation(BILIRUBIN, "30.7 umol/L")),
                case("30.8 µmol/L", false("o1"), observation(BILIRUBIN, "30.8 umol/L")),
            ],
            site={"reference_ranges": {"total-bilirubin": {"low": 0, "high": 1.2, "unit": "mg/dL"}}},
        ),
    ),
)

CHAPTER = Chapter(
    "units",
    "Units and reference limits",
    "Numbers as they are sent, and what they are compared with.",
    (SPELLINGS, EXACT, WITHOUT, REFERENCE),
)
