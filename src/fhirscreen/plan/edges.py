"""Bounds of a study in the units of the mappings."""

from __future__ import annotations

from fhirscreen.criteria.bounds import Bound, Bounds
from fhirscreen.exceptions import BadInput, StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.nodes import Edge, Range
from fhirscreen.values.durations import Duration, parse_duration
from fhirscreen.values.intervals import number_text


def resolve_range(bounds: Bounds, concept: Concept, catalogue: Catalogue, where: str) -> Range:
    """The range in the concept's canonical unit. Raises StudyError for a unit that does not fit."""

    def edge(bound: Bound | None) -> Edge | None:
        if bound is None:
            return None
        if bound.limit is not None:
            return Edge(bound.value, bound.inclusive, bound.limit)
        if concept.unit is None or bound.unit is None:
            if concept.unit is not None and not _pure(concept.unit):
                raise StudyError(
                    f"{number_text(bound.value)} has no unit",
                    where=where,
                    expected=f"a unit that converts to {concept.unit}",
                    remedy=f"write for instance `{number_text(bound.value)} {concept.unit}`",
                )
            return Edge(bound.value, bound.inclusive)
        code = catalogue.units.normalise(bound.unit)
        affine = None
        if code is not None:
            affine = catalogue.units.affine(
                code, concept.unit, molar_mass=concept.molar_mass, valence=concept.valence
            )
        if affine is None:
            problem = "is unknown" if code is None else f"does not fit {concept.label}"
            raise StudyError(
                f"the unit {bound.unit!r} {problem}",
                where=where,
                expected=f"a UCUM unit that converts to {concept.unit}",
            )
        return Edge(bound.value * affine.multiplier + affine.offset, bound.inclusive)

    return Range(edge(bounds.low), edge(bounds.high))


def _pure(unit: str) -> bool:
    """Whether a unit is that of a pure number, so that a bound may leave it out: {INR}, {score}, 1."""
    return unit == "1" or (unit.startswith("{") and unit.endswith("}"))


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
