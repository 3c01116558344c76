"""A Chart: one patient's resources, found by the sources of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from fhirscreen.engines.base import SetAside
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import (
    MEDICATIONS,
    Entry,
    Resource,
    State,
    Terms,
    code_elements,
    codings,
    concept_text,
    contained_medication,
    medication_elements,
    read_entry,
)
from fhirscreen.fhir.references import target
from fhirscreen.fhir.shapes import fault
from fhirscreen.mapping.concepts import Concept, Role, Source
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.codes import CodeSet, Coding
from fhirscreen.values.durations import AsOf
from fhirscreen.values.quantities import Affine, UnitTable
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth


def aside_of(resource: Resource, reason: str) -> SetAside:
    """A resource that could not be read: verbatim, with the reason, under its `Type/id`."""
    where = f"{resource.get('resourceType')}/{resource.get('id')}"
    return SetAside(where, reason, orjson.dumps(resource).decode())


_REMEMBERED = 1 << 16


class Chosen(NamedTuple):
    """A source with its number; `plain` where its codes alone say what is a record of it."""

    number: int
    source: Source
    plain: bool


class SourceIndex:
    """Numbers the sources of a plan and finds those that a code belongs to.

    `codes` has an entry for each type that any source is of: the sources of every code met so far.
    """

    __slots__ = (
        "_by_type",
        "_chosen",
        "_concepts",
        "_conversions",
        "_inside",
        "_names",
        "_numbers",
        "_presumed",
        "_staged",
        "_telling",
        "_tells",
        "_unsaid",
        "codes",
        "presumed_types",
        "sources",
        "terms",
        "transfers",
        "treatments",
        "units",
    )

    def __init__(self, plan: Plan) -> None:
        self.terms: Terms = plan.catalogue.terms
        self.units: UnitTable = plan.catalogue.units
        self.transfers: CodeSet = plan.catalogue.vocabulary.transfers
        self.treatments: tuple[str, ...] = plan.catalogue.vocabulary.treatments
        self.sources: list[Source] = []
        self._numbers: dict[str, tuple[int, ...]] = {}
        self._by_type: dict[str, list[int]] = {}
        self._concepts: list[str] = []
        self._unsaid: dict[str, frozenset[str]] = {}
        self._names: dict[tuple[str, Coding], frozenset[str]] = {}
        self._telling: dict[tuple[str, str, str], bool] = {}
        self._presumed = {
            feature.concept.id: plan.catalogue.presumes(feature.concept) for feature in plan.features
        }
        self._tells = plan.catalogue.tells
        self.presumed_types = frozenset().union(*self._presumed.values())
        self._inside: dict[tuple[str, frozenset[str], frozenset[str]], Truth] = {}
        self._chosen: dict[tuple[Role, ...], dict[str, tuple[Chosen, ...]]] = {}
        self._conversions: dict[tuple[str, str], tuple[str | None, Affine | None]] = {}
        self.codes: dict[str, dict[tuple[str, str], tuple[int, ...]]] = {}
        for feature in plan.features:
            concept = feature.concept
            if concept.id not in self._numbers:
                first = len(self.sources)
                self.sources.extend(concept.sources)
                self._concepts.extend(concept.id for _ in concept.sources)
                self._numbers[concept.id] = tuple(range(first, len(self.sources)))
                self._unsaid[concept.id] = frozenset(v.name for v in concept.values if v.unknown)
        self._staged = frozenset(
            feature.concept.id
            for feature in plan.features
            if any(source.staging is not None for source in feature.concept.sources)
        )
        for number, source in enumerate(self.sources):
            self._by_type.setdefault(source.resource, []).append(number)
            self.codes[source.resource] = {}

    def numbers(self, concept: Concept) -> tuple[int, ...]:
        """The numbers of a concept's sources, in their order."""
        return self._numbers[concept.id]

    def of_type(self, resource_type: str) -> Sequence[int]:
        """The numbers of the sources of that type."""
        return self._by_type.get(resource_type, ())

    def chosen(self, concept: Concept, roles: tuple[Role, ...]) -> tuple[Chosen, ...]:
        """A concept's sources in those roles, in their order."""
        known = self._chosen.setdefault(roles, {})
        found = known.get(concept.id)
        if found is None:
            numbered = [(number, self.sources[number]) for number in self.numbers(concept)]
            found = known[concept.id] = tuple(
                Chosen(number, source, source.value is None and source.morphology is None)
                for number, source in numbered
                if source.role in roles
            )
        return found

    def conversion(self, concept: Concept, unit: str, canonical: str) -> tuple[str | None, Affine | None]:
        """The UCUM code of a unit as it was sent, and the conversion to the concept's `canonical` unit."""
        key = (concept.id, unit)
        found = self._conversions.get(key)
        if found is None:
            code, affine = self.units.normalise(unit), None
            if code is not None:
                affine = self.units.affine(
                    code, canonical, molar_mass=concept.molar_mass, valence=concept.valence
                )
            found = (code, affine)
            if len(self._conversions) < _REMEMBERED:
                self._conversions[key] = found
        return found

    def presumes(self, concept: Concept) -> frozenset[str]:
        """The types whose silence may mean no: a record there that tells nothing is no silence."""
        return self._presumed[concept.id]

    def told(self, resource_type: str, elements: Iterable[object]) -> bool:
        """Whether any code of a record says what it is about, be it nothing that the plan asks for."""
        for element in elements:
            for coding in codings(element, self.terms.short):
                key = (resource_type, coding.system, coding.code)
                known = self._telling.get(key)
                if known is None:
                    known = self._telling[key] = self._tells(*key)
                if known:
                    return True
        return False

    def staged(self, concept: Concept) -> bool:
        """Whether a category is one of those that are assessed clinically or pathologically."""
        return concept.id in self._staged

    def unsaid(self, concept: Concept) -> frozenset[str]:
        """The values of a category that say nothing (TX)."""
        return self._unsaid[concept.id]

    def inside(self, concept: Concept, names: frozenset[str], asked: frozenset[str]) -> Truth:
        """Whether what the names may mean, down to the finest values, is among the values asked for."""
        key = (concept.id, names, asked)
        found = self._inside.get(key)
        if found is None:
            leaves = frozenset().union(*(concept.leaves(name) for name in names))
            found = TRUE if leaves <= asked or names <= asked else UNKNOWN
            if leaves.isdisjoint(asked) and names.isdisjoint(asked):
                found = FALSE
            if len(self._inside) < _REMEMBERED:
                self._inside[key] = found
        return found

    def numbers_of(self, id: str) -> tuple[int, ...]:
        """The numbers of a concept's sources by its id; none where the plan does not ask for it."""
        return self._numbers.get(id, ())

    def of_any(self, resource: Resource, ids: Sequence[str]) -> bool:
        """Whether the code of a resource belongs to one of these concepts."""
        wanted = {number for id in ids for number in self.numbers_of(id)}
        found = codings(resource.get("code"), str)
        kind = str(resource.get("resourceType"))
        return any(wanted.intersection(self.find(kind, c.system, c.code)) for c in found)

    def names(self, concept: Concept, coding: Coding) -> frozenset[str]:
        """The values of a category that a coding means."""
        key = (concept.id, coding)
        found = self._names.get(key)
        if found is None:
            found = self._names[key] = frozenset(
                value.name for value in concept.values if value.codes.matches(coding.system, coding.code)
            )
        return found

    def concepts(self, numbers: Iterable[int]) -> frozenset[str]:
        """The ids of the concepts that those sources belong to."""
        return frozenset([self._concepts[number] for number in numbers])

    def find(self, resource_type: str, system: str, code: str) -> tuple[int, ...]:
        """The sources whose codes match; `system` as the resource has it, or a short name."""
        known = self.codes.get(resource_type)
        if known is None:
            return ()
        found = known.get((system, code))
        if found is None:
            short = self.terms.short(system) if system else ""
            found = known[system, code] = tuple(
                number
                for number in self.of_type(resource_type)
                if self.sources[number].codes.matches(short, code.strip())
            )
        return found


@dataclass(slots=True)
class Chart:
    """One patient: the Patient resource and the entries under each source of the plan.

    `present` are the concepts that have any entry; `end` is the first instant after the index date.
    `unfetched` are resource types that could not be fetched whole; `touched` are sources under which a
    resource could not be read, `named` those of them that its code names, `refused` those whose value could
    not. `untold` are records that could be of anything, for no code that we know says what they are about.
    `resources` finds any of the patient's resources by reference.
    """

    patient: Resource
    as_of: AsOf
    index: SourceIndex
    entries: dict[int, list[Entry]] = field(default_factory=dict)
    resources: Sequence[Resource] = ()
    unfetched: frozenset[str] = frozenset()
    touched: frozenset[int] = frozenset()
    named: frozenset[int] = frozenset()
    untold: tuple[Entry, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, Resource] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    end: int = 0
    refused: dict[str, SetAside] = field(default_factory=dict)
    _by_reference: dict[str, Resource] | None = None

    @property
    def id(self) -> str:
        """The patient's bare id."""
        return str(self.patient.get("id", ""))

    @property
    def disturbed(self) -> bool:
        """Whether anything is known to be missing."""
        return bool(self.unfetched or self.touched)

    def add(self, resources: Iterable[Resource]) -> None:
        """Adds resources of types that no source of the plan names."""
        self.resources, self._by_reference = [*self.resources, *resources], None

    def resolve(self, reference: object) -> Resource | None:
        """The resource that a Reference points to, among the patient's own and the shared ones."""
        found = target(reference, self.aliases)
        return None if found is None else self.find(found)

    def find(self, reference: str) -> Resource | None:
        """The resource of that `Type/id`."""
        if self._by_reference is None:
            self._by_reference = {f"{r.get('resourceType')}/{r.get('id')}": r for r in self.resources}
        return self._by_reference.get(reference) or self.shared.get(reference)

    @property
    def unread(self) -> tuple[SetAside, ...]:
        """All that was set aside, those too whose value turned out unreadable only when it was asked for."""
        return (*self.set_aside, *self.refused.values())

    def refuse(self, entry: Entry, reason: str) -> None:
        """Sets a resource aside whose value turned out unreadable."""
        self.refused[entry.reference] = aside_of(entry.resource, reason)

    def whole(self, concept: Concept) -> bool:
        """Whether everything that could be a record of the concept was fetched and read."""
        if self.unfetched and any(source.resource in self.unfetched for source in concept.sources):
            return False
        return not self.touched or self.touched.isdisjoint(self.index.numbers(concept))


def read_chart(  # noqa: C901 - one walk over everything that a patient has
    patient: Resource,
    resources: Sequence[Resource],
    index: SourceIndex,
    as_of: AsOf,
    *,
    shared: Mapping[str, Resource] | None = None,
    aliases: Mapping[str, str] | None = None,
    unfetched: Iterable[str] = (),
) -> Chart:
    """The chart of a patient from plain resource dicts.

    Only what a source of the plan names is read. What cannot be read is set aside verbatim, and what it
    might have said is then not taken as absent.
    """
    entries: dict[int, list[Entry]] = {}
    touched: set[int] = set()
    named: set[int] = set()
    untold: list[Entry] = []
    aside: list[SetAside] = []
    chart = Chart(
        patient,
        as_of,
        index,
        entries,
        resources,
        frozenset(unfetched),
        shared=shared or {},
        aliases=aliases or {},
    )
    codes, find, terms = index.codes, index.find, index.terms
    presumed = index.presumed_types
    for resource in resources:
        kind = resource.get("resourceType")
        if not isinstance(kind, str) or kind not in codes:
            continue
        known, matched = codes[kind], _NONE
        try:
            elements = _elements(chart, kind, resource)
            for element in elements:
                if element is None:
                    continue
                for coding in element.get("coding", ()):  # type: ignore[attr-defined]
                    system, code = coding.get("system") or "", coding.get("code") or ""
                    # Most codes were met before, and most belong to nothing that is asked for.
                    numbers = known.get((system, code))
                    if numbers is None:
                        numbers = find(kind, system, code)
                    if numbers:
                        matched = {*matched, *numbers} if matched else numbers
            if not matched and (kind not in presumed or index.told(kind, elements)):
                continue
            entry = read_entry(resource, terms)
        except MALFORMED as error:
            aside.append(aside_of(resource, _reason(error, resource)))
            touched.update(matched or index.of_type(kind))
            named.update(matched)
            continue
        if entry is None:
            continue
        if not matched:
            if entry.state is not State.DENIED:
                untold.append(entry)
            continue
        if not entry.codings and "medicationReference" in resource:
            found = tuple(coding for element in elements for coding in codings(element, terms.short))
            entry = entry._replace(codings=found, text=concept_text(elements[0]))
        for number in matched:
            if number in entries:
                entries[number].append(entry)
            else:
                entries[number] = [entry]
    chart.touched, chart.named = frozenset(touched), frozenset(named)
    chart.untold = tuple(untold)
    chart.present = index.concepts(entries)
    chart.end = as_of.end
    chart.set_aside = tuple(aside)
    return chart


_NONE: Collection[int] = ()


def _elements(chart: Chart, kind: str, resource: Resource) -> Sequence[object]:
    """The CodeableConcepts that say what a resource is about."""
    if kind in MEDICATIONS and "medicationReference" in resource:
        return _medication(chart, resource)
    if kind == "AllergyIntolerance":
        return list(code_elements(resource))
    return (resource.get("code") or resource.get("medicationCodeableConcept"),)


MALFORMED = (DataError, AttributeError, TypeError, KeyError, ValueError, IndexError, OverflowError)
"""What reading an element of the wrong form may raise."""


def _reason(error: Exception, resource: Resource) -> str:
    named = fault(resource)
    if named is None and isinstance(error, DataError):
        return error.what
    return named or "an element has not the form of R4"


def repaired(chart: Chart) -> Chart | None:
    """The chart without its malformed resources, which are set aside; None where none is malformed.

    A malformed Patient keeps only what identifies it, so that age, sex and vital status are not known.
    """
    faults = {id(each): found for each in chart.resources if (found := fault(each)) is not None}
    patient, wrong = chart.patient, fault(chart.patient)
    if not faults and wrong is None:
        return None
    unfetched = set(chart.unfetched)
    aside: list[SetAside] = []
    if wrong is not None:
        aside.append(aside_of(patient, wrong))
        patient = {name: patient[name] for name in ("resourceType", "id") if name in patient}
        unfetched.add("Patient")
    for each in chart.resources:
        if id(each) in faults:
            aside.append(aside_of(each, faults[id(each)]))
            unfetched.add(str(each.get("resourceType")))
    sound = [each for each in chart.resources if id(each) not in faults]
    again = read_chart(
        patient,
        sound,
        chart.index,
        chart.as_of,
        shared=chart.shared,
        aliases=chart.aliases,
        unfetched=unfetched,
    )
    again.set_aside = (*again.set_aside, *aside)
    again.named |= {n for each in chart.resources if id(each) in faults for n in _named(chart.index, each)}
    return again


def _named(index: SourceIndex, resource: Resource) -> tuple[int, ...]:
    """The sources that the code of a malformed resource names; none where the code itself is malformed."""
    try:
        found = codings(resource.get("code"), str)
    except DataError:
        return ()
    return tuple(n for c in found for n in index.find(str(resource.get("resourceType")), c.system, c.code))


def _medication(chart: Chart, resource: Resource) -> list[object]:
    """What a referenced Medication is, contained or by itself; DataError where there is none."""
    found = [element for element in code_elements(resource) if element is not None]
    if found:
        return found
    medication = contained_medication(resource) or chart.resolve(resource.get("medicationReference"))
    if medication is None:
        raise DataError("a referenced Medication is not in the data", expected="the Medication, or a code")
    found = medication_elements(medication)
    if not found:
        raise DataError("a referenced Medication has no code", expected="a code, or ingredients")
    return found
