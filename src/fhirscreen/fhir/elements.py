"""The elements that R4 gives the resource types we read, to tell a field that is none of them.

A record with such a field is read by its elements of R4, and the field is named (ADR 0030): what R4 calls
otherwise (`Procedure.occurrenceDateTime` of R5) would be missed without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fhirscreen.fhir.entries import Resource

_OF_ALL = "contained extension id identifier language meta resourceType text"
_MODIFIERS = ("implicitRules", "modifierExtension")
"""Of all types too; they are named where they stand, for nobody here knows what they change."""
_OF: dict[str, str] = {
    "AllergyIntolerance": (
        "asserter category clinicalStatus code criticality encounter lastOccurrence note onsetAge "
        "onsetDateTime onsetPeriod onsetRange onsetString patient reaction recordedDate recorder type "
        "verificationStatus"
    ),
    "Condition": (
        "abatementAge abatementDateTime abatementPeriod abatementRange abatementString asserter "
        "bodySite category clinicalStatus code encounter evidence note onsetAge onsetDateTime "
        "onsetPeriod onsetRange onsetString recordedDate recorder severity stage subject "
        "verificationStatus"
    ),
    "Consent": (
        "category dateTime organization patient performer policy policyRule provision scope "
        "sourceAttachment sourceReference status verification"
    ),
    "Encounter": (
        "account appointment basedOn class classHistory diagnosis episodeOfCare hospitalization "
        "length location partOf participant period priority reasonCode reasonReference "
        "serviceProvider serviceType status statusHistory subject type"
    ),
    "Flag": ("author category code encounter period status subject"),
    "Medication": ("amount batch code form ingredient manufacturer status"),
    "MedicationAdministration": (
        "category context device dosage effectiveDateTime effectivePeriod eventHistory instantiates "
        "medicationCodeableConcept medicationReference note partOf performer reasonCode "
        "reasonReference request status statusReason subject supportingInformation"
    ),
    "MedicationDispense": (
        "authorizingPrescription category context daysSupply destination detectedIssue "
        "dosageInstruction eventHistory location medicationCodeableConcept medicationReference note "
        "partOf performer quantity receiver status statusReasonCodeableConcept statusReasonReference "
        "subject substitution supportingInformation type whenHandedOver whenPrepared"
    ),
    "MedicationRequest": (
        "authoredOn basedOn category courseOfTherapyType detectedIssue dispenseRequest doNotPerform "
        "dosageInstruction encounter eventHistory groupIdentifier instantiatesCanonical "
        "instantiatesUri insurance intent medicationCodeableConcept medicationReference note "
        "performer performerType priorPrescription priority reasonCode reasonReference recorder "
        "reportedBoolean reportedReference requester status statusReason subject substitution "
        "supportingInformation"
    ),
    "MedicationStatement": (
        "basedOn category context dateAsserted derivedFrom dosage effectiveDateTime effectivePeriod "
        "informationSource medicationCodeableConcept medicationReference note partOf reasonCode "
        "reasonReference status statusReason subject"
    ),
    "Observation": (
        "basedOn bodySite category code component dataAbsentReason derivedFrom device "
        "effectiveDateTime effectiveInstant effectivePeriod effectiveTiming encounter focus hasMember "
        "interpretation issued method note partOf performer referenceRange specimen status subject "
        "valueBoolean valueCodeableConcept valueDateTime valueInteger valuePeriod valueQuantity "
        "valueRange valueRatio valueSampledData valueString valueTime"
    ),
    "Patient": (
        "active address birthDate communication contact deceasedBoolean deceasedDateTime gender "
        "generalPractitioner link managingOrganization maritalStatus multipleBirthBoolean "
        "multipleBirthInteger name photo telecom"
    ),
    "Procedure": (
        "asserter basedOn bodySite category code complication complicationDetail encounter "
        "focalDevice followUp instantiatesCanonical instantiatesUri location note outcome partOf "
        "performedAge performedDateTime performedPeriod performedRange performedString performer "
        "reasonCode reasonReference recorder report status statusReason subject usedCode "
        "usedReference"
    ),
    "ResearchSubject": ("actualArm assignedArm consent individual period status study"),
    "Specimen": (
        "accessionIdentifier collection condition container note parent processing receivedTime "
        "request status subject type"
    ),
}
ELEMENTS = {kind: frozenset(f"{_OF_ALL} {names}".split()) for kind, names in _OF.items()}
"""The top-level elements by resource type; `_name`, which extends a primitive `name`, is not listed."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")


def unknown_elements(resource: Resource) -> Iterator[str]:
    """The top-level fields of a resource that R4 does not have; none for a type that we do not read.

    A field whose name does not look like one is `a field without a proper name`: it may hold anything.
    """
    known = ELEMENTS.get(resource["resourceType"])
    if known is None:
        return
    for name in resource:
        if name not in known and name.removeprefix("_") not in known and name not in _MODIFIERS:
            yield f"the field {name}" if _NAME.fullmatch(name) else "a field without a proper name"
