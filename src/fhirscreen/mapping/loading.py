"""Reads the folder of the mappings: concepts, units, systems; and sites."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from fhirscreen.exceptions import BadInput, MappingError, SiteError
from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.mapping.catalogue import Catalogue, digest
from fhirscreen.mapping.concepts import Concept, Windows
from fhirscreen.mapping.data import Node
from fhirscreen.mapping.reading import read_concept
from fhirscreen.mapping.sites import LIFELONG, CompleteSince, ReferenceRange, Site
from fhirscreen.values.codes import CodeSet, Systems
from fhirscreen.values.quantities import UnitTable


def mappings_folder() -> Path:
    """Where the shipped mappings are: inside an installed package, or beside `src/` in a checkout.

    Raises MappingError where neither exists.
    """
    installed = Path(str(resources.files("fhirscreen"))) / "mappings"
    checkout = Path(__file__).resolve().parents[3] / "mappings"
    for folder in (installed, checkout):
        if (folder / "concepts").is_dir():
            return folder
    raise MappingError(
        "the mappings are not installed", expected="the folder mappings/", remedy="install again"
    )


def read_yaml(path: Path, error: type[BadInput] = MappingError) -> Any:
    """The data of a YAML file; `error` with file and line where it is not YAML or not UTF-8."""
    try:
        return yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as problem:
        raise error(
            f"cannot be read: {type(problem).__name__}", where=str(path), expected="a UTF-8 file"
        ) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise error("is not YAML", where=where, expected="YAML 1.1", remedy="mend the line") from None


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """All concepts with their units and systems, for no site in particular.

    Raises MappingError with file and path for anything that does not belong there.
    """
    folder = folder or mappings_folder()
    raw: dict[str, Any] = {}
    concepts: dict[str, Concept] = {}
    for path in sorted((folder / "concepts").glob("*.yaml")):
        data = read_yaml(path)
        node = Node(data if data is not None else {}, path.name)
        for id, entry in node.data.items():
            if id in concepts:
                raise MappingError(f"concept {id!r} is defined twice", where=path.name, expected="unique ids")
            concepts[id] = read_concept(id, Node(entry, f"{path.name}:{id}"))
            raw[id] = entry
    units, systems = read_yaml(folder / "units.yaml"), read_yaml(folder / "systems.yaml")
    catalogue = Catalogue(
        concepts,
        UnitTable.from_data(units),
        Systems.from_data(systems),
        Site(),
        digest([raw, units, systems]),
    )
    for concept in concepts.values():
        _check_references(catalogue, concept)
    return catalogue


def _named(concept: Concept) -> Iterator[str]:
    yield from (id for id, _ in concept.derived_from)
    yield from (id for _, id in concept.implied_by)
    yield from concept.invalidated_by
    yield from concept.unconfirmed_after
    yield from concept.inputs
    for id in (concept.sites, concept.reported_as):
        if id is not None:
            yield id


def _check_references(catalogue: Catalogue, concept: Concept) -> None:
    for id in _named(concept):
        catalogue.concept(id, concept.id)
    if concept.unit is not None and concept.unit not in catalogue.units:
        raise MappingError(
            f"unit {concept.unit!r} is unknown", where=concept.id, expected="a code of units.yaml"
        )
    for value in concept.values:
        if value.parent is not None and concept.value(value.parent) is None:
            raise MappingError(f"value {value.name!r} has no parent {value.parent!r}", where=concept.id)


def load_site(path: Path) -> Site:
    """A site's overlay. Raises SiteError with file and path for anything that does not belong there."""
    node = Node(read_yaml(path, SiteError), path.name, SiteError)
    node.only(
        "site", "label", "time_zone", "complete", "complete_concepts", "default_units", "reference_ranges",
        "windows", "local_codes", "local_values", "order_counts_as_given", "objection_flags",
    )  # fmt: skip
    zone_name = node.text("time_zone", "UTC")
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError):
        raise node.refuse(f"is {zone_name!r}", "an IANA name such as Europe/Berlin", "time_zone") from None
    return Site(
        id=node.text("site"),
        label=node.text("label", node.text("site")),
        zone=zone,
        complete=_complete(Node(node.mapping("complete"), f"{path.name}.complete", SiteError)),
        complete_concepts={id: _complete(each) for id, each in node.items("complete_concepts")},
        default_units={str(id): str(unit) for id, unit in node.mapping("default_units").items()},
        reference_ranges={id: _ranges(node, id) for id in node.mapping("reference_ranges")},
        windows={id: _site_windows(each) for id, each in node.items("windows")},
        local_codes={id: _codes(each) for id, each in node.items("local_codes")},
        local_values={
            id: {
                str(name): _codes(Node(codes, f"{each.where}.{name}", SiteError))
                for name, codes in each.data.items()
            }
            for id, each in node.items("local_values")
        },
        order_counts_as_given=frozenset(node.texts("order_counts_as_given")),
        objection_flags=node.codes("objection_flags"),
    )


def _codes(node: Node) -> CodeSet:
    try:
        return CodeSet.from_data(node.data)
    except BadInput as error:
        raise node.refuse(error.what, error.expected or "{system: [codes]}") from None


def _complete(node: Node) -> dict[str, CompleteSince]:
    found: dict[str, CompleteSince] = {}
    for resource, since in node.data.items():
        if since == "lifelong":
            declared: CompleteSince = LIFELONG
        elif isinstance(since, date):
            declared = since
        else:
            raise node.refuse(f"is {since!r}", "a date (2015-01-01) or lifelong", str(resource))
        for kind in MEDICATIONS if resource == "medications" else (str(resource),):
            found[kind] = declared
    return found


def _ranges(node: Node, id: str) -> tuple[ReferenceRange, ...]:
    parent = Node(node.mapping("reference_ranges"), f"{node.where}.reference_ranges", SiteError)
    found = []
    for each in parent.nodes(id):
        each.only("low", "high", "unit", "sex")
        found.append(
            ReferenceRange(
                each.number("low"), each.number("high"), each.text("unit"), each.optional_text("sex")
            )
        )
    return tuple(found)


def _site_windows(node: Node) -> Windows:
    node.only("decides_within", "shows_within")
    decides = node.duration("decides_within")
    return Windows(decides, node.duration("shows_within") if "shows_within" in node.data else decides)
