"""Names beside the codes of their concepts: what is narrower, what is broader, what stands beside them."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one, reader

EXCLUDED = [
    # a name that is of some of what the codes hold is for the investigator
    ("Peritoneal mesothelioma", "judgement: {condition: {concept: mesothelioma}}"),
    ("Glioblastoma", "judgement: {condition: {concept: glioma}}"),
    ("PDAC", "judgement: {condition: {concept: pancreatic-cancer}}"),
    ("Interstitial pneumonitis", "judgement: {condition: {concept: interstitial-lung-disease}}"),
    ("Insulin-dependent diabetes", "judgement: {condition: {concept: diabetes}}"),
    ("Current use of apixaban", "judgement: {received: {concept: anticoagulant, current: true}}"),
    ("Previous stereotactic radiotherapy", "judgement: {received: {concept: radiotherapy}}"),
    ("Kidney cancer", "condition: {concept: renal-cell-carcinoma}"),
    (
        "Pulmonary fibrosis (idiopathic pulmonary fibrosis) or emphysema",
        "any: [{judgement: {condition: {concept: pulmonary-fibrosis}}}, {condition: {concept: emphysema}}]",
    ),
    # a name that holds more has a concept of its own
    ("Metastases to the CNS", "condition: {concept: central-nervous-system-metastasis}"),
    ("Brain metastases", "condition: {concept: brain-metastasis}"),
    ("Prior EGFR kinase inhibitor", "received: {concept: egfr-tyrosine-kinase-inhibitor}"),
    ("Prior anti-EGFR therapy", "received: {concept: egfr-targeted-therapy}"),
    (
        "Current potent CYP3A4 inhibitor or CYP3A inducer",
        (
            "any: [{received: {concept: strong-cyp3a4-inhibitor, current: true}},"
            " {received: {concept: cyp3a4-inducer, current: true}}]"
        ),
    ),
    ("Atrial arrhythmia", "condition: {concept: supraventricular-arrhythmia}"),
    ("Drug addiction", "judgement: {condition: {concept: drug-use-disorder}}"),
    ("Alcoholism", "condition: {concept: alcohol-use-disorder}"),
    ("Alcohol or drug dependence", "judgement: {condition: {concept: substance-use-disorder}}"),
    ("Prior cancer treatment", "received: {concept: anticancer-therapy}"),
    ("Prior systemic cancer therapy", "received: {concept: systemic-anticancer-therapy}"),
    # a place governs what follows it; a class says that there is the disease
    (
        "Gastrointestinal perforation or haemorrhage",
        (
            "any: [{condition: {concept: gastrointestinal-perforation}},"
            " {condition: {concept: gastrointestinal-bleeding}}]"
        ),
    ),
    ("Child-Pugh C liver disease", "finding: {concept: child-pugh-class, in: [C]}"),
    # severities that stand together
    ("Moderate/severe asthma", "condition: {concept: asthma, severity: [moderate, severe]}"),
    ("Mild, moderate or severe asthma", "condition: {concept: asthma, severity: [mild, moderate, severe]}"),
    ("Mild to severe asthma", "condition: {concept: asthma, severity: [mild, moderate, severe]}"),
    ("Severe or uncontrolled asthma", "judgement: {condition: {concept: asthma}}"),
    ("Severe and uncontrolled asthma", "judgement: {condition: {concept: asthma, severity: [severe]}}"),
    # under the exclusions a number stays open, and one bad value is enough
    ("Age above 80 years", "age: {above: 80 a}"),
    (
        "ALT or AST > 4 x ULN",
        (
            "any: [{measured: {concept: alanine-aminotransferase, above: 4 ULN}},"
            " {measured: {concept: aspartate-aminotransferase, above: 4 ULN}}]"
        ),
    ),
]
INCLUDED = [
    # how a diagnosis was proved is for the investigator
    ("Cytologically proven lung cancer", "judgement: {condition: {concept: lung-cancer}}"),
    ("Biopsy-proven sarcoidosis", "judgement: {condition: {concept: sarcoidosis}}"),
    ("Histologic confirmation of melanoma", "judgement: {condition: {concept: melanoma}}"),
    (
        "Pathologically and/or cytologically verified stage III bladder cancer",
        (
            "all: [{finding: {concept: stage-group, in: [III]}},"
            " {judgement: {condition: {concept: bladder-cancer}}}]"
        ),
    ),
    ("Confirmed lung cancer", "condition: {concept: lung-cancer}"),
    (
        "Metastatic glioblastoma",
        "all: [{judgement: {condition: {concept: glioma}}}, {condition: {concept: distant-metastasis}}]",
    ),
    # who is 18 and some months is above 18
    ("Older than 18 years", "age: {at_least: 18 a}"),
    ("Over 21 years of age", "age: {at_least: 21 a}"),
    ("Women > 50 years old", "all: [{sex: female}, {age: {at_least: 50 a}}]"),
    ("No patients over 75 years of age", "age: {at_most: 75 a}"),
    # of AST and ALT under one upper bound both are meant
    (
        "ALT or AST < 3 x ULN",
        (
            "all: [{measured: {concept: alanine-aminotransferase, below: 3 ULN}},"
            " {measured: {concept: aspartate-aminotransferase, below: 3 ULN}}]"
        ),
    ),
    (
        "No ALT or AST > 3 x ULN",
        (
            "not: {any: [{measured: {concept: alanine-aminotransferase, above: 3 ULN}},"
            " {measured: {concept: aspartate-aminotransferase, above: 3 ULN}}]}"
        ),
    ),
    # what a pregnancy test was made of
    (
        "Negative serum pregnancy test",
        "any: [{sex: male}, {finding: {concept: serum-pregnancy-test, in: [negative]}}]",
    ),
    (
        "Negative urine hCG test",
        "any: [{sex: male}, {finding: {concept: urine-pregnancy-test, in: [negative]}}]",
    ),
    (
        "Negative urine or serum pregnancy test",
        "any: [{sex: male}, {finding: {concept: pregnancy-test, in: [negative]}}]",
    ),
]
IN_DOUBT = [
    "Topical corticosteroids within 2 weeks",
    "Intra-articular steroids within 4 weeks",
    "Oral or injectable corticosteroids",
    "Systemic or inhaled antibiotics",
    "Axial spondyloarthritis or parkinsonism",
]


@pytest.mark.parametrize(("text", "wanted"), EXCLUDED)
def test_an_exclusion_is_as_broad_as_its_words(text: str, wanted: str) -> None:
    reading = read_one(text, Kind.EXCLUSION)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize(("text", "wanted"), INCLUDED)
def test_an_inclusion_is_as_broad_as_its_words(text: str, wanted: str) -> None:
    reading = read_one(text)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize("text", IN_DOUBT)
def test_what_no_concept_holds_is_not_read_whole(text: str) -> None:
    assert read_one(text, Kind.EXCLUSION).status is not Status.COMPUTED


def test_an_abbreviation_is_as_narrow_as_what_it_stands_for() -> None:
    text = "Inclusion Criteria:\n\n* Malignant pleural mesothelioma (MPM)\n* Age ≥ 18 years\n* No prior MPM\n"
    found = [expression_of(reading) for reading in reader().read(text)]
    assert found[1] == as_json("judgement: {condition: {concept: mesothelioma}}")
    assert found[3] == as_json("not: {judgement: {condition: {concept: mesothelioma}}}")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("Gout", "Asthma"), Status.PARTIAL),
        (("Controlled hypertension", "Resistant hypertension"), Status.PARTIAL),
        (("Breast cancer", "Ovarian cancer"), Status.PARTIAL),
        (("Histologically confirmed lung cancer", "Advanced lung cancer"), Status.COMPUTED),
        (("Lung cancer", "Asthma"), Status.COMPUTED),
        (("Breast cancer", "Bone metastases"), Status.COMPUTED),
        (("Gout", "ECOG 0-1"), Status.COMPUTED),
    ],
)
def test_diseases_in_lines_side_by_side_may_be_alternatives(lines: tuple[str, str], status: Status) -> None:
    bullets = "\n".join(f"  - {line}" for line in lines)
    found = {reading.text: reading for reading in reader().read(f"Inclusion Criteria:\n{bullets}\n")}
    assert [found[line].status for line in lines] == [status, status]
    excluded = {reading.text: reading for reading in reader().read(f"Exclusion Criteria:\n{bullets}\n")}
    assert [excluded[line].status for line in lines] == [Status.COMPUTED, Status.COMPUTED]


def test_a_line_that_wants_another_word_is_above_a_list() -> None:
    text = "Inclusion Criteria:\nPersons with\n  - gout\n  - asthma\n"
    text += "Exclusion Criteria:\nPersons with\n  - migraine\n"
    found = {reading.text: reading for reading in reader().read(text)}
    assert found["gout"].group == "Persons with"
    assert found["gout"].status is Status.PARTIAL
    assert expression_of(found["migraine"]) == {"condition": {"concept": "migraine"}}


def test_what_women_must_do_is_asked_of_nobody_else() -> None:
    text = "Inclusion Criteria:\n\n* For female subjects:\n    * ECOG 0-1\n* Haemoglobin ≥ 9 g/dL\n"
    found = {reading.text: reading.status for reading in reader().read(text)}
    assert found["ECOG 0-1"] is not Status.COMPUTED
    assert found["Haemoglobin ≥ 9 g/dL"] is Status.COMPUTED
