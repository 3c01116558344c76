"""Messages to send: written in the transaction that gives cause, sent later, and tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import insert_once, make, take
from fhirscreen.store.tables import MessageRow


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message. `state`: waiting, sent or failed (given up). `error` is of the last attempt."""

    id: str
    channel: str
    target: str
    body: dict[str, Any]
    key: str
    state: str
    attempts: int
    error: str | None
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None


def put_message(
    session: Session, channel: str, target: str, body: Mapping[str, Any], *, at: datetime, key: str
) -> bool:
    """Stores a message to send; False where one of that key was stored before."""
    return insert_once(
        session,
        MessageRow,
        id=str(uuid4()),
        channel=channel,
        target=target,
        body=dict(body),
        key=key,
        state="waiting",
        attempts=0,
        created_at=at,
        not_before=at,
    )


def newest_message(session: Session, key: str) -> datetime | None:
    """When the last message was put whose key begins with `key`; None where there is none."""
    return session.scalar(select(func.max(MessageRow.created_at)).where(MessageRow.key.startswith(key)))


def _due(at: datetime) -> ColumnElement[bool]:
    return and_(
        MessageRow.state == "waiting",
        MessageRow.not_before <= at,
        or_(MessageRow.lease_until.is_(None), MessageRow.lease_until <= at),
    )


def any_due(session: Session, at: datetime) -> bool:
    """Whether there is a message that `lease_message` would give."""
    return session.scalar(select(MessageRow.id).where(_due(at)).limit(1)) is not None


def lease_message(session: Session, owner: str, at: datetime, seconds: float) -> StoredMessage | None:
    """The next message that is due, held for `seconds`; whoever does not say what came of it loses it."""
    id = take(
        session,
        MessageRow,
        select(MessageRow.id).where(_due(at)).order_by(MessageRow.not_before, MessageRow.id),
        lease_owner=owner,
        lease_until=at + timedelta(seconds=seconds),
        attempts=MessageRow.attempts + 1,
    )
    return find_message(session, id) if id is not None else None


def find_message(session: Session, id: str) -> StoredMessage | None:
    """The message of that id."""
    row = session.execute(select(MessageRow.__table__).where(MessageRow.id == id)).mappings().first()
    return make(StoredMessage, row) if row is not None else None


def sent(session: Session, id: str, at: datetime) -> None:
    """Says that a message went out."""
    _settle(session, id, state="sent", sent_at=at, error=None)


def failed(session: Session, id: str, error: str, *, retry_at: datetime | None) -> None:
    """Says why a message did not go out, and when to try again; None gives it up."""
    if retry_at is None:
        _settle(session, id, state="failed", error=error)
    else:
        _settle(session, id, not_before=retry_at, error=error)


def _settle(session: Session, id: str, **values: Any) -> None:
    session.execute(
        update(MessageRow)
        .where(MessageRow.id == id, MessageRow.state == "waiting")
        .values(lease_owner=None, lease_until=None, **values)
    )
