"""Positions: how far something that goes on for ever has come, and which process moves it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import insert, insert_once, wrote
from fhirscreen.store.tables import PositionRow


def find_position(session: Session, name: str) -> datetime | None:
    """How far it has come; None where it has not begun."""
    return session.scalar(select(PositionRow.at).where(PositionRow.name == name))


def move_position(session: Session, name: str, at: datetime) -> None:
    """Moves it forward; never back."""
    statement = insert(session, PositionRow).values(name=name, at=at)
    behind = or_(PositionRow.at.is_(None), PositionRow.at < statement.excluded["at"])
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": at}, where=behind))


def hold_position(session: Session, name: str, owner: str, at: datetime, seconds: float) -> bool:
    """Whether this owner is the one to move it for the next `seconds`: the one who was so far, if alive."""
    insert_once(session, PositionRow, name=name)
    free = or_(PositionRow.owner.is_(None), PositionRow.owner == owner, PositionRow.owned_until <= at)
    statement = (
        update(PositionRow)
        .where(PositionRow.name == name, free)
        .values(owner=owner, owned_until=at + timedelta(seconds=seconds))
    )
    return wrote(session, statement)


def leave_position(session: Session, name: str, owner: str) -> None:
    """Lets another owner take over at once."""
    session.execute(
        update(PositionRow)
        .where(PositionRow.name == name, PositionRow.owner == owner)
        .values(owner=None, owned_until=None)
    )
