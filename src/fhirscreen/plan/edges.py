"""Bounds of a study in the units of the mappings."""

from __future__ import annotations

from fhirscreen.criteria.bounds import Bound, Bounds
from fhirscreen.criteria.checks.catalogue import bound_problem
from fhirscreen.exceptions import BadInput, StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.nodes import Edge, Range
from fhirscreen.values.durations import Duration, parse_duration
from fhirscreen.values.intervals import number_text


def resolve_range(bounds: Bounds, concept: Concept, catalogue: Catalogue, where: str) -> Range:
    """The range in the concept's canonical unit.

    Raises StudyError for a unit that is missing, unknown or does not fit.
    """

    def edge(bound: Bound | None) -> Edge | None:
        if bound is None:
            return None
        if bound.limit is not None:
            return Edge(bound.value, bound.inclusive, bound.limit)
        problem = bound_problem(bound, concept, catalogue.units)
        if problem is not None:
            what, remedy = problem
            expected = f"a UCUM unit that converts to {concept.unit}" if concept.unit else "a plain number"
            raise StudyError(f"{concept.label}: {what}", where=where, expected=expected, remedy=remedy)
        code = None if bound.unit is None else catalogue.units.normalise(bound.unit)
        if code is None or concept.unit is None:
            return Edge(bound.value, bound.inclusive)
        affine = catalogue.units.affine(
            code, concept.unit, molar_mass=concept.molar_mass, valence=concept.valence
        )
        assert affine is not None  # noqa: S101 - else it would have been a problem
        return Edge(bound.value * affine.multiplier + affine.offset, bound.inclusive)

    return Range(edge(bounds.low), edge(bounds.high))


def resolve_years(bounds: Bounds, where: str) -> Range:
    """The range of an age in years (UCUM `a`)."""

    def edge(bound: Bound | None) -> Edge | None:
        if bound is None:
            return None
        if bound.unit not in ("a", None) or bound.limit is not None:
            raise StudyError(f"an age in {bound.unit!r}", where=where, expected="years, such as `18 a`")
        return Edge(bound.value, bound.inclusive)

    return Range(edge(bounds.low), edge(bounds.high))


def resolve_counts(bounds: Bounds, where: str) -> Range:
    """The range of a count: whole numbers without a unit."""

    def edge(bound: Bound | None) -> Edge | None:
        if bound is None:
            return None
        if bound.unit is not None or bound.limit is not None or bound.value != int(bound.value):
            raise StudyError("a count is not a whole number", where=where, expected="a number such as `4`")
        return Edge(bound.value, bound.inclusive)

    return Range(edge(bounds.low), edge(bounds.high))


def resolve_durations(bounds: Bounds, where: str) -> tuple[Duration | None, bool, Duration | None, bool]:
    """Lower bound, whether it is included, upper bound, whether it is included."""

    def edge(bound: Bound | None) -> tuple[Duration | None, bool]:
        if bound is None:
            return None, True
        try:
            return parse_duration(f"{number_text(bound.value)} {bound.unit}"), bound.inclusive
        except BadInput as error:
            raise StudyError(error.what, where=where, expected=error.expected) from None

    return (*edge(bounds.low), *edge(bounds.high))
