"""What a word reaches: exceptions of one member, what is asked in person, suspicions, shared heads."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one

EXCLUDED = [
    # "but" after "any other" is an exception
    (
        "Any other heart disease but hypertension",
        "judgement: {condition: {concept: heart-disease}}",
    ),
    # "other than" is of the last member
    (
        "Epilepsy, heart disease other than hypertension",
        (
            "any: [{condition: {concept: epilepsy}}, {all: [{condition: {concept: heart-disease}},"
            " {not: {condition: {concept: hypertension}}}]},"
            " {judgement: {condition: {concept: heart-disease}}}]"
        ),
    ),
    # serious is nobody's recorded severity
    ("Serious asthma", "judgement: {condition: {concept: asthma}}"),
    ("Serious or severe asthma", "judgement: {condition: {concept: asthma}}"),
    ("Severe asthma", "condition: {concept: asthma, severity: [severe]}"),
    (
        "Severe asthma or any other significant heart disease",
        (
            "any: [{condition: {concept: asthma, severity: [severe]}},"
            " {judgement: {condition: {concept: heart-disease}}}]"
        ),
    ),
    # discretion
    ("Any gout, at the attending physician's discretion", "judgement: {condition: {concept: gout}}"),
    # what is suspected is asked beside what is on record
    (
        "Known or suspected epilepsy or stroke",
        (
            "any: [{condition: {concept: epilepsy}}, {confirm: suspected epilepsy},"
            " {condition: {concept: stroke}}, {confirm: suspected stroke}]"
        ),
    ),
    # heads that alternatives share
    (
        "Bleeding or thrombotic disorders",
        "any: [{condition: {concept: bleeding-disorder}}, {condition: {concept: thromboembolism}}]",
    ),
    (
        "Active bleeding or bleeding diathesis",
        (
            "any: [{judgement: {condition: {concept: haemorrhage, active: true}}},"
            " {judgement: {condition: {concept: bleeding-disorder, active: true}}}]"
        ),
    ),
    # times
    (
        "Haemoptysis within 2 weeks before the first dose of study drug",
        (
            "any: [{condition: {concept: haemoptysis, within: 2 wk}},"
            " {judgement: {condition: {concept: haemoptysis}}}]"
        ),
    ),
    ("Untreated pulmonary embolism within 3 months", "judgement: {condition: {concept: pulmonary-embolism}}"),
    ("Cardiovascular event within 3 months", "judgement: {condition: {concept: cardiovascular-disease}}"),
    ("Fractures", "condition: {concept: fracture, active: true}"),
    ("History of pathological fracture", "judgement: {condition: {concept: fracture}}"),
    ("Clinically abnormal ECG", "judgement: {condition: {concept: abnormal-electrocardiogram}}"),
    # two names of nearly one thing
    (
        "Drug and alcohol misuse",
        "any: [{condition: {concept: drug-use-disorder}}, {condition: {concept: alcohol-use-disorder}}]",
    ),
    ("Any other chronic liver disease", "judgement: {condition: {concept: liver-disease}}"),
]


@pytest.mark.parametrize(("text", "wanted"), EXCLUDED)
def test_an_exclusion_reaches_as_far_as_its_words(text: str, wanted: str) -> None:
    reading = read_one(text, Kind.EXCLUSION)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


INCLUDED = [
    (
        "Good motivation and cooperation, no epilepsy",
        "all: [{confirm: Good motivation and cooperation}, {not: {condition: {concept: epilepsy}}}]",
    ),
    ("No other active malignancy", "not: {judgement: {condition: {concept: second-malignancy}}}"),
    ("No known alcohol dependence", "not: {judgement: {condition: {concept: alcohol-use-disorder}}}"),
]


@pytest.mark.parametrize(("text", "wanted"), INCLUDED)
def test_an_inclusion_loses_no_part(text: str, wanted: str) -> None:
    reading = read_one(text, Kind.INCLUSION)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize(
    "text",
    [
        "Surgery within 3 weeks; the surgeon has to confirm that the wound has healed",
        "Infection that requires antiviral drugs",
    ],
)
def test_a_duty_or_what_has_records_of_its_own_leaves_an_exclusion_partial(text: str) -> None:
    assert read_one(text, Kind.EXCLUSION).status is Status.PARTIAL
