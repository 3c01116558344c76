"""One line for each production about pairs of numbers, kinds of a disease, and how long it lasts."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one

READ = [
    # numbers that differ by sex
    (
        "Haemoglobin at least 11 g/dL for women and at least 12 g/dL for men",
        Kind.INCLUSION,
        (
            "any: [{all: [{sex: female}, {measured: {at_least: 11 g/dL, concept: haemoglobin}}]},"
            " {all: [{sex: male}, {measured: {at_least: 12 g/dL, concept: haemoglobin}}]}]"
        ),
    ),
    (
        "Haemoglobin: women ≥ 11 g/dL, men ≥ 12 g/dL",
        Kind.INCLUSION,
        (
            "any: [{all: [{sex: female}, {measured: {at_least: 11 g/dL, concept: haemoglobin}}]},"
            " {all: [{sex: male}, {measured: {at_least: 12 g/dL, concept: haemoglobin}}]}]"
        ),
    ),
    (
        "Body weight > 45 kg (female) or > 55 kg (male), BMI between 18 and 32 kg/m2",
        Kind.INCLUSION,
        (
            "all: [{any: [{all: [{sex: female}, {measured: {above: 45 kg,"
            " concept: body-weight}}]}, {all: [{sex: male}, {measured: {above: 55 kg,"
            " concept: body-weight}}]}]}, {derived: {at_least: 18 kg/m2, at_most: 32 kg/m2,"
            " quantity: body-mass-index}}]"
        ),
    ),
    (
        "QTcF > 460 ms in males or > 480 ms in females",
        Kind.EXCLUSION,
        (
            "any: [{all: [{sex: male}, {measured: {above: 460 ms, concept: qtc-interval}}]},"
            " {all: [{sex: female}, {measured: {above: 480 ms, concept: qtc-interval}}]}]"
        ),
    ),
    (
        "Haemoglobin below 12 g/dL (male) or 11 g/dL (female)",
        Kind.EXCLUSION,
        (
            "any: [{all: [{sex: male}, {measured: {below: 12 g/dL, concept: haemoglobin}}]},"
            " {all: [{sex: female}, {measured: {below: 11 g/dL, concept: haemoglobin}}]}]"
        ),
    ),
    (
        "For men HDL cholesterol ≤ 45 mg/dL, for women HDL cholesterol ≤ 50 mg/dL",
        Kind.INCLUSION,
        (
            "any: [{all: [{sex: male}, {measured: {at_most: 45 mg/dL,"
            " concept: hdl-cholesterol}}]}, {all: [{sex: female}, {measured: {at_most: 50 mg/dL,"
            " concept: hdl-cholesterol}}]}]"
        ),
    ),
    (
        "Haemoglobin < 10 g/dL (men) or < 9 g/dL (women) within 2 weeks before enrolment",
        Kind.EXCLUSION,
        (
            "any: [{all: [{sex: male}, {measured: {below: 10 g/dL, concept: haemoglobin,"
            " within: 2 wk}}]}, {all: [{sex: female}, {measured: {below: 9 g/dL,"
            " concept: haemoglobin, within: 2 wk}}]}]"
        ),
    ),
    # two numbers that belong together
    (
        "Blood pressure above 170/105 mmHg",
        Kind.EXCLUSION,
        (
            "any: [{measured: {above: '170 mm[Hg]', concept: systolic-blood-pressure}},"
            " {measured: {above: '105 mm[Hg]', concept: diastolic-blood-pressure}}]"
        ),
    ),
    (
        "Blood pressure ≤ 150/95 mmHg",
        Kind.INCLUSION,
        (
            "all: [{measured: {at_most: '150 mm[Hg]', concept: systolic-blood-pressure}},"
            " {measured: {at_most: '95 mm[Hg]', concept: diastolic-blood-pressure}}]"
        ),
    ),
    (
        "Uncontrolled hypertension (≥ 170/100)",
        Kind.EXCLUSION,
        (
            "any: [{measured: {at_least: '170 mm[Hg]', concept: systolic-blood-pressure}},"
            " {measured: {at_least: '100 mm[Hg]', concept: diastolic-blood-pressure}},"
            " {judgement: {condition: {concept: hypertension}}}]"
        ),
    ),
    (
        "No hypertension (BP > 150/90 mmHg)",
        Kind.INCLUSION,
        (
            "not: {any: [{measured: {above: '150 mm[Hg]', concept: systolic-blood-pressure}},"
            " {measured: {above: '90 mm[Hg]', concept: diastolic-blood-pressure}},"
            " {judgement: {condition: {concept: hypertension}}}]}"
        ),
    ),
    (
        "Potassium < 3.2 or > 5.6 mmol/L",
        Kind.EXCLUSION,
        (
            "any: [{measured: {below: 3.2 mmol/L, concept: potassium}},"
            " {measured: {above: 5.6 mmol/L, concept: potassium}}]"
        ),
    ),
    # kinds of one thing
    (
        "Active bacterial, fungal or viral infection",
        Kind.EXCLUSION,
        ("judgement: {condition: {active: true, concept: active-infection}}"),
    ),
    (
        "History of severe viral or parasitic infections",
        Kind.EXCLUSION,
        ("judgement: {condition: {concept: active-infection, severity: [severe]}}"),
    ),
    (
        "Type 1 or 2 diabetes",
        Kind.INCLUSION,
        ("any: [{condition: {concept: type-1-diabetes}}, {condition: {concept: type-2-diabetes}}]"),
    ),
    (
        "Type 1 or type 2 diabetes mellitus treated with insulin",
        Kind.EXCLUSION,
        (
            "any: [{judgement: {condition: {concept: type-1-diabetes}}},"
            " {judgement: {condition: {concept: type-2-diabetes}}}]"
        ),
    ),
    (
        "Chronic kidney disease of stage 4 or 5",
        Kind.EXCLUSION,
        ("judgement: {condition: {concept: chronic-kidney-disease}}"),
    ),
    ("CKD stage 3b or higher", Kind.EXCLUSION, ("judgement: {condition: {concept: chronic-kidney-disease}}")),
    (
        "Stage 5 chronic kidney disease",
        Kind.EXCLUSION,
        ("judgement: {condition: {concept: chronic-kidney-disease}}"),
    ),
    (
        "Transaminases ≤ 2 x ULN",
        Kind.INCLUSION,
        (
            "all: [{measured: {at_most: 2 ULN, concept: alanine-aminotransferase}},"
            " {measured: {at_most: 2 ULN, concept: aspartate-aminotransferase}}]"
        ),
    ),
    (
        "Hepatic transaminases > 4 x ULN",
        Kind.EXCLUSION,
        (
            "any: [{measured: {above: 4 ULN, concept: alanine-aminotransferase}},"
            " {measured: {above: 4 ULN, concept: aspartate-aminotransferase}}]"
        ),
    ),
    (
        "Serum transaminases within normal institutional limits",
        Kind.INCLUSION,
        (
            "all: [{measured: {at_least: 1 LLN, at_most: 1 ULN,"
            " concept: alanine-aminotransferase}}, {measured: {at_least: 1 LLN, at_most: 1 ULN,"
            " concept: aspartate-aminotransferase}}]"
        ),
    ),
    (
        "Liver or kidney disease",
        Kind.EXCLUSION,
        ("any: [{condition: {concept: liver-disease}}, {condition: {concept: kidney-dysfunction}}]"),
    ),
    # how long something has gone on
    ("Asthma for at least 18 months", Kind.INCLUSION, ("judgement: {condition: {concept: asthma}}")),
    (
        "Psoriasis of at least 1 year duration",
        Kind.INCLUSION,
        ("judgement: {condition: {concept: psoriasis}}"),
    ),
    (
        "Multiple sclerosis for less than 8 years",
        Kind.INCLUSION,
        ("judgement: {condition: {concept: multiple-sclerosis}}"),
    ),
    (
        "Chronic hepatitis C (> 6 months)",
        Kind.EXCLUSION,
        ("judgement: {condition: {concept: hepatitis-c-infection}}"),
    ),
    (
        "Diagnosed with ulcerative colitis at least 4 months before screening",
        Kind.INCLUSION,
        ("judgement: {condition: {concept: ulcerative-colitis}}"),
    ),
    (
        "On a stable dose of metformin for at least 10 weeks before randomisation",
        Kind.INCLUSION,
        ("judgement: {received: {concept: metformin}}"),
    ),
    (
        "Receiving a statin at least 6 weeks prior to screening",
        Kind.INCLUSION,
        ("judgement: {received: {concept: statin}}"),
    ),
    (
        "Received systemic corticosteroids for more than 10 days",
        Kind.EXCLUSION,
        ("judgement: {received: {concept: systemic-corticosteroid}}"),
    ),
    (
        "No seizures for at least 9 months",
        Kind.INCLUSION,
        (
            "not: {any: [{condition: {concept: epilepsy, within: 9 mo}},"
            " {judgement: {condition: {concept: epilepsy}}}]}"
        ),
    ),
    (
        "Not treated with opioids for at least 2 weeks before enrolment",
        Kind.INCLUSION,
        ("not: {received: {concept: opioid, within: 2 wk}}"),
    ),
    (
        "At least 4 months since a stroke or a myocardial infarction",
        Kind.INCLUSION,
        (
            "all: [{not: {condition: {concept: stroke, within: 4 mo}}},"
            " {not: {condition: {concept: myocardial-infarction, within: 4 mo}}}]"
        ),
    ),
    (
        "At least 6 weeks since radiotherapy",
        Kind.INCLUSION,
        ("not: {received: {concept: radiotherapy, within: 6 wk}}"),
    ),
    # smokers
    (
        "Current cigarette smokers",
        Kind.EXCLUSION,
        "finding: {concept: tobacco-smoking-status, in: [current]}",
    ),
    ("Non-smoker", Kind.INCLUSION, "finding: {concept: tobacco-smoking-status, in: [never, former]}"),
    # negative, non-, positive
    ("HIV negative", Kind.INCLUSION, ("not: {condition: {concept: hiv-infection}}")),
    (
        "Hepatitis C negative",
        Kind.INCLUSION,
        ("not: {judgement: {condition: {concept: hepatitis-c-infection}}}"),
    ),
    ("Weighing at least 42 kg", Kind.INCLUSION, ("measured: {at_least: 42 kg, concept: body-weight}")),
    (
        "Women with a positive pregnancy test",
        Kind.EXCLUSION,
        ("all: [{not: {sex: male}}, {finding: {concept: pregnancy-test, in: [positive]}}]"),
    ),
    (
        (
            "Women of childbearing potential must have a negative pregnancy test within 5 days of enrolment"
            " and must use contraception"
        ),
        Kind.INCLUSION,
        (
            "any: [{not: {sex: female}}, {condition: {concept: menopause}},"
            " {condition: {concept: hysterectomy}}, {all: [{finding: {concept: pregnancy-test,"
            " in: [negative], within: 5 d}}, {confirm: use contraception}]}]"
        ),
    ),
    # a time in the middle of a list
    (
        "Angina, history of stroke or myocardial infarction within 3 months, asthma",
        Kind.EXCLUSION,
        (
            "any: [{condition: {concept: angina-pectoris}},"
            " {judgement: {condition: {concept: stroke}}},"
            " {condition: {concept: myocardial-infarction, within: 3 mo}},"
            " {condition: {concept: asthma}}]"
        ),
    ),
]

DOUBTFUL = [
    ("Heavy smokers", Kind.EXCLUSION),
    ("Smoking more than 15 cigarettes a day", Kind.EXCLUSION),
    ("Current or former smokers", Kind.EXCLUSION),
    ("Non-smoker for at least 2 years", Kind.INCLUSION),
    ("Tobacco use", Kind.EXCLUSION),
    ("Haemoglobin ≥ 9 g/dL for pregnant women and ≥ 12 g/dL for men", Kind.INCLUSION),
    ("Men ≥ 40 years and women ≥ 50 years", Kind.INCLUSION),
    ("Blood pressure ≥ 150/95 mmHg", Kind.INCLUSION),
    ("Blood pressure < 95/55 mmHg", Kind.EXCLUSION),
    ("Ear, viral or fungal infection", Kind.EXCLUSION),
    ("Elevated transaminases", Kind.EXCLUSION),
    ("Any use of statins must be stable for at least 6 weeks", Kind.INCLUSION),
    ("At least 4 months since a stroke", Kind.EXCLUSION),
    ("At least 4 months since a stroke or diabetes", Kind.INCLUSION),
    ("Off corticosteroids for at least 2 weeks", Kind.INCLUSION),
    ("Stroke at least 4 months before enrolment", Kind.INCLUSION),
    ("HIV, hepatitis B and hepatitis C negative", Kind.INCLUSION),
    ("Negative for HIV and hepatitis C", Kind.INCLUSION),
    ("HIV negative", Kind.EXCLUSION),
    (
        "Women of childbearing potential must have a negative pregnancy test and albumin ≥ 30 g/L",
        Kind.INCLUSION,
    ),
]


@pytest.mark.parametrize(("text", "kind", "expected"), READ)
def test_what_is_read_whole(text: str, kind: Kind, expected: str) -> None:
    reading = read_one(text, kind)
    assert (reading.status, expression_of(reading)) == (Status.COMPUTED, as_json(expected))


@pytest.mark.parametrize(("text", "kind"), DOUBTFUL)
def test_what_may_mean_another_thing_is_not_computed(text: str, kind: Kind) -> None:
    assert read_one(text, kind).status is not Status.COMPUTED
