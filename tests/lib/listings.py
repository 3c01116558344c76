"""All that the store holds of a kind, for tests to look at: the service itself asks for parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fhirscreen.store.audits import StoredAudit, Wanted, find_audits
from fhirscreen.store.outbox import StoredMessage
from fhirscreen.store.rows import make
from fhirscreen.store.tables import FeedbackRow, MessageRow


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """What a user did: `outcome` accepted or overridden; `reason` the code of the override reason."""

    id: int
    card: str
    outcome: str
    accepted: tuple[str, ...]
    reason: str | None
    outcome_at: datetime
    at: datetime


def list_audits(
    session: Session,
    *,
    since: datetime | None = None,
    patient: str | None = None,
    base: str | None = None,
    limit: int = 1000,
) -> list[StoredAudit]:
    """Accesses, newest first."""
    spans = [(since, None)] if since is not None else []
    return find_audits(session, Wanted(patient=patient, base=base, spans=spans), limit=limit)


def list_feedback(session: Session, card: str) -> list[StoredFeedback]:
    """What users did with a card, in the order in which it was told."""
    query = select(FeedbackRow.__table__).where(FeedbackRow.card == card).order_by(FeedbackRow.id)
    return [make(StoredFeedback, row) for row in session.execute(query).mappings()]


def list_messages(session: Session, state: str | None = None) -> list[StoredMessage]:
    """Messages, oldest first."""
    query = select(MessageRow.__table__).order_by(MessageRow.created_at, MessageRow.id)
    if state is not None:
        query = query.where(MessageRow.state == state)
    return [make(StoredMessage, row) for row in session.execute(query).mappings()]
