"""Identity of what we write: UUIDv5 ids, identifiers, and the mark that tells our status from a person's."""

from __future__ import annotations

import uuid

from fhirscreen.fhir.entries import Resource

CANONICAL = "https://fhirscreen.org/fhir"
"""Base of our own StructureDefinitions, CodeSystems and identifier systems."""

NCT_SYSTEM = "https://clinicaltrials.gov"
"""Identifier system of a registration number."""

STATUS_EXTENSION = f"{CANONICAL}/StructureDefinition/status-written"
"""Extension on a ResearchSubject: the status that we wrote last. Any other status is a person's."""

FILES_BASE = "urn:fhirscreen:files"
"""The source base of patients that came from files whose export is not known."""

DECISION_EXTENSION = f"{CANONICAL}/StructureDefinition/person-decision"
"""Extension on a ResearchSubject: why a person set the status, whoever wrote it down."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, CANONICAL)


def study_uuid(study: str) -> str:
    """The id of a study's ResearchStudy."""
    return str(uuid.uuid5(_NAMESPACE, f"ResearchStudy|{study}"))


def subject_uuid(study: str, base: str, patient: str) -> str:
    """The id of a ResearchSubject: UUIDv5 of study identifier, source base and patient id."""
    return str(uuid.uuid5(_NAMESPACE, f"ResearchSubject|{study}|{base.rstrip('/')}|{patient}"))


def list_uuid(study: str, base: str) -> str:
    """The id of a study's screening List."""
    return str(uuid.uuid5(_NAMESPACE, f"List|{study}|{base.rstrip('/')}"))


def group_uuid(study: str) -> str:
    """The id of the definitional Group that holds a study's criteria."""
    return str(uuid.uuid5(_NAMESPACE, f"Group|{study}"))


def identifier_values(resource: Resource) -> frozenset[str]:
    """The values of a resource's identifiers."""
    listed = resource.get("identifier")
    return frozenset(
        each["value"]
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict) and isinstance(each.get("value"), str)
    )


def study_names(study: Resource) -> frozenset[str]:
    """Every name of a ResearchStudy: its id and the values of its identifiers."""
    names = {str(study["id"])} if "id" in study else set()
    return identifier_values(study) | names


def written_status(subject: Resource) -> str | None:
    """The status that we wrote last into a ResearchSubject; None where we never did."""
    for extension in subject.get("extension", ()):
        if isinstance(extension, dict) and extension.get("url") == STATUS_EXTENSION:
            code = extension.get("valueCode")
            return code if isinstance(code, str) else None
    return None


def is_ours(subject: Resource) -> bool:
    """Whether a ResearchSubject's status is still the one that we wrote, and not one that we passed on."""
    extensions = [each.get("url") for each in subject.get("extension", ()) if isinstance(each, dict)]
    return is_as_written(subject) and DECISION_EXTENSION not in extensions


def is_as_written(subject: Resource) -> bool:
    """Whether a ResearchSubject's status is still the one that we wrote, be it what a person told us."""
    written = written_status(subject)
    return written is not None and written == subject.get("status")
