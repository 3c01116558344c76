"""Changes: what became different for a subject, to be told to people once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import chunks, make
from fhirscreen.store.tables import ChangeRow


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A subject whose status, or whose verdicts while listed, became others.

    `before` and `after` are our statuses, None for none; `criteria` those whose truth, standing or reason
    is another, empty for a subject that is new.
    """

    id: int
    subject: str
    study: str
    base: str
    patient: str
    before: str | None
    after: str | None
    criteria: tuple[str, ...]
    run: str | None
    at: datetime
    notified_at: datetime | None


def pending(session: Session) -> list[StoredChange]:
    """The changes that nobody was told of, oldest first.

    On PostgreSQL they are locked until the end of the transaction, and those that another process is telling
    are left out.
    """
    query = (
        select(ChangeRow.__table__)
        .where(ChangeRow.notified_at.is_(None))
        .order_by(ChangeRow.id)
        .with_for_update(skip_locked=True)
    )
    return [make(StoredChange, row) for row in session.execute(query).mappings()]


def any_pending(session: Session) -> bool:
    """Whether there is a change that nobody was told of."""
    query = select(ChangeRow.id).where(ChangeRow.notified_at.is_(None)).limit(1)
    return session.scalar(query) is not None


def mark_notified(session: Session, ids: Iterable[int], at: datetime) -> None:
    """Says that people were told of these."""
    for chunk in chunks(ids):
        session.execute(
            update(ChangeRow)
            .where(ChangeRow.id.in_(chunk), ChangeRow.notified_at.is_(None))
            .values(notified_at=at)
        )


def list_changes(
    session: Session,
    since: datetime,
    *,
    study: str | None = None,
    subject: str | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[StoredChange]:
    """The changes from a moment on, oldest first; `after`: the id of the last one of the page before."""
    query = select(ChangeRow.__table__).where(ChangeRow.at >= since).order_by(ChangeRow.id).limit(limit)
    if study is not None:
        query = query.where(ChangeRow.study == study)
    if subject is not None:
        query = query.where(ChangeRow.subject == subject)
    if after is not None:
        query = query.where(ChangeRow.id > after)
    return [make(StoredChange, row) for row in session.execute(query).mappings()]
