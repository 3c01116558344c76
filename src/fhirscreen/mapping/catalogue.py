"""The Catalogue: every concept with the units and code systems it needs, for one site."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fhirscreen.criteria.checks.suggestions import say_concepts, unit_problem
from fhirscreen.criteria.nodes import is_coded
from fhirscreen.exceptions import BadInput, Faults, MappingError, SiteError
from fhirscreen.fhir.entries import MEDICATIONS, Terms
from fhirscreen.mapping.coded import Concepts
from fhirscreen.mapping.concepts import Concept, ConceptKind, Role, Source, ValueName
from fhirscreen.mapping.displays import Displays
from fhirscreen.mapping.drugs import is_substance
from fhirscreen.mapping.sites import Site
from fhirscreen.mapping.vocabularies import Vocabulary
from fhirscreen.values.codes import CodeSet, Systems
from fhirscreen.values.quantities import UnitTable


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """What is known of concepts, units, systems and the vocabulary, with one site's overlay applied.

    `concepts` has a diagnosis for codes too (`icd-10-cm:N31.9`), and tells those of the mappings alone.

    `digest` is the SHA-256 of the data it was read from (before the overlay); `expansions` that of the
    codes of value sets, shipped or from a terminology server, empty where there are none. `readable` are the
    code systems by which the shipped concepts find records, by resource type. `drugs` are the codes by
    which the concepts find drugs, `displays` names of codes.
    """

    concepts: Mapping[str, Concept]
    units: UnitTable
    systems: Systems
    site: Site
    vocabulary: Vocabulary = Vocabulary()  # noqa: RUF009 - a frozen dataclass
    digest: str = ""
    expansions: str = ""
    readable: Mapping[str, frozenset[str]] = field(default_factory=dict)
    drugs: CodeSet = CodeSet()
    displays: Displays = field(default_factory=dict)

    def __iter__(self) -> Iterator[Concept]:
        return iter(self.concepts.values())

    def has(self, id: str) -> bool:
        """Whether there is a concept of that id."""
        return id in self.concepts

    def concept(self, id: str, where: str | None = None) -> Concept:
        """The concept of that id. Raises MappingError with the nearest names where there is none."""
        found = self.concepts.get(id)
        if found is None and is_coded(id):
            raise MappingError(
                f"{id!r} is no existing code of a diagnosis",
                where=where,
                expected="codes of icd-10, icd-10-cm, icd-10-gm or snomed, joined by +",
                remedy="compare it with the classification; a digit may be missing or another",
            )
        if found is None:
            raise MappingError(
                f"unknown concept {id!r}",
                where=where,
                expected="a concept of the mappings",
                remedy=say_concepts(id, self.concepts) or "add it to mappings/concepts/",
            )
        return found

    def check_system(self, name: str, where: str, error: type[BadInput]) -> None:
        """Raises `error` for what is neither the short name of a code system nor the URL of another."""
        if name not in self.systems and ":" not in name:
            close = difflib.get_close_matches(name, list(self.systems), 1)
            raise error(
                f"unknown code system {name!r}",
                where=where,
                expected="a short name of systems.yaml, or a URL",
                remedy=f"did you mean {close[0]!r}?" if close else None,
            )

    @property
    def terms(self) -> Terms:
        """What reading resources depends on: the site's zone and the short names of systems."""
        return Terms(self.site.zone, self.systems.short)

    def tells(self, resource: str, system: str, code: str) -> bool:
        """Whether a code (its system by short name) of a record of that type says what the record is about.

        It does in a system by which the concepts find such records, and where the site says what it means. A
        drug's does only if it names a substance, or if a concept lists it: else it may be a product of any.
        """
        if self.site.knows(system, code):
            return True
        if resource not in MEDICATIONS:
            return system in self.readable.get(resource, ())
        return is_substance(code) if system == "atc" else self.drugs.matches(system, code)

    def presumes(self, concept: Concept) -> frozenset[str]:
        """The types whose silence may be no for a concept here: a record there that tells nothing breaks it.

        Empty where the site does not declare every source complete. Not among them are observations (most of
        what a laboratory reports in codes of its own is a measurement) and, of a therapy, diagnoses.
        """
        asked = {s.resource for s in concept.sources if s.role is not Role.DISJOINT}
        if not concept.absence_by_site or any(
            self.site.complete_since(concept.id, resource) is None for resource in asked
        ):
            return frozenset()
        says = {s.resource for s in concept.sources if s.role not in (Role.DISJOINT, Role.HISTORY)}
        therapy = concept.kind is ConceptKind.THERAPY
        return frozenset(says) & (_THERAPIES if therapy else _THERAPIES | {"Condition", "AllergyIntolerance"})

    def at(self, site: Site) -> Catalogue:
        """The same catalogue for a site: local codes, values and windows laid over the base.

        Raises SiteError where the site names a concept, value or unit that does not exist.
        """
        _check(self, site)
        concepts = {id: _overlaid(concept, site) for id, concept in self.concepts.items()}
        return replace(self, concepts=Concepts(concepts), site=site, vocabulary=self.vocabulary.at(site))


_THERAPIES = frozenset({"Procedure", *MEDICATIONS})


def digest(data: Any) -> str:
    """SHA-256 over data in one canonical JSON form."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _overlaid(concept: Concept, site: Site) -> Concept:
    windows = site.windows.get(concept.id, concept.windows)
    sources, values = concept.sources, concept.values
    local = site.local_codes.get(concept.id)
    if local is not None:
        sources = (*sources, *_local_sources(concept, local))
    local_values = site.local_values.get(concept.id)
    if local_values is not None:
        values = tuple(_with_codes(value, local_values.get(value.name)) for value in values)
    if windows is concept.windows and sources is concept.sources and values is concept.values:
        return concept
    return replace(concept, windows=windows, sources=sources, values=values)


def _local_sources(concept: Concept, local: CodeSet) -> list[Source]:
    """A site's code stands wherever the concept's own plain codes do."""
    matching = [
        s for s in concept.sources if s.role is Role.MATCH and s.component is None and s.value is None
    ]
    found = []
    seen = set()
    for source in matching or [s for s in concept.sources if s.role is Role.MATCH]:
        if (source.resource, source.staging) not in seen:
            seen.add((source.resource, source.staging))
            found.append(
                replace(source, codes=local, component=None, value=None, morphology=None, body_site=None)
            )
    # A code has one meaning: where sources differ by staging, the local one belongs to the first.
    return [s for s in found if s.staging == found[0].staging]


def _with_codes(value: ValueName, local: CodeSet | None) -> ValueName:
    return value if local is None else replace(value, codes=value.codes.union(local))


def _check(catalogue: Catalogue, site: Site) -> None:
    where = site.file or f"site {site.id}"
    named: dict[str, Any] = {
        "complete_concepts": site.complete_concepts,
        "default_units": site.default_units,
        "reference_ranges": site.reference_ranges,
        "windows": site.windows,
        "local_codes": site.local_codes,
        "local_values": site.local_values,
        "order_counts_as_given": site.order_counts_as_given,
    }
    faults = Faults()
    for key, concepts in named.items():
        for id in sorted(concepts):
            with faults:
                _check_concept(catalogue, id, f"{where}.{key}")
    for system in sorted(site.unrelated_systems):
        with faults:
            catalogue.check_system(system, f"{where}.unrelated_codes", SiteError)
    for key, codes in _local(site):
        for system in sorted(codes.systems()):
            with faults:
                catalogue.check_system(system, f"{where}.{key}", SiteError)
    for key, local, words in (
        ("local_routes", site.local_routes, catalogue.vocabulary.routes),
        ("local_severities", site.local_severities, catalogue.vocabulary.severities),
    ):
        for name in local:
            with faults:
                if name not in words:
                    raise SiteError(
                        f"there is no {name!r}", where=f"{where}.{key}", expected=", ".join(words)
                    )
    units = [(id, unit, f"{where}.default_units.{id}") for id, unit in site.default_units.items()]
    for id, ranges in site.reference_ranges.items():
        units += [(id, each.unit, f"{where}.reference_ranges.{id}") for each in ranges]
    for id, unit, place in units:
        with faults:
            _check_unit(catalogue, id, unit, place)
    for id, values in site.local_values.items():
        for value in values:
            concept = catalogue.concepts.get(id)
            with faults:
                if concept is not None and concept.value(value) is None:
                    known = ", ".join(v.name for v in concept.values)
                    raise SiteError(
                        f"{id} has no value {value!r}", where=f"{where}.local_values", expected=known
                    )
    faults.check()


def _check_concept(catalogue: Catalogue, id: str, where: str) -> None:
    try:
        catalogue.concept(id)
    except MappingError as error:
        raise SiteError(error.what, where=where, expected=error.expected, remedy=error.remedy) from None


def _local(site: Site) -> Iterator[tuple[str, CodeSet]]:
    """A site's own codes, each with its key."""
    yield from ((f"local_codes.{id}", codes) for id, codes in site.local_codes.items())
    for id, values in site.local_values.items():
        yield from ((f"local_values.{id}", codes) for codes in values.values())
    yield "unrelated_codes", site.unrelated_codes
    yield "objection_flags", site.objection_flags
    yield "local_transfers", site.local_transfers
    yield from ((f"local_routes.{name}", codes) for name, codes in site.local_routes.items())
    yield from ((f"local_severities.{name}", codes) for name, codes in site.local_severities.items())


def _check_unit(catalogue: Catalogue, id: str, unit: str, where: str) -> None:
    concept = catalogue.concepts.get(id)
    if concept is None:
        return
    if concept.kind is not ConceptKind.MEASUREMENT or concept.unit is None:
        raise SiteError(
            f"{id} is a {concept.kind.value} and has no unit",
            where=where,
            expected="a measurement",
            remedy="take it out",
        )
    problem = unit_problem(unit, concept, catalogue.units)
    if problem is not None:
        raise SiteError(
            problem[0],
            where=where,
            expected=f"a UCUM unit that converts to {concept.unit}",
            remedy=problem[1],
        )
