"""Runs: what was screened when, from where and with what result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import insert, make
from fhirscreen.store.tables import RunRow

Cause = Literal["manual", "nightly", "update", "visit"]
EVERYBODY: tuple[Cause, ...] = ("manual", "nightly")
"""The causes of runs that look at everybody of a source."""
SOME: tuple[Cause, ...] = ("update", "visit")
"""The causes of runs that look at some patients."""
RunState = Literal["running", "done", "incomplete", "failed"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One screening. `studies` holds their versions; `mappings` the catalogue's digest; no patient data."""

    id: str
    cause: str
    source: str
    base: str
    as_of: date
    engine: str
    depth: str
    state: str
    studies: dict[str, int]
    mappings: str
    counts: dict[str, Any]
    statement: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None
    requested_by: str


def begin_run(
    session: Session,
    *,
    cause: Cause,
    source: str,
    base: str,
    as_of: date,
    engine: str,
    depth: str,
    studies: Mapping[str, int],
    mappings: str,
    by: str,
    at: datetime,
) -> StoredRun:
    """Stores a run that begins now."""
    values: dict[str, Any] = {
        "id": str(uuid4()),
        "cause": cause,
        "source": source,
        "base": base,
        "as_of": as_of,
        "engine": engine,
        "depth": depth,
        "state": "running",
        "studies": dict(studies),
        "mappings": mappings,
        "counts": {},
        "statement": [],
        "started_at": at,
        "finished_at": None,
        "requested_by": by,
    }
    session.execute(insert(session, RunRow).values(**values))
    return StoredRun(**{**values, "statement": ()})


def end_run(
    session: Session,
    id: str,
    *,
    state: RunState,
    counts: Mapping[str, Any],
    statement: Sequence[str],
    at: datetime,
    engine: str | None = None,
) -> None:
    """Says how a run ended; one that has ended stays as it is. `engine`: which one it came to be."""
    values: dict[str, Any] = {
        "state": state,
        "counts": dict(counts),
        "statement": list(statement),
        "finished_at": at,
    }
    if engine is not None:
        values["engine"] = engine
    session.execute(update(RunRow).where(RunRow.id == id, RunRow.state == "running").values(**values))


def find_run(session: Session, id: str) -> StoredRun | None:
    """The run of that id."""
    row = session.execute(select(RunRow.__table__).where(RunRow.id == id)).mappings().first()
    return make(StoredRun, row) if row is not None else None


def list_runs(
    session: Session,
    limit: int = 50,
    before: str | None = None,
    *,
    base: str | None = None,
    causes: Collection[str] | None = None,
) -> list[StoredRun]:
    """Runs, newest first; `before`: the id of a run, only those that began before it."""
    query = select(RunRow.__table__).order_by(RunRow.started_at.desc(), RunRow.id.desc()).limit(limit)
    if base is not None:
        query = query.where(RunRow.base == base)
    if causes is not None:
        query = query.where(RunRow.cause.in_(causes))
    if before is not None:
        anchor = select(RunRow.started_at).where(RunRow.id == before).scalar_subquery()
        query = query.where(
            or_(RunRow.started_at < anchor, and_(RunRow.started_at == anchor, RunRow.id < before))
        )
    return [make(StoredRun, row) for row in session.execute(query).mappings()]
