"""What a database's error means, in our words: the driver's own text may quote a patient's row."""

from __future__ import annotations

import sqlite3

from sqlalchemy import exc
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from fhirscreen.exceptions import (
    Conflict,
    FhirscreenError,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnreachable,
)

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_GONE = {sqlite3.SQLITE_CANTOPEN}


def trouble(error: SQLAlchemyError, where: str) -> FhirscreenError:
    """The error to raise in its place. `where` is the store's URL without its password."""
    if isinstance(error, exc.TimeoutError):
        return _busy(where)
    if isinstance(error, IntegrityError):
        return Conflict(
            "someone else wrote the same at the same time", where=where, remedy="read it again, then write"
        )
    if isinstance(error, DBAPIError):
        cause = error.orig
        if isinstance(cause, sqlite3.Error):
            return _of_sqlite(cause, where)
        if error.connection_invalidated or type(cause).__module__.startswith("psycopg"):
            return _of_postgresql(error, where)
    return StoreError(
        f"the store failed ({type(error).__name__})", where=where, remedy="see the database's own log"
    )


def _of_sqlite(cause: sqlite3.Error, where: str) -> FhirscreenError:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return _busy(where)
    if code in _FULL:
        return _full(where)
    if code in _GONE:
        return _unreachable(where)
    return _failed(getattr(cause, "sqlite_errorname", type(cause).__name__), where)


def _of_postgresql(error: DBAPIError, where: str) -> FhirscreenError:
    cause = error.orig
    state = getattr(cause, "sqlstate", None) or ""
    # PostgreSQL, appendix A: class 40 and 55P03 are lost races, 53 want of resources, 08 and 57P connections.
    if state.startswith("40") or state in ("55P03", "53300"):
        return _busy(where)
    if state.startswith("53") or state in ("25006", "58030"):
        return _full(where)
    if error.connection_invalidated or state.startswith(("08", "57P")) or _unanswered(cause):
        return _unreachable(where)
    return _failed(state or type(cause).__name__, where)


def _unanswered(cause: BaseException | None) -> bool:
    from psycopg import OperationalError  # noqa: PLC0415 - slow to import, and of no use to SQLite

    return isinstance(cause, OperationalError) and cause.sqlstate is None


def _busy(where: str) -> StoreBusy:
    return StoreBusy("the store is busy: others hold what is needed", where=where, remedy="try again")


def _full(where: str) -> StoreFull:
    return StoreFull(
        "the store cannot be written: the disk is full, failing or read-only",
        where=where,
        remedy="make room, or give it a place that may be written; nothing of this was written",
    )


def _unreachable(where: str) -> StoreUnreachable:
    return StoreUnreachable(
        "the store does not answer, or the connection was lost",
        where=where,
        remedy="see that the database runs and try again; nothing of this was written",
    )


def _failed(code: str, where: str) -> StoreError:
    return StoreError(
        f"the store failed ({code})",
        where=where,
        expected="the tables of this version of fhirscreen",
        remedy="`fhirscreen serve` brings the tables up to date at its start; else see the database's log",
    )
