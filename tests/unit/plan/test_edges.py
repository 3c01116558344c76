"""Bounds as a study writes them, in the units of the mappings."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.bounds import Bound, Bounds, Limit
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.plan.edges import resolve_counts, resolve_durations, resolve_range, resolve_years
from fhirscreen.plan.nodes import Edge, Range
from fhirscreen.values.durations import Duration

CATALOGUE = load_catalogue()


def edge(value: float, inclusive: bool = True, unit: str | None = None, limit: Limit | None = None) -> Bound:
    return Bound(value, unit, limit, inclusive)


def range_of(low: Bound | None = None, high: Bound | None = None, concept: str = "platelet-count") -> Range:
    return resolve_range(Bounds(low, high), CATALOGUE.concept(concept), CATALOGUE, "S1.c1")


def test_a_bound_in_the_units_of_the_mapping() -> None:
    assert range_of(edge(100, True, "10*9/L")) == Range(Edge(100.0, True), None)
    assert range_of(None, edge(100, False, "10*9/L")) == Range(None, Edge(100.0, False))
    assert range_of(edge(100_000, False, "/uL")) == Range(Edge(100.0, False), None)
    assert range_of(edge(100, True, "G/L")) == Range(Edge(100.0, True), None)
    degrees = range_of(edge(99.5, True, "[degF]"), concept="body-temperature").low
    assert degrees is not None
    assert degrees.value == pytest.approx(37.5)


def test_a_multiple_of_a_limit_has_no_unit() -> None:
    found = range_of(edge(2, False, None, Limit.ULN), edge(3, True, None, Limit.LLN))
    assert found == Range(Edge(2, False, Limit.ULN), Edge(3, True, Limit.LLN))


def test_a_pure_number_needs_no_unit() -> None:
    assert range_of(None, edge(1.5, True), concept="international-normalised-ratio") == Range(
        None, Edge(1.5, True)
    )
    strict = range_of(None, edge(1.5, False), concept="international-normalised-ratio")
    assert strict == Range(None, Edge(1.5, False))


def test_equivalents_of_an_ion_of_valence_two() -> None:
    assert range_of(None, edge(5, True, "meq/L"), concept="calcium") == Range(None, Edge(2.5, True))


@pytest.mark.parametrize(
    ("bound", "what", "remedy"),
    [
        (edge(100), "the unit of `100` is missing", "for instance `100 10*9/L`"),
        (edge(1.5, True, "bottles"), "unknown unit `bottles`", "write it in 10*9/L"),
        (edge(1.5, True, "10^9/K"), "unknown unit `10^9/K`", "did you mean `10*9/L`"),
        (edge(1.5, True, "g/L"), "the unit `g/L` does not fit: it is measured", "write it in 10*9/L"),
    ],
)  # fmt: skip
def test_a_unit_that_does_not_fit(bound: Bound, what: str, remedy: str) -> None:
    with pytest.raises(StudyError) as caught:
        range_of(bound)
    error = caught.value
    assert error.what.startswith(f"platelet count: {what}")
    assert error.where == "S1.c1"
    assert error.expected == "a UCUM unit that converts to 10*9/L"
    assert remedy in (error.remedy or "")


def test_a_percentage_names_its_unit() -> None:
    with pytest.raises(StudyError, match="`50` is missing"):
        range_of(edge(50), concept="left-ventricular-ejection-fraction")


def test_years() -> None:
    assert resolve_years(Bounds(edge(18, True, "a"), edge(75, False)), "S1.c1") == Range(
        Edge(18, True), Edge(75, False)
    )
    assert resolve_years(Bounds(None, edge(75)), "S1.c1") == Range(None, Edge(75))


@pytest.mark.parametrize("bound", [edge(18, True, "mo"), edge(18, True, None, Limit.ULN)])
def test_an_age_is_in_years(bound: Bound) -> None:
    with pytest.raises(StudyError) as caught:
        resolve_years(Bounds(bound, None), "S1.c1")
    assert caught.value.what == f"an age in {bound.unit!r}"
    assert (caught.value.where, caught.value.expected) == ("S1.c1", "years, such as `18 a`")


def test_counts() -> None:
    found = resolve_counts(Bounds(edge(2, False), edge(4.0)), "S1.c1")
    assert found == Range(Edge(2, False), Edge(4, True))
    assert resolve_counts(Bounds(None, edge(4)), "S1.c1") == Range(None, Edge(4))


@pytest.mark.parametrize("bound", [edge(2.5), edge(2, True, "1"), edge(2, True, None, Limit.ULN)])
def test_a_count_is_a_whole_number(bound: Bound) -> None:
    with pytest.raises(StudyError) as caught:
        resolve_counts(Bounds(None, bound), "S1.c1")
    assert caught.value.what == "a count is not a whole number"
    assert (caught.value.where, caught.value.expected) == ("S1.c1", "a number such as `4`")


def test_durations() -> None:
    both = resolve_durations(Bounds(edge(28, False, "d"), edge(6, True, "mo")), "S1.c1")
    assert both == (Duration(days=28), False, Duration(months=6), True)
    assert resolve_durations(Bounds(None, edge(2, False, "wk")), "S1.c1") == (
        None, True, Duration(days=14), False,
    )  # fmt: skip
    assert resolve_durations(Bounds(edge(1, True, "a"), None), "S1.c1") == (
        Duration(months=12),
        True,
        None,
        True,
    )


def test_what_is_no_duration() -> None:
    with pytest.raises(StudyError) as caught:
        resolve_durations(Bounds(edge(0.5, True, "mo"), None), "S1.c1")
    assert caught.value.what == "'0.5 mo' is not a duration"
    assert (caught.value.where, caught.value.expected) == (
        "S1.c1", "like 28 d, 4 wk, 6 mo, 2 a, 12 h, P28D or PT12H",
    )  # fmt: skip
