"""What was expected of a record that was set aside, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from fhirscreen.fhir.shapes import UNKNOWN_MODIFIER


class Remedy(NamedTuple):
    """What a record should have been, and what makes it so; phrases for a person."""

    expected: str
    remedy: str


MEND = "mend it where it comes from, and screen again"
_EXPORT = "export it again"

_REMEDIES = {
    "not JSON, or cut off": Remedy(
        "one JSON object, whole (in NDJSON on one line)", f"{_EXPORT}, or take the line out"
    ),
    "not a JSON object": Remedy("one resource, as a JSON object", MEND),
    "no resourceType": Remedy("a resource with its resourceType", MEND),
    "not a resource type of R4": Remedy(
        "a resource type of FHIR R4", "export it as R4, or leave the type out of the export"
    ),
    "no id": Remedy("a resource with an id", "export it with its id"),
    "an entry has no resource": Remedy(
        "a resource in every entry that is no request or response", "ask again for what the Bundle is to hold"
    ),
    "Bundle.entry is not a list": Remedy("a Bundle whose entry is a list", _EXPORT),
    "the file cannot be read any further": Remedy("a file that is whole", f"{_EXPORT}: it breaks off"),
    "about no patient that can be told": Remedy(
        "a reference to a Patient, as subject or patient", "name the patient where the record comes from"
    ),
    "about a patient who is not in the data": Remedy(
        "a Patient resource for every reference", "export that Patient too, or leave the record out"
    ),
    "a referenced Medication is not in the data": Remedy(
        "the Medication, or a code in its place", "export Medication too"
    ),
    "a referenced Medication has no code": Remedy("a Medication with a code, or ingredients", MEND),
    "a date cannot be read": Remedy("a date like 2026, 2026-11, 2026-11-01 or with a time and zone", MEND),
    "a number is not finite": Remedy("a decimal of FHIR", MEND),
    "a quantity's comparator is unknown": Remedy("one of < <= >= >", MEND),
    "the ends of a Range do not belong together": Remedy("low before high, in one unit", MEND),
    UNKNOWN_MODIFIER: Remedy(
        "a record that its elements of R4 speak for", "ask who sends it what the modifier means"
    ),
    "it has several values, of which R4 allows one": Remedy("one value[x]", MEND),
    "its id stands twice, with different content, and no version says which is the later one": Remedy(
        "one record an id, or meta.versionId or meta.lastUpdated in each",
        "export each record once; records of several systems need ids of their own",
    ),
    "the record could not be evaluated": Remedy("a Patient in the form of FHIR R4", MEND),
}


def remedy_of(reason: str) -> Remedy:
    """The remedy for a reason; `X is not Y` says itself what was expected."""
    known = _REMEDIES.get(reason)
    if known is not None:
        return known
    _, said, expected = reason.partition(" is not ")
    return Remedy(expected if said else "the form that FHIR R4 gives it", MEND)
