"""What the mappings know of a study's concepts: unknown ones, units that do not fit, implausible bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from fhirscreen.criteria.bounds import Bound, Bounds
from fhirscreen.criteria.checks.lints import Lint, error, walk_criteria, warning
from fhirscreen.criteria.checks.suggestions import say_concepts, unit_problem
from fhirscreen.criteria.nodes import (
    INDEX_CANCER,
    Condition,
    Count,
    Derived,
    Expression,
    Finding,
    Measured,
    Received,
    is_coded,
)
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire.amounts import format_number
from fhirscreen.criteria.wire.fields import suggest
from fhirscreen.values.quantities import UnitTable


class Named(Protocol):
    """A value of a category."""

    @property
    def name(self) -> str:
        """Its name, as criteria write it."""
        ...


class Known(Protocol):
    """What the lint asks of a concept; `mapping.concepts.Concept` is one."""

    @property
    def label(self) -> str:
        """Its name in a sentence."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """Synonyms and abbreviations."""
        ...

    @property
    def kind(self) -> str:
        """`measurement`, `category`, `diagnosis`, `event`, `therapy` or `derived`."""
        ...

    @property
    def unit(self) -> str | None:
        """Its canonical UCUM unit."""
        ...

    @property
    def plausible(self) -> tuple[float | None, float | None]:
        """The lowest and the highest plausible value, in that unit."""
        ...

    @property
    def molar_mass(self) -> float | None:
        """In g/mol, where labs send mass and moles."""
        ...

    @property
    def valence(self) -> int | None:
        """Where labs send equivalents and moles."""
        ...

    @property
    def values(self) -> Sequence[Named]:
        """The values of a category."""
        ...

    @property
    def sites(self) -> str | None:
        """The concept that holds the sites of its spread."""
        ...


class Catalogue(Protocol):
    """What the lint asks of the mappings; `mapping.catalogue.Catalogue` is one."""

    @property
    def concepts(self) -> Mapping[str, Known]:
        """Every concept by its id."""
        ...

    @property
    def units(self) -> UnitTable:
        """The units that are known, and their conversions."""
        ...


_KINDS: dict[type[Expression], tuple[str, ...]] = {
    Measured: ("measurement",),
    Derived: ("derived",),
    Condition: ("diagnosis", "event"),
    Received: ("therapy",),
}


def convert_bound(bound: Bound, concept: Known, units: UnitTable) -> float | None:
    """The bound in the concept's canonical unit; None where it is relative, or does not fit."""
    if bound.limit is not None or concept.unit is None:
        return None
    code = concept.unit if bound.unit is None else units.normalise(bound.unit)
    if code is None:
        return None
    found = units.convert(
        bound.value, code, concept.unit, molar_mass=concept.molar_mass, valence=concept.valence
    )
    return None if found is None else found.low


def bound_problem(bound: Bound, concept: Known, units: UnitTable) -> tuple[str, str] | None:
    """What is wrong with a bound's unit and what to do; None where nothing is."""
    if bound.limit is not None:
        return None
    if bound.unit is not None:
        return unit_problem(bound.unit, concept, units)
    if concept.unit is None or is_pure(concept.unit):
        return None
    number = format_number(bound.value)
    return f"the unit of `{number}` is missing", f"write it, for instance `{number} {concept.unit}`"


def is_pure(unit: str) -> bool:
    """Whether a unit is that of a pure number, so that a bound may leave it out: {INR}, {score}, 1."""
    return unit == "1" or (unit.startswith("{") and unit.endswith("}"))


def check_concepts(study: Study, catalogue: Catalogue) -> Iterator[Lint]:
    """Every concept, value, unit and bound of a study against the mappings."""
    cancer = study.population.cancer
    if cancer is not None:
        yield from _check_known(cancer, "population.cancer", catalogue, ("diagnosis",))
    for where, node in walk_criteria(study):
        match node:
            case Measured(concept, bounds) | Derived(concept, bounds):
                kinds = _KINDS[type(node)]
                yield from _check_known(concept, where, catalogue, kinds)
                known = catalogue.concepts.get(concept)
                if known is not None and known.kind in kinds:
                    yield from _check_bounds(bounds, known, where, catalogue)
            case Finding():
                yield from _check_finding(node, where, catalogue)
            case Condition() | Received():
                yield from _check_known(node.concept, where, catalogue, _KINDS[type(node)])
                purpose = node.given_for if isinstance(node, Received) else None
                if purpose is not None and purpose != INDEX_CANCER:
                    yield from _check_known(purpose, where, catalogue, ("diagnosis",))
                if purpose == INDEX_CANCER and cancer is None:
                    yield error(where, "`for: index-cancer` without one", "name the cancer of the population")
            case Count(of) if isinstance(of, Finding) and not of.values and _is_category(of, catalogue):
                yield error(f"{where}.of", "which values are counted is not said", "add `in: [...]`")
            case _:
                pass


def _is_category(finding: Finding, catalogue: Catalogue) -> bool:
    known = catalogue.concepts.get(finding.concept)
    return known is not None and known.kind == "category"


def _check_known(id: str, where: str, catalogue: Catalogue, kinds: tuple[str, ...]) -> Iterator[Lint]:
    known = catalogue.concepts.get(id)
    if known is None and is_coded(id):
        yield error(
            where,
            f"`{id}` is no existing code of a diagnosis",
            "write codes of icd-10, icd-10-cm, icd-10-gm or snomed, like `icd-10-cm:N31.9`",
        )
    elif known is None:
        yield error(
            where,
            f"unknown concept `{id}`",
            say_concepts(id, catalogue.concepts) or "use a concept of the mappings, or add one to them",
        )
    elif known.kind not in kinds:
        yield error(where, f"`{id}` is a {known.kind}, not a {' or '.join(kinds)}", _better(known.kind))


def _better(kind: str) -> str:
    keys = {"measurement": "measured", "derived": "derived", "category": "finding", "therapy": "received"}
    return f"ask for it with `{keys.get(kind, 'condition')}`"


def _check_finding(node: Finding, where: str, catalogue: Catalogue) -> Iterator[Lint]:
    yield from _check_known(
        node.concept, where, catalogue, ("category",) if node.values else ("diagnosis", "event", "category")
    )
    known = catalogue.concepts.get(node.concept)
    if known is None:
        return
    yield from _check_values(node.values, known, node.concept, f"{where}.in", catalogue)
    if not node.sites:
        return
    sites = None if known.sites is None else catalogue.concepts.get(known.sites)
    if known.sites is None or sites is None:
        yield error(f"{where}.sites", f"the mapping of `{node.concept}` names no sites", "leave `sites` out")
    else:
        yield from _check_values(node.sites, sites, known.sites, f"{where}.sites", catalogue)


def _check_values(
    values: tuple[str, ...], known: Known, id: str, where: str, catalogue: Catalogue
) -> Iterator[Lint]:
    names = tuple(value.name for value in known.values)
    for value in values:
        if value not in names and known.kind == "category":
            yield error(
                where,
                f"`{id}` has no value `{value}`",
                suggest(value, names) or f"use one of {', '.join(names)}",
            )


def _check_bounds(bounds: Bounds, known: Known, where: str, catalogue: Catalogue) -> Iterator[Lint]:
    for bound in (bounds.low, bounds.high):
        if bound is None or bound.limit is not None:
            continue
        problem = bound_problem(bound, known, catalogue.units)
        if problem is not None:
            yield error(where, *problem)
            continue
        value = convert_bound(bound, known, catalogue.units)
        if value is None:
            continue
        low, high = known.plausible
        # 0 is no value that a patient has, and still a bound that says "any value".
        if (low is not None and value < low and value != 0) or (high is not None and value > high):
            yield warning(
                where,
                f"the bound `{bound}` lies outside what is plausible ({_span(low, high, known.unit)})",
                "check number and unit against the protocol; if it stands so there, ask the investigator",
            )


def _span(low: float | None, high: float | None, unit: str | None) -> str:
    ends = ("any" if end is None else format_number(end) for end in (low, high))
    return f"{' to '.join(ends)} {unit or ''}".rstrip()
