"""Stages in the index cancer's own record (Condition.stage), beside the spec tables of the chapter on TNM."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lib.records import Code, Resource, concept, condition, observation, reference
from tests.spec.codes import OESOPHAGEAL_CANCER, STAGE_GROUP
from tests.spec.tables import Table, case, true
from tests.unit.engines.test_odd_records import screen

ASKED = "finding: {concept: stage-group, staging: clinical, in: [III]}"
III = {"summary": concept(Code("ajcc", "III")), "type": concept(STAGE_GROUP)}
II = {"summary": concept(Code("ajcc", "II")), "type": concept(STAGE_GROUP)}


def verdict(*records: Resource) -> tuple[str, str, str, tuple[str, ...]]:
    """Truth, reason, value and evidence."""
    table = Table("stages", "says", ASKED, [case("one", true(), *records)], "oesophageal-cancer")
    (subject,) = screen(table).subjects
    proof = subject.verdicts[0].proof
    return proof.truth.value, str(proof.reason or ""), proof.value, proof.evidence


def cancer(*stages: dict[str, Any], **more: Any) -> Resource:
    return condition(OESOPHAGEAL_CANCER, id="cancer", **{"on": "2026-10-01", **more}, stage=list(stages))


def test_one_stage_that_says_nothing_does_not_hide_the_next() -> None:
    truth, _, value, (evidence,) = verdict(cancer({"summary": {"text": "see report"}}, III))
    assert (truth, value) == ("true", "III")
    assert evidence.startswith("Condition/")


def test_a_stage_is_left_to_its_assessment_even_where_that_says_nothing() -> None:
    silent = observation(STAGE_GROUP, id="group", on="2026-10-02")
    assert verdict(cancer({**III, "assessment": [reference("group")]}), silent)[0] == "unknown"


def test_the_stage_of_a_cancer_that_is_not_confirmed_decides_nothing() -> None:
    truth, reason, *_ = verdict(cancer(III, verification="provisional"))
    assert (truth, reason) == ("unknown", "unconfirmed")


def test_the_stage_of_a_cancer_without_a_date_may_be_of_any_time() -> None:
    assert verdict(cancer(III, on=None))[:2] == ("unknown", "imprecise-date")


@pytest.mark.parametrize("stages", [(II, III), (III, II)])
def test_two_stages_of_one_cancer_are_no_stage(stages: tuple[dict[str, Any], ...]) -> None:
    assert verdict(cancer(*stages))[0] == "unknown"


def test_one_stage_in_two_codes_that_differ_shows_no_value() -> None:
    both = concept(Code("ajcc", "III"))
    both["coding"] += concept(Code("ajcc", "II"))["coding"]
    truth, _, value, _ = verdict(cancer({**III, "summary": both}))
    assert (truth, value) == ("unknown", "")


# AJCC's own codes of a stage group have Arabic numerals; mCODE's examples write 3C for IIIC
@pytest.mark.parametrize(
    ("system", "code", "truth", "value"),
    [
        ("ajcc", "3", "true", "III"),
        ("ajcc", "3C", "true", "IIIC"),
        ("ajcc", "3C1", "true", "IIIC"),
        ("ajcc", "IIIA1", "true", "IIIA"),
        ("ajcc", "2B", "false", "IIB"),
        ("ajcc", "4A2", "false", "IVA"),
        ("ajcc", "0is", "false", "0"),
        ("uicc", "IA", "false", "IA"),
    ],
)
def test_a_stage_by_the_codes_of_ajcc_and_uicc(system: str, code: str, truth: str, value: str) -> None:
    group = observation(STAGE_GROUP, coded=Code(system, code))
    assert verdict(condition(OESOPHAGEAL_CANCER, on="2026-10-01"), group)[:3:2] == (truth, value)
