"""Formulas in whatever canonical units the mappings give their inputs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirscreen.engines.evaluator.formulas import formula_within
from fhirscreen.plan.nodes import FormulaWithin
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis
from tests.lib.proofs import opened, proof, said
from tests.lib.records import Resource, observation
from tests.spec.codes import ALBUMIN, CALCIUM, HEIGHT, WEIGHT

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
