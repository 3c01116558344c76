"""The order in which searches of several types are begun."""

from __future__ import annotations

from fhirscreen.fhir.types import longest_first


def test_what_takes_longest_is_begun_first_and_the_rest_by_name() -> None:
    types = ["Flag", "Patient", "Consent", "Procedure", "Condition", "Observation"]
    assert longest_first(types) == ["Observation", "Condition", "Procedure", "Patient", "Consent", "Flag"]
