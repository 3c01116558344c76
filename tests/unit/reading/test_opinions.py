"""Clauses in which somebody judges: they qualify what they follow, and are asked with it."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one

QUALIFIED = [
    (
        "Gout, asthma, or other condition that, in the view of the physician, may interfere with the study",
        (
            "any: [{judgement: {condition: {concept: gout}}}, {judgement: {condition: {concept: asthma}}},"
            " {confirm: 'other condition that, in the view of the physician, may interfere with the study'}]"
        ),
    ),
    ("Unstable epilepsy, in the opinion of the investigator.", "judgement: {condition: {concept: epilepsy}}"),
    ("Gout deemed by the investigator to be unstable", "judgement: {condition: {concept: gout}}"),
    ("Gout, per the investigator's evaluation", "judgement: {condition: {concept: gout}}"),
    (
        "Asthma that may affect safety, participation, or interpretation of results",
        "judgement: {condition: {concept: asthma}}",
    ),
    ("Patients with gout who, in the opinion of the investigator, cannot comply",
     "judgement: {condition: {concept: gout}}"),
    (
        "Diabetes or epilepsy that, in the judgement of the investigator, would put the patient at risk",
        (
            "any: [{judgement: {condition: {concept: diabetes}}},"
            " {judgement: {condition: {concept: epilepsy}}}]"
        ),
    ),
    (
        "Epilepsy that would interfere with the study, or stroke within 3 months",
        (
            "any: [{judgement: {condition: {concept: epilepsy}}},"
            " {condition: {concept: stroke, within: 3 mo}}]"
        ),
    ),
    (
        "Asthma, in the investigator's judgement, or epilepsy",
        "any: [{judgement: {condition: {concept: asthma}}}, {condition: {concept: epilepsy}}]",
    ),
    ("In the opinion of the investigator, has asthma", "judgement: {condition: {concept: asthma}}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), QUALIFIED)
def test_a_clause_of_judgement_qualifies_what_it_follows(text: str, wanted: str) -> None:
    reading = read_one(text, Kind.EXCLUSION)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize(
    "text",
    [
        "Asthma which is likely to require oxygen, surgery, or a lung transplant",
        "In the opinion of the investigator, has asthma, gout or epilepsy",
        "Gout, if the investigator judges it relevant",
    ],
)
def test_a_clause_whose_reach_cannot_be_told_is_partial(text: str) -> None:
    assert read_one(text, Kind.EXCLUSION).status is Status.PARTIAL


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Stage IIIA or stage IIIB lung cancer without pleural effusion", Status.PARTIAL),
        ("Breast cancer or ovarian cancer without brain metastases", Status.PARTIAL),
        ("Breast cancer without brain metastases", Status.COMPUTED),
    ],
)
def test_a_restriction_may_be_of_the_last_alternative(text: str, status: Status) -> None:
    assert read_one(text).status is status
