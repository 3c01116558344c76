"""Formulas in whatever canonical units the mappings give their inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fhirscreen.engines.evaluator.formulas import formula_within
from fhirscreen.plan.nodes import FormulaWithin
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis
from tests.lib.proofs import opened, proof, said
from tests.lib.records import Resource, observation, patient
from tests.spec.codes import ALBUMIN, CALCIUM, CREATININE, HEIGHT, WEIGHT

CORRECTED = "derived: {quantity: corrected-calcium, at_most: 2.6 mmol/L}"
INDEX = "derived: {quantity: body-mass-index, at_least: 18.5 kg/m2}"
CALCIUM_24 = observation(CALCIUM, "2.4 mmol/L")
ALBUMIN_30 = observation(ALBUMIN, "30 g/L")


def corrected(calcium_unit: str | None, albumin_unit: str | None) -> Proof:
    """Calcium 2.4 mmol/L and albumin 30 g/L, where the mappings measure them in other units."""
    case, node, _ = opened(CORRECTED, CALCIUM_24, ALBUMIN_30)
    assert isinstance(node, FormulaWithin)
    units = (calcium_unit, albumin_unit)
    inputs = tuple(
        replace(feature, concept=replace(feature.concept, unit=unit, plausible=(None, None)))
        for feature, unit in zip(node.inputs, units, strict=True)
    )
    return formula_within(case, replace(node, inputs=inputs))


@pytest.mark.parametrize("calcium", ["mmol/L", "mg/dL", "umol/L"])
@pytest.mark.parametrize("albumin", ["g/L", "g/dL", "mmol/L"])
def test_calcium_is_corrected_in_any_units(calcium: str, albumin: str) -> None:
    found = corrected(calcium, albumin)
    assert (said(found), found.value, found.basis) == (("true", ""), "2.6", Basis.DERIVED)
    assert len(found.evidence) == 2


@pytest.mark.parametrize(("calcium", "albumin"), [(None, "g/L"), ("mmol/L", None), (None, None)])
def test_calcium_is_not_corrected_without_units(calcium: str | None, albumin: str | None) -> None:
    found = corrected(calcium, albumin)
    assert (said(found), found.value, found.unit) == (("unknown", "not-computable"), "", "")
    assert found.says
    assert len(found.evidence) == 1


@pytest.mark.parametrize(
    ("height", "found"),
    [
        ((None, 200), ("unknown", "not-computable")),
        ((190, 200), ("true", "")),
        ((190, 210), ("unknown", "censored-value")),
    ],
)
def test_a_height_between_bounds_gives_an_index_between_bounds(
    height: tuple[float | None, float], found: tuple[str, str]
) -> None:
    ends = {
        end: {"value": value, "code": "cm"}
        for end, value in zip(("low", "high"), height, strict=True)
        if value
    }
    records = (observation(WEIGHT, "74 kg", on="2026-10-31"), observation(HEIGHT, valueRange=ends))
    assert said(proof(INDEX, *records)) == found


def test_an_input_that_was_not_fetched_may_be_there() -> None:
    assert said(proof(CORRECTED, CALCIUM_24)) == ("unknown", "not-computable")
    found = proof(CORRECTED, CALCIUM_24, unfetched=("Observation",))
    assert said(found) == ("unknown", "not-fetched")


@pytest.mark.parametrize(
    ("asked", "there", "spoilt"),
    [
        (CORRECTED, CALCIUM_24, observation(ALBUMIN, "30 g/L", on="2026-13")),
        (INDEX, observation(WEIGHT, "70 kg"), observation(HEIGHT, "170 cm", on="2026-13")),
    ],
)
def test_an_input_that_could_not_be_read_is_not_taken_for_missing(
    asked: str, there: Resource, spoilt: Resource
) -> None:
    assert said(proof(asked, there, spoilt)) == ("unknown", "not-fetched")
    assert said(proof(asked, there)) == ("unknown", "not-computable")


def told(asked: str, *records: Resource, **options: Any) -> tuple[str, str]:
    """The reason, and what the proof says beside it."""
    found = proof(asked, *records, **options)
    return said(found)[1], found.because


CLEARANCE = "derived: {quantity: creatinine-clearance, at_least: 50 mL/min}"
FROM_PERCENT = "derived: {quantity: neutrophils-from-percent, at_least: 1.5 10*9/L}"
RATIO = "derived: {quantity: neutrophil-lymphocyte-ratio, at_most: 3}"


def person(**fields: Any) -> Resource:
    return patient(**({"gender": None, "birthDate": None} | fields))


CREATININE_NEW = observation(CREATININE, "1 mg/dL", on="2026-10-20")
CREATININE_OLD = observation(CREATININE, "1 mg/dL", on="2026-08-15")
WEIGHT_NEW = observation(WEIGHT, "72 kg", on="2026-10-22")
WEIGHT_OLD = observation(WEIGHT, "72 kg", on="2026-01-01")
BOTH = {"gender": "female", "birthDate": "1960-04-02"}


@pytest.mark.parametrize(
    ("who", "records", "reason", "because"),
    [
        ({"birthDate": "1960-04-02"}, (CREATININE_NEW, WEIGHT_NEW), "not-computable", "sex"),
        (BOTH | {"gender": "other"}, (CREATININE_NEW, WEIGHT_NEW), "not-computable", "sex"),
        ({"gender": "male"}, (CREATININE_NEW, WEIGHT_NEW), "not-computable", "date of birth"),
        ({}, (CREATININE_NEW,), "not-computable", "sex, date of birth, body weight"),
        (BOTH, (CREATININE_NEW,), "not-computable", "body weight"),
        (BOTH, (WEIGHT_NEW,), "no-record", "serum creatinine"),
        ({"birthDate": "1960-04-02"}, (WEIGHT_NEW,), "no-record", "serum creatinine, sex"),
        (BOTH, (), "no-record", "serum creatinine, body weight"),
        (BOTH, (CREATININE_NEW, WEIGHT_OLD), "stale", "body weight within 14 days of the serum creatinine"),
        (BOTH, (CREATININE_OLD, WEIGHT_NEW), "stale", "newer serum creatinine"),
    ],
)
def test_a_clearance_names_exactly_what_is_missing(
    who: Resource, records: tuple[Resource, ...], reason: str, because: str
) -> None:
    assert told(CLEARANCE, person(**who), *records) == (reason, f"missing: {because}")


@pytest.mark.parametrize(
    ("asked", "records", "because"),
    [
        (INDEX, (WEIGHT_NEW,), "body height"),
        (INDEX, (), "body weight, body height"),
        (CORRECTED, (CALCIUM_24,), "albumin"),
        (FROM_PERCENT, (), "white blood cell count, percentage of neutrophils"),
        (RATIO, (), "neutrophil count, lymphocyte count"),
    ],
)
def test_every_formula_names_what_is_missing(asked: str, records: tuple[Resource, ...], because: str) -> None:
    assert told(asked, *records)[1] == f"missing: {because}"


def test_an_input_of_no_use_is_named() -> None:
    bare = observation(WEIGHT, on="2026-10-22", valueQuantity={"value": 72})
    found = told(CLEARANCE, person(**BOTH), CREATININE_NEW, bare)
    assert found == ("no-unit", "body weight 72, 2026-10-22")
    huge = observation(CREATININE, "900 mg/dL", on="2026-10-20")
    assert told(CLEARANCE, person(**BOTH), huge, WEIGHT_NEW) == (
        "implausible-value",
        "serum creatinine 900 mg/dL, 2026-10-20",
    )


def test_a_year_of_birth_that_matters_asks_for_the_date() -> None:
    found = told(
        "derived: {quantity: creatinine-clearance, at_least: 75 mL/min}",
        person(gender="male", birthDate="1951"),
        CREATININE_NEW,
        observation(WEIGHT, "82.5 kg", on="2026-10-22"),
    )
    assert found == ("imprecise-date", "missing: the exact date of birth")


def test_what_is_computed_says_of_whom_and_nothing_of_gaps() -> None:
    assert told(CLEARANCE, person(**BOTH), CREATININE_NEW, WEIGHT_NEW) == ("", "of a woman of 66 years")


@pytest.mark.parametrize(
    ("asked", "who", "because"),
    [
        ("age: {at_least: 18 a}", {}, "missing: date of birth"),
        ("age: {at_least: 18 a}", {"birthDate": "2008"}, "missing: the exact date of birth"),
        ("sex: male", {}, "missing: sex"),
        ("sex: male", {"gender": "unknown"}, "missing: sex; it is recorded as unknown"),
    ],
)
def test_age_and_sex_name_what_is_missing(asked: str, who: Resource, because: str) -> None:
    assert proof(asked, person(**who)).because == because


def test_records_that_contradict_each_other_are_told() -> None:
    asked = "measured: {concept: body-weight, at_least: 70 kg}"
    twice = (WEIGHT_NEW, observation(WEIGHT, "62 kg", on="2026-10-22"))
    assert told(asked, *twice) == ("conflicting", "62 kg and 72 kg, 2026-10-22")
