"""`_summary` and `_elements` (FHIR R4, search.html: managing returned resources)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fhirscreen.fhir.entries import Resource

_KEPT = {"resourceType", "id", "meta", "implicitRules"}

_NEEDED = {
    "ResearchStudy": {"status"},
    "ResearchSubject": {"status", "study", "individual"},
    "Group": {"type", "actual"},
    "List": {"status", "mode"},
    "AuditEvent": {"type", "recorded", "agent", "source"},
}
"""Elements that a resource cannot do without."""

_SUMMARIES = {
    "ResearchStudy": {"identifier", "title", "phase", "condition", "enrollment", "sponsor"},
    "ResearchSubject": {"identifier"},
    "Group": {"identifier", "active", "name"},
    "List": {"title", "subject", "date"},
    "AuditEvent": {"action", "outcome", "entity"},
}
"""The elements of the summary among those that we write (marked Σ in R4)."""

_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}


def subset(resource: Resource, controls: Mapping[str, str]) -> Resource:
    """The part of a resource that is asked for, marked as one; the whole where nothing says otherwise."""
    type = str(resource["resourceType"])
    needed = _NEEDED.get(type)
    if needed is None:
        return resource
    summary = controls.get("_summary")
    if (elements := controls.get("_elements")) is not None:
        return _only(resource, {*needed, *elements.split(",")})
    if summary == "true":
        return _only(resource, needed | _SUMMARIES[type])
    if summary == "text":
        return _only(resource, {*needed, "text"})
    return resource


def _only(resource: Resource, elements: Collection[str]) -> Resource:
    kept = {name: value for name, value in resource.items() if name in _KEPT or name in elements}
    meta = dict(resource.get("meta") or {})
    return {**kept, "meta": meta | {"tag": [*meta.get("tag", ()), _SUBSETTED]}}
