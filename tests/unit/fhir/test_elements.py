"""The table of R4's elements, against the R4 models of fhir.resources."""

from __future__ import annotations

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhirscreen.fhir.elements import ELEMENTS, unknown_elements
from fhirscreen.fhir.entries import CLINICAL_TYPES


def of_the_model(kind: str) -> set[str]:
    fields = get_fhir_model_class(kind).model_fields
    names = {field.alias or name for name, field in fields.items()}
    ours = {name for name in names if not name.startswith("_") and not name.endswith("__ext")}
    return ours - {"fhir_comments", "resource_type"} | {"resourceType"}


@pytest.mark.parametrize("kind", sorted(ELEMENTS))
def test_the_elements_of_a_type_are_those_of_its_model(kind: str) -> None:
    assert ELEMENTS[kind] | {"implicitRules", "modifierExtension"} == of_the_model(kind)


def test_every_type_that_a_mapping_may_name_is_there() -> None:
    assert {*CLINICAL_TYPES, "Patient"} <= ELEMENTS.keys()


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"occurrenceDateTime": "2026-01-01"}, ["the field occurrenceDateTime"]),
        ({"performedDateTime": "2026", "_performedDateTime": {}, "resourceType": "Procedure"}, []),
        ({"_occurrence": {}}, ["the field _occurrence"]),
        ({"modifierExtension": [], "implicitRules": "x"}, []),
        ({"Jane Roe": 1, "a": 2}, ["a field without a proper name", "the field a"]),
        ({"resourceType": "Practitioner"}, []),
    ],
)
def test_fields_that_are_no_elements(more: dict[str, object], named: list[str]) -> None:
    assert list(unknown_elements({"resourceType": "Procedure", "id": "p", **more})) == named
