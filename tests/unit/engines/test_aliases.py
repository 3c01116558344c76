"""References by `urn:uuid:`, as Bundles write them: what they link is linked as by `Type/id`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lib.proofs import proof, said
from tests.lib.records import Code, Resource, condition, given, observation, other
from tests.spec.codes import (
    BREAST_CANCER,
    CISPLATIN,
    CLINICAL_T,
    LIVER_METASTASIS,
    OESOPHAGEAL_CANCER,
    STAGE_GROUP,
    STROKE,
    T3,
    TUMOUR_SIZE,
)

CANCER, BREAST = condition(OESOPHAGEAL_CANCER, id="cancer"), condition(BREAST_CANCER, id="breast")
STAGE_THREE = Code("ajcc", "III")
URN = {"reference": "urn:uuid:0"}


def to(reference: str) -> dict[str, Any]:
    return {"aliases": {"urn:uuid:0": reference}}


CANCER_IS = to("Condition/proof-1-cancer")


@pytest.mark.parametrize(
    ("asked", "records", "aliases"),
    [
        (
            "received: {concept: systemic-chemotherapy, for: index-cancer}",
            [given(CISPLATIN, reasonReference=[URN])],
            CANCER_IS,
        ),
        (
            "condition: {concept: liver-metastasis}",
            [condition(LIVER_METASTASIS, extension=[{"url": "http://related", "valueReference": URN}])],
            CANCER_IS,
        ),
        (
            "measured: {concept: tumour-size, at_most: 10 cm}",
            [observation(TUMOUR_SIZE, "4 cm", extension=[{"url": "http://related", "valueReference": URN}])],
            CANCER_IS,
        ),
        (
            "measured: {concept: tumour-size, at_most: 10 cm}",
            [{**observation(TUMOUR_SIZE, "4 cm"), "focus": [URN]}],
            CANCER_IS,
        ),
        (
            "finding: {concept: t-category, staging: clinical, in: [T3]}",
            [
                observation(CLINICAL_T, coded=T3, id="t"),
                observation(STAGE_GROUP, coded=STAGE_THREE, focus="cancer", hasMember=[URN]),
            ],
            to("Observation/proof-1-t"),
        ),
        (
            "finding: {concept: t-category, staging: clinical, in: [T3]}",
            [
                observation(CLINICAL_T, coded=T3, id="t"),
                {
                    **observation(STAGE_GROUP, coded=STAGE_THREE, hasMember=[{"reference": "t"}]),
                    "focus": [URN],
                },
            ],
            CANCER_IS,
        ),
        (
            "all: [measured: {concept: tumour-size, above: 1 cm}, finding: {concept: t-category, in: [T3]}]",
            [
                other("Specimen", id="sample"),
                observation(CLINICAL_T, coded=T3, focus="cancer", specimen="sample"),
                {**observation(TUMOUR_SIZE, "4 cm"), "specimen": URN},
            ],
            to("Specimen/proof-1-sample"),
        ),
    ],
)
def test_a_urn_links_to_the_index_cancer(
    asked: str, records: list[Resource], aliases: dict[str, Any]
) -> None:
    records = [CANCER, BREAST, *records]
    found = proof(asked, *records, population="oesophageal-cancer", **aliases)
    assert said(found) == ("true", "")
    unknown = proof(asked, *records, population="oesophageal-cancer")
    assert said(unknown) == ("unknown", "ambiguous-focus")


def test_a_urn_says_what_a_treatment_was_for() -> None:
    """What a reason points to by a urn is read: a drug for a stroke is not one for the cancer."""
    asked = "received: {concept: systemic-chemotherapy, for: index-cancer}"
    records = (CANCER, condition(STROKE, id="stroke"), given(CISPLATIN, reasonReference=[URN]))
    told = proof(asked, *records, population="oesophageal-cancer", **to("Condition/proof-1-stroke"))
    assert told.truth.value != "true"
    untold = proof(asked, *records, population="oesophageal-cancer")
    assert said(untold) == ("true", "")
