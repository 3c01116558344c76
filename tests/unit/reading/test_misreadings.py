"""What was once read wrongly, by its kind: each a wording that means another thing than it seems to."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one, reader


def _lasting(concept: str, within: str) -> str:
    return (
        f"any: [{{condition: {{concept: {concept}, within: {within}}}}},"
        f" {{judgement: {{condition: {{concept: {concept}}}}}}}]"
    )


INCLUDED = [
    # for how long something is given is no time since it
    ("A stable dose of metformin for at least 2 months before screening",
     "judgement: {received: {concept: metformin}}"),
    ("Taking aspirin for at least 6 weeks prior to enrolment", "judgement: {received: {concept: aspirin}}"),
    ("Statin therapy for at least 3 months before randomisation", "judgement: {received: {concept: statin}}"),
    ("Insulin stopped for at least 2 weeks before screening",
     "not: {received: {concept: insulin, within: 2 wk}}"),
    ("At least 3 weeks since radiotherapy", "not: {received: {concept: radiotherapy, within: 3 wk}}"),
    # what is asked in person before or after a "no"
    ("Good cooperation, no psychiatric disorder",
     "all: [{confirm: Good cooperation}, {not: {condition: {concept: psychiatric-disorder}}}]"),
    ("Measurable disease that has not received radiotherapy within 2 months",
     ("all: [{confirm: Measurable disease},"
      " {not: {received: {concept: radiotherapy, within: 2 mo}}}]")),
    ("Men or women of non-childbearing potential, aged 20 to 50",
     ("all: [{confirm: Men or women of non-childbearing potential},"
      " {age: {at_least: 20 a, at_most: 50 a}}]")),
    # what happened once is asked for as a state
    ("Progressive disease", "judgement: {condition: {concept: cancer-progression}}"),
    ("No alcohol addiction", "not: {judgement: {condition: {concept: alcohol-use-disorder}}}"),
    ("No active second malignancy except for basal cell carcinoma",
     "not: {judgement: {condition: {concept: second-malignancy}}}"),
]  # fmt: skip
"""Criteria under the inclusion heading, and what they mean."""

EXCLUDED = [
    # an inability goes on over "and" and "or"
    ("Epilepsy, or unwilling to attend visits and comply with the diet",
     ("any: [{condition: {concept: epilepsy}},"
      " {confirm: unwilling to attend visits and comply with the diet}]")),
    ("Gout or inability to swallow tablets or take oral medication",
     "any: [{condition: {concept: gout}}, {confirm: inability to swallow tablets or take oral medication}]"),
    ("Stroke or unable to comply or planned surgery",
     "any: [{condition: {concept: stroke}}, {confirm: unable to comply}, {confirm: planned surgery}]"),
    # a question has the time that its list has
    ("Use of an investigational agent or of chemotherapy within 3 weeks before enrolment",
     ("any: [{confirm: Use of an investigational agent within 3 weeks before enrolment},"
      " {received: {concept: systemic-chemotherapy, within: 3 wk}}]")),
    ("Surgery, investigational drugs or radiotherapy within 4 weeks",
     ("any: [{received: {concept: surgery, within: 4 wk}}, {confirm: investigational drugs within 4 weeks},"
      " {received: {concept: radiotherapy, within: 4 wk}}]")),
    # what the last was given for, all were
    ("Previous chemotherapy or radiotherapy for lung cancer",
     ("any: [{received: {concept: systemic-chemotherapy, for: lung-cancer}},"
      " {received: {concept: radiotherapy, for: lung-cancer}}]")),
    ("Chemotherapy or radiotherapy for metastatic disease",
     ("any: [{judgement: {received: {concept: systemic-chemotherapy}}},"
      " {judgement: {received: {concept: radiotherapy}}}]")),
    # how severe the first of a list is, the second need not be
    ("Severe asthma or shock",
     ("any: [{condition: {concept: asthma, severity: [severe]}},"
      " {judgement: {condition: {concept: shock}}}]")),
    ("Severe hepatic or renal impairment",
     ("any: [{condition: {concept: liver-dysfunction, severity: [severe]}},"
      " {condition: {concept: kidney-dysfunction, severity: [severe]}}]")),
    ("Serious cardiac arrhythmia", "judgement: {condition: {concept: cardiac-arrhythmia}}"),
    # names within longer ones, and names of which a part is left out
    ("Other cancer therapy within 2 weeks",
     "judgement: {received: {concept: anticancer-therapy, within: 2 wk}}"),
    ("Other cancer\n  treatment within 5 weeks",
     "judgement: {received: {concept: anticancer-therapy, within: 5 wk}}"),
    ("Type 1 or type 2 diabetes",
     "any: [{condition: {concept: type-1-diabetes}}, {condition: {concept: type-2-diabetes}}]"),
    ("Bleeding or thrombotic disorders",
     "any: [{condition: {concept: bleeding-disorder}}, {condition: {concept: thromboembolism}}]"),
    # what a time is counted from is no beginning of a disease, nor is a treatment
    ("Haemoptysis within 3 weeks before the first dose", _lasting("haemoptysis", "3 wk")),
    ("Diagnosis or treatment of another malignancy within 4 years", _lasting("second-malignancy", "4 a")),
    ("Asthma diagnosed within 2 years of the first dose", "condition: {concept: asthma, within: 2 a}"),
    ("Untreated pulmonary embolism within 6 months",
     "judgement: {condition: {concept: pulmonary-embolism}}"),
    # what an examination of the study shows
    ("History of pneumonitis or evidence of lung disease on the screening CT",
     "any: [{condition: {concept: pneumonitis}}, {confirm: evidence of lung disease on the screening CT}]"),
    # exceptions of what is required, and of what is before a "but"
    ("Arrhythmia requiring drugs other than beta blockers",
     "judgement: {condition: {concept: cardiac-arrhythmia}}"),
    ("Any other liver disease but hepatitis B",
     "judgement: {condition: {concept: liver-disease}}"),
    ("Asthma, liver disease other than fatty liver disease",
     ("any: [{condition: {concept: asthma}}, {all: [{condition: {concept: liver-disease}},"
      " {not: {condition: {concept: fatty-liver-disease}}}]},"
      " {judgement: {condition: {concept: liver-disease}}}]")),
    # a class of the past, and a stage that says as much as the word beside it
    ("History of NYHA class III heart failure", "judgement: {condition: {concept: heart-failure}}"),
    ("NYHA class III heart failure",
     ("all: [{finding: {concept: nyha-class, in: [III]}}, {condition: {concept: heart-failure}}]")),
    ("Stage IV (metastatic) lung cancer",
     ("all: [{any: [{finding: {concept: stage-group, in: [IV]}},"
      " {condition: {concept: distant-metastasis}}]}, {condition: {concept: lung-cancer}}]")),
    # an event is no disease that began
    ("Occurrence of a cardiovascular event within 4 months",
     "judgement: {condition: {concept: cardiovascular-disease}}"),
    ("Clinically significant infection, at the attending physician's discretion",
     "judgement: {condition: {concept: active-infection, active: true}}"),
]  # fmt: skip
"""Criteria under the exclusion heading, and what they mean."""

NOT_READ_WHOLE = [
    (Kind.EXCLUSION, "Negative urine pregnancy test"),
    (Kind.EXCLUSION, "Lactating or negative pregnancy test"),
    (Kind.EXCLUSION, "Negative hepatitis B surface antigen"),
    (Kind.INCLUSION, "Adequate liver function: bilirubin ≥ 2 x ULN"),
    (Kind.INCLUSION, "Adequate marrow reserve with platelets ≤ 90 x 10^9/L"),
    (Kind.EXCLUSION, "Fracture within 6 weeks; the investigator has to\n  document that it has healed"),
    (Kind.INCLUSION, "Use of metformin at least 2 months prior to screening"),
    (Kind.EXCLUSION, "At high risk for intestinal perforation or severe haemorrhage"),
    (Kind.EXCLUSION, "HIV therapy"),
    (Kind.EXCLUSION, "Acute or chronic pain"),
    (
        Kind.EXCLUSION,
        "Fracture within 6 weeks; the investigator has to\n             document that it has healed",
    ),
    (Kind.EXCLUSION, "Gout or epilepsy will be enrolled at the discretion of the investigator"),
    (Kind.EXCLUSION, "Infections requiring systemic antiviral therapy"),
]
"""What may mean two things, or cannot be meant."""


@pytest.mark.parametrize(("text", "wanted"), INCLUDED, ids=[text for text, _ in INCLUDED])
def test_inclusions_mean_what_their_words_do(text: str, wanted: str) -> None:
    found = read_one(text)
    assert (found.status, expression_of(found)) == (Status.COMPUTED, as_json(wanted))


@pytest.mark.parametrize(("text", "wanted"), EXCLUDED, ids=[text for text, _ in EXCLUDED])
def test_exclusions_mean_what_their_words_do(text: str, wanted: str) -> None:
    found = read_one(text, Kind.EXCLUSION)
    assert (found.status, expression_of(found)) == (Status.COMPUTED, as_json(wanted))


@pytest.mark.parametrize(("kind", "text"), NOT_READ_WHOLE, ids=[text for _, text in NOT_READ_WHOLE])
def test_what_cannot_be_told_is_not_computed(kind: Kind, text: str) -> None:
    assert read_one(text, kind).status is Status.PARTIAL


def test_a_line_that_ends_with_a_word_of_headings_opens_no_section() -> None:
    text = (
        "Exclusion Criteria:\n\n"
        "  - Any other finding that in the view of the treating doctor may change what is said of\n"
        "    eligibility\n\n"
        "  - Recent stroke\n"
    )
    kinds = [reading.kind for reading in reader().read(text) if reading.status is not Status.HEADING]
    assert kinds == [Kind.EXCLUSION, Kind.EXCLUSION]


def test_a_time_in_a_line_above_is_that_of_the_values_below_it() -> None:
    lines = "  - Laboratory values within 5 days before enrolment:\n\n  - Albumin ≥ 30 g/L\n"
    found = reader().read(f"Inclusion Criteria:\n\n{lines}")
    wanted = "measured: {concept: albumin, at_least: 30 g/L, within: 5 d}"
    assert expression_of(found[-1]) == as_json(wanted)


@pytest.mark.parametrize(
    ("line", "below", "status"),
    [
        ("DONOR:", "Age ≤ 60 years", Status.PARTIAL),
        ("PATIENT CHARACTERISTICS:", "Age ≤ 60 years", Status.COMPUTED),
        ("Laboratory values within 5 days before enrolment:", "Platelets ≥ 80 x 10^9/L", Status.COMPUTED),
        ("Visits within 5 days before enrolment:", "Platelets ≥ 80 x 10^9/L", Status.PARTIAL),
        ("Laboratory values as follows:", "Platelets ≥ 80 x 10^9/L", Status.COMPUTED),
        ("Onset of a chest infection with 3 or more of the following signs (new)", "Fever", Status.PARTIAL),
    ],
)
def test_a_line_that_heads_those_on_its_own_level_limits_them(line: str, below: str, status: Status) -> None:
    found = reader().read(f"Inclusion Criteria:\n\n  - {line}\n\n  - {below}\n\n  - {below}\n")
    assert found[-1].status is status
