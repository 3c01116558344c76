"""Diagnoses that studies name by codes."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.checks.catalogue import check_concepts
from fhirscreen.criteria.nodes import Condition
from fhirscreen.criteria.studies import Criterion, Kind, Population, Study
from fhirscreen.exceptions import MappingError, StudyError
from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.mapping.loading import load_catalogue

CATALOGUE = load_catalogue()


def study(concept: str) -> Study:
    criterion = Criterion("one", Kind.EXCLUSION, "One", Condition(concept))
    return Study("S", "S", Population(None), (criterion,))


def test_codes_are_a_diagnosis_whose_silence_says_nothing() -> None:
    found = CATALOGUE.concept("icd-10-cm:N31.9+snomed:397732007")
    assert found.kind is ConceptKind.DIAGNOSIS
    assert not found.absence_by_site
    (source,) = found.sources
    assert source.resource == "Condition"
    assert source.codes.matches("icd-10-cm", "N31.9")
    assert source.codes.matches("snomed", "397732007")
    assert not source.codes.matches("icd-10", "N31.9")


def test_the_same_codes_are_one_object_and_no_part_of_the_mappings() -> None:
    assert CATALOGUE.concept("icd-10:L10") is CATALOGUE.concept("icd-10:L10")
    assert CATALOGUE.has("icd-10:L10")
    assert "icd-10:L10" not in {each.id for each in CATALOGUE}
    assert CATALOGUE.at(CATALOGUE.site).has("icd-10:L10")


@pytest.mark.parametrize(
    ("id", "label"),
    [
        ("icd-10-cm:N31.9", "neuromuscular dysfunction of bladder, unspecified (ICD-10-CM N31.9)"),
        (
            "icd-10-gm:L10.0",
            "pemphigus (ICD-10-GM L10.0)",
        ),  # below its categories it is another classification
        ("snomed:397732007", "SNOMED CT 397732007"),
        ("snomed:397732007+icd-10:L10", "pemphigus (SNOMED CT 397732007, ICD-10 L10)"),
    ],
)
def test_it_is_called_by_the_title_and_its_codes(id: str, label: str) -> None:
    assert CATALOGUE.concept(id).label.casefold() == label.casefold()


@pytest.mark.parametrize(
    ("id", "sensitive"),
    [
        ("icd-10:L10", False),
        ("icd-10:B20", True),
        ("icd-10:B20.1", True),
        ("icd-10-cm:B2", None),
        ("icd-10-cm:F20.0", True),
        ("snomed:397732007", True),  # nobody can tell
        ("icd-10:L10+icd-10:B20", True),
    ],
)
def test_what_a_sensitive_concept_has_is_sensitive(id: str, sensitive: bool | None) -> None:
    if sensitive is None:
        assert not CATALOGUE.has(id)
    else:
        assert CATALOGUE.concept(id).sensitive is sensitive


@pytest.mark.parametrize(
    "id",
    [
        "icd-10-cm:N3199",  # no point
        "icd-10-cm:ICD",
        "icd-10-cm:U99.9",  # no such category
        "icd-10:n31.9",
        "snomed:397732008",  # the check digit is another
        "snomed:39773",
        "snomed:680946014",  # of a description
        "loinc:718-7",
        "icd-10-cm:N31.9+snomed:397732008",
    ],
)
def test_a_code_that_does_not_exist_is_refused(id: str) -> None:
    assert not CATALOGUE.has(id)
    if ":" in id and "-7" not in id:
        with pytest.raises(MappingError, match="no existing code") as caught:
            CATALOGUE.concept(id, "here")
        assert caught.value.where == "here"
        (lint,) = check_concepts(study(id), CATALOGUE)
        assert "no existing code of a diagnosis" in lint.what


def test_what_is_neither_an_id_nor_codes_is_refused() -> None:
    with pytest.raises(StudyError, match="is no id"):
        Condition("icd-10-cm: N31.9")
