"""One line for each production about wording: abbreviations, things said twice, times, what narrows."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one, reader

INCLUDED = [
    # a parenthesis that abbreviates what stands before it
    ("Body mass index (BMI) of at most 32 kg/m2", "derived: {quantity: body-mass-index, at_most: 32 kg/m2}"),
    (
        "Karnofsky performance status (PS) ≥ 90",
        "finding: {concept: karnofsky-performance-status, in: ['90', '100']}",
    ),
    # a bound said again in another unit, and a unit said again
    ("Haemoglobin ≥ 10 g/dL (100 g/L)", "measured: {concept: haemoglobin, at_least: 10 g/dL}"),
    ("Haemoglobin ≥ 9 grams per deciliter (g/dL)", "measured: {concept: haemoglobin, at_least: 9 g/dL}"),
    ("Fasting glucose ≤ 126 mg/dL (7.0 mmol/L)", "measured: {concept: fasting-glucose, at_most: 126 mg/dL}"),
    # days and visits of the study
    (
        "Albumin ≥ 30 g/L within 2 weeks prior to step 1 re-registration",
        "measured: {concept: albumin, at_least: 30 g/L, within: 2 wk}",
    ),
    (
        "Platelets ≥ 100 x 10^9/L before enrolment",
        "measured: {concept: platelet-count, at_least: 100 10*9/L}",
    ),
    ("No docetaxel within the past year", "not: {received: {concept: docetaxel, within: 1 a}}"),
    # a time that has to be over since several things
    (
        "At least 6 weeks since prior surgery or radiotherapy",
        (
            "all: [{not: {received: {concept: surgery, within: 6 wk}}},"
            " {not: {received: {concept: radiotherapy, within: 6 wk}}}]"
        ),
    ),
    (
        "None of the following within 6 months: stroke, myocardial infarction",
        (
            "not: {any: [{condition: {concept: stroke, within: 6 mo}},"
            " {condition: {concept: myocardial-infarction, within: 6 mo}}]}"
        ),
    ),
    (
        "Within 14 days before registration: platelets ≥ 90 x 10^9/L, albumin ≥ 30 g/L",
        (
            "all: [{measured: {concept: platelet-count, at_least: 90 10*9/L, within: 14 d}},"
            " {measured: {concept: albumin, at_least: 30 g/L, within: 14 d}}]"
        ),
    ),
    # what has been stopped for a time
    (
        "Tamoxifen discontinued at least 7 days before enrolment",
        "not: {received: {concept: tamoxifen, within: 7 d}}",
    ),
    # adults of either sex, and of one
    ("Adult men and women", "age: {at_least: 18 a}"),
    ("Adult men or women", "age: {at_least: 18 a}"),
    ("Adult men and/or women", "age: {at_least: 18 a}"),
    ("Adult male and female patients", "age: {at_least: 18 a}"),
    ("Adult women", "all: [{age: {at_least: 18 a}}, {sex: female}]"),
    # prefixes that deny a state
    (
        "Non-pregnant and non-lactating",
        (
            "any: [{sex: male}, {all: [{not: {condition: {concept: pregnancy, active: true}}},"
            " {not: {condition: {concept: lactation, active: true}}}]}]"
        ),
    ),
    # the cancer beside its marker, and markers of different sorts beside one cancer
    ("HER2-negative tumour", "finding: {concept: her2-status, in: [negative]}"),
    (
        "HER2-negative breast cancer that is ER-positive or PR-positive",
        (
            "all: [{finding: {concept: her2-status, in: [negative]}}, {condition: {concept: breast-cancer}},"
            " {any: [{finding: {concept: oestrogen-receptor-status, in: [positive]}},"
            " {finding: {concept: progesterone-receptor-status, in: [positive]}}]}]"
        ),
    ),
    # limits and units as they are written
    (
        "Bilirubin ≤ 2 x Upper Limit of Normal (ULN)",
        "measured: {concept: total-bilirubin, at_most: 2 ULN}",
    ),
    ("AST ≤ 2 x upper limit normal", "measured: {concept: aspartate-aminotransferase, at_most: 2 ULN}"),
    ("Platelets ≥ 90,000 mm3", "measured: {concept: platelet-count, at_least: 90000 /uL}"),
    ("Neutrophils ≥ 1,200 uL", "measured: {concept: neutrophil-count, at_least: 1200 /uL}"),
    # the occasion at which a value is seen
    ("Screening QTc ≤ 440 ms", "measured: {concept: qtc-interval, at_most: 440 ms}"),
    ("Has had a stroke", "condition: {concept: stroke}"),
    (
        "Adequate renal function as evidenced by serum creatinine < 1.4 mg/dL",
        "measured: {concept: creatinine, below: 1.4 mg/dL}",
    ),
    # one sign for several, and one alternative for whom the other leaves
    (
        "ER and/or PR positive",
        (
            "any: [{finding: {concept: oestrogen-receptor-status, in: [positive]}},"
            " {finding: {concept: progesterone-receptor-status, in: [positive]}}]"
        ),
    ),
    (
        "Creatinine ≤ 1.4 x ULN or creatinine clearance ≥ 55 mL/min for those with creatinine > 1.4 x ULN",
        (
            "any: [{measured: {concept: creatinine, at_most: 1.4 ULN}},"
            " {derived: {quantity: creatinine-clearance, at_least: 55 mL/min}}]"
        ),
    ),
    (
        "Haemoglobin ≥ 8 g/dL (transfusion is permitted)",
        "measured: {concept: haemoglobin, at_least: 8 g/dL}",
    ),
    ("Metastatic or locally advanced disease", "judgement: {condition: {concept: malignancy}}"),
]
EXCLUDED = [
    ("Central nervous system (CNS) metastases", "condition: {concept: central-nervous-system-metastasis}"),
    ("QTc > 470 ms on the screening ECG", "measured: {concept: qtc-interval, above: 470 ms}"),
    ("Known or suspected asthma", "any: [{condition: {concept: asthma}}, {confirm: suspected asthma}]"),
    ("Gout exacerbation within 3 weeks", "judgement: {condition: {concept: gout}}"),
    ("Prior treatment with carfilzomib", "received: {concept: carfilzomib}"),
    (
        "Radiotherapy within 3 weeks before the first dose of zorbinib",
        "received: {concept: radiotherapy, within: 3 wk}",
    ),
    (
        "Heart disease of NYHA class III",
        "all: [{finding: {concept: nyha-class, in: [III]}}, {condition: {concept: heart-disease}}]",
    ),
    ("Adult males", "all: [{age: {at_least: 18 a}}, {sex: male}]"),
    (
        "Within 6 months prior to enrolment: stroke, splenectomy, unstable angina",
        (
            "any: [{condition: {concept: stroke, within: 6 mo}},"
            " {received: {concept: splenectomy, within: 6 mo}},"
            " {condition: {concept: unstable-angina, within: 6 mo}}]"
        ),
    ),
    (
        "Less than 4 weeks since prior chemotherapy, radiotherapy or surgery",
        (
            "any: [{received: {concept: systemic-chemotherapy, within: 4 wk}},"
            " {received: {concept: radiotherapy, within: 4 wk}},"
            " {received: {concept: surgery, within: 4 wk}}]"
        ),
    ),
    (
        "Surgery within 4 weeks before the start of zorbinib, stroke within 6 months",
        ("any: [{received: {concept: surgery, within: 4 wk}}, {condition: {concept: stroke, within: 6 mo}}]"),
    ),
    (
        "Discontinued tamoxifen less than 4 weeks before enrolment",
        "received: {concept: tamoxifen, within: 4 wk}",
    ),
    ("Abdominal fistula", "judgement: {condition: {concept: gastrointestinal-fistula}}"),
    ("Wilson's disease", "condition: {concept: wilsons-disease}"),
    ("Anti-cancer therapy within 2 weeks", "received: {concept: anticancer-therapy, within: 2 wk}"),
    # classes of heart failure, wherever they stand
    (
        "Class III or IV congestive heart failure",
        ("all: [{finding: {concept: nyha-class, in: [III, IV]}}, {condition: {concept: heart-failure}}]"),
    ),
    (
        "Heart failure > class II NYHA",
        ("all: [{finding: {concept: nyha-class, in: [III, IV]}}, {condition: {concept: heart-failure}}]"),
    ),
    (
        "Heart failure, NYHA class II-IV",
        ("all: [{finding: {concept: nyha-class, in: [II, III, IV]}}, {condition: {concept: heart-failure}}]"),
    ),
    # what stands alone
    ("Infection", "condition: {concept: active-infection, active: true}"),
    (
        "History of cancer within 4 years",
        (
            "any: [{condition: {concept: malignancy, within: 4 a}},"
            " {judgement: {condition: {concept: malignancy}}}]"
        ),
    ),
    ("Active infection at screening or enrolment", "condition: {concept: active-infection, active: true}"),
    ("Radiotherapy to more than 30% of the bone marrow", "judgement: {received: {concept: radiotherapy}}"),
    # exceptions in parentheses, and the treatment of what is excepted
    (
        "Hypertension (unless controlled)",
        "judgement: {condition: {concept: hypertension}}",
    ),
    (
        "Diagnosis or treatment of another malignancy within 4 years, except basal cell carcinoma",
        (
            "any: [{condition: {concept: second-malignancy, within: 4 a}},"
            " {judgement: {condition: {concept: second-malignancy}}}]"
        ),
    ),
    (
        "Distant metastasis (M1 disease)",
        ("any: [{finding: {concept: m-category, in: [M1]}}, {condition: {concept: distant-metastasis}}]"),
    ),
    # a longer time for some drugs, and what only says where something is told
    (
        "Chemotherapy or radiotherapy within 3 weeks (5 weeks for nitrosoureas or mitomycin C)",
        (
            "any: [{received: {concept: systemic-chemotherapy, within: 3 wk}},"
            " {received: {concept: radiotherapy, within: 3 wk}},"
            " {received: {concept: nitrosourea, within: 5 wk}},"
            " {received: {concept: mitomycin-c, within: 5 wk}}]"
        ),
    ),
    ("QTc > 480 ms (visit 1)", "measured: {concept: qtc-interval, above: 480 ms}"),
    (
        "Vaccination with a live vaccine within 3 weeks before enrolment",
        "received: {concept: live-vaccine, within: 3 wk}",
    ),
]
DOUBTFUL = [
    ("Migraine other than chronic migraine that may interfere with the trial", Kind.EXCLUSION),
    ("Acute active (such as malaria) infections", Kind.EXCLUSION),
    ("Ear infection", Kind.EXCLUSION),
    ("Cancer of the moon", Kind.EXCLUSION),
    ("Surgery within 3 weeks before the first dose of study drug or radiotherapy", Kind.EXCLUSION),
    ("No radiotherapy within 3 weeks, and prior surgery required", Kind.INCLUSION),
    ("Negative for hepatitis B surface antigen or hepatitis C antibody", Kind.INCLUSION),
    ("Advanced disease of the joints in rheumatoid arthritis", Kind.INCLUSION),
    (
        "Creatinine ≤ 1.4 x ULN or creatinine clearance ≥ 55 mL/min for those with creatinine > 2 x ULN",
        Kind.INCLUSION,
    ),
    ("Vesicovaginal fistula", Kind.EXCLUSION),  # a fistula is not one of the oesophagus
    ("Karnofsky ≥ 70 (for patients > 16 years of age)", Kind.INCLUSION),
    ("At least 4 weeks since surgery or recovered", Kind.INCLUSION),
    ("Haemoglobin ≥ 10 g/dL (90 g/L)", Kind.INCLUSION),
    ("Chemotherapy within 4 weeks before the day of splenectomy", Kind.EXCLUSION),
    ("Haemoglobin ≥ 9 g/dL (90-120 g/L)", Kind.INCLUSION),
    ("Ambulatory adults", Kind.INCLUSION),
    ("Inpatients with stroke", Kind.EXCLUSION),
    (
        "Surgery within 4 weeks prior to initiation of chemotherapy, hormone therapy or immunotherapy",
        Kind.EXCLUSION,
    ),
    ("Surgery within 4 weeks before the first dose of zorbinib, or radiotherapy", Kind.EXCLUSION),
    ("Discontinued tamoxifen", Kind.EXCLUSION),
]
WHOLLY_DOUBTFUL = [
    # what has to be stopped need not have been given
    ("Concurrent bisphosphonates must be stopped prior to enrolment", Kind.INCLUSION),
    ("Ongoing chemotherapy must be stopped before registration", Kind.INCLUSION),
    ("Anticoagulants must be discontinued before study entry", Kind.INCLUSION),
    ("Must have stopped warfarin before enrolment", Kind.INCLUSION),
    ("Tamoxifen must be discontinued", Kind.INCLUSION),
    ("Patients must stop warfarin before enrolment", Kind.INCLUSION),
    ("Breastfeeding must be discontinued", Kind.INCLUSION),
    # each sex with an age of its own
    ("Men and adult women", Kind.INCLUSION),
    ("Men aged 40 or older and women aged 50 or older", Kind.INCLUSION),
    # of what a time before the first of a list holds
    ("At least 4 weeks since surgery, with prior chemotherapy", Kind.INCLUSION),
    ("At least 4 weeks since surgery and prior chemotherapy required", Kind.INCLUSION),
    ("Within 6 months of enrolment stroke, prior chemotherapy", Kind.EXCLUSION),
    # a requirement where something excludes
    ("Patients must have ECOG 0-1", Kind.EXCLUSION),
    ("Must be at least 18 years old", Kind.EXCLUSION),
]


@pytest.mark.parametrize(("text", "expected"), INCLUDED)
def test_inclusions(text: str, expected: str) -> None:
    reading = read_one(text)
    assert expression_of(reading) == as_json(expected)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize(("text", "expected"), EXCLUDED)
def test_exclusions(text: str, expected: str) -> None:
    reading = read_one(text, Kind.EXCLUSION)
    assert expression_of(reading) == as_json(expected)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize(("text", "kind"), DOUBTFUL)
def test_what_is_in_doubt_is_not_computed(text: str, kind: Kind) -> None:
    assert read_one(text, kind).status is not Status.COMPUTED


@pytest.mark.parametrize(("text", "kind"), WHOLLY_DOUBTFUL)
def test_what_may_mean_its_contrary_decides_nothing(text: str, kind: Kind) -> None:
    reading = read_one(text, kind)
    assert reading.status is Status.PARTIAL
    assert expression_of(reading) == {"unread": text}


def test_a_requirement_above_a_list_of_exclusions_leaves_each_in_doubt() -> None:
    text = (
        "Exclusion Criteria:\n\n* Patients must have adequate organ function:\n  * Haemoglobin ≥ 9 g/dL\n"
        "* Asthma (should be confirmed by the investigator)\n* Must not have gout\n"
    )
    *_, first, second, third = reader().read(text)
    assert first.status is Status.PARTIAL
    assert expression_of(first) == {"unread": "Haemoglobin ≥ 9 g/dL"}
    assert any("a requirement" in warning for warning in first.warnings)
    assert not any("a requirement" in warning for each in (second, third) for warning in each.warnings)


@pytest.mark.parametrize(
    ("kind", "word", "status"),
    [
        (Kind.INCLUSION, "OR", Status.PARTIAL),
        (Kind.INCLUSION, "and/or", Status.PARTIAL),
        (Kind.INCLUSION, "AND", Status.COMPUTED),
        (Kind.EXCLUSION, "OR", Status.COMPUTED),
        (Kind.EXCLUSION, "AND", Status.PARTIAL),
    ],
)
def test_a_word_alone_between_two_lines_joins_them(kind: Kind, word: str, status: Status) -> None:
    text = f"{kind.value.title()} Criteria:\n\n* ECOG 0-1\n* Asthma\n* {word}\n* Gout\n* Weight ≥ 40 kg\n"
    found = {reading.text: reading for reading in reader().read(text)}
    assert [found[each].status for each in ("Asthma", "Gout")] == [status, status]
    assert [found[each].status for each in ("ECOG 0-1", "Weight ≥ 40 kg")] == [Status.COMPUTED] * 2


def test_an_or_between_two_groups_leaves_both_in_doubt() -> None:
    text = (
        "Inclusion Criteria:\n\n* Stroke\n* Medical condition:\n  * Asthma\n  * Gout\n"
        "* OR\n* Serious event:\n  * Syncope\n  * Haemoglobin ≥ 9 g/dL\n"
    )
    found = {reading.text: expression_of(reading) for reading in reader().read(text)}
    for each in ("Asthma", "Gout", "Syncope", "Haemoglobin ≥ 9 g/dL"):
        assert found[each] == {"unread": each}
    assert found["Stroke"] == {"condition": {"concept": "stroke"}}


def test_an_abbreviation_that_the_text_introduces_is_read_further_on() -> None:
    text = "Exclusion Criteria:\n\n* Polycystic kidney disease (PKD)\n* Family history aside, PKD\n* PKD\n"
    *_, last = reader().read(text)
    assert expression_of(last) == as_json("condition: {concept: polycystic-kidney-disease}")
    assert read_one("PKD", Kind.EXCLUSION).status is Status.UNREAD


def test_a_class_keeps_its_own_abbreviation() -> None:
    reading = read_one("New York Heart Association (NYHA) class III heart failure", Kind.EXCLUSION)
    assert [atom.concept for atom in reading.atoms] == ["nyha-class", "heart-failure"]


def test_a_time_after_the_last_of_a_list_leaves_the_others_to_a_person() -> None:
    reading = read_one("Stroke, syncope, or splenectomy within the past 6 months", Kind.EXCLUSION)
    assert expression_of(reading) == as_json(
        "any: [{judgement: {condition: {concept: stroke}}}, {judgement: {condition: {concept: syncope}}},"
        " {received: {concept: splenectomy, within: 6 mo}}]"
    )


def test_exclusions_joined_over_lines_exclude_by_themselves() -> None:
    text = "Exclusion Criteria:\n\n* Asthma, or\n* Gout\n"
    assert [each.status for each in reader().read(text)] == [Status.HEADING, Status.COMPUTED, Status.COMPUTED]


def test_what_a_number_counts_alone_is_no_criterion() -> None:
    text = "Exclusion Criteria:\n\n3.\n\nAsthma\n"
    assert [each.status for each in reader().read(text)] == [Status.HEADING, Status.HEADING, Status.COMPUTED]


def test_a_sentence_of_the_one_before_it_stays_there() -> None:
    text = (
        "Inclusion Criteria:\n\n* Aged at least 21 years. Haemoglobin must be at least 9 g/dl."
        " This may be reached by transfusion.\n"
    )
    _, first, second = reader().read(text)
    assert first.status is Status.COMPUTED
    assert "transfusion" in second.text
    assert second.status is not Status.COMPUTED


def test_a_line_above_says_if_they_have() -> None:
    text = "Exclusion Criteria:\n\n* Excluded if they have any of the following conditions:\n  * Gout\n"
    *_, last = reader().read(text)
    assert last.status is Status.COMPUTED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("If taking insulin, the dose must have been given for at least 3 months", Kind.INCLUSION),
        ("If on metformin, metformin for at least 2 months before entry", Kind.INCLUSION),
    ],
)
def test_what_is_asked_on_a_condition_is_not_asked_of_everybody(text: str, kind: Kind) -> None:
    reading = read_one(text, kind)
    assert reading.status is not Status.COMPUTED
    assert "received" not in str(expression_of(reading))


@pytest.mark.parametrize(
    "text",
    [
        "Recovered from toxicity other than alopecia",
        "Recovery to grade 1 of any clinically significant toxicity (excluding alopecia)",
        "Recovered from all effects of earlier therapy except neuropathy",
    ],
)
def test_who_is_asked_about_the_whole_is_asked_about_its_exceptions(text: str) -> None:
    reading = read_one(text)
    assert reading.status is Status.MANUAL
    assert expression_of(reading) == {"confirm": text}


def test_a_time_behind_the_same_name_again_is_of_the_second_alone() -> None:
    text = "Radiotherapy to more than 30% of the bone marrow or any radiotherapy within 4 weeks of entry"
    assert expression_of(read_one(text, Kind.EXCLUSION)) == as_json(
        "any: [{judgement: {received: {concept: radiotherapy}}},"
        " {received: {concept: radiotherapy, within: 4 wk}}]"
    )
    other = "Surgery or radiotherapy within 4 weeks of entry"
    assert str(expression_of(read_one(other, Kind.EXCLUSION))).count("4 wk") == 2


@pytest.mark.parametrize(
    "above",
    [
        "Patients will be excluded if they have allergies to the following drugs:",
        f"Only lesions that cannot be measured, {'defined as lesions of another kind, ' * 10}which include:",
        "Reasons not to do spirometry. It is left out with any of the following: - Cataract surgery",
    ],
)
def test_what_stands_below_a_line_that_says_more_is_not_excluded_by_itself(above: str) -> None:
    text = f"Exclusion Criteria:\n\n  - {above}\n\n      - Metformin\n\n      - Stroke\n\n  - Epilepsy\n"
    found = {reading.text: reading.status for reading in reader().read(text)}
    assert found["Metformin"] is not Status.COMPUTED
    assert found["Stroke"] is not Status.COMPUTED
    assert found["Epilepsy"] is Status.COMPUTED


def test_what_contraception_is_belongs_to_the_sentence_that_asks_for_it() -> None:
    text = "Unwilling to use contraception. Acceptable forms of contraception are pills and sterilisation."
    found = reader().read(f"Exclusion Criteria:\n\n  - {text}\n")
    assert [(each.text, each.status) for each in found[1:]] == [(text, Status.MANUAL)]


def test_a_heading_that_lost_its_line_opens_its_section() -> None:
    text = (
        "Inclusion Criteria:\n\n  - Age 18 or older\n\n"
        "  - Effective contraception for 3 months after the study Exclusion Criteria\n\n  - Epilepsy\n"
    )
    found = [(each.text, each.kind) for each in reader().read(text) if each.status is not Status.HEADING]
    assert found[1:] == [
        ("Effective contraception for 3 months after the study", Kind.INCLUSION),
        ("Epilepsy", Kind.EXCLUSION),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (
            "Pleural effusion, ascites or oedema that requires treatment",
            Kind.EXCLUSION,
            (
                "any: [{judgement: {condition: {concept: pleural-effusion}}},"
                " {judgement: {condition: {concept: ascites}}}, {judgement: {condition: {concept: oedema}}}]"
            ),
        ),
        (
            "Severe heart failure, defined as NYHA class IV",
            Kind.EXCLUSION,
            "all: [{finding: {concept: nyha-class, in: [IV]}}, {condition: {concept: heart-failure}}]",
        ),
        ("Active tuberculosis", Kind.EXCLUSION, "condition: {concept: tuberculosis, active: true}"),
        (
            "Asymptomatic for jaundice",
            Kind.INCLUSION,
            "not: {condition: {concept: jaundice, active: true}}",
        ),
        (
            "Prothrombin time (INR) > 1.5 x ULN",
            Kind.EXCLUSION,
            "measured: {concept: international-normalised-ratio, above: 1.5 ULN}",
        ),
    ],
)
def test_a_word_does_what_it_says(text: str, kind: Kind, expected: str) -> None:
    assert expression_of(read_one(text, kind)) == as_json(expected)


def test_a_list_that_goes_on_is_not_read_whole() -> None:
    assert read_one("Epilepsy, dementia, etc", Kind.EXCLUSION).status is Status.PARTIAL
