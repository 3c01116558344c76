"""FHIR R4 resources as dicts, as small as real systems write them. Subject and id are added by the chart."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from fhirscreen.synthetic.codes import (
    ALLERGY_CLINICAL,
    ALLERGY_VERIFICATION,
    CATEGORY,
    CLINICAL,
    DATA_ABSENT,
    VERIFICATION,
    Json,
    concept,
)

_BERLIN = ZoneInfo("Europe/Berlin")


def moment(day: date, hour: int = 8, minute: int = 15) -> str:
    """A FHIR dateTime at the demo hospital, with the offset that holds on that day."""
    return datetime.combine(day, time(hour, minute), _BERLIN).isoformat()


def observation(
    code: Json,
    when: str | None,
    *,
    category: str = "laboratory",
    status: str = "final",
    value: Json | None = None,
    ranges: list[Json] | None = None,
    components: list[Json] | None = None,
    focus: str | None = None,
    members: tuple[str, ...] = (),
    body_site: Json | None = None,
    method: Json | None = None,
    absent: str | None = None,
) -> Json:
    """An Observation; `value` is a dict with the one `value[x]` element."""
    made: Json = {"resourceType": "Observation", "status": status}
    made["category"] = [concept((CATEGORY, category))]
    made["code"] = code
    if focus:
        made["focus"] = [{"reference": focus}]
    if when is not None:
        made["effectiveDateTime"] = when
    made.update(value or {})
    if absent:
        made["dataAbsentReason"] = concept((DATA_ABSENT, absent))
    if body_site:
        made["bodySite"] = body_site
    if method:
        made["method"] = method
    if ranges:
        made["referenceRange"] = ranges
    if members:
        made["hasMember"] = [{"reference": each} for each in members]
    if components:
        made["component"] = components
    return made


def reference_range(
    low: float | None = None,
    high: float | None = None,
    unit: str | None = None,
    *,
    code: str | None = None,
    applies_to: Json | None = None,
    text: str | None = None,
) -> Json:
    """One entry of Observation.referenceRange."""
    made: Json = {}
    for name, number in (("low", low), ("high", high)):
        if number is not None:
            end: Json = {"value": number}
            if unit:
                end["unit"] = unit
            if code:
                end["system"] = "http://unitsofmeasure.org"
                end["code"] = code
            made[name] = end
    if applies_to:
        made["appliesTo"] = [applies_to]
    if text:
        made["text"] = text
    return made


def condition(
    code: Json,
    onset: str | None,
    *,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    recorded: str | None = None,
    body_site: Json | None = None,
    severity: Json | None = None,
    extensions: list[Json] | None = None,
    abatement: str | None = None,
) -> Json:
    """A Condition; `clinical` must be None where verification is `entered-in-error` (con-5)."""
    made: Json = {"resourceType": "Condition"}
    if extensions:
        made["extension"] = extensions
    if clinical:
        made["clinicalStatus"] = concept((CLINICAL, clinical))
    if verification:
        made["verificationStatus"] = concept((VERIFICATION, verification))
    made["category"] = [
        concept(("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item"))
    ]
    if severity:
        made["severity"] = severity
    made["code"] = code
    if body_site:
        made["bodySite"] = [body_site]
    if onset:
        made["onsetDateTime"] = onset
    if abatement:
        made["abatementDateTime"] = abatement
    if recorded:
        made["recordedDate"] = recorded
    return made


def procedure(
    code: Json,
    performed: str | None,
    *,
    status: str = "completed",
    reason: str | None = None,
    body_site: Json | None = None,
    period: tuple[str, str] | None = None,
) -> Json:
    """A Procedure; `reason` is a reference."""
    made: Json = {"resourceType": "Procedure", "status": status, "code": code}
    if performed:
        made["performedDateTime"] = performed
    elif period:
        made["performedPeriod"] = {"start": period[0], "end": period[1]}
    if reason:
        made["reasonReference"] = [{"reference": reason}]
    if body_site:
        made["bodySite"] = [body_site]
    return made


def medication(
    kind: str,
    drug: Json,
    when: str | None,
    *,
    status: str,
    reason: str | None = None,
    reason_code: Json | None = None,
    route: Json | None = None,
    intent: str = "order",
    end: str | None = None,
    contained: Json | None = None,
) -> Json:
    """A medication resource of type `kind`; `drug` is a CodeableConcept or a Reference to a Medication."""
    made: Json = {"resourceType": kind}
    if contained:
        made["contained"] = [contained]
    made["status"] = status
    if kind == "MedicationRequest":
        made["intent"] = intent
    made["medicationReference" if "reference" in drug else "medicationCodeableConcept"] = drug
    period = {"start": when, "end": end} if end else None
    match kind:
        case "MedicationAdministration":
            made["effectivePeriod" if period else "effectiveDateTime"] = period or when
            if route:
                made["dosage"] = {"route": route, "text": "as prescribed"}
        case "MedicationStatement":
            made["effectivePeriod"] = period or {"start": when}
            if route:
                made["dosage"] = [{"route": route}]
        case "MedicationRequest":
            made["authoredOn"] = when
            if route:
                made["dosageInstruction"] = [{"route": route}]
        case _:
            made["whenHandedOver"] = when
    if reason:
        if kind == "MedicationDispense":
            raise ValueError("a dispense has no reason in R4")
        made["reasonReference"] = [{"reference": reason}]
    if reason_code:
        made["reasonCode"] = [reason_code]
    return made


def allergy(code: Json, recorded: str, *, verification: str = "confirmed") -> Json:
    """An AllergyIntolerance."""
    made: Json = {"resourceType": "AllergyIntolerance"}
    made["clinicalStatus"] = concept((ALLERGY_CLINICAL, "active"))
    made["verificationStatus"] = concept((ALLERGY_VERIFICATION, verification))
    made["code"] = code
    made["recordedDate"] = recorded
    return made


# Where each resource type keeps its patient.
SUBJECTS = {
    "AllergyIntolerance": "patient",
    "Consent": "patient",
    "ResearchSubject": "individual",
    "EpisodeOfCare": "patient",
}
