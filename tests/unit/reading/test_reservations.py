"""Words that turn what was read: better on a scale, not required, if applicable, a change, a lost sign."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one


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
        ("Any use of metformin must be stable for 4 weeks", Kind.INCLUSION),
        ("Patients must have completed chemotherapy and recovered from its toxicities", Kind.INCLUSION),
        (
            "Has received prior cisplatin (alone or in combination) but no more than 2 chemotherapy lines",
            Kind.INCLUSION,
        ),
        ("Child-Pugh A for at least 6 months", Kind.INCLUSION),
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
