"""A Chart: one patient's resources, found by the sources of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from fhirscreen.engines.base import SetAside, shown_place
from fhirscreen.engines.evaluator.sources import Records, SourceIndex
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import (
    CLINICAL_TYPES,
    MEDICATIONS,
    MODIFYING,
    READERS,
    Entry,
    Resource,
    State,
    Terms,
    code_elements,
    contained_medication,
    medication_elements,
    read_entry,
)
from fhirscreen.fhir.references import target
from fhirscreen.fhir.shapes import fault, refuse_modified
from fhirscreen.fhir.types import RESOURCE_TYPES
from fhirscreen.mapping.concepts import Concept
from fhirscreen.values.codes import Coding
from fhirscreen.values.durations import AsOf


def aside_of(resource: Resource, reason: str) -> SetAside:
    """A resource that could not be read: verbatim, with the reason, under its `Type/id`."""
    where = f"{resource.get('resourceType')}/{resource.get('id')}"
    return SetAside(where, reason, orjson.dumps(resource).decode())


class Lost(NamedTuple):
    """What could not be attributed to a patient and may be of anybody.

    `unfetched` are types of which a part cannot be read; `spoilt` are records with the sources that each may
    be of, `touched` all of these.
    """

    unfetched: frozenset[str] = frozenset()
    touched: frozenset[int] = frozenset()
    spoilt: tuple[tuple[SetAside, frozenset[int] | None], ...] = ()


NOTHING_LOST = Lost()

_SHOWN = 3
"""So many of the records that could not be read are named where they keep a question open."""


@dataclass(slots=True)
class Chart:
    """One patient: the Patient resource and the entries under each source of the plan.

    `present` are the concepts that have any entry, `records` the entries by concept; `end` is the first
    instant after the index date.
    `unfetched` are resource types that could not be fetched whole; `touched` are sources under which a
    resource could not be read, `named` those of them that its code names, `refused` those whose value could
    not. `spoilt` are those of `set_aside` with the sources that each may be of, None for any of its type.
    `lost` is what may be of anybody; it is in `unfetched`, `touched` and `spoilt` already.
    `untold` are records that could be of anything, for no code that we know says what they are about;
    `narrowed` are those of them that can be of some concepts only. `others` are of types that no source has,
    `inert` are no evidence by their status, `pointing` are entries that refer to further records. `resources`
    finds any of the patient's resources by reference. `doubtful` are versions of the Patient, and others
    that gates read, that were set aside: what they say closes a gate, and opens none.
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
    narrowed: dict[str, frozenset[str]] = field(default_factory=dict)
    others: Sequence[Resource] = ()
    inert: Sequence[Resource] = ()
    pointing: Sequence[Entry] = ()
    set_aside: tuple[SetAside, ...] = ()
    spoilt: tuple[tuple[SetAside, frozenset[int] | None], ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, Resource] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    records: Records = field(default_factory=dict)
    end: int = 0
    refused: dict[str, SetAside] = field(default_factory=dict)
    lost: Lost = NOTHING_LOST
    doubtful: Sequence[Resource] = ()
    _by_reference: dict[str, Resource] | None = None

    @property
    def id(self) -> str:
        """The patient's bare id."""
        return str(self.patient.get("id", ""))

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return not (self.unfetched or self.unread or self.lost.touched)

    def add(self, resources: Iterable[Resource]) -> None:
        """Adds resources of types that no source of the plan names."""
        more = list(resources)
        self.resources, self._by_reference = [*self.resources, *more], None
        self.others = [*self.others, *more]

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
        self.refused[entry.reference] = aside_of(self.find(entry.reference) or entry.resource, reason)

    @property
    def spoilt_patient(self) -> str:
        """What is wrong with the Patient, where that is so malformed that it was set aside."""
        wrong = (each for each, _ in self.spoilt if each.where.startswith("Patient/"))
        return "; ".join(f"{each.where}: {each.reason}" for each in wrong)

    def unreadable(self, concept: Concept) -> str:
        """Which records that could be of the concept were set aside, and why; empty if unknown."""
        own = self.index.numbers(concept)
        types = {source.resource for source in concept.sources}
        refused = {e.reference for n in own for e in self.entries.get(n, ())} & self.refused.keys()
        found = [self.refused[reference] for reference in sorted(refused)]
        found += [
            aside
            for aside, numbers in self.spoilt
            if (aside.where.partition("/")[0] in types if numbers is None else not numbers.isdisjoint(own))
        ]
        said = list(dict.fromkeys(f"{_place(aside)}: {aside.reason}" for aside in found))
        return "; ".join([*said[:_SHOWN], f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else said)

    def whole(self, concept: Concept) -> bool:
        """Whether everything that could be a record of the concept was fetched and read."""
        if self.unfetched and any(source.resource in self.unfetched for source in concept.sources):
            return False
        return not self.touched or self.touched.isdisjoint(self.index.numbers(concept))


def _place(aside: SetAside) -> str:
    """A record by its id, or a place in a file without the file's name, which may be a patient's."""
    kind, _, id = aside.where.partition("/")
    return aside.where if kind in RESOURCE_TYPES and "." not in id else shown_place(aside.where)


def read_chart(  # noqa: C901 - one loop over everything that is on record
    patient: Resource,
    resources: Sequence[Resource],
    index: SourceIndex,
    as_of: AsOf,
    *,
    shared: Mapping[str, Resource] | None = None,
    aliases: Mapping[str, str] | None = None,
    unfetched: Iterable[str] = (),
    lost: Lost = NOTHING_LOST,
    doubtful: Sequence[Resource] = (),
) -> Chart:
    """The chart of a patient from plain resource dicts; `lost` is what may be of anybody.

    Only what a source of the plan names is read. What cannot be read is set aside verbatim, and what it
    might have said is then not taken as absent.
    """
    entries: dict[int, list[Entry]] = {}
    touched: set[int] = set()
    named: set[int] = set()
    untold: list[Entry] = []
    others: list[Resource] = []
    inert: list[Resource] = []
    pointing: list[Entry] = []
    aside: list[SetAside] = []
    spoilt: list[tuple[SetAside, frozenset[int] | None]] = []
    chart = Chart(
        patient,
        as_of,
        index,
        entries,
        resources,
        lost.unfetched.union(unfetched),
        shared=shared or {},
        aliases=aliases or {},
        lost=lost,
        doubtful=doubtful,
    )
    codes, terms, presumed, lone = index.codes, index.terms, index.presumed_types, index.lone
    for resource in resources:
        try:
            # By far the most say it in one code, which was met before, and have nothing that makes more of
            # them. What is otherwise, or malformed, is read below.
            known = lone.get(resource["resourceType"])
            if known is not None and len(listed := resource["code"]["coding"]) == 1:
                met = known.get((listed[0]["system"], listed[0]["code"]))
                if met is not None:
                    numbers, _, found, idle = met
                    if idle and "component" not in resource:
                        continue
                    if numbers and (_FURTHER.isdisjoint(resource) or _only_of_the_patient(resource, aliases)):
                        entry = READERS[resource["resourceType"]](resource, terms, found)
                        if entry is None:
                            inert.append(resource)
                            continue
                        for number in numbers:
                            entries.setdefault(number, []).append(entry)
                        continue
        except MALFORMED:
            pass
        kind = resource.get("resourceType")
        if not isinstance(kind, str) or kind not in codes:
            others.append(resource)
            continue
        matched: Collection[int] = ()
        parts: Sequence[_Part] = ()
        may_be: frozenset[str] | None = None
        try:
            elements, matched = _elements(chart, kind, resource), set()
            told, found = _read_codings(index, kind, elements, matched)
            if "component" in resource and kind == "Observation":
                own, matched = matched, ()  # what cannot be read there may be of anything
                parts = _parts(index, resource["component"], own)
                matched = own
            if not (matched or parts):
                may_be = _NOWHERE if told or kind not in presumed else _may_be(index, kind, found, elements)
                if may_be is not None and not may_be:
                    continue
            entry = read_entry(resource, terms, found)
            alone = _read_alone(resource, parts, terms) if parts else []
            about = _focuses(resource, aliases) if "focus" in resource else None
        except MALFORMED as error:
            told_of = {*matched, *_numbers(parts)}
            may = frozenset(told_of or index.of_type(kind))
            aside.append(aside_of(resource, _reason(error, resource)))
            spoilt.append((aside[-1], may))
            touched.update(may)
            named.update(told_of)
            continue
        if entry is None or (about and not _PERSONS.isdisjoint(about)):
            inert.append(resource)
            continue
        if about and not _OF_THE_PATIENT.issuperset(about):
            entry = entry._replace(unclear=True)
            alone = [(e and e._replace(unclear=True), part) for e, part in alone]
        if not (matched or parts):
            if entry.state is not State.DENIED:
                untold.append(entry)
                if may_be is not None:
                    chart.narrowed[entry.reference] = may_be
            continue
        if "hasMember" in resource or "specimen" in resource:
            pointing.append(entry)
        for number in matched:
            if number in entries:
                entries[number].append(entry)
            else:
                entries[number] = [entry]
        if parts:
            _add_parts(entries, alone)
    chart.touched, chart.named = lost.touched.union(touched), frozenset(named)
    chart.untold = tuple(untold)
    chart.others, chart.inert, chart.pointing = others, inert, pointing
    chart.records = index.by_concept(entries)
    chart.present = frozenset(chart.records)
    chart.end = as_of.end
    chart.set_aside, chart.spoilt = tuple(aside), (*spoilt, *lost.spoilt)
    return chart


def find_lost(
    index: SourceIndex,
    as_of: AsOf,
    unattributed: Iterable[tuple[SetAside, Resource]],
    nameless: Iterable[tuple[SetAside, Collection[str]]],
    *,
    shared: Mapping[str, Resource] | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Lost:
    """What records of nobody that can be told may say of anybody: by their codes, or all of their types."""
    unfetched: set[str] = set()
    touched: set[int] = set()
    spoilt: list[tuple[SetAside, frozenset[int] | None]] = []
    for aside, types in nameless:
        unfetched.update(types)
        spoilt.append((aside, frozenset(number for type in types for number in index.of_type(type))))
    for aside, resource in unattributed:
        chart = read_chart({}, [resource], index, as_of, shared=shared, aliases=aliases)
        numbers = chart.touched.union(chart.entries)
        for entry in chart.untold:
            # No code tells what it is about: whatever silence would settle there may be it.
            numbers |= index.presuming(str(entry.resource["resourceType"]))
        if numbers:
            touched |= numbers
            spoilt.append((aside, numbers))
        elif chart.others:
            unfetched.add(str(resource["resourceType"]))  # a consent, an enrolment
    return Lost(frozenset(unfetched), frozenset(touched), tuple(spoilt))


_PERSONS = frozenset(("Group", "Patient", "Person", "Practitioner", "PractitionerRole", "RelatedPerson"))
_OF_THE_PATIENT = frozenset(
    (
        *CLINICAL_TYPES,
        *("BodyStructure", "DiagnosticReport", "Encounter", "ImagingStudy", "Media", "Specimen"),
    )
)


def _focuses(resource: Resource, aliases: Mapping[str, str] | None) -> frozenset[str]:
    """The types of what an Observation is about instead of its subject (R4, focus); "" unknown.

    Of the patient is what is in the record; a child, a donor or a spouse is somebody else.
    """
    found: set[str] = set()
    for reference in resource["focus"]:
        named = target(reference, aliases)
        if named is not None:
            type, _, _ = named.partition("/")
            if type in _OF_THE_PATIENT or named != target(resource.get("subject"), aliases):
                found.add(type)
            continue
        local = str(reference.get("reference", ""))
        inside = [each for each in resource.get("contained", ()) if f"#{each.get('id')}" == local]
        kind = inside[0].get("resourceType") if inside else None
        found.add(str(kind or reference.get("type") or ""))
    return frozenset(found)


class _Part(NamedTuple):
    """A component that a source names by its code: the component, those sources, its codings."""

    component: Resource
    numbers: tuple[int, ...]
    found: tuple[Coding, ...]


def _parts(index: SourceIndex, components: Iterable[Any], matched: Collection[int]) -> list[_Part]:
    """The components that are results by themselves; those that a source of the whole names are its own."""
    parts = []
    for component in components:
        numbers: set[int] = set()
        _, found = _read_codings(index, "Observation", (component.get("code"),), numbers)
        if numbers and (alone := index.alone(numbers, matched)):
            parts.append(_Part(component, alone, found))
    return parts


def _read_alone(resource: Resource, parts: Iterable[_Part], terms: Terms) -> list[tuple[Entry | None, _Part]]:
    return [(read_entry(_alone(resource, part), terms, part.found), part) for part in parts]


_OF_PARTS = frozenset(("code", "component", "interpretation", "referenceRange", "dataAbsentReason"))


def _alone(resource: Resource, part: _Part) -> Resource:
    """A component as the Observation that it would be by itself (R4, Observation: grouping)."""
    whole = {k: v for k, v in resource.items() if k not in _OF_PARTS and not k.startswith("value")}
    return {**whole, **{k: v for k, v in part.component.items() if k not in ("id", "extension")}}


def _add_parts(entries: dict[int, list[Entry]], alone: Iterable[tuple[Entry | None, _Part]]) -> None:
    for entry, part in alone:
        if entry is not None:
            for number in part.numbers:
                entries.setdefault(number, []).append(entry)


def _numbers(parts: Iterable[_Part]) -> Iterator[int]:
    return (number for part in parts for number in part.numbers)


_NOWHERE: frozenset[str] = frozenset()
_FURTHER = MODIFYING | {"component", "focus", "hasMember", "specimen"}
"""Elements that may make more of a resource, or another thing, than a record of what its code says."""


def _only_of_the_patient(resource: Resource, aliases: Mapping[str, str] | None) -> bool:
    """Whether nothing makes more of a resource than that it is about something in the patient's record."""
    more = _FURTHER.intersection(resource)
    return more == _FOCUS and _OF_THE_PATIENT.issuperset(_focuses(resource, aliases))


_FOCUS = frozenset(("focus",))


def _elements(chart: Chart, kind: str, resource: Resource) -> Sequence[object]:
    """The CodeableConcepts that say what a resource is about."""
    if kind == "AllergyIntolerance":
        return list(code_elements(resource))
    if kind not in MEDICATIONS:
        return (resource.get("code"),)
    if "medicationReference" in resource:
        return _medication(chart, resource)
    return (resource.get("medicationCodeableConcept"),)


def _read_codings(
    index: SourceIndex, kind: str, elements: Sequence[object], matched: set[int]
) -> tuple[bool, tuple[Coding, ...]]:
    """Whether one of the codes tells what a resource is about, and all of them; fills `matched`."""
    known, told = index.codes[kind], False
    found: list[Coding] = []
    for element in elements:
        for coding in () if element is None else element.get("coding", ()):  # type: ignore[attr-defined]
            key = (coding.get("system"), coding.get("code"))
            numbers, tells, read, _ = known.get(key) or index.meet(kind, *key)
            matched.update(numbers)
            found.extend(read)
            told = told or tells
    return told, tuple(found)


def _may_be(
    index: SourceIndex, kind: str, found: tuple[Coding, ...], elements: Sequence[object]
) -> frozenset[str] | None:
    """The concepts that a record may be of whose codes do not tell; None: any."""
    return index.may_be(found, _words(elements)) if kind in MEDICATIONS else None


def _words(elements: Sequence[object]) -> str:
    """What people are shown of some CodeableConcepts: displays and texts."""
    found: list[object] = []
    for element in elements:
        if isinstance(element, dict):
            found.extend(coding.get("display") for coding in element.get("coding", ()))
            found.append(element.get("text"))
    return "; ".join(each for each in found if isinstance(each, str) and each.strip())


MALFORMED = (DataError, AttributeError, TypeError, KeyError, ValueError, IndexError, OverflowError)
"""What reading an element of the wrong form may raise."""


def _reason(error: Exception, resource: Resource) -> str:
    named = fault(resource)
    if named is None and isinstance(error, DataError):
        return error.what
    return named or "an element has not the form of R4"


def _medication(chart: Chart, resource: Resource) -> list[object]:
    """What a referenced Medication is, contained or by itself; DataError where there is none."""
    found = [element for element in code_elements(resource) if element is not None]
    if found:
        return found
    medication = contained_medication(resource) or chart.resolve(resource.get("medicationReference"))
    if medication is None:
        raise DataError("a referenced Medication is not in the data", expected="the Medication, or a code")
    refuse_modified(medication)
    found = medication_elements(medication)
    if not found:
        raise DataError("a referenced Medication has no code", expected="a code, or ingredients")
    return found
