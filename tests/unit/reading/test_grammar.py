"""One line for each production of the reader's grammar: a criterion in English, and what it becomes."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.records import Record
from fhirscreen.criteria.studies import Kind
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.plan.resolve import resolve
from fhirscreen.reading import Status, make_study
from tests.lib.mappings import MAPPINGS, as_json
from tests.lib.reading import expression_of, read_one, reader

INCLUDED = [
    # ages
    ("Aged 21 years or older", "age: {at_least: 21 a}"),
    ("Must be at least 16 years old", "age: {at_least: 16 a}"),
    ("Between the ages of 30 and 64 years", "age: {at_least: 30 a, at_most: 64 a}"),
    ("45-70 years of age", "age: {at_least: 45 a, at_most: 70 a}"),
    ("Ages 19 and over, under 75", "age: {at_least: 19 a, below: 75 a}"),
    ("Younger than 40 years", "age: {below: 40 a}"),
    ("Women ≥ 50 years old", "all: [{sex: female}, {age: {at_least: 50 a}}]"),
    ("Adults", "age: {at_least: 18 a}"),
    ("Men or women", "constant: true"),
    ("Adults up to 75 years", "all: [{age: {at_least: 18 a}}, {age: {at_most: 75 a}}]"),
    # bounds in all their wordings
    ("Haemoglobin ≥ 9 g/dL", "measured: {concept: haemoglobin, at_least: 9 g/dL}"),
    ("Hemoglobin level of no less than 10.5 g/dl", "measured: {concept: haemoglobin, at_least: 10.5 g/dL}"),
    ("Hb => 95 g/L", "measured: {concept: haemoglobin, at_least: 95 g/L}"),
    ("Platelets of at least 75,000/mm3", "measured: {concept: platelet-count, at_least: 75000 /mm3}"),
    ("Platelets > 80.000 /mmc", "measured: {concept: platelet-count, above: 80000 /mm3}"),
    ("Neutrophils ≥1,2 x 10^9/L", "measured: {concept: neutrophil-count, at_least: 1.2 10*9/L}"),
    ("ANC ≧ 1.5×109/L", "measured: {concept: neutrophil-count, at_least: 1.5 10*9/L}"),
    ("WBC 3000 per µL or more", "measured: {concept: leukocyte-count, at_least: 3000 /uL}"),
    ("Serum albumin not below 28 g/L", "measured: {concept: albumin, at_least: 28 g/L}"),
    (
        "Potassium between 3.5 and 5.5 mmol/L",
        "measured: {concept: potassium, at_least: 3.5 mmol/L, at_most: 5.5 mmol/L}",
    ),
    ("Total bilirubin must not exceed 2 mg/dL", "measured: {concept: total-bilirubin, at_most: 2 mg/dL}"),
    ("LDH &lt;= 500 U/L", "measured: {concept: lactate-dehydrogenase, at_most: 500 U/L}"),
    ("LVEF 55 % or greater", "measured: {concept: left-ventricular-ejection-fraction, at_least: 55 %}"),
    ("QTc less than 470 msec", "measured: {concept: qtc-interval, below: 470 ms}"),
    ("BMI 18.5-35 kg/m²", "derived: {quantity: body-mass-index, at_least: 18.5 kg/m2, at_most: 35 kg/m2}"),
    (
        "Platelets ≥ 90 x 10^9/L within 14 days before enrolment",
        "measured: {concept: platelet-count, at_least: 90 10*9/L, within: 14 d}",
    ),
    # limits of normal
    ("Bilirubin ≤ 1.5 x ULN", "measured: {concept: total-bilirubin, at_most: 1.5 ULN}"),
    (
        "ALT up to 3 times the upper limit of normal (ULN)",
        "measured: {concept: alanine-aminotransferase, at_most: 3 ULN}",
    ),
    (
        "AST < 5 times the institutional upper normal limit",
        "measured: {concept: aspartate-aminotransferase, below: 5 ULN}",
    ),
    ("Lipase ≤ ULN", "measured: {concept: lipase, at_most: 1 ULN}"),
    ("Albumin above the lower limit of normal", "measured: {concept: albumin, above: 1 LLN}"),
    ("Magnesium within normal limits", "measured: {concept: magnesium, at_least: 1 LLN, at_most: 1 ULN}"),
    # several analytes, alternatives, conditions
    (
        "ALT and AST ≤ 3 x ULN",
        (
            "all: [{measured: {concept: alanine-aminotransferase, at_most: 3 ULN}},"
            " {measured: {concept: aspartate-aminotransferase, at_most: 3 ULN}}]"
        ),
    ),
    (
        "Creatinine ≤ 1.25 x ULN or creatinine clearance ≥ 45 mL/min",
        (
            "any: [{measured: {concept: creatinine, at_most: 1.25 ULN}},"
            " {derived: {quantity: creatinine-clearance, at_least: 45 mL/min}}]"
        ),
    ),
    (
        "ALT ≤ 2.5 x ULN (≤ 5 x ULN if liver metastases are present)",
        (
            "conditional: {when: {condition: {concept: liver-metastasis}},"
            " then: {measured: {concept: alanine-aminotransferase, at_most: 5 ULN}},"
            " otherwise: {measured: {concept: alanine-aminotransferase, at_most: 2.5 ULN}}}"
        ),
    ),
    (
        "Total bilirubin ≤ 1.5 x ULN unless Gilbert's syndrome",
        (
            "any: [{measured: {concept: total-bilirubin, at_most: 1.5 ULN}},"
            " {condition: {concept: gilbert-syndrome}}]"
        ),
    ),
    # categories
    ("ECOG performance status 0-1", "finding: {concept: ecog-performance-status, in: ['0', '1']}"),
    ("ECOG PS of 0, 1 or 2", "finding: {concept: ecog-performance-status, in: ['0', '1', '2']}"),
    ("WHO performance status ≤ 1", "finding: {concept: ecog-performance-status, in: ['0', '1']}"),
    (
        "Karnofsky performance status ≥ 80%",
        "finding: {concept: karnofsky-performance-status, in: ['80', '90', '100']}",
    ),
    ("Stage II-III", "finding: {concept: stage-group, in: [II, III]}"),
    ("Child-Pugh class A or B", "finding: {concept: child-pugh-class, in: [A, B]}"),
    ("NYHA class II or lower", "finding: {concept: nyha-class, in: [I, II]}"),
    ("cT2-3", "finding: {concept: t-category, staging: clinical, in: [T2, T3]}"),
    (
        "T3N1M0",
        (
            "all: [{finding: {concept: t-category, in: [T3]}}, {finding: {concept: n-category, in: [N1]}},"
            " {finding: {concept: m-category, in: [M0]}}]"
        ),
    ),
    ("HER2-positive", "finding: {concept: her2-status, in: [positive]}"),
    (
        "Negative pregnancy test",
        "any: [{sex: male}, {finding: {concept: pregnancy-test, in: [negative]}}]",
    ),
    ("Zubrod PS 0,1 or 2", "finding: {concept: ecog-performance-status, in: ['0', '1', '2']}"),
    ("PS 0-1", "finding: {concept: ecog-performance-status, in: ['0', '1']}"),
    (
        "Performance status of 0 or 1 on the ECOG scale",
        "finding: {concept: ecog-performance-status, in: ['0', '1']}",
    ),
    (
        "Stage IIIB or IV lung cancer",
        "all: [{finding: {concept: stage-group, in: [IIIB, IV]}}, {condition: {concept: lung-cancer}}]",
    ),
    (
        "Breast cancer that is ER-positive or PR-positive",
        (
            "all: [{condition: {concept: breast-cancer}},"
            " {any: [{finding: {concept: oestrogen-receptor-status, in: [positive]}},"
            " {finding: {concept: progesterone-receptor-status, in: [positive]}}]}]"
        ),
    ),
    (
        "Prostate cancer with locally advanced or metastatic disease",
        "judgement: {condition: {concept: prostate-cancer}}",
    ),
    (
        "Metastatic prostate cancer",
        "all: [{condition: {concept: prostate-cancer}}, {condition: {concept: distant-metastasis}}]",
    ),
    ("Locally advanced or metastatic prostate cancer", "judgement: {condition: {concept: prostate-cancer}}"),
    (
        "Women of non-childbearing potential, aged 20 to 50 years",
        "all: [{confirm: Women of non-childbearing potential}, {age: {at_least: 20 a, at_most: 50 a}}]",
    ),
    (
        "No prior chemotherapy for metastatic disease",
        "not: {judgement: {received: {concept: systemic-chemotherapy}}}",
    ),
    (
        "LVEF greater than or equal to (>=) 50 percent",
        "measured: {concept: left-ventricular-ejection-fraction, at_least: 50 %}",
    ),
    # lines of therapy, what it was for, what is allowed, who needs a pregnancy test
    (
        "No more than 1 prior chemotherapy regimen",
        "not: {judgement: {received: {concept: systemic-chemotherapy}}}",
    ),
    ("At least two prior lines of chemotherapy", "judgement: {received: {concept: systemic-chemotherapy}}"),
    (
        "No prior chemotherapy for lung cancer",
        "not: {received: {concept: systemic-chemotherapy, for: lung-cancer}}",
    ),
    ("Prior radiotherapy is permitted", "constant: true"),
    (
        "Females of reproductive potential must have a negative pregnancy test within 5 days",
        (
            "any: [{not: {sex: female}}, {condition: {concept: menopause}},"
            " {condition: {concept: hysterectomy}},"
            " {finding: {concept: pregnancy-test, in: [negative], within: 5 d}}]"
        ),
    ),
    ("Aged ≥ 40 years or older", "age: {at_least: 40 a}"),
    (
        "Within 10 days before enrolment, platelets ≥ 90 x 10^9/L",
        "measured: {concept: platelet-count, at_least: 90 10*9/L, within: 10 d}",
    ),
    # negation
    ("No prior radiotherapy", "not: {received: {concept: radiotherapy}}"),
    ("Patients must not have received prior anti-PD-1 therapy", "not: {received: {concept: pd-1-inhibitor}}"),
    (
        "Without brain metastases or leptomeningeal disease",
        (
            "not: {any: [{condition: {concept: brain-metastasis}},"
            " {condition: {concept: leptomeningeal-metastasis}}]}"
        ),
    ),
    (
        "Patients with interstitial lung disease are not eligible",
        "not: {condition: {concept: interstitial-lung-disease}}",
    ),
    (
        "At least 4 weeks since last chemotherapy",
        "not: {received: {concept: systemic-chemotherapy, within: 4 wk}}",
    ),
    # what is excluded among the inclusions, each by itself
    (
        "Pregnant and breastfeeding women are excluded",
        (
            "any: [{sex: male}, {not: {any: [{condition: {concept: pregnancy, active: true}},"
            " {condition: {concept: lactation, active: true}}]}}]"
        ),
    ),
    (
        "Brain metastases and stroke are excluded",
        "not: {any: [{condition: {concept: brain-metastasis}}, {condition: {concept: stroke}}]}",
    ),
    # parentheses after a "no" that say what it is, and such as say that there is none
    (
        "No distant metastasis (M0)",
        (
            "all: [{finding: {concept: m-category, in: [M0]}},"
            " {not: {judgement: {condition: {concept: distant-metastasis}}}}]"
        ),
    ),
    (
        "No active hepatitis B (HBsAg negative)",
        (
            "all: [{finding: {concept: hepatitis-b-surface-antigen, in: [negative]}},"
            " {not: {judgement: {condition: {concept: hepatitis-b-infection, active: true}}}}]"
        ),
    ),
    (
        "No anemia (hemoglobin >= 9 g/dL)",
        (
            "all: [{measured: {concept: haemoglobin, at_least: 9 g/dL}},"
            " {not: {judgement: {condition: {concept: anaemia}}}}]"
        ),
    ),
    (
        "No anemia (hemoglobin < 9 g/dL)",
        (
            "not: {any: [{measured: {concept: haemoglobin, below: 9 g/dL}},"
            " {judgement: {condition: {concept: anaemia}}}]}"
        ),
    ),
]

EXCLUDED = [
    # what no record says of a diagnosis or a therapy: whoever has it is for the investigator
    ("Uncontrolled hypertension", "judgement: {condition: {concept: hypertension}}"),
    (
        "Poorly controlled hypertension or diabetes",
        (
            "any: [{judgement: {condition: {concept: hypertension}}},"
            " {judgement: {condition: {concept: diabetes}}}]"
        ),
    ),
    (
        "Hypertension or diabetes requiring two drugs",
        (
            "any: [{judgement: {condition: {concept: hypertension}}},"
            " {judgement: {condition: {concept: diabetes}}}]"
        ),
    ),
    (
        "Psoriasis requiring systemic steroids or biologics within 3 months, or epilepsy",
        "any: [{judgement: {condition: {concept: psoriasis}}}, {condition: {concept: epilepsy}}]",
    ),
    ("Neuropathy of CTCAE grade 2 or higher", "judgement: {condition: {concept: peripheral-neuropathy}}"),
    ("≥ grade 3 neuropathy", "judgement: {condition: {concept: peripheral-neuropathy}}"),
    (
        "Dementia that would interfere with the assessment of pain",
        "judgement: {condition: {concept: dementia}}",
    ),
    (
        "Whole-brain radiotherapy within 14 days",
        "judgement: {received: {concept: radiotherapy, within: 14 d}}",
    ),
    # a therapy without a time: now in any case, and once is for the investigator
    (
        "Use of anticoagulants",
        (
            "any: [{received: {concept: anticoagulant, current: true}},"
            " {judgement: {received: {concept: anticoagulant}}}]"
        ),
    ),
    (
        "Major surgery within 4 weeks before enrolment",
        "judgement: {received: {concept: surgery, within: 4 wk}}",
    ),
    ("Proton pump inhibitors within 7 days", "received: {concept: proton-pump-inhibitor, within: 7 d}"),
    (
        "Kidney cancer or melanoma",
        "any: [{condition: {concept: renal-cell-carcinoma}}, {condition: {concept: melanoma}}]",
    ),
    # "and" between two exclusions: both in any case, one of them is for the investigator
    (
        "Diabetes and hypertension",
        (
            "any: [{all: [{condition: {concept: diabetes}}, {condition: {concept: hypertension}}]},"
            " {judgement: {any: [{condition: {concept: diabetes}}, {condition: {concept: hypertension}}]}}]"
        ),
    ),
    ("Diabetes treated with insulin", "judgement: {condition: {concept: diabetes}}"),
    ("Patients who require a statin", "received: {concept: statin, current: true}"),
    (
        "Known hypersensitivity to lithium, or diabetes",
        ("any: [{confirm: Known hypersensitivity to lithium}, {condition: {concept: diabetes}}]"),
    ),
    (
        "Immunodeficiency, or systemic steroids within 7 days",
        (
            "any: [{condition: {concept: immunodeficiency}},"
            " {received: {concept: systemic-corticosteroid, within: 7 d}}]"
        ),
    ),
    ("Positive for HIV", "condition: {concept: hiv-infection}"),
    ("Stroke < 6 months", "condition: {concept: stroke, within: 6 mo}"),
    (
        "Arrhythmia other than atrial fibrillation",
        (
            "any: [{all: [{condition: {concept: cardiac-arrhythmia}},"
            " {not: {condition: {concept: atrial-fibrillation}}}]},"
            " {judgement: {condition: {concept: cardiac-arrhythmia}}}]"
        ),
    ),
    (
        "Pregnancy or plans to become pregnant within a year",
        (
            "any: [{all: [{not: {sex: male}}, {condition: {concept: pregnancy, active: true}}]},"
            " {confirm: plans to become pregnant within a year}]"
        ),
    ),
    ("Haemorrhage of CTCAE grade 3", "judgement: {condition: {concept: haemorrhage}}"),
    (
        "Any of the following within 9 months: stroke; unstable angina",
        (
            "any: [{condition: {concept: stroke, within: 9 mo}},"
            " {condition: {concept: unstable-angina, within: 9 mo}}]"
        ),
    ),
    ("History of chronic pancreatitis", "judgement: {condition: {concept: pancreatitis}}"),
    # one drug of a class: whoever had the class may have had another
    ("Prior bicalutamide", "judgement: {received: {concept: antiandrogen}}"),
    (
        "Epilepsy or dementia, that could interfere with the study",
        (
            "any: [{judgement: {condition: {concept: epilepsy}}},"
            " {judgement: {condition: {concept: dementia}}}]"
        ),
    ),
    # what alternatives share
    (
        "Severe renal or hepatic insufficiency",
        (
            "any: [{condition: {concept: kidney-dysfunction, severity: [severe]}},"
            " {condition: {concept: liver-dysfunction, severity: [severe]}}]"
        ),
    ),
    (
        "Hepatitis B or C",
        "any: [{condition: {concept: hepatitis-b-infection}}, {condition: {concept: hepatitis-c-infection}}]",
    ),
    (
        "Bone, liver or brain metastases",
        (
            "any: [{condition: {concept: bone-metastasis}}, {condition: {concept: liver-metastasis}},"
            " {condition: {concept: brain-metastasis}}]"
        ),
    ),
    (
        "Heart failure of NYHA class III/IV",
        "all: [{finding: {concept: nyha-class, in: [III, IV]}}, {condition: {concept: heart-failure}}]",
    ),
    # what is asked in person, beside what is computed
    (
        "Chemotherapy, radiotherapy or investigational drugs within 3 weeks",
        (
            "any: [{received: {concept: systemic-chemotherapy, within: 3 wk}},"
            " {received: {concept: radiotherapy, within: 3 wk}},"
            " {confirm: investigational drugs within 3 weeks}]"
        ),
    ),
    (
        "Pregnant or breast-feeding women",
        (
            "all: [{not: {sex: male}}, {any: [{condition: {concept: pregnancy, active: true}},"
            " {condition: {concept: lactation, active: true}}]}]"
        ),
    ),
    ("History of interstitial lung disease", "condition: {concept: interstitial-lung-disease}"),
    ("Uncontrolled infections", "judgement: {condition: {concept: active-infection, active: true}}"),
    ("Active tuberculosis", "condition: {concept: tuberculosis, active: true}"),
    (
        "Myocardial infarction within 6 months before enrolment",
        "condition: {concept: myocardial-infarction, within: 6 mo}",
    ),
    (
        "Stroke or unstable angina in the past 3 months",
        (
            "any: [{condition: {concept: stroke, within: 3 mo}},"
            " {condition: {concept: unstable-angina, within: 3 mo}}]"
        ),
    ),
    ("Prior treatment with pembrolizumab", "received: {concept: pembrolizumab}"),
    ("Radiotherapy within 14 days of randomisation", "received: {concept: radiotherapy, within: 14 d}"),
    (
        "ALT, AST > 3 x ULN",
        (
            "any: [{measured: {concept: alanine-aminotransferase, above: 3 ULN}},"
            " {measured: {concept: aspartate-aminotransferase, above: 3 ULN}}]"
        ),
    ),
    (
        "Stroke at any time, or unstable angina within 3 months",
        "any: [{condition: {concept: stroke}}, {condition: {concept: unstable-angina, within: 3 mo}}]",
    ),
    ("Less than 4 weeks since radiotherapy", "received: {concept: radiotherapy, within: 4 wk}"),
    ("Patients receiving chemotherapy", "received: {concept: systemic-chemotherapy, current: true}"),
    ("Concurrent anticoagulants", "received: {concept: anticoagulant, current: true}"),
    (
        "Other malignancy within 5 years, except basal cell carcinoma or cervical carcinoma in situ",
        (
            "any: [{condition: {concept: second-malignancy, within: 5 a}},"
            " {judgement: {condition: {concept: second-malignancy}}}]"
        ),
    ),
    (
        "Other malignancy within 3 years, except superficial bladder cancer or cervical carcinoma in situ",
        "judgement: {condition: {concept: second-malignancy}}",
    ),
    ("More than two prior lines of chemotherapy", "judgement: {received: {concept: systemic-chemotherapy}}"),
    (
        "HIV infection or other serious infection",
        (
            "any: [{condition: {concept: hiv-infection}},"
            " {judgement: {condition: {concept: active-infection, active: true}}}]"
        ),
    ),
    # negations that can mean one thing alone
    (
        "Patients must not have received chemotherapy within 3 weeks",
        "received: {concept: systemic-chemotherapy, within: 3 wk}",
    ),
    (
        "Women must not be breastfeeding",
        "all: [{not: {sex: male}}, {condition: {concept: lactation, active: true}}]",
    ),
    ("Lack of a previous stem cell transplant", "not: {condition: {concept: stem-cell-transplant}}"),
    (
        "Epilepsy without anticonvulsants at present",
        "all: [{condition: {concept: epilepsy}}, {not: {received: {concept: antiepileptic, current: true}}}]",
    ),
    (
        "Pregnant women, or women not using contraception",
        (
            "any: [{all: [{not: {sex: male}}, {condition: {concept: pregnancy, active: true}}]},"
            " {confirm: not using contraception}]"
        ),
    ),
    # definitions
    (
        "Uncontrolled hypertension, defined as systolic blood pressure > 165 mmHg",
        "measured: {concept: systolic-blood-pressure, above: '165 mm[Hg]'}",
    ),
    (
        "Renal insufficiency (serum creatinine > 2.5 mg/dL)",
        (
            "any: [{measured: {concept: creatinine, above: 2.5 mg/dL}},"
            " {judgement: {condition: {concept: kidney-dysfunction}}}]"
        ),
    ),
    # exceptions that narrow
    ("Brain metastases, unless treated and stable", "judgement: {condition: {concept: brain-metastasis}}"),
    ("Previously received an organ transplant", "condition: {concept: solid-organ-transplant}"),
    ("T staging is T1 or T2", "finding: {concept: t-category, in: [T1, T2]}"),
    (
        "Asthma or the need for anticoagulants",
        ("any: [{condition: {concept: asthma}}, {received: {concept: anticoagulant, current: true}}]"),
    ),
    ("Need for anticoagulants", "received: {concept: anticoagulant, current: true}"),
    (
        "HIV-positive patients on antiretroviral therapy",
        (
            "all: [{condition: {concept: hiv-infection}},"
            " {received: {concept: antiretroviral-therapy, current: true}}]"
        ),
    ),
    (
        "GFR < 40 mL/min",
        "measured: {concept: estimated-glomerular-filtration-rate, below: '40 mL/min/{1.73_m2}'}",
    ),
    (
        "FEV1 < 45 % predicted",
        "measured: {concept: forced-expiratory-volume-1-percent-predicted, below: 45 %}",
    ),
    (
        "HIV, hepatitis B, or hepatitis C",
        (
            "any: [{condition: {concept: hiv-infection}},"
            " {condition: {concept: hepatitis-b-infection}}, {condition: {concept: hepatitis-c-infection}}]"
        ),
    ),
]


@pytest.mark.parametrize(("text", "wanted"), INCLUDED)
def test_an_inclusion_is_read_whole(text: str, wanted: str) -> None:
    reading = read_one(text)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize(("text", "wanted"), EXCLUDED)
def test_an_exclusion_is_read_whole(text: str, wanted: str) -> None:
    reading = read_one(text, Kind.EXCLUSION)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


def test_what_was_read_can_be_screened() -> None:
    """Each expression means something to the mappings: its concepts are there, and of the right kind."""
    said = [*(("Inclusion", text) for text, _ in INCLUDED), *(("Exclusion", text) for text, _ in EXCLUDED)]
    studies = [
        make_study(Record(f"S{number}", f"{kind} Criteria:\n\n* {text}"), reader())
        for number, (kind, text) in enumerate(said)
    ]
    plan = resolve(studies, load_catalogue(MAPPINGS))
    assert all(each.criteria for each in plan.studies)
    assert len(plan.studies) == len(said)


@pytest.mark.parametrize(
    "text",
    [
        "Signed informed consent",
        "Willing to attend all visits",
        "Life expectancy of at least 3 months",
        "Agrees to use effective contraception",
        "Any condition that, in the opinion of the investigator, would interfere with the study",
        "Able to comply with the protocol",
        "At least one lesion that is measurable by RECIST",
        "Adequate liver and bone marrow function",
        "Known hypersensitivity to the study drug or its excipients",
        "Recovered from the effects of earlier treatment",
        "Receiving any other investigational agent",
        "Archival tumour tissue is available",
        "Inability to swallow tablets",
    ],
)
def test_what_only_a_person_can_settle_is_manual(text: str) -> None:
    assert read_one(text).status is Status.MANUAL


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("Haemoglobin ≥ 11 g/L", Kind.INCLUSION, "implausible"),
        ("Chemotherapy within 5 half-lives of the drug", Kind.EXCLUSION, "half-lives"),
        ("Neutrophils < 1000/mL", Kind.EXCLUSION, "implausible"),
        ("Locally recurrent or metastatic disease by imaging", Kind.INCLUSION, ""),
        ("Potassium ≥ 3 mg/dL/h", Kind.INCLUSION, ""),
        ("No brain metastases", Kind.EXCLUSION, "negation under the exclusion criteria"),
        ("Zorbinase ≥ 40 U/L", Kind.INCLUSION, ""),
        ("Urine creatinine ≥ 5 mmol/L", Kind.INCLUSION, ""),
        ("Radiotherapy more than 4 weeks ago", Kind.EXCLUSION, "how long ago"),
        ("At least 4 weeks since radiotherapy", Kind.EXCLUSION, ""),
        ("ALT and AST > 3 x ULN", Kind.EXCLUSION, "cannot be told"),
        ("Prothrombin time or INR, and aPTT ≤ 1.2 x ULN", Kind.INCLUSION, "cannot be told"),
        ("Patients without HIV infection are eligible", Kind.INCLUSION, ""),
        ("No prior chemotherapy", Kind.EXCLUSION, "a negation under"),
        ("Not on anticoagulants", Kind.EXCLUSION, "a negation under"),
        ("Asthma or epilepsy without stroke", Kind.EXCLUSION, ""),
        ("Hypertension (systolic blood pressure > 160 mmHg)", Kind.INCLUSION, ""),
        ("eGFR ≥ 50 mL/min by the Cockcroft-Gault formula", Kind.INCLUSION, "Cockcroft"),
        ("Disease that is not amenable to resection or radiotherapy", Kind.INCLUSION, ""),
        ("Radiotherapy, unless given for the knee", Kind.EXCLUSION, ""),
        ("Any of the following heart diseases", Kind.EXCLUSION, ""),
        ("Neuropathy of grade 1 or less", Kind.INCLUSION, ""),
        ("Neuropathy ≤ grade 1", Kind.INCLUSION, ""),
        ("Topical or inhaled corticosteroids within 2 weeks", Kind.EXCLUSION, ""),
        ("Recovered from all toxic effects (except alopecia or neuropathy)", Kind.INCLUSION, ""),
        ("Prior radiotherapy is permitted if it ended 4 weeks before", Kind.INCLUSION, ""),
        ("Other malignancy, except what a committee names", Kind.EXCLUSION, ""),
        ("Women of childbearing potential with a negative pregnancy test and asthma", Kind.INCLUSION, ""),
        ("Neuropathy resulting in falls or epilepsy", Kind.EXCLUSION, ""),
        ("Any treatment for advanced or metastatic breast cancer", Kind.EXCLUSION, ""),
        # what a word takes back, and how far a "no" and an "or" reach
        ("Non-pregnant female aged 18-65 years", Kind.INCLUSION, "how far the negation"),
        ("Women who are non-pregnant", Kind.EXCLUSION, "a negation under"),
        ("Age >= 18 years, prior cisplatin or carboplatin", Kind.INCLUSION, ""),
        ("ER-positive or PR-positive, HER2-negative breast cancer", Kind.INCLUSION, ""),
        ("No diabetes but hypertension", Kind.INCLUSION, ""),
        ("Absence of diabetes, presence of hypertension", Kind.INCLUSION, ""),
        ("Without diabetes or with controlled hypertension", Kind.INCLUSION, ""),
        ("No epilepsy; asthma", Kind.INCLUSION, ""),
        ("Brain metastases; treated brain metastases are allowed", Kind.EXCLUSION, ""),
        ("Other malignancy within 5 years unless cured", Kind.EXCLUSION, ""),
    ],
)
def test_what_is_in_doubt_is_partial(text: str, kind: Kind, why: str) -> None:
    reading = read_one(text, kind)
    assert reading.status is Status.PARTIAL
    assert why in "; ".join(reading.warnings)
    assert any(each in str(expression_of(reading)) for each in ("unread", "judgement", "question"))


def test_an_implausible_bound_is_a_question_with_both_readings() -> None:
    reading = read_one("Haemoglobin ≥ 12 g/L")
    assert expression_of(reading) == as_json(
        "question: {id: haemoglobin-12-g-l, readings: {"
        "g-l: {measured: {concept: haemoglobin, at_least: 12 g/L}},"
        " g-dl: {measured: {concept: haemoglobin, at_least: 12 g/dL}}}}"
    )
    assert reading.status is Status.PARTIAL


def test_an_unknown_measure_has_its_name_and_no_concept() -> None:
    (atom,) = read_one("Zorbinase activity between 10 and 40 U/L").atoms
    assert (atom.concept, atom.name, atom.low, atom.high, atom.unit) == (
        None,
        "Zorbinase activity",
        10,
        40,
        "U/L",
    )


def test_a_clearance_is_no_creatinine() -> None:
    (atom,) = read_one("Creatinine clearance ≥ 60 mL/min").atoms
    assert atom.concept == "creatinine-clearance"


def test_a_bound_keeps_the_numbers_of_the_text() -> None:
    (atom,) = read_one("Platelets not less than 100.000 /mmc").atoms
    assert (atom.low, atom.low_inclusive, atom.high, atom.unit, atom.limit) == (
        100000,
        True,
        None,
        "/mm3",
        None,
    )


def test_a_negation_marks_its_atoms() -> None:
    (atom,) = read_one("No prior chemotherapy within 4 weeks before enrolment").atoms
    assert atom.negated
    assert atom.window == "P4W before enrolment"
