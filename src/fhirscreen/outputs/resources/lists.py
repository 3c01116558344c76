"""The screening List of a study: its ResearchSubjects, best first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from fhirscreen.criteria.studies import Study
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import group_uuid, list_uuid
from fhirscreen.outputs.resources.vocabulary import coded, identifier_of
from fhirscreen.verdicts.standings import Status

_ORDER = "http://terminology.hl7.org/CodeSystem/list-order"
_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"


def screening_list(
    study: Study, base: str, as_of: date, subjects: Sequence[Resource], notes: Sequence[str], complete: bool
) -> Resource:
    """A snapshot as of the index date; its subject is the Group of the study's criteria.

    `subjects` in the order of the list; ineligible ones are left out. `emptyReason` is `nilknown` where
    nobody fits, `unavailable` where not everything could be read.
    """
    id = list_uuid(study.id, base)
    entries = [
        {"item": {"reference": f"ResearchSubject/{subject['id']}"}}
        for subject in subjects
        if subject["status"] != Status.INELIGIBLE.value
    ]
    resource: Resource = {
        "resourceType": "List",
        "id": id,
        "identifier": identifier_of(id),
        "status": "current",
        "mode": "snapshot",
        "title": f"Screening list of {study.id}",
        "subject": {"reference": f"Group/{group_uuid(study.id)}"},
        "date": as_of.isoformat(),
        "orderedBy": coded(_ORDER, "priority"),
    }
    if notes:
        resource["note"] = [{"text": note} for note in notes]
    if entries:
        resource["entry"] = entries
    else:
        resource["emptyReason"] = _nobody(complete=complete)
    return resource


def without(listing: Resource, taken: Collection[str]) -> Resource:
    """A List without the subjects (by reference) about whom a person decided elsewhere."""
    entries = listing.get("entry", ())
    kept = [entry for entry in entries if entry["item"]["reference"] not in taken]
    if len(kept) == len(entries):
        return listing
    rest = {name: value for name, value in listing.items() if name != "entry"}
    return rest | ({"entry": kept} if kept else {"emptyReason": _nobody(complete=True)})


def _nobody(*, complete: bool) -> Resource:
    reason = "nilknown" if complete else "unavailable"
    return coded(_EMPTY, reason, "Nobody fits" if complete else "Nobody fits among what could be read")
