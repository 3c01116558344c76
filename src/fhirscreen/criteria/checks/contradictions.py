"""Whether anybody can meet all criteria: what they demand of each atom, taken together.

A criterion demands an atom where it can only be met if that atom is TRUE (or FALSE): at its top, below
`all` where it must be TRUE, below `any` where it must be FALSE. Alternatives demand nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fhirscreen.criteria.bounds import Bound, Bounds
from fhirscreen.criteria.checks.catalogue import Catalogue, convert_bound
from fhirscreen.criteria.checks.lints import Lint, error, place, warning
from fhirscreen.criteria.nodes import (
    Age,
    AllOf,
    AnyOf,
    Atom,
    Derived,
    Expression,
    Finding,
    Measured,
    Not,
    Sex,
)
from fhirscreen.criteria.studies import Criterion, Kind, Study


@dataclass(frozen=True, slots=True)
class Demand:
    """A criterion can only be met where the atom is TRUE (`holds`), or FALSE."""

    criterion: Criterion
    atom: Atom
    holds: bool


def find_demands(study: Study) -> tuple[Demand, ...]:
    """Every demand of a study's criteria, in order."""
    return tuple(
        Demand(criterion, atom, holds)
        for criterion in study.criteria
        for atom, holds in _demanded(criterion.expression, criterion.kind is Kind.INCLUSION)
    )


def _demanded(expression: Expression, holds: bool) -> Iterator[tuple[Atom, bool]]:
    match expression:
        case AllOf(of) if holds:
            for child in of:
                yield from _demanded(child, holds)
        case AnyOf(of) if not holds:
            for child in of:
                yield from _demanded(child, holds)
        case Not(of):
            yield from _demanded(of, not holds)
        case _ if isinstance(expression, Atom):
            yield expression, holds
        case _:
            pass


def check_contradictions(study: Study, catalogue: Catalogue | None = None) -> Iterator[Lint]:
    """Demands that no patient can meet together. With a catalogue, bounds in different units too."""
    demands = find_demands(study)
    yield from _check_opposites(demands)
    yield from _check_ranges(demands, catalogue)
    yield from _check_values(demands)


def _check_opposites(demands: tuple[Demand, ...]) -> Iterator[Lint]:
    seen: dict[tuple[Atom, bool], Demand] = {}
    for demand in demands:
        other = seen.get((demand.atom, not demand.holds))
        sex = demand.atom
        if other is None and isinstance(sex, Sex) and demand.holds:
            other = seen.get((Sex("female" if sex.code == "male" else "male"), True))
        if other is not None and other.criterion.expression != demand.criterion.expression:
            yield error(
                place(demand.criterion),
                f"contradicts `{other.criterion.id}`: nobody can meet both",
                "correct one of them",
            )
        seen.setdefault((demand.atom, demand.holds), demand)


def _subject(atom: Atom) -> Atom | None:
    """The atom without its bounds: what a range is about. None where it has none."""
    anything = Bounds(low=Bound(0))
    match atom:
        case Measured() | Derived():
            return replace(atom, bounds=anything)
        case Age():
            return Age(Bounds(low=Bound(0, "a")))
        case _:
            return None


def _check_ranges(demands: tuple[Demand, ...], catalogue: Catalogue | None) -> Iterator[Lint]:
    ranges: dict[tuple[Atom, object], list[tuple[Demand, Bound, bool]]] = defaultdict(list)
    for demand in demands:
        subject = _subject(demand.atom)
        if subject is None or not isinstance(demand.atom, Measured | Derived | Age):
            continue
        for bound, is_low in _ends(demand.atom.bounds, demand.holds):
            unit, value = _measure(demand.atom, bound, catalogue)
            ranges[subject, unit].append((demand, replace(bound, value=value), is_low))
    for found in ranges.values():
        lows = [(demand, bound) for demand, bound, is_low in found if is_low]
        highs = [(demand, bound) for demand, bound, is_low in found if not is_low]
        for low_demand, low in lows:
            for high_demand, high in highs:
                closed = low.inclusive and high.inclusive
                if low_demand == high_demand or not (
                    low.value > high.value or (low.value == high.value and not closed)
                ):
                    continue
                first, second = sorted((low_demand, high_demand), key=demands.index)
                yield error(
                    place(second.criterion),
                    f"leaves no value that also meets `{first.criterion.id}`",
                    "correct one of the bounds",
                )


def _ends(bounds: Bounds, holds: bool) -> Iterator[tuple[Bound, bool]]:
    """The ends that a value must keep, and whether each is a lower one; none for a negated range of two."""
    if holds:
        if bounds.low is not None:
            yield bounds.low, True
        if bounds.high is not None:
            yield bounds.high, False
    elif bounds.high is None and bounds.low is not None:
        yield replace(bounds.low, inclusive=not bounds.low.inclusive), False
    elif bounds.low is None and bounds.high is not None:
        yield replace(bounds.high, inclusive=not bounds.high.inclusive), True


def _measure(atom: Atom, bound: Bound, catalogue: Catalogue | None) -> tuple[object, float]:
    """The unit in which bounds are compared, and the bound's value in it."""
    id = atom.concept if isinstance(atom, Measured) else atom.quantity if isinstance(atom, Derived) else ""
    concept = None if catalogue is None else catalogue.concepts.get(id)
    if catalogue is not None and concept is not None:
        value = convert_bound(bound, concept, catalogue.units)
        if value is not None:
            return concept.unit, value
    return (bound.unit, bound.limit), bound.value


def _check_values(demands: tuple[Demand, ...]) -> Iterator[Lint]:
    """Values that an inclusion asks for and an exclusion takes away."""
    asked: dict[Finding, list[Demand]] = defaultdict(list)
    for demand in demands:
        if isinstance(demand.atom, Finding) and demand.atom.values:
            asked[replace(demand.atom, values=(), sites=())].append(demand)
    for found in asked.values():
        for index, wanted in enumerate(found):
            for position, other in enumerate(found):
                # Two that are asked for are compared once; an exclusion with every inclusion.
                if wanted.holds and (position > index if other.holds else True):
                    yield from _compare_values(wanted, other)


def _compare_values(wanted: Demand, other: Demand) -> Iterator[Lint]:
    if not (isinstance(wanted.atom, Finding) and isinstance(other.atom, Finding)):
        return
    values, others = set(wanted.atom.values), set(other.atom.values)
    if wanted.atom.sites != other.atom.sites:
        return
    left = values & others if other.holds else values - others
    taken = sorted(values - left)
    if not left:
        yield error(
            place(other.criterion),
            f"leaves no value of those that `{wanted.criterion.id}` asks for",
            "correct the values of one of them",
        )
    elif taken and not other.holds:
        yield warning(
            place(other.criterion),
            f"excludes {', '.join(taken)}, which `{wanted.criterion.id}` includes",
            "take the value out of one of them",
        )
