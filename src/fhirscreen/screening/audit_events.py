"""An audit as an R4 AuditEvent: who did what with whose data, and of the patient the reference alone."""

from __future__ import annotations

from typing import Any

from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import NCT_SYSTEM
from fhirscreen.store.audits import StoredAudit

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_PATIENT_RECORD = {"system": _DICOM, "code": "110110", "display": "Patient Record"}
_QUERY = {"system": _DICOM, "code": "110112", "display": "Query"}
_ACTIVITY = {"system": _DICOM, "code": "110100", "display": "Application Activity"}

_CODES = "http://terminology.hl7.org/CodeSystem"
_SERVER = {"system": f"{_CODES}/security-source-type", "code": "4", "display": "Application Server"}
_PERSON = {"system": f"{_CODES}/audit-entity-type", "code": "1", "display": "Person"}
_OBJECT = {"system": f"{_CODES}/audit-entity-type", "code": "2", "display": "System Object"}
_IS_PATIENT = {"system": f"{_CODES}/object-role", "code": "1", "display": "Patient"}
_IS_RESOURCE = {"system": f"{_CODES}/object-role", "code": "4", "display": "Domain Resource"}


def audit_event(audit: StoredAudit, site: str, home: str | None) -> Resource:
    """The AuditEvent. `site` is where it was done; `home` the base of the server that it is read on.

    A patient of another server is named by the whole address there. The types are those of DICOM that R4
    names (value set audit-event-type): a patient's record, a query, or work of the program itself.
    """
    entities: list[dict[str, Any]] = []
    if audit.patient is not None:
        patient = {"reference": _reference(audit.patient, audit.base, home)}
        entities.append({"what": patient, "type": _PERSON, "role": _IS_PATIENT})
    if audit.study is not None:
        number = {"system": NCT_SYSTEM, "value": audit.study}
        study = {"type": "ResearchStudy", "identifier": number}
        entities.append({"what": study, "type": _OBJECT, "role": _IS_RESOURCE})
    called: dict[str, Any] = {"type": _OBJECT, "name": audit.what}
    if audit.request_id is not None:
        called["detail"] = [{"type": "request-id", "valueString": audit.request_id}]
    return {
        "resourceType": "AuditEvent",
        "id": audit.uuid,
        "type": _type(audit),
        "action": audit.action,
        "recorded": audit.at.isoformat(timespec="milliseconds"),
        "outcome": audit.outcome,
        "agent": [
            {"who": {"identifier": {"value": audit.who}}, "name": audit.who, "requestor": True},
        ],
        "source": {"site": site, "observer": {"display": "fhirscreen"}, "type": [_SERVER]},
        "entity": [*entities, called],
    }


def _type(audit: StoredAudit) -> dict[str, str]:
    if audit.patient is not None:
        return _PATIENT_RECORD
    return _QUERY if audit.action in ("R", "E") else _ACTIVITY


def _reference(patient: str, base: str | None, home: str | None) -> str:
    elsewhere = base is not None and base.startswith(("http:", "https:")) and base != (home or "").rstrip("/")
    return f"{base}/Patient/{patient}" if elsewhere else f"Patient/{patient}"
