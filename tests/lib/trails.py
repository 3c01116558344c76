"""The audit trail for tests: one entry at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from fhirscreen.store.audits import Action, add_audits


def add_audit(
    session: Session,
    *,
    at: datetime,
    who: str,
    action: Action,
    what: str,
    patient: str | None = None,
    base: str | None = None,
    outcome: str = "0",
) -> None:
    """Stores one access of no study, which is not to be posted."""
    add_audits(
        session,
        [{"patient": patient, "base": base, "study": None}],
        at=at,
        who=who,
        action=action,
        what=what,
        outcome=outcome,
        request_id=None,
        due_at=None,
    )
