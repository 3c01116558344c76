"""What is suggested for a concept or a unit that is not known."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.checks.suggestions import nearest_concepts, say_concepts, unit_problem
from fhirscreen.mapping.loading import load_catalogue

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("her2", "her2-status"),
        ("pdl1", "pd-l1-expression"),
        ("platelets", "platelet-count"),
        ("PLT", "platelet-count"),
        ("platelet-cuont", "platelet-count"),
        ("hemoglobin", "haemoglobin"),
        ("LVEF", "left-ventricular-ejection-fraction"),
        ("heart falure", "heart-failure"),
        ("breast", "breast-cancer"),
        ("chemo", "systemic-chemotherapy"),
    ],
)
def test_a_concept_is_found_by_its_names(asked: str, first: str) -> None:
    assert nearest_concepts(asked, CATALOGUE.concepts)[0] == first


def test_an_abbreviation_is_no_other_that_looks_like_it() -> None:
    assert "lactate-dehydrogenase" not in nearest_concepts("ldl", CATALOGUE.concepts)


@pytest.mark.parametrize("asked", ["qqqq", "", "---"])
def test_nothing_is_near(asked: str) -> None:
    assert say_concepts(asked, CATALOGUE.concepts) is None


@pytest.mark.parametrize(
    ("unit", "what", "remedy"),
    [
        ("furlong", "unknown unit `furlong`", "write it in g/L, or in a unit that converts to it"),
        ("mg/dl/l", "unknown unit `mg/dl/l`", "did you mean `mg/dL`?"),
        ("kg", "the unit `kg` does not fit: it is measured in g/L", "write it in g/L, g/dL, g/mL"),
    ],
)
def test_a_unit_that_is_unknown_is_told_from_one_that_does_not_fit(unit: str, what: str, remedy: str) -> None:
    problem = unit_problem(unit, CATALOGUE.concept("haemoglobin"), CATALOGUE.units)
    assert problem is not None
    assert problem[0] == what
    assert problem[1].startswith(remedy)


@pytest.mark.parametrize("unit", ["g/L", "g/dl", "mmol/L"])
def test_a_unit_that_fits(unit: str) -> None:
    assert unit_problem(unit, CATALOGUE.concept("haemoglobin"), CATALOGUE.units) is None
