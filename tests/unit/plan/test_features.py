"""Windows of a feature, and codes by role."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirscreen.mapping.concepts import Role
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.plan.features import approximate_days, code_set, feature_of
from fhirscreen.plan.walk import closure
from fhirscreen.values.durations import Duration, parse_duration

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("concept", "within", "decides", "shows"),
    [
        ("platelet-count", None, "28 d", "90 d"),
        ("platelet-count", "7 d", "7 d", "90 d"),
        ("platelet-count", "89 d", "89 d", "90 d"),
        ("platelet-count", "90 d", "90 d", "180 d"),
        ("platelet-count", "4 mo", "4 mo", "8 mo"),
        ("platelet-count", "2400 h", "2400 h", "4800 h"),
        ("stroke", "6 mo", "6 mo", None),
        ("stroke", None, None, None),
    ],
)
def test_windows(concept: str, within: str | None, decides: str | None, shows: str | None) -> None:
    windows = feature_of(CATALOGUE.concept(concept), CATALOGUE, within=within).windows
    assert windows.decides == (None if decides is None else parse_duration(decides))
    assert windows.shows == (None if shows is None else parse_duration(shows))


def test_a_staged_category_is_any_unless_asked() -> None:
    assert feature_of(CATALOGUE.concept("t-category"), CATALOGUE).staging == "any"
    assert feature_of(CATALOGUE.concept("ecog-performance-status"), CATALOGUE).staging is None


def test_needs() -> None:
    ecog = feature_of(CATALOGUE.concept("ecog-performance-status"), CATALOGUE)
    assert [f.concept.id for f in ecog.needs] == ["karnofsky-performance-status"]
    assert ecog.level == 1
    assert ecog.needs[0].level == 0
    assert ecog.sources == ecog.concept.sources


@pytest.mark.parametrize(
    ("duration", "days"),
    [(Duration(days=3), 3.0), (Duration(months=12), 365.25), (Duration(seconds=43_200), 0.5)],
)
def test_approximate_days(duration: Duration, days: float) -> None:
    assert approximate_days(duration) == days


def test_codes_by_role() -> None:
    stroke = CATALOGUE.concept("stroke")
    assert code_set(stroke, Role.MATCH).matches("snomed", "230690007")
    assert not code_set(stroke, Role.MATCH).matches("snomed", "275526006")
    assert code_set(stroke, Role.MATCH, Role.HISTORY).matches("snomed", "275526006")
    assert not code_set(stroke, Role.COARSER)


def test_what_a_feature_needs_brings_what_it_needs_itself() -> None:
    concept = replace(CATALOGUE.concept("platelet-count"), invalidated_by=("ecog-performance-status",))
    needed = [feature.concept.id for feature in closure(feature_of(concept, CATALOGUE))]
    known = ["karnofsky-performance-status", "ecog-performance-status", "blood-transfusion"]
    assert needed == [*known, "platelet-count"]
