"""Audits: who asked for whose data, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from fhirscreen.store.rows import insert, make
from fhirscreen.store.tables import AuditRow

Action = Literal["R", "E", "C", "U", "D"]


@dataclass(frozen=True, slots=True)
class StoredAudit:
    """One access. `action` and `outcome` are the codes of a FHIR AuditEvent."""

    id: int
    at: datetime
    who: str
    action: str
    what: str
    patient: str | None
    base: str | None
    study: str | None
    outcome: str
    request_id: str | None


def add_audit(
    session: Session,
    *,
    at: datetime,
    who: str,
    action: Action,
    what: str,
    patient: str | None = None,
    base: str | None = None,
    study: str | None = None,
    outcome: str = "0",
    request_id: str | None = None,
) -> StoredAudit:
    """Stores one access."""
    values = {
        "at": at,
        "who": who,
        "action": action,
        "what": what,
        "patient": patient,
        "base": base,
        "study": study,
        "outcome": outcome,
        "request_id": request_id,
    }
    id = session.execute(insert(session, AuditRow).values(**values).returning(AuditRow.id)).scalar_one()
    return StoredAudit(id, at, who, action, what, patient, base, study, outcome, request_id)


def list_audits(
    session: Session,
    *,
    since: datetime | None = None,
    patient: str | None = None,
    base: str | None = None,
    limit: int = 1000,
) -> list[StoredAudit]:
    """Accesses, newest first."""
    query = select(AuditRow.__table__).order_by(AuditRow.id.desc()).limit(limit)
    if since is not None:
        query = query.where(AuditRow.at >= since)
    if patient is not None:
        query = query.where(AuditRow.patient == patient)
    if base is not None:
        query = query.where(AuditRow.base == base)
    return [make(StoredAudit, row) for row in session.execute(query).mappings()]
