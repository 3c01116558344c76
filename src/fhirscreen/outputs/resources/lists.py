"""The screening List of a study: its ResearchSubjects, best first."""

from __future__ import annotations

from collections.abc import Sequence
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
        reason = "nilknown" if complete else "unavailable"
        said = "Nobody fits" if complete else "Nobody fits among what could be read"
        resource["emptyReason"] = coded(_EMPTY, reason, said)
    return resource
