"""Jobs: queued, leased by one worker at a time, and finished once.

queued ──lease──▶ running ──finish──▶ done
  │                 │  ├────fail────▶ failed
  │                 │  └──finish────▶ cancelled   (asked for, and the worker stopped)
  │                 └──hand_back, or the lease ran out──▶ queued, or leased by another
  └──request_cancel──▶ cancelled
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import RowMapping, and_, or_, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import insert, insert_once, make, take, wrote
from fhirscreen.store.tables import JobRow, TickRow

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
UNFINISHED = ("queued", "running")


@dataclass(frozen=True, slots=True)
class StoredJob:
    """Work and what became of it. `progress`: done, and of how many where known.

    `attempts`: how often it was begun, without the times it was handed back. `error` of a queued job is what
    had it handed back last.
    """

    id: str
    kind: str
    state: str
    payload: dict[str, Any]
    progress: tuple[int, int | None]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    created_at: datetime
    not_before: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    cancel_requested: bool
    requested_by: str
    key: str | None


def _job(row: RowMapping) -> StoredJob:
    return make(StoredJob, row, progress=(row["done"], row["total"]))


def enqueue(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    by: str,
    at: datetime,
    key: str | None = None,
    not_before: datetime | None = None,
) -> StoredJob:
    """Stores work to do. Where an unfinished job has that key already, that one is returned instead."""
    id = str(uuid4())
    # It may lose to a job of the same key that ends before it is found: then there is room for this one.
    while True:
        insert_once(
            session,
            JobRow,
            id=id,
            kind=kind,
            state="queued",
            payload=dict(payload),
            done=0,
            attempts=0,
            created_at=at,
            not_before=not_before or at,
            cancel_requested=False,
            requested_by=by,
            key=key,
        )
        same = JobRow.id == id if key is None else and_(JobRow.key == key, JobRow.state.in_(UNFINISHED))
        row = session.execute(select(JobRow.__table__).where(same)).mappings().first()
        if row is not None:
            return _job(row)


def find_queued(session: Session, kind: str) -> list[StoredJob]:
    """Jobs of a kind that nobody has taken up, oldest first; held, so that nobody does until the end."""
    query = (
        select(JobRow.__table__)
        .where(JobRow.kind == kind, JobRow.state == "queued")
        .order_by(JobRow.created_at, JobRow.id)
        .with_for_update(skip_locked=True)
    )
    return [_job(row) for row in session.execute(query).mappings()]


def amend(session: Session, id: str, payload: Mapping[str, Any], *, not_before: datetime) -> bool:
    """Replaces what a queued job is to do; False where it was taken up meanwhile."""
    statement = (
        update(JobRow)
        .where(JobRow.id == id, JobRow.state == "queued")
        .values(payload=dict(payload), not_before=not_before)
    )
    return wrote(session, statement)


def lease(
    session: Session, owner: str, kinds: Collection[str], at: datetime, seconds: float
) -> StoredJob | None:
    """The oldest job of these kinds that is due, or whose worker fell silent; held for `seconds`.

    Of several processes that ask at once each gets another job.
    """
    silent = and_(JobRow.state == "running", JobRow.lease_until <= at)
    session.execute(
        update(JobRow)
        .where(silent, JobRow.cancel_requested)
        .values(state="cancelled", finished_at=at, lease_owner=None, lease_until=None)
    )
    query = (
        select(JobRow.id)
        .where(JobRow.kind.in_(kinds), or_(and_(JobRow.state == "queued", JobRow.not_before <= at), silent))
        .order_by(JobRow.not_before, JobRow.created_at, JobRow.id)
    )
    id = take(
        session,
        JobRow,
        query,
        state="running",
        attempts=JobRow.attempts + 1,
        started_at=at,
        lease_owner=owner,
        lease_until=at + timedelta(seconds=seconds),
    )
    return find_job(session, id) if id is not None else None


def beat(
    session: Session,
    id: str,
    owner: str,
    at: datetime,
    seconds: float,
    progress: tuple[int, int | None] | None = None,
) -> bool:
    """Holds a job for another `seconds` and says how far it is.

    False where the worker must stop: cancelling was asked for, or another worker has the job now.
    """
    values: dict[str, Any] = {"lease_until": at + timedelta(seconds=seconds)}
    if progress is not None:
        values |= {"done": progress[0], "total": progress[1]}
    if not _held(session, id, owner, values):
        return False
    return not session.scalar(select(JobRow.cancel_requested).where(JobRow.id == id))


def finish(
    session: Session,
    id: str,
    owner: str,
    *,
    at: datetime,
    result: Mapping[str, Any] | None = None,
    state: Literal["done", "cancelled"] = "done",
) -> bool:
    """Ends a job; False where another worker has it now: then what was done must not count."""
    told = dict(result) if result is not None else None
    return _end(session, id, owner, at, state=state, result=told, error=None)


def fail(session: Session, id: str, owner: str, *, at: datetime, error: Mapping[str, Any]) -> bool:
    """Ends a job that cannot be done; `error` says why, without patient data. False as in `finish`."""
    return _end(session, id, owner, at, state="failed", error=dict(error))


def hand_back(
    session: Session, id: str, owner: str, *, not_before: datetime, error: Mapping[str, Any] | None = None
) -> bool:
    """Puts a job back into the queue: the worker stops, or it is to be tried again. False as in `finish`.

    Whoever hands it back has not died of it: the attempt does not count. `error`: what it met, where it did;
    what it met before is kept otherwise.
    """
    values: dict[str, Any] = {
        "state": "queued",
        "not_before": not_before,
        "lease_owner": None,
        "lease_until": None,
    }
    values["attempts"] = JobRow.attempts - 1
    if error is not None:
        values["error"] = dict(error)
    return _held(session, id, owner, values)


def _end(session: Session, id: str, owner: str, at: datetime, **values: Any) -> bool:
    return _held(session, id, owner, {"finished_at": at, "lease_owner": None, "lease_until": None, **values})


def _held(session: Session, id: str, owner: str, values: Mapping[str, Any]) -> bool:
    """Writes to a job that the owner still holds."""
    statement = (
        update(JobRow)
        .where(JobRow.id == id, JobRow.state == "running", JobRow.lease_owner == owner)
        .values(**values)
    )
    return wrote(session, statement)


def request_cancel(session: Session, id: str, at: datetime) -> StoredJob | None:
    """Asks for a job to stop: a queued one is cancelled at once, a running one at its worker's next beat.

    One that has ended stays as it ended; that it is not wanted any more is marked on it.

    Gives the job as it is then; None where there is none.
    """
    session.execute(
        update(JobRow)
        .where(JobRow.id == id, JobRow.state == "queued")
        .values(state="cancelled", cancel_requested=True, finished_at=at)
    )
    session.execute(
        update(JobRow).where(JobRow.id == id, JobRow.state != "cancelled").values(cancel_requested=True)
    )
    return find_job(session, id)


def find_job(session: Session, id: str) -> StoredJob | None:
    """The job of that id."""
    row = session.execute(select(JobRow.__table__).where(JobRow.id == id)).mappings().first()
    return _job(row) if row is not None else None


def list_jobs(
    session: Session,
    *,
    states: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    limit: int = 100,
) -> list[StoredJob]:
    """Jobs, newest first."""
    query = select(JobRow.__table__).order_by(JobRow.created_at.desc(), JobRow.id).limit(limit)
    if states is not None:
        query = query.where(JobRow.state.in_(states))
    if kinds is not None:
        query = query.where(JobRow.kind.in_(kinds))
    return [_job(row) for row in session.execute(query).mappings()]


def fired(session: Session, schedule: str, at: datetime) -> bool:
    """Takes a tick of a schedule; True for the one process that took it first.

    A tick before the last one that was taken is over: nobody takes it.
    """
    statement = insert(session, TickRow).values(schedule=schedule, at=at)
    later = statement.on_conflict_do_update(
        index_elements=["schedule"], set_={"at": at}, where=TickRow.at < statement.excluded["at"]
    )
    return wrote(session, later)


def last_fired(session: Session, schedule: str) -> datetime | None:
    """The last tick of a schedule that was taken; None where it never ticked."""
    return session.scalar(select(TickRow.at).where(TickRow.schedule == schedule))
