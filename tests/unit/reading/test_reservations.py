"""Words that turn what was read: better on a scale, not required, if applicable, a change, a lost sign."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one, reader


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        (
            "ECOG of 2 or better",
            Kind.INCLUSION,
            "finding: {concept: ecog-performance-status, in: ['0', '1', '2']}",
        ),
        (
            "Karnofsky performance status 80 or better",
            Kind.INCLUSION,
            "finding: {concept: karnofsky-performance-status, in: ['80', '90', '100']}",
        ),
        ("NYHA class II or better", Kind.INCLUSION, "finding: {concept: nyha-class, in: [I, II]}"),
        ("NYHA class III or worse", Kind.EXCLUSION, "finding: {concept: nyha-class, in: [III, IV]}"),
        (
            "ECOG 3 or worse",
            Kind.EXCLUSION,
            "finding: {concept: ecog-performance-status, in: ['3', '4', '5']}",
        ),
        (
            "Karnofsky 20 or worse",
            Kind.EXCLUSION,
            "finding: {concept: karnofsky-performance-status, in: ['0', '10', '20']}",
        ),
        ("Albumin 30 g/L or better", Kind.INCLUSION, "measured: {concept: albumin, at_least: 30 g/L}"),
    ],
)
def test_better_and_worse_are_of_the_scale(text: str, kind: Kind, wanted: str) -> None:
    reading = read_one(text, kind)
    assert expression_of(reading) == as_json(wanted)
    assert reading.status is Status.COMPUTED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Prior radiotherapy is not required", Kind.INCLUSION),
        ("Gout treated with allopurinol, if applicable", Kind.INCLUSION),
        ("Participants with asymptomatic brain metastases", Kind.INCLUSION),
        ("Stable leptomeningeal metastases", Kind.INCLUSION),
        ("Any use of metformin must be stable for 4 weeks", Kind.INCLUSION),
        ("Patients must have completed chemotherapy and recovered from its toxicities", Kind.INCLUSION),
        (
            "Has received prior cisplatin (alone or in combination) but no more than 2 chemotherapy lines",
            Kind.INCLUSION,
        ),
        ("Child-Pugh A for at least 6 months", Kind.INCLUSION),
        ("Total bilirubin < 2 × ULN, or AST < 3 × ULN", Kind.INCLUSION),
        ("who are not taking aspirin", Kind.EXCLUSION),
        ("Gout requiring hospitalisation or antibiotics", Kind.EXCLUSION),
        ("Change in antihypertensives less than 1 month ago (e.g. aspirin)", Kind.EXCLUSION),
        ("Patients who, in the opinion of the physician, have epilepsy", Kind.EXCLUSION),
        ("Exposure to significant radiation within 6 months", Kind.EXCLUSION),
        ("Systolic blood pressure = 160 mmHg", Kind.EXCLUSION),
        ("Bacterial colitis", Kind.EXCLUSION),
        ("Prior adjuvant treatment or radiotherapy", Kind.EXCLUSION),
    ],
)
def test_what_turns_the_words_before_it_leaves_them_partial(text: str, kind: Kind) -> None:
    assert read_one(text, kind).status in (Status.PARTIAL, Status.UNREAD)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("WHO performance status 0-1", Kind.INCLUSION),
        ("HIV positive (testing not required)", Kind.EXCLUSION),
        ("Patients requiring treatment with warfarin or heparin", Kind.EXCLUSION),
    ],
)
def test_what_only_looks_like_it_is_read(text: str, kind: Kind) -> None:
    assert read_one(text, kind).status is Status.COMPUTED


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # what is named as an example of what a person asks about
        (
            "Serious illness, such as gout",
            "any: [{confirm: serious illness}, {judgement: {condition: {concept: gout}}}]",
        ),
        # how a disease behaved in a window is not on record
        (
            "Active coronary artery disease within 3 months",
            "judgement: {condition: {concept: coronary-artery-disease}}",
        ),
        ("Repeat liver transplant", "judgement: {received: {concept: liver-transplant}}"),
    ],
)
def test_what_no_record_settles_is_for_judgement(text: str, wanted: str) -> None:
    reading = read_one(text, Kind.EXCLUSION)
    said = expression_of(reading)
    assert str(said).lower() == str(as_json(wanted)).lower()
    assert reading.status is Status.COMPUTED


def test_any_malignancy_beside_another_one_is_partial() -> None:
    assert read_one("Concurrent malignancy or malignancy in the last 2 years", Kind.EXCLUSION).status is (
        Status.PARTIAL
    )


def test_both_transaminases_are_below_both_of_their_limits() -> None:
    reading = read_one("AST or ALT ≤ 2 × ULN (≤ 4 × ULN if liver metastases)")
    said = str(expression_of(reading))
    assert (said.count("'all'"), said.count("'any'")) == (2, 0)


def test_a_line_of_people_between_bullets_limits_those_below_it() -> None:
    text = (
        "Exclusion Criteria:\n\n  - Epilepsy\n\nParticipants with gout\n\n  - Stroke\n\n"
        "Inclusion Criteria:\n\n  - Hypertension\n"
    )
    found = [each for each in reader().read(text) if each.status is not Status.HEADING]
    assert [each.status for each in found] == [
        Status.COMPUTED,
        Status.PARTIAL,
        Status.PARTIAL,
        Status.COMPUTED,
    ]
