"""Audits: who asked for whose data, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import chunks, make
from fhirscreen.store.tables import AuditRow

_ADD = AuditRow.__table__.insert()  # type: ignore[attr-defined]

Action = Literal["R", "E", "C", "U", "D"]
Span = tuple[datetime | None, datetime | None]
"""From the first moment on, and before the second; None: without end."""


@dataclass(frozen=True, slots=True)
class StoredAudit:
    """One access. `action` and `outcome` are the codes of a FHIR AuditEvent, `uuid` is its id."""

    id: int
    uuid: str
    at: datetime
    who: str
    action: str
    what: str
    patient: str | None
    base: str | None
    study: str | None
    outcome: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which audits are meant: all that is given holds, of `spans` each; `whos` are beginnings of names."""

    uuids: Collection[str] | None = None
    patient: str | None = None
    base: str | None = None
    whos: Sequence[str] | None = None
    spans: Sequence[Span] = ()


def add_audits(session: Session, accesses: Iterable[Mapping[str, str | None]], **same: Any) -> None:
    """Stores accesses that differ in `patient`, `base` and `study` alone."""
    for some in chunks(accesses):
        rows = [{**same, **each, "uuid": str(uuid4())} for each in some]
        session.connection().execute(_ADD, rows)


def find_audit(session: Session, uuid: str) -> StoredAudit | None:
    """The access whose AuditEvent has that id."""
    return next(iter(find_audits(session, Wanted(uuids=[uuid]), limit=1)), None)


def find_audits(
    session: Session, wanted: Wanted, *, after: StoredAudit | None = None, limit: int
) -> list[StoredAudit]:
    """Accesses, newest first; `after`: only those written before it."""
    query = select(AuditRow.__table__).where(*_fits(wanted)).order_by(AuditRow.id.desc()).limit(limit)
    if after is not None:
        query = query.where(AuditRow.id < after.id)
    return [make(StoredAudit, row) for row in session.execute(query).mappings()]


def count_audits(session: Session, wanted: Wanted) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(AuditRow).where(*_fits(wanted))) or 0


def _fits(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.uuids is not None:
        found.append(AuditRow.uuid.in_(wanted.uuids))
    if wanted.patient is not None:
        found.append(AuditRow.patient == wanted.patient)
    if wanted.base is not None:
        found.append(AuditRow.base == wanted.base)
    if wanted.whos is not None:
        found.append(or_(*(AuditRow.who.istartswith(each, autoescape=True) for each in wanted.whos)))
    return [*found, *map(_within, wanted.spans)]


def _within(span: Span) -> ColumnElement[bool]:
    start, end = span
    if start is not None and end is not None:
        return (AuditRow.at >= start) & (AuditRow.at < end)
    return AuditRow.at >= start if start is not None else AuditRow.at < end


# --- posting


def any_due(session: Session, at: datetime) -> bool:
    """Whether there is an audit that `lease_audits` would give."""
    return session.scalar(select(AuditRow.id).where(AuditRow.due_at <= at).limit(1)) is not None


def lease_audits(session: Session, at: datetime, seconds: float, limit: int) -> list[StoredAudit]:
    """Audits that are due, oldest first: due again in `seconds`, unless `posted` says that they went out."""
    due = (
        select(AuditRow.__table__)
        .where(AuditRow.due_at <= at)
        .order_by(AuditRow.due_at, AuditRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [make(StoredAudit, row) for row in session.execute(due).mappings()]
    postpone(session, found, at + timedelta(seconds=seconds))
    return found


def posted(session: Session, audits: Iterable[StoredAudit]) -> None:
    """Says that these are on the server."""
    postpone(session, audits, None)


def postpone(session: Session, audits: Iterable[StoredAudit], until: datetime | None) -> None:
    """Says when these are to be posted; None: not at all."""
    for some in chunks(each.id for each in audits):
        session.execute(update(AuditRow).where(AuditRow.id.in_(some)).values(due_at=until))
