"""Sensitive concepts: what the mappings mark, and that a criterion is as sensitive as anything in it."""

from __future__ import annotations

import re

import pytest

from fhirscreen.criteria.studies import Criterion, Kind
from fhirscreen.criteria.wire import parse_yaml, read_expression
from fhirscreen.outputs.disclosures import is_sensitive, tells_sensitive
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis
from fhirscreen.verdicts.standings import Verdict
from tests.spec.tables import catalogue

HIV = ("hiv-infection", "hiv-serology", "hiv-confirmatory-test", "hiv-rna", "hiv-viral-load")
PSYCHIATRIC = ("psychiatric-disorder", "dementia")
PREGNANCY = ("pregnancy", "pregnancy-test", "pregnancy-status", "lactation", "human-chorionic-gonadotropin")
SUBSTANCES = ("substance-use-disorder", "tobacco-smoking-status")


@pytest.mark.parametrize("concept", [*HIV, *PSYCHIATRIC, *PREGNANCY, *SUBSTANCES])
def test_marked(concept: str) -> None:
    """HIV, psychiatry, pregnancy and substance use are marked in the mappings."""
    assert catalogue().concept(concept).sensitive


_ICD_10 = re.compile(
    r"F|O|B2[0-4]|B16|B17[01]|B18[0-2]|B19|A5|A6[0-4]|Z21|Z3[3-9]|G30|N97"
)  # mind, pregnancy, HIV, hepatitis B and C, infections by sex, dementia, infertility
_ATC = re.compile(r"N05A|N06A|N06BA|N06D|N07B|J05A[EGR]|G03A")
_BROADER = {
    # Most of what they find is not sensitive: a verdict is, where such a code decides it.
    "abnormal-uterine-bleeding", "active-infection", "herpes-simplex", "insomnia", "liver-disease",
    "mastitis", "neurodegenerative-disease", "neurological-disease", "sleep-disorder", "vaginitis",
    # What they do to the liver's enzymes is asked, whatever they are given for; narcolepsy.
    "cyp3a4-inducer", "modafinil", "st-johns-wort", "strong-cyp3a4-inducer", "strong-cyp3a4-inhibitor",
}  # fmt: skip


def test_whole_chapters_are_marked() -> None:
    """A concept with a code of a sensitive chapter is marked, whoever adds it, unless it stands above."""
    unmarked = {
        concept.id
        for concept in catalogue()
        if not concept.sensitive
        for source in concept.sources
        for part in source.codes.parts
        for coding in part.included.exact | part.included.prefixes
        if (coding.system == "icd-10" and _ICD_10.match(coding.code))
        or (coding.system == "atc" and _ATC.match(coding.code))
    }
    assert unmarked <= _BROADER


@pytest.mark.parametrize(
    "concept", ["platelet-count", "stroke", *sorted(_BROADER), "t-category", "systemic-chemotherapy"]
)
def test_not_marked(concept: str) -> None:
    """What is marked without need would hide what a coordinator has to see."""
    assert not catalogue().concept(concept).sensitive


@pytest.mark.parametrize(
    ("text", "sensitive"),
    [
        ("condition: {concept: hiv-infection}", True),
        ("not: {recorded: {condition: {concept: hiv-infection}}}", True),
        ("any: [{condition: {concept: stroke}}, {finding: {concept: pregnancy-test, in: [positive]}}]", True),
        ("elapsed: {since: {condition: {concept: pregnancy}}, at_least: 6 mo}", True),
        ("any: [{condition: {concept: stroke}}, {sex: female}]", False),
    ],
)
def test_criteria(text: str, *, sensitive: bool) -> None:
    """A criterion is sensitive where anything that it names is."""
    criterion = Criterion("c", Kind.EXCLUSION, "says", read_expression(parse_yaml(text, "test")))
    assert is_sensitive(criterion, catalogue()) is sensitive


@pytest.mark.parametrize(
    ("value", "because", "sensitive"),
    [
        ("A51.0", "", True),  # syphilis
        ("A510", "", True),
        ("76272004", "", True),  # the same in SNOMED CT
        ("", "the record says B18.1", True),  # hepatitis B
        ("F03", "", True),  # dementia
        ("J18.9", "", False),  # pneumonia
        ("I63", "", False),
        ("3", "", False),
    ],
)
def test_a_code_that_decides(value: str, because: str, *, sensitive: bool) -> None:
    """A criterion about any infection is as sensitive as the code that a patient's record has for it."""
    expression = read_expression(parse_yaml("condition: {concept: active-infection}", "test"))
    criterion = Criterion("infection", Kind.EXCLUSION, "Active infection", expression)
    assert not is_sensitive(criterion, catalogue())
    atom = Proof(Truth.TRUE, Basis.RECORDED, None, ("Condition/1",), value=value, because=because)
    for proof in (atom, Proof(Truth.TRUE, Basis.RECORDED, None, ("Condition/1",), children=(atom,))):
        assert tells_sensitive(Verdict("NCT00000001", "p1", criterion, proof), catalogue()) is sensitive
