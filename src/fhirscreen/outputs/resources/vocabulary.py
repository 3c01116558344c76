"""The URLs of our own extensions and code systems; `definitions` publishes what they mean."""

from __future__ import annotations

from typing import Any

from fhirscreen.fhir.subjects import CANONICAL

NOTE_EXTENSION = f"{CANONICAL}/StructureDefinition/patient-note"
"""On a ResearchSubject: what is shown beside the patient and takes nobody out, in words."""

STANDING_EXTENSION = f"{CANONICAL}/StructureDefinition/criterion-standing"
"""On a ResearchSubject: one criterion that is open or failed, with reason, next action and evidence."""

GATE_EXTENSION = f"{CANONICAL}/StructureDefinition/gate-closed"
"""On a ResearchSubject: why the patient is out before any criterion."""

"""On a ResearchSubject: why a person set its status, and the criteria that this rests on."""

EXPRESSION_EXTENSION = f"{CANONICAL}/StructureDefinition/criterion-expression"
"""On a characteristic of a Group: the criterion as it stands in a study file, as JSON."""

CRITERIA = f"{CANONICAL}/CodeSystem/criteria"
"""Codes `<study>.<criterion id>`; the studies define them."""

CONCEPTS = f"{CANONICAL}/CodeSystem/concepts"
"""Codes are the ids of concepts in the mappings; `age` is completed years at the index date."""

STANDINGS = f"{CANONICAL}/CodeSystem/standings"
REASONS = f"{CANONICAL}/CodeSystem/reasons"
GATES = f"{CANONICAL}/CodeSystem/gates"

OVERRIDE_REASONS = f"{CANONICAL}/CodeSystem/override-reasons"
"""Why a user does not follow a card of CDS Hooks: the codes of `OVERRIDES`."""

OVERRIDES = {
    "patient-declined": "The patient declines",
    "not-suitable": "Not suitable for this patient",
    "other-trial": "In another trial, or about to be",
    "not-now": "Not at this visit",
    "not-mine": "Not mine to decide",
}

UCUM = "http://unitsofmeasure.org"


def identifier_of(id: str) -> list[dict[str, Any]]:
    """A UUID as a business identifier (R4 datatypes, Identifier: `urn:ietf:rfc:3986`)."""
    return [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{id}"}]


def coded(system: str, code: str, text: str | None = None) -> dict[str, Any]:
    """A CodeableConcept with one coding."""
    concept: dict[str, Any] = {"coding": [{"system": system, "code": code}]}
    return concept | ({"text": text} if text else {})
