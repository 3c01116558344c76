"""Exceptions of a kind of the thing, and what is said of something that nobody has to have."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading import Status
from tests.lib.mappings import as_json
from tests.lib.reading import expression_of, read_one, reader


def _other(concept: str, but: str) -> str:
    return (
        f"any: [{{all: [{{condition: {{concept: {concept}}}}}, {{not: {{condition: {{concept: {but}}}}}}}]}},"
        f" {{judgement: {{condition: {{concept: {concept}}}}}}}]"
    )


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        # who has an exempt one may have another too
        ("Lung disease except for asthma", Kind.EXCLUSION, _other("lung-disease", "asthma")),
        ("No lung disease other than asthma", Kind.INCLUSION,
         f"not: {{{_other('lung-disease', 'asthma')}}}"),
        # better is less on ECOG's scale and New York's, and more on Karnofsky's
        ("ECOG of 2 or better", Kind.INCLUSION,
         'finding: {concept: ecog-performance-status, in: ["0", "1", "2"]}'),
        ("NYHA class II or better", Kind.INCLUSION, "finding: {concept: nyha-class, in: [I, II]}"),
        ("Karnofsky 80 or better", Kind.INCLUSION,
         'finding: {concept: karnofsky-performance-status, in: ["80", "90", "100"]}'),
        # what a condition would prohibit is one clause
        ("Dementia which could prohibit giving informed consent or attending visits", Kind.EXCLUSION,
         "judgement: {condition: {concept: dementia}}"),
        # what passes is meant as it is now; a name that is narrower is for the investigator
        ("Cardiogenic shock", Kind.EXCLUSION, "condition: {concept: cardiogenic-shock, active: true}"),
        ("Bacteraemia", Kind.EXCLUSION, "condition: {concept: bacteraemia, active: true}"),
        ("Coexistent malignancy", Kind.EXCLUSION, "judgement: {condition: {concept: second-malignancy}}"),
        ("Coagulopathy", Kind.EXCLUSION, "condition: {concept: coagulation-disorder}"),
        # two names of one thing are said twice, and what is said of the second holds for both
        ("History of stroke or cerebrovascular accident within 3 months", Kind.EXCLUSION,
         "condition: {concept: stroke, within: 3 mo}"),
        ("HIV or AIDS", Kind.EXCLUSION,
         ("any: [{condition: {concept: hiv-infection}},"
          " {judgement: {condition: {concept: hiv-infection}}}]")),
        # what is said of "any other" is said of what stands before it
        ("Retinal detachment, syncope or any other fracture that required surgery", Kind.EXCLUSION,
         ("any: [{judgement: {condition: {concept: retinal-detachment}}},"
          " {judgement: {condition: {concept: syncope}}}, {judgement: {condition: {concept: fracture}}}]")),
        # a hepatitis among infections is one of them
        ("Infections such as hepatitis", Kind.EXCLUSION,
         ("any: [{condition: {concept: active-infection, active: true}},"
          " {judgement: {condition: {concept: hepatitis}}}]")),
        # an opinion that stands before what it qualifies is no alternative to it
        ("Patients who, in the opinion of the investigator, have epilepsy", Kind.EXCLUSION,
         "judgement: {condition: {concept: epilepsy}}"),
        ("A chronic pain disorder that was being treated with morphine", Kind.EXCLUSION,
         "judgement: {condition: {concept: chronic-pain}}"),
    ],
)  # fmt: skip
def test_what_is_excepted_or_better_is_no_more_than_that(text: str, kind: Kind, wanted: str) -> None:
    found = read_one(text, kind)
    assert (found.status, expression_of(found)) == (Status.COMPUTED, as_json(wanted))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Lung disease other than asthma, such as sarcoidosis", Kind.EXCLUSION),
        ("Kidney disease except nephrolithiasis, e.g. nephrotic syndrome", Kind.EXCLUSION),
        ("Presence of psoriasis alone or with arthritis", Kind.EXCLUSION),
        ("A diagnosis of gout is not required", Kind.INCLUSION),
        ("Evaluable disease not required at screening", Kind.INCLUSION),
        ("Any use of insulin must have been stable for 4 weeks", Kind.INCLUSION),
    ],
)
def test_what_may_be_of_the_thing_or_of_its_exception_is_not_decided(text: str, kind: Kind) -> None:
    assert read_one(text, kind).status in (Status.PARTIAL, Status.UNREAD)


@pytest.mark.parametrize(
    ("bullet", "wanted"),
    [
        ("No gout. No stroke within 2 years. (cohort 2)", Status.PARTIAL),
        ("No gout. No stroke within 2 years. (arms A and B only)", Status.PARTIAL),
        ("No gout. No stroke within 2 years.", Status.COMPUTED),
    ],
)
def test_a_group_behind_the_last_sentence_limits_its_bullet_alone(bullet: str, wanted: Status) -> None:
    read = reader().read(f"Inclusion Criteria:\n\n  - {bullet}\n\n  - No asthma.\n")
    assert [r.status for r in read if r.text.startswith("No gout")] == [wanted]
    assert [r.status for r in read if r.text.startswith("No asthma")] == [Status.COMPUTED]
