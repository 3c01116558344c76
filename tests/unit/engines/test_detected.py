"""Detected or not, by a number against a threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fhirscreen.engines.evaluator.findings import _detected, unit_fault
from fhirscreen.plan.nodes import ValueAmong
from fhirscreen.verdicts.reasons import Reason
from tests.lib.proofs import opened, proof, said
from tests.lib.records import Code, concept, observation, quantity
from tests.spec.codes import ANTI_HBS, HBV_DNA

DNA = "finding: {{concept: hepatitis-b-dna, in: [{}]}}"
ANTIBODY = "finding: {{concept: hepatitis-b-surface-antibody, in: [{}]}}"
BOTH = frozenset(("positive", "negative"))


def detected(
    holder: dict[str, Any], above: float | None, asked: str = ANTIBODY
) -> tuple[frozenset[str], str] | None:
    """What a value says where more than `above` m[IU]/mL is detected."""
    case, node, _ = opened(asked.format("positive"))
    assert isinstance(node, ValueAmong)
    return _detected(case, replace(node.feature.concept, detected_above=above), holder)


@pytest.mark.parametrize(
    ("said", "above", "names", "text"),
    [
        ("10 m[IU]/mL", 10, {"negative"}, "10"),
        ("10.1 m[IU]/mL", 10, {"positive"}, "10.1"),
        ("0.01 [IU]/mL", 10, {"negative"}, "0.01"),
        ("0.02 [IU]/mL", 10, {"positive"}, "0.02"),
        ("<10 m[IU]/mL", 10, {"negative"}, "<10"),
        ("<11 m[IU]/mL", 10, {"positive", "negative"}, "<11"),
        (">10 m[IU]/mL", 10, {"positive"}, ">10"),
        (">9 m[IU]/mL", 10, {"positive", "negative"}, ">9"),
        ("500", 10, {"positive", "negative"}, "500"),
        ("500 kg", 10, {"positive", "negative"}, "500"),
        ("0.001 [IU]/mL", 0.5, {"positive"}, "0.001"),
        ("0.5 m[IU]/mL", 1, {"negative"}, "0.5"),
        ("0.0009 [IU]/mL", 1, {"negative"}, "0.0009"),
        ("0", 0, {"negative"}, "0"),
        ("0.1", 0, {"positive"}, "0.1"),
        ("0.1 kg", 0, {"positive"}, "0.1"),
        ("<20 kg", 0, {"negative"}, "<20"),
        ("<=20", 0, {"positive", "negative"}, "<=20"),
        (">20", 0, {"positive"}, ">20"),
        (">=0", 0, {"positive", "negative"}, ">=0"),
    ],
)  # fmt: skip
def test_a_number_against_a_threshold(said: str, above: float, names: set[str], text: str) -> None:
    assert detected({"valueQuantity": quantity(said)}, above) == (frozenset(names), text)


def test_nothing_is_said_without_a_number_or_a_threshold() -> None:
    assert detected({"valueString": "pending"}, 10) is None
    assert detected({"valueString": "pending"}, None) is None
    assert detected({"valueQuantity": quantity("5")}, None) is None


@pytest.mark.parametrize(
    ("holder", "above", "fault"),
    [
        ({"valueQuantity": quantity("5")}, 10, Reason.NO_UNIT),
        ({"valueQuantity": quantity("5 kg")}, 10, Reason.INCOMPARABLE_UNIT),
        ({"valueQuantity": quantity("5 m[IU]/mL")}, 10, None),
        ({"valueQuantity": quantity("5 kg")}, 0, None),
        ({"valueQuantity": quantity("5 kg")}, None, None),
        ({"valueString": "pending"}, 10, None),
    ],
)
def test_why_a_number_says_nothing(holder: dict[str, Any], above: float | None, fault: Reason | None) -> None:
    case, node, _ = opened(ANTIBODY.format("positive"))
    assert isinstance(node, ValueAmong)
    assert unit_fault(case, replace(node.feature.concept, detected_above=above), holder) is fault


@pytest.mark.parametrize(
    ("value", "positive", "negative"),
    [
        ("<=20 kg", ("unknown", "censored-value"), ("unknown", "censored-value")),
        ("<20 [IU]/mL", ("false", ""), ("true", "")),
        ("0 [IU]/mL", ("false", ""), ("true", "")),
        ("3 [IU]/mL", ("true", ""), ("false", "")),
    ],
)
def test_viral_dna(value: str, positive: tuple[str, str], negative: tuple[str, str]) -> None:
    record = observation(HBV_DNA, value)
    assert said(proof(DNA.format("positive"), record)) == positive
    assert said(proof(DNA.format("negative"), record)) == negative


@pytest.mark.parametrize(
    ("value", "positive", "negative"),
    [
        ("500", ("unknown", "no-unit"), ("unknown", "no-unit")),
        ("500 kg", ("unknown", "incomparable-unit"), ("unknown", "incomparable-unit")),
        ("<11 m[IU]/mL", ("unknown", "censored-value"), ("unknown", "censored-value")),
        ("10 m[IU]/mL", ("false", ""), ("true", "")),
    ],
)
def test_surface_antibody(value: str, positive: tuple[str, str], negative: tuple[str, str]) -> None:
    record = observation(ANTI_HBS, value)
    assert said(proof(ANTIBODY.format("positive"), record)) == positive
    assert said(proof(ANTIBODY.format("negative"), record)) == negative


@pytest.mark.parametrize(
    "words",
    [
        "<20 IU/mL detected",
        "< 20 (positive)",
        "20 IU/mL not detected",
        "2. Messung: negativ",
        "1. Probe negativ",
    ],
)
def test_a_number_with_words_is_not_read(words: str) -> None:
    assert said(proof(DNA.format("positive"), observation(HBV_DNA, text=words))) == (
        "unknown",
        "coarser-code",
    )


@pytest.mark.parametrize(
    ("value", "code"), [("<20 [IU]/mL", "DET"), ("<20 [IU]/mL", "POS"), ("20 [IU]/mL", "ND")]
)
def test_an_interpretation_that_contradicts_the_number_conflicts(value: str, code: str) -> None:
    record = observation(HBV_DNA, value, interpretation=[concept(Code("interpretation", code))])
    assert said(proof(DNA.format("positive"), record)) == ("unknown", "conflicting")


def test_a_number_was_not_read_from_text() -> None:
    assert proof(DNA.format("positive"), observation(HBV_DNA, "20 [IU]/mL")).because == ""
