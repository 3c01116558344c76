"""References in every style that R4 allows (references.html): relative, absolute, versioned, urn:uuid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource


def target(reference: object, aliases: Mapping[str, str] | None = None) -> str | None:
    """`Type/id` of a Reference; None for one by identifier or display only, or to a contained resource.

    `aliases` leads from `urn:uuid:…` (a Bundle's fullUrl) to `Type/id`.
    """
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str) or not text or text.startswith("#"):
        return None
    if aliases is not None and text in aliases:
        return aliases[text]
    if text.startswith("urn:"):
        return None
    if text.count("/") == 1 and text[-1] != "/" and "?" not in text:
        return text  # `Type/id`, as nearly all are
    parts = text.split("?", 1)[0].rstrip("/").split("/")
    if "_history" in parts:
        parts = parts[: parts.index("_history")]
    return "/".join(parts[-2:]) if len(parts) >= 2 else None


def whole(text: str) -> tuple[str, str]:
    """The base of an absolute reference, and `Type/id` or whatever else stands behind it; else no base."""
    head, _, id = text.rpartition("/")
    base, _, type = head.rpartition("/")
    return (base, f"{type}/{id}") if base else ("", text)


def targets(references: object, aliases: Mapping[str, str] | None = None) -> Iterator[str]:
    """The targets of a list of References, or of one."""
    for reference in references if isinstance(references, list) else (references,):
        found = target(reference, aliases)
        if found is not None:
            yield found


def read_targets(references: object, aliases: Mapping[str, str] | None = None) -> Iterator[str]:
    """The same of what a verdict rests on. DataError where it is no Reference, nor a list of them."""
    for reference in references if isinstance(references, list) else (references,):
        if reference is None:
            continue
        text = reference.get("reference") if isinstance(reference, dict) else 0
        if text is not None and not isinstance(text, str):
            raise DataError("a Reference is not an object with a text", expected="a Reference")
        found = target(reference, aliases)
        if found is not None:
            yield found


_SUBJECTS = ("subject", "patient", "individual")


def patient_of(resource: Resource, aliases: Mapping[str, str] | None = None) -> str | None:
    """The bare id of the patient that a resource is about; None where it is about nobody known."""
    if resource.get("resourceType") == "Patient":
        id = resource.get("id")
        return id if isinstance(id, str) else None
    subject = resource.get("subject")
    text = subject.get("reference") if isinstance(subject, dict) else None
    if isinstance(text, str) and text.startswith("Patient/") and not aliases:
        id = text[8:]
        if id and "/" not in id and "?" not in id:
            return id  # as nearly all say it
    for element in _SUBJECTS:
        found = target(resource.get(element), aliases)
        if found is not None and found.startswith("Patient/"):
            return found[8:]
    return None


def named_patient(data: Mapping[str, Any]) -> str | None:
    """The bare id or the `urn:` of the patient whom something is about that may be no sound resource.

    Of a Patient, the one whom it is linked to: the records of either may follow the other.
    """
    if data.get("resourceType") == "Patient":
        links = data.get("link")
        others = (
            [each.get("other") for each in links if isinstance(each, dict)] if isinstance(links, list) else []
        )
    else:
        others = [data.get(element) for element in _SUBJECTS]
    for other in others:
        text = other.get("reference") if isinstance(other, dict) else None
        if isinstance(text, str) and text.startswith("urn:"):
            return text
        person = target(other)
        if person is not None and person.startswith("Patient/"):
            return person[8:]
    return None


_NOT_PERSONS = ("Device/", "Location/")


def may_be_anybodys(resource: Resource) -> bool:
    """Whether a resource about no patient that can be told may be about any: of a Group, by an identifier
    alone, contained or missing; not of a Device or a Location.
    """
    found = (target(resource.get(element)) for element in _SUBJECTS)
    return not any(each is not None and each.startswith(_NOT_PERSONS) for each in found)


def extension_references(resource: Resource, aliases: Mapping[str, str] | None = None) -> Iterator[str]:
    """Where a resource's extensions point (mCODE links a secondary cancer to its primary so)."""
    extensions: Any = resource.get("extension", ())
    for extension in extensions if isinstance(extensions, list) else ():
        if isinstance(extension, dict):
            yield from targets(extension.get("valueReference"), aliases)
