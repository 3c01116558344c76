"""When a diagnosis has to have been there: what happens at once, what lasts, what passes, what is active."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one, reader


def _lasting(concept: str, within: str) -> str:
    """What began in the window, or before it and may have gone on in it."""
    return (
        f"any: [{{condition: {{concept: {concept}, within: {within}}}}},"
        f" {{judgement: {{condition: {{concept: {concept}}}}}}}]"
    )


def _women(wanted: str) -> str:
    return f"all: [{{not: {{sex: male}}}}, {{{wanted}}}]"


EXCLUDED = [
    # what lasts may have begun before the window
    ("Alcohol abuse within the past 2 years", _lasting("alcohol-use-disorder", "2 a")),
    ("Heart failure in the past 6 months", _lasting("heart-failure", "6 mo")),
    ("Urolithiasis during the last 3 years", _lasting("urolithiasis", "3 a")),
    ("Pneumonia within 4 weeks", _lasting("pneumonia", "4 wk")),
    ("Acute infection in the last 10 days", _lasting("active-infection", "10 d")),
    ("Current asthma within the past year", _lasting("asthma", "1 a")),
    ("Symptomatic peripheral vascular disease within 1 year",
     "judgement: {condition: {concept: peripheral-vascular-disease}}"),
    ("Gout that would interfere with the study within 1 year", "judgement: {condition: {concept: gout}}"),
    # what happens at once was in the window where it began in it
    ("Deep vein thrombosis in the past 3 months", "condition: {concept: deep-vein-thrombosis, within: 3 mo}"),
    ("Concurrent myocardial infarction within 6 months",
     "condition: {concept: myocardial-infarction, within: 6 mo}"),
    ("Ongoing stroke within 3 months", "condition: {concept: stroke, within: 3 mo}"),
    ("Asthma diagnosed within the past year", "condition: {concept: asthma, within: 1 a}"),
    ("New onset diabetes within 6 months", "judgement: {condition: {concept: diabetes, within: 6 mo}}"),
    # active as a disease behaves, and active as an infection that is there
    ("Active Crohn's disease", "judgement: {condition: {concept: crohns-disease, active: true}}"),
    ("Currently active ulcerative colitis",
     "judgement: {condition: {concept: ulcerative-colitis, active: true}}"),
    ("Active gout or psoriasis",
     ("any: [{judgement: {condition: {concept: gout, active: true}}},"
     " {judgement: {condition: {concept: psoriasis, active: true}}}]")),
    ("Active brain metastases", "judgement: {condition: {concept: brain-metastasis, active: true}}"),
    ("Active hepatitis B", "condition: {concept: hepatitis-b-infection, active: true}"),
    ("Current depression", "condition: {concept: depression, active: true}"),
    ("Active uncontrolled infection", "judgement: {condition: {concept: active-infection, active: true}}"),
    ("Serious infection", "judgement: {condition: {concept: active-infection, active: true}}"),
    ("Ongoing or active infection", "condition: {concept: active-infection, active: true}"),
    # alternatives of time: either is enough
    ("Ongoing or recent pancreatitis", "judgement: {condition: {concept: pancreatitis}}"),
    ("Recent or ongoing pneumothorax", "judgement: {condition: {concept: pneumothorax}}"),
    ("Active or chronic pancreatitis", "judgement: {condition: {concept: pancreatitis}}"),
    ("Severe or uncontrolled hypertension", "judgement: {condition: {concept: hypertension}}"),
    ("Taking or has taken metformin", "received: {concept: metformin}"),
    ("History of, or current gout, epilepsy or asthma",
     ("any: [{condition: {concept: gout}}, {condition: {concept: epilepsy}},"
     " {condition: {concept: asthma}}]")),
    # what passes is meant as it is now
    ("Influenza", "condition: {concept: influenza, active: true}"),
    ("Pleural effusion", "condition: {concept: pleural-effusion, active: true}"),
    ("History of pneumonia", "condition: {concept: pneumonia}"),
    ("Recurrent urinary tract infections", "judgement: {condition: {concept: urinary-tract-infection}}"),
    ("High-risk pregnancy", _women("judgement: {condition: {concept: pregnancy}}")),
    ("History of stroke, pregnancy",
     "any: [{condition: {concept: stroke}}, {"
     + _women("condition: {concept: pregnancy, active: true}") + "}]"),
    ("Previous pregnancy", _women("condition: {concept: pregnancy}")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), EXCLUDED)
def test_an_exclusion_is_read_at_its_time(text: str, wanted: str) -> None:
    reading = read_one(text, Kind.EXCLUSION)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


def test_what_must_not_have_been_is_negated_as_a_whole() -> None:
    wanted = f"not: {{{_lasting('heart-failure', '6 mo')}}}"
    assert expression_of(read_one("No heart failure within 6 months")) == as_json(wanted)


@pytest.mark.parametrize(
    ("stem", "line", "wanted"),
    [
        ("Any of these concurrent conditions:", "Stroke ≤ 6 months before enrolment",
         "condition: {concept: stroke, within: 6 mo}"),
        ("By medical history:", "Is pregnant",
         _women("condition: {concept: pregnancy, active: true}")),
        ("Any of these active conditions:", "Psoriasis",
         "judgement: {condition: {concept: psoriasis, active: true}}"),
    ],
)  # fmt: skip
def test_the_time_of_a_line_above_does_not_replace_that_of_the_line(
    stem: str, line: str, wanted: str
) -> None:
    found = reader().read(f"Exclusion Criteria:\n\n  {stem}\n\n    - {line}\n")
    assert expression_of(found[-1]) == as_json(wanted)
