"""Counts what data hold of the mappings: patients with records of a concept, unmapped codes, units, dates.

Nothing in a census is about one patient: it holds counts, codes, units and the newest date of each type.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import (
    CLINICAL_TYPES,
    MEDICATIONS,
    Resource,
    State,
    code_elements,
    codings,
    medication_elements,
    read_entry,
)
from fhirscreen.fhir.references import patient_of, targets
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, ConceptKind, Role, Source
from fhirscreen.values.codes import Coding

_DATES = (
    "effectiveDateTime", "effectiveInstant", "onsetDateTime", "recordedDate", "performedDateTime",
    "authoredOn", "whenHandedOver", "dateAsserted",
)  # fmt: skip
_PERIODS = ("effectivePeriod", "performedPeriod", "onsetPeriod")
_CATEGORIES = {
    "social-history", "vital-signs", "imaging", "laboratory", "procedure", "survey", "exam", "therapy",
    "activity",
}  # fmt: skip
"""R4: valueset-observation-category."""

_MANY = 5
"""How often a text must stand beside a code to be taken for the code's name."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class LocalCode(NamedTuple):
    """A code that no concept knows; the system is its short name or URL, empty where the data give none.

    `kind` is the resource type, of Observations with their category (`Observation, laboratory`), and
    `medications` for the four types about drugs.
    """

    kind: str
    system: str
    code: str


class UnitSeen(NamedTuple):
    """A unit beside values of a concept, as the data spell it; empty where there is none."""

    concept: str
    unit: str


@dataclass(slots=True)
class Census:
    """What was counted so far. Feed it resources with `add`.

    `patients`: by concept, whoever has a record under its matching sources that does not deny it; of any
    date and whichever cancer, for only a study tells which counts.
    `unmapped`: resources by code. `units`: values by unit. `newest`: the latest day by resource type.
    `by_reference`: medications whose drug is named by a reference to nothing, known once `settle` was called.
    """

    catalogue: Catalogue
    resources: Counter[str] = field(default_factory=Counter)
    patients: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unmapped: Counter[LocalCode] = field(default_factory=Counter)
    units: Counter[UnitSeen] = field(default_factory=Counter)
    newest: dict[str, str] = field(default_factory=dict)
    unreadable: int = 0
    by_reference: int = 0
    _displays: defaultdict[LocalCode, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _drugs: dict[str, list[object]] = field(default_factory=dict)
    _referring: defaultdict[tuple[str, str], list[str | None]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _found: dict[tuple[str, Coding], tuple[tuple[Concept, Source], ...]] = field(default_factory=dict)

    def add(self, resource: Resource) -> None:
        """Counts one resource; those of other types are only counted, and what cannot be read likewise."""
        kind = str(resource.get("resourceType", ""))
        self.resources[kind] += 1
        if kind not in (*CLINICAL_TYPES, "Medication"):
            return
        try:
            if kind == "Medication":
                self._drugs[f"Medication/{resource.get('id')}"] = medication_elements(resource)
                return
            self._date(kind, resource)
            entry = read_entry(resource, self.catalogue.terms)
            if entry is None:  # its status says that it is no evidence
                return
            patient = None if entry.state is State.DENIED else patient_of(resource)
            if next(code_elements(resource), None) is None:
                for drug in targets(resource.get("medicationReference")):
                    self._referring[kind, drug].append(patient)
            self._codes(kind, resource, patient, list(code_elements(resource)))
        except (DataError, AttributeError, TypeError, ValueError):
            self.unreadable += 1

    def settle(self) -> None:
        """Counts the medications that refer to a drug, after the last `add`."""
        for (kind, drug), patients in self._referring.items():
            if drug not in self._drugs:
                self.by_reference += len(patients)
                continue
            for patient in patients:
                self._codes(kind, {}, patient, self._drugs[drug])
        self._referring.clear()

    @property
    def drugs_wanted(self) -> bool:
        """Whether medications refer to drugs that are still to come."""
        return any(drug not in self._drugs for _, drug in self._referring)

    def fits(self, seen: UnitSeen) -> bool:
        """Whether values in that unit can be compared with bounds on the concept."""
        concept, units = self.catalogue.concepts[seen.concept], self.catalogue.units
        code = units.normalise(seen.unit) if seen.unit else self.catalogue.site.default_units.get(concept.id)
        if code is None or concept.unit is None:
            return False
        return (
            units.affine(code, concept.unit, molar_mass=concept.molar_mass, valence=concept.valence)
            is not None
        )

    def local(self) -> list[tuple[LocalCode, int]]:
        """Unmapped codes of systems that the mappings do not know, the most frequent first."""
        return [each for each in self._sorted() if each[0].system not in self.catalogue.systems]

    def foreign(self) -> list[tuple[LocalCode, int]]:
        """Unmapped codes of known systems, the most frequent first: most mean nothing to any study."""
        return [each for each in self._sorted() if each[0].system in self.catalogue.systems]

    def display(self, code: LocalCode) -> str:
        """What the data call a code, most often; empty where that is rare and may be about one patient."""
        found = min(((-times, text) for text, times in self._displays.get(code, {}).items()), default=(0, ""))
        return found[1] if -found[0] >= _MANY else ""

    def _sorted(self) -> list[tuple[LocalCode, int]]:
        return sorted(self.unmapped.items(), key=lambda item: (-item[1], item[0]))

    def _date(self, kind: str, resource: Resource) -> None:
        texts = [resource.get(name) for name in _DATES]
        for name in _PERIODS:
            period = resource.get(name)
            if isinstance(period, dict):
                texts += [period.get("start"), period.get("end")]
        days = [found[0] for text in texts if isinstance(text, str) and (found := _DAY.match(text))]
        if days:
            self.newest[kind] = max(self.newest.get(kind, ""), *days)

    def _codes(self, kind: str, resource: Resource, patient: str | None, elements: list[object]) -> None:
        own = codings(resource.get("code"), self.catalogue.systems.short)
        for element in elements:
            found = {
                coding: self._sources(kind, coding)
                for coding in codings(element, self.catalogue.systems.short)
            }
            if not any(found.values()):  # a local code beside one that is known is a translation
                self._count_unmapped(_kind(kind, resource), element, found)
            for coding, sources in found.items():
                for concept, source in sources:
                    if source.role is Role.MATCH and patient is not None and self._says(source, resource):
                        self.patients[concept.id].add(patient)
                    if concept.kind is ConceptKind.MEASUREMENT and (
                        coding in own or source.component is None
                    ):
                        self._count_units(concept, source, resource, None if coding in own else coding)

    def _count_unmapped(self, kind: str, element: object, found: Iterable[Coding]) -> None:
        self.unmapped.update(LocalCode(kind, coding.system, coding.code) for coding in found)
        for each in element.get("coding", ()) if isinstance(element, dict) else ():
            display = each.get("display")
            if isinstance(display, str) and isinstance(each.get("code"), str):
                system = self.catalogue.systems.short(each.get("system") or "")
                self._displays[LocalCode(kind, system, each["code"].strip())][display] += 1

    def _says(self, source: Source, resource: Resource) -> bool:
        """Whether the value, site and morphology that the source asks for beside the code are there too."""
        short = self.catalogue.systems.short
        if source.value is not None:
            value = codings(resource.get("valueCodeableConcept"), short)
            return any(source.value.matches(*coding) for coding in value)
        if source.body_site is not None:
            site = resource.get("bodySite") or []
            sites = site if isinstance(site, list) else [site]
            if not any(source.body_site.matches(*c) for each in sites for c in codings(each, short)):
                return False
        if source.morphology is not None:
            found = [coding for element in code_elements(resource) for coding in codings(element, short)]
            for extension in resource.get("extension", ()):
                found += codings(extension.get("valueCodeableConcept"), short)
            return any(source.morphology.matches(*coding) for coding in found)
        return True

    def _count_units(self, concept: Concept, source: Source, resource: Resource, part: Coding | None) -> None:
        for holder in _holders(source, resource, part, self.catalogue):
            quantity = holder.get("valueQuantity")
            if isinstance(quantity, dict):
                unit = quantity.get("code") or quantity.get("unit") or ""
                self.units[UnitSeen(concept.id, str(unit))] += 1

    def _sources(self, kind: str, coding: Coding) -> tuple[tuple[Concept, Source], ...]:
        key = (kind, coding)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = tuple(
                (concept, source)
                for concept in self.catalogue
                for source in concept.sources
                if source.resource == kind and _knows(source, coding)
            )
        return found


def _kind(kind: str, resource: Resource) -> str:
    """By what unmapped codes are grouped: a site tells laboratory, vital signs and surveys apart."""
    if kind in MEDICATIONS:
        return "medications"
    if kind != "Observation":
        return kind
    listed = resource.get("category")
    names = [
        coding.get("code")
        for category in (listed if isinstance(listed, list) else ())
        for coding in category.get("coding", ())
        if "observation-category" in str(coding.get("system"))
    ]
    return f"Observation, {names[0]}" if names and names[0] in _CATEGORIES else "Observation"


def _knows(source: Source, coding: Coding) -> bool:
    if source.codes.matches(*coding):
        return True
    return source.component is not None and source.component.matches(*coding)


def _holders(
    source: Source, resource: Resource, part: Coding | None, catalogue: Catalogue
) -> Iterator[dict[str, Any]]:
    """What holds the source's value: the Observation itself, its components of a code (`part`), or those that
    the source names.
    """
    if source.component is None and part is None:
        yield resource
        return
    for component in resource.get("component", ()):
        if isinstance(component, dict):
            own = codings(component.get("code"), catalogue.systems.short)
            if source.component is None:
                wanted = part in own
            else:
                wanted = any(source.component.matches(*coding) for coding in own)
            if wanted:
                yield component


def grouped(codes: list[tuple[LocalCode, int]]) -> dict[str, list[tuple[LocalCode, int]]]:
    """Codes by kind, in their order; the kind with the most frequent code first."""
    found: dict[str, list[tuple[LocalCode, int]]] = {}
    for code, times in codes:
        found.setdefault(code.kind, []).append((code, times))
    return found
