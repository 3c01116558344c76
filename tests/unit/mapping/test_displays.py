"""A recorded code is called what the shipped lists of codes call it, else what the concept is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.displays import call
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.mapping.sites import Site
from fhirscreen.values.codes import CodeSet


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize(
    ("concept", "code", "called"),
    [
        ("hiv-infection", "86406008", "Human immunodeficiency virus infection"),
        ("oesophageal-squamous-cell-carcinoma", "C15.4", "Malignant neoplasm of middle third of esophagus"),
        ("oesophageal-squamous-cell-carcinoma", "C154", "Malignant neoplasm of middle third of esophagus"),
        ("oesophageal-squamous-cell-carcinoma", "363402007", "malignant tumour of oesophagus"),
        ("immune-checkpoint-inhibitor", "L01FF03", "durvalumab"),
        ("hiv-infection", "not-a-code", ""),
    ],
)
def test_what_a_code_is_called(catalogue: Catalogue, concept: str, code: str, called: str) -> None:
    assert call(code, [catalogue.concept(concept)], catalogue.displays) == called


def test_a_code_is_called_what_is_above_it_where_nothing_nearer_has_a_name(catalogue: Catalogue) -> None:
    codes = CodeSet.from_data({"icd-10": ["C15"]})
    concept = catalogue.concept("oesophageal-cancer")
    concept = replace(concept, sources=(replace(concept.sources[0], codes=codes),))
    assert call("C15.49", [concept], catalogue.displays) == "Malignant neoplasm of middle third of esophagus"


def test_a_drug_is_no_diagnosis(catalogue: Catalogue) -> None:
    codes = CodeSet.from_data({"icd-10": ["J01"], "atc": ["J01"]})
    concept = catalogue.concept("oesophageal-cancer")
    concept = replace(concept, sources=(replace(concept.sources[0], codes=codes),))
    assert "sinusitis" in call("J01.9", [concept], catalogue.displays).lower()
    assert "sinusitis" not in call("J01DD04", [concept], catalogue.displays).lower()


def test_a_local_code_is_called_as_its_concept(catalogue: Catalogue) -> None:
    local = {"hiv-infection": CodeSet.from_data({"urn:lab": ["H1"]})}
    concept = catalogue.at(Site(id="x", local_codes=local)).concept("hiv-infection")
    assert call("H1", [concept], catalogue.displays) == concept.label
