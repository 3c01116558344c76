"""Sensitive concepts: what the mappings mark, and that a criterion is as sensitive as anything in it."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Criterion, Kind
from fhirscreen.criteria.wire import parse_yaml, read_expression
from fhirscreen.outputs.disclosures import is_sensitive
from tests.spec.tables import catalogue

HIV = ("hiv-infection", "hiv-serology", "hiv-confirmatory-test", "hiv-rna", "hiv-viral-load")
PSYCHIATRIC = ("psychiatric-disorder", "dementia")
PREGNANCY = ("pregnancy", "pregnancy-test", "pregnancy-status", "lactation", "human-chorionic-gonadotropin")
SUBSTANCES = ("substance-use-disorder", "tobacco-smoking-status")


@pytest.mark.parametrize("concept", [*HIV, *PSYCHIATRIC, *PREGNANCY, *SUBSTANCES])
def test_marked(concept: str) -> None:
    """HIV, psychiatry, pregnancy and substance use are marked in the mappings."""
    assert catalogue().concept(concept).sensitive


@pytest.mark.parametrize("concept", ["platelet-count", "stroke", "t-category", "systemic-chemotherapy"])
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
