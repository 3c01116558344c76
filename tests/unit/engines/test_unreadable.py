"""Values that cannot be read, elements that are missing: what is open then, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.engines.evaluator.categories import category_items
from fhirscreen.engines.evaluator.findings import from_observation
from fhirscreen.fhir.entries import read_entry
from fhirscreen.plan.nodes import ValueAmong
from fhirscreen.verdicts.reasons import Basis
from tests.lib.proofs import opened, proof, said
from tests.lib.records import condition, observation, patient
from tests.spec.codes import CLINICAL_T, ECOG, OESOPHAGEAL_CANCER
from tests.spec.tables import catalogue

ASKED = 'finding: {concept: ecog-performance-status, in: ["0", "1"]}'
STAGED = "finding: {concept: t-category, staging: clinical, in: [T3]}"


@pytest.mark.parametrize(
    "value", [{"valueQuantity": {"value": "one"}}, {"valueCodeableConcept": {"coding": 5}}]
)
def test_a_value_that_cannot_be_read_may_be_any(value: dict[str, Any]) -> None:
    record = observation(ECOG, on="2026-10-20", id="o", **value)
    found = proof(ASKED, record)
    assert said(found) == ("unknown", "not-fetched")
    assert (found.evidence, found.date) == (("Observation/proof-1-o",), "2026-10-20")
    case, asked, _ = opened(ASKED, record)
    assert isinstance(asked, ValueAmong)
    (item,) = category_items(case, asked.feature)
    assert item.entry is not None
    assert item.entry.reference == item.reference == "Observation/proof-1-o"
    assert [each.where for each in case.chart.unread] == ["Observation/proof-1-o"]


def test_the_words_of_a_component_are_its_own() -> None:
    case, asked, _ = opened(STAGED, condition(OESOPHAGEAL_CANCER))
    assert isinstance(asked, ValueAmong)
    record = observation(CLINICAL_T, text="cT1", id="o")
    entry = read_entry(record, catalogue().terms)
    assert entry is not None
    for words, names in (("cT3", {"T3"}), ("", set())):
        holder = {"valueString": words} if words else {}
        found = from_observation(case, asked.feature.concept, holder)
        assert found == (frozenset(names), Basis.DERIVED if names else Basis.RECORDED, words)


@pytest.mark.parametrize("asked", ["sex: male", "age: {at_least: 18 a}"])
def test_what_the_patient_does_not_say_is_open_and_says_why(asked: str) -> None:
    silent = patient(gender=None, birthDate=None)
    missing = proof(asked, silent)
    assert (*said(missing), missing.basis.value, missing.evidence) == ("unknown", "no-record", "missing", ())
    unfetched = proof(asked, silent, unfetched=("Patient",))
    assert (*said(unfetched), unfetched.basis.value) == ("unknown", "not-fetched", "missing")
    assert said(proof(asked, unfetched=("Patient",))) == ("true", "")
