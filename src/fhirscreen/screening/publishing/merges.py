"""What becomes of a resource that stands on the server already: the same however often it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import CANONICAL, is_ours
from fhirscreen.outputs.resources.vocabulary import identifier_of

_OF_SERVER = ("versionId", "lastUpdated", "source")
_OF_SUBJECT = frozenset(
    ("resourceType", "id", "meta", "extension", "identifier", "status", "study", "individual")
)
"""The elements of a ResearchSubject that we write, and what every server adds."""


class Fate(Enum):
    """What publishing did with one resource."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"


def merge(
    current: Resource | None, wanted: Resource, ours: Callable[[Resource], bool] = is_ours
) -> tuple[Fate, Resource | None]:
    """What to do, and what to write if anything.

    A ResearchSubject whose status a person set (that is not `ours`) is KEPT as it stands. What others added
    to a resource (extensions, identifiers, and elements of a ResearchSubject that we do not write) stays.
    """
    if current is None:
        return Fate.CREATED, wanted
    if wanted["resourceType"] == "ResearchSubject" and not ours(current):
        return Fate.KEPT, None
    merged = _overlay(current, wanted)
    if _plain(merged) == _plain(current):
        return Fate.UNCHANGED, None
    return Fate.UPDATED, merged


def _overlay(current: Resource, wanted: Resource) -> Resource:
    kept = ("id", "meta", "text") if wanted["resourceType"] != "ResearchSubject" else tuple(current)
    merged = {name: current[name] for name in kept if name in current}
    merged |= {name: value for name, value in wanted.items() if name not in ("id", "meta")}
    foreign = [each for each in _listed(current, "extension") if not is_own(each)]
    extensions = foreign + _listed(wanted, "extension")
    if extensions:
        merged["extension"] = extensions
    else:
        merged.pop("extension", None)
    ours = _listed(wanted, "identifier")
    merged["identifier"] = ours + [each for each in _listed(current, "identifier") if each not in ours]
    return merged


def _listed(resource: Resource, name: str) -> list[dict[str, Any]]:
    found = resource.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def is_untouched(subject: Resource, id: str) -> bool:
    """Whether a ResearchSubject stands under the id that we gave it, and nobody added anything to it.

    Of its `meta` only what a server adds itself; a narrative is somebody's, for we write none.
    """
    return (
        subject.get("id") == id
        and set(subject) <= _OF_SUBJECT
        and set(subject.get("meta", ())) <= set(_OF_SERVER)
        and subject.get("identifier") == identifier_of(id)
        and all(map(is_own, _listed(subject, "extension")))
        and all(set(subject.get(name, ())) <= {"reference"} for name in ("study", "individual"))
    )


def is_own(extension: Mapping[str, Any]) -> bool:
    """Whether an extension is one of ours."""
    return str(extension.get("url", "")).startswith(f"{CANONICAL}/")


def _plain(resource: Resource) -> Resource:
    """Without what the server adds, so that reading back what was written compares equal."""
    meta = resource.get("meta")
    kept = {k: v for k, v in meta.items() if k not in _OF_SERVER} if isinstance(meta, dict) else {}
    plain = {name: value for name, value in resource.items() if name not in ("meta", "text")}
    plain["extension"] = sorted(_listed(resource, "extension"), key=repr)
    plain["identifier"] = sorted(_listed(resource, "identifier"), key=repr)
    return plain | ({"meta": kept} if kept else {})
