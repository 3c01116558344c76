"""The form that R4 gives the elements we read, for telling which resource is malformed, and where.

It is asked only once something could not be read: a hot path does not validate. Elements that we do not
read are not looked at, and unknown elements are no fault: vendors add theirs (`elements` names them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import CLINICAL_TYPES, Resource, modified
from fhirscreen.values.dates import date_range

UNKNOWN_MODIFIER = "it has a modifierExtension, or implicitRules, that are not known here"
"""What R4 forbids to process: the one may deny what the resource says, the other gives it another meaning."""

_TEXT, _NUMBER, _TRUTH, _DATE = "a string", "a number", "true or false", "a FHIR date or dateTime"

_QUANTITY = {"value": _NUMBER, "comparator": _TEXT, "unit": _TEXT, "system": _TEXT, "code": _TEXT}
_CODING = {"system": _TEXT, "code": _TEXT}
_CONCEPT = {"coding": [_CODING], "text": _TEXT}
_REFERENCE = {"reference": _TEXT, "identifier": {"value": _TEXT}}
_PERIOD = {"start": _DATE, "end": _DATE}
_LIMITS = {"low": _QUANTITY, "high": _QUANTITY}
_RANGE = {**_LIMITS, "type": _CONCEPT, "appliesTo": [_CONCEPT], "age": _LIMITS}
_EXTENSION = {
    "url": _TEXT,
    "valueCodeableConcept": _CONCEPT,
    "valueReference": _REFERENCE,
    "valueCode": _TEXT,
}
_VALUE = {
    "code": _CONCEPT,
    "valueQuantity": _QUANTITY,
    "valueCodeableConcept": _CONCEPT,
    "valueString": _TEXT,
    "valueInteger": _NUMBER,
    "valueBoolean": _TRUTH,
    "valueRange": _LIMITS,
    "interpretation": [_CONCEPT],
    "referenceRange": [_RANGE],
}
_PROVISION: dict[str, Any] = {"type": _TEXT, "period": _PERIOD, "code": [_CONCEPT], "purpose": [_CODING]}
_PROVISION["provision"] = [_PROVISION]
_TIMING = {"event": [_DATE], "repeat": {"boundsPeriod": _PERIOD}}
_DOSAGE = {"route": _CONCEPT, "timing": _TIMING}
_DATES = (
    "birthDate",
    "deceasedDateTime",
    "onsetDateTime",
    "abatementDateTime",
    "recordedDate",
    "authoredOn",
    "performedDateTime",
    "effectiveDateTime",
    "effectiveInstant",
    "whenHandedOver",
    "whenPrepared",
    "dateAsserted",
)
_COMMON = {
    "status": _TEXT,
    "extension": [_EXTENSION],
    "subject": _REFERENCE,
    "patient": _REFERENCE,
    "clinicalStatus": _CONCEPT,
    "verificationStatus": _CONCEPT,
    "severity": _CONCEPT,
    "focus": [_REFERENCE],
    "hasMember": [_REFERENCE],
    "specimen": _REFERENCE,
    "component": [_VALUE],
    "stage": [{"summary": _CONCEPT, "type": _CONCEPT, "assessment": [_REFERENCE]}],
    "reasonCode": [_CONCEPT],
    "reasonReference": [_REFERENCE],
    "medicationCodeableConcept": _CONCEPT,
    "medicationReference": _REFERENCE,
    "contained": [{}],
    "reaction": [{"substance": [_CONCEPT]}],
    "scope": _CONCEPT,
    "dosageInstruction": [_DOSAGE],
    "gender": _TEXT,
    "active": _TRUTH,
    "deceasedBoolean": _TRUTH,
    "link": [{"other": _REFERENCE, "type": _TEXT}],
    "individual": _REFERENCE,
    **dict.fromkeys(("onsetPeriod", "abatementPeriod", "performedPeriod", "effectivePeriod"), _PERIOD),
    **dict.fromkeys(_DATES, _DATE),
}
_BY_TYPE: dict[str, dict[str, Any]] = {
    "Observation": {**_VALUE, "bodySite": _CONCEPT},
    "Condition": {"code": _CONCEPT, "bodySite": [_CONCEPT]},
    "Procedure": {"code": _CONCEPT, "bodySite": [_CONCEPT]},
    "AllergyIntolerance": {"code": _CONCEPT},
    "Consent": {"dateTime": _DATE, "provision": _PROVISION},
    "Encounter": {"period": _PERIOD, "hospitalization": {"dischargeDisposition": _CONCEPT}},
    "Flag": {"code": _CONCEPT},
    "MedicationAdministration": {"dosage": _DOSAGE},
    "MedicationDispense": {"daysSupply": {"value": _NUMBER}},
    "MedicationStatement": {"dosage": [_DOSAGE]},
    "ResearchSubject": {"study": _REFERENCE},
}


def _modified(part: Any) -> bool:
    """Whether a resource, or a provision in it, has such a modifier."""
    if isinstance(part, list):
        return any(map(_modified, part))
    return isinstance(part, dict) and (modified(part) or _modified(part.get("provision")))


def refuse_modified(resource: Resource) -> None:
    """DataError for a resource with a modifier that nobody here knows (R4, Extensibility)."""
    if modified(resource):
        raise DataError(UNKNOWN_MODIFIER, expected="a resource that its elements of R4 speak for")


def fault(resource: Resource) -> str | None:
    """The first element of a resource that has not the form of R4, and what was expected; None: sound.

    What is no clinical record, and may be modified in a way that nobody here knows, is not to be read either.
    """
    if resource.get("resourceType") not in CLINICAL_TYPES and _modified(resource):
        return UNKNOWN_MODIFIER
    shape = {**_COMMON, **_BY_TYPE.get(str(resource.get("resourceType")), {})}
    return _fault(resource, shape, "")


def _fault(data: Any, shape: Any, path: str) -> str | None:
    if isinstance(shape, list):
        if not isinstance(data, list):
            return f"{path} is not a list"
        faults = (_fault(item, shape[0], f"{path}[{number}]") for number, item in enumerate(data))
        return next((found for found in faults if found is not None), None)
    if isinstance(shape, Mapping):
        if not isinstance(data, dict):
            return f"{path} is not an object"
        faults = (
            _fault(data[name], inner, f"{path}.{name}" if path else name)
            for name, inner in shape.items()
            if name in data
        )
        return next((found for found in faults if found is not None), None)
    return None if _is(data, shape) else f"{path} is not {shape}"


def _is(data: Any, kind: str) -> bool:
    if kind is _TRUTH:
        return isinstance(data, bool)
    if kind is _NUMBER:
        return isinstance(data, int | float) and not isinstance(data, bool)
    if not isinstance(data, str):
        return False
    if kind is _DATE:
        try:
            date_range(data)
        except DataError:
            return False
    return True
