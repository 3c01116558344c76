"""Reads the folder of the mappings: concepts, units, systems, vocabulary; and sites."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhirscreen.exceptions import BadInput, Faults, MappingError, SiteError
from fhirscreen.fhir.entries import CLINICAL_TYPES, MEDICATIONS
from fhirscreen.mapping.catalogue import Catalogue, digest
from fhirscreen.mapping.coded import Concepts
from fhirscreen.mapping.concepts import Concept, Windows
from fhirscreen.mapping.data import Node, read_yaml
from fhirscreen.mapping.displays import load_displays
from fhirscreen.mapping.drugs import drug_codes
from fhirscreen.mapping.expansions import Expand, read_expansions
from fhirscreen.mapping.folders import mappings_folder
from fhirscreen.mapping.reading import read_concept
from fhirscreen.mapping.sites import LIFELONG, CompleteSince, ReferenceRange, Site
from fhirscreen.mapping.vocabularies import named_codes, read_vocabulary
from fhirscreen.values.codes import CodeSet, Systems
from fhirscreen.values.quantities import UnitTable

__all__ = ["load_catalogue", "load_site", "mappings_folder"]

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_ALL = "all"
"""What stands for the codes of a system: every one that the site does not map."""


def load_catalogue(folder: Path | None = None, expand: Expand | None = None) -> Catalogue:
    """All concepts with their units and systems, for no site in particular.

    `expand` adds a terminology server's codes to those that are shipped of a value set. Raises MappingError
    with file and path for anything that does not belong there, and what `expand` raises.
    """
    folder = folder or mappings_folder()
    units, listed = read_yaml(folder / "units.yaml"), read_yaml(folder / "systems.yaml")
    systems = Systems.from_data(listed)
    shipped = folder / "expansions.yaml"
    sets = Node(read_yaml(shipped), shipped.name) if shipped.is_file() else Node({}, shipped.name)
    expansions = read_expansions(sets, systems, expand)
    raw: dict[str, Any] = {}
    concepts: dict[str, Concept] = {}
    places: dict[str, str] = {}
    for path in sorted((folder / "concepts").glob("*.yaml")):
        data = read_yaml(path)
        node = Node(data if data is not None else {}, path.name)
        for id, entry in node.data.items():
            if id != str(id) or _ID.fullmatch(id) is None:
                raise node.refuse(f"has the id {id!r}", "lower-case words joined by hyphens")
            if id in concepts:
                raise MappingError(f"concept {id!r} is defined twice", where=path.name, expected="unique ids")
            places[id] = f"{path.name}:{id}"
            concepts[id] = read_concept(id, Node(entry, places[id]), expansions)
            raw[id] = entry
    words = read_yaml(folder / "vocabulary.yaml")
    catalogue = Catalogue(
        Concepts(concepts),
        UnitTable.from_data(units),
        systems,
        Site(),
        read_vocabulary(Node(words, "vocabulary.yaml")),
        digest([raw, units, listed, words]),
        digest(expansions) if expansions else "",
        readable=_readable(concepts.values()),
        drugs=drug_codes(concepts.values()),
        displays=load_displays(folder / "codes"),
    )
    _check_vocabulary(catalogue)
    for concept in concepts.values():
        _check_references(catalogue, concept, places[concept.id])
    return catalogue


def _readable(concepts: Iterable[Concept]) -> dict[str, frozenset[str]]:
    """The code systems by which the concepts find records, by resource type."""
    found: dict[str, set[str]] = {}
    for concept in concepts:
        for source in concept.sources:
            found.setdefault(source.resource, set()).update(source.codes.systems())
    return {resource: frozenset(systems) for resource, systems in found.items()}


def _named(concept: Concept) -> Iterator[str]:
    yield from (id for id, _ in concept.derived_from)
    yield from (id for _, id in concept.implied_by)
    yield from concept.invalidated_by
    yield from concept.unconfirmed_after
    yield from concept.inputs
    yield from concept.shown_with
    for id in (concept.sites, concept.reported_as, concept.not_at, concept.computed_as):
        if id is not None:
            yield id


def _check_references(catalogue: Catalogue, concept: Concept, where: str) -> None:
    for id in _named(concept):
        catalogue.concept(id, where)
    if concept.unit is not None and concept.unit not in catalogue.units:
        code = catalogue.units.normalise(concept.unit)
        raise MappingError(
            f"unit {concept.unit!r} is unknown",
            where=f"{where}.unit",
            expected="a UCUM code of units.yaml",
            remedy=f"write `{code}`" if code else "write it as units.yaml has it, or add it there",
        )
    for name in _named_values(catalogue, concept, where):
        if concept.value(name) is None:
            known = ", ".join(value.name for value in concept.values) or "the name of a value"
            raise MappingError(f"there is no value {name!r}", where=where, expected=known)
    for codes in _code_sets(concept):
        for system in codes.systems():
            catalogue.check_system(system, where, MappingError)


def _check_vocabulary(catalogue: Catalogue) -> None:
    where = "vocabulary.yaml"
    for id in catalogue.vocabulary.treatments:
        catalogue.concept(id, f"{where}.treatments")
    for codes in catalogue.vocabulary.code_sets():
        for system in codes.systems():
            catalogue.check_system(system, where, MappingError)


def _named_values(catalogue: Catalogue, concept: Concept, where: str) -> Iterator[str]:
    yield from (value.parent for value in concept.values if value.parent is not None)
    yield from concept.persists
    yield from concept.needs_confirmation
    yield from (value for value, _ in concept.implied_by)
    for other, meanings in concept.derived_from:
        for value, means in meanings:
            if catalogue.concepts[other].value(value) is None:
                raise MappingError(f"{other} has no value {value!r}", where=f"{where}.from")
            yield from means


def _code_sets(concept: Concept) -> Iterator[CodeSet]:
    for source in concept.sources:
        yield source.codes
        yield from (
            codes for codes in (source.component, source.value, source.morphology, source.body_site) if codes
        )
    yield from (value.codes for value in concept.values)
    yield from (
        concept.shared_use,
        concept.counts_for,
        concept.not_for,
        concept.routes_not,
        concept.same_organ,
    )


def load_site(path: Path) -> Site:
    """A site's overlay. Raises one SiteError with file and path for all that does not belong there."""
    node = Node(read_yaml(path, SiteError), path.name, SiteError)
    faults = Faults()
    with faults:
        node.only(
            "site", "label", "time_zone", "complete", "complete_concepts", "default_units",
            "reference_ranges", "windows", "local_codes", "local_values", "unrelated_codes",
            "order_counts_as_given", "objection_flags", "local_routes", "local_severities",
            "local_transfers",
        )  # fmt: skip
    read: dict[str, Any] = {}
    for name, part in _PARTS.items():
        with faults:
            read[name] = part(node)
    faults.check()
    return Site(file=path.name, **read)


def _zone(node: Node) -> ZoneInfo:
    name = node.text("time_zone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise node.refuse(f"is {name!r}", "an IANA name such as Europe/Berlin", "time_zone") from None


def _inner(node: Node, key: str) -> Node:
    return Node(node.mapping(key), f"{node.where}.{key}", node.error)


def _units(node: Node) -> dict[str, str]:
    units = _inner(node, "default_units")
    return {id: units.text(id) for id in units.data}


def _values(node: Node) -> dict[str, dict[str, CodeSet]]:
    return {
        id: {
            str(name): _codes(Node(codes, f"{each.where}.{name}", SiteError))
            for name, codes in each.data.items()
        }
        for id, each in node.items("local_values")
    }


def _unrelated_codes(node: Node) -> CodeSet:
    listed = {system: codes for system, codes in node.mapping("unrelated_codes").items() if codes != _ALL}
    return _codes(Node(listed, f"{node.where}.unrelated_codes", SiteError))


def _unrelated_systems(node: Node) -> frozenset[str]:
    return frozenset(
        str(system) for system, codes in node.mapping("unrelated_codes").items() if codes == _ALL
    )


_PARTS: dict[str, Callable[[Node], object]] = {
    "id": lambda node: node.text("site"),
    "label": lambda node: node.text("label", str(node.data.get("site") or "-")),
    "zone": _zone,
    "complete": lambda node: _complete(_inner(node, "complete")),
    "complete_concepts": lambda node: {id: _complete(each) for id, each in node.items("complete_concepts")},
    "default_units": _units,
    "reference_ranges": lambda node: {id: _ranges(node, id) for id in node.mapping("reference_ranges")},
    "windows": lambda node: {id: _site_windows(each) for id, each in node.items("windows")},
    "local_codes": lambda node: {id: _codes(each) for id, each in node.items("local_codes")},
    "local_values": _values,
    "unrelated_codes": _unrelated_codes,
    "unrelated_systems": _unrelated_systems,
    "order_counts_as_given": lambda node: frozenset(node.texts("order_counts_as_given")),
    "objection_flags": lambda node: node.codes("objection_flags"),
    "local_routes": lambda node: named_codes(node, "local_routes"),
    "local_severities": lambda node: named_codes(node, "local_severities"),
    "local_transfers": lambda node: node.codes("local_transfers"),
}
"""How each part of a Site is read, so that what is wrong with one hides nothing that is wrong with others."""


def _codes(node: Node) -> CodeSet:
    try:
        return CodeSet.from_data(node.data)
    except BadInput as error:
        raise SiteError(error.what, where=node.where, expected=error.expected, remedy=error.remedy) from None


def _complete(node: Node) -> dict[str, CompleteSince]:
    found: dict[str, CompleteSince] = {}
    known = (*CLINICAL_TYPES, "medications")
    faults = Faults()
    for resource, since in node.data.items():
        with faults:
            if resource not in known:
                raise node.refuse("is no source of records", ", ".join(known), str(resource))
            declared = _since(since)
            if declared is None:
                raise node.refuse(f"is {since!r}", "a date (2015-01-01) or lifelong", str(resource))
            for kind in MEDICATIONS if resource == "medications" else (str(resource),):
                found[kind] = declared
    faults.check()
    return found


def _since(value: object) -> CompleteSince | None:
    if value == "lifelong":
        return LIFELONG
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _ranges(node: Node, id: str) -> tuple[ReferenceRange, ...]:
    parent = Node(node.mapping("reference_ranges"), f"{node.where}.reference_ranges", SiteError)
    found = []
    for each in parent.nodes(id):
        each.only("low", "high", "unit", "sex")
        sex = each.optional_text("sex")
        if sex not in (None, "male", "female"):
            raise each.refuse(f"is {sex!r}", "male or female, or nothing for everybody", "sex")
        if each.number("low") is None and each.number("high") is None:
            raise each.refuse("has no limit", "low, high or both")
        found.append(ReferenceRange(each.number("low"), each.number("high"), each.text("unit"), sex))
    return tuple(found)


def _site_windows(node: Node) -> Windows:
    node.only("decides_within", "shows_within")
    decides = node.duration("decides_within")
    return Windows(decides, node.duration("shows_within") if "shows_within" in node.data else decides)
