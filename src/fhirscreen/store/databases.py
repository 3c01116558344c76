"""A Database: connections, transactions and migrations, over SQLite or PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from fhirscreen.exceptions import FhirscreenError, StoreBusy, StoreError, UsageError
from fhirscreen.settings.fields import PREFIX
from fhirscreen.store.troubles import trouble

_WAIT_SECONDS = 30
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = 0x66686972
"""Key of the advisory lock of PostgreSQL that whoever migrates holds."""
_SETTING = f"{PREFIX}STORE"
_TRIAL = (
    "INSERT INTO counters (name, value) VALUES ('tried', 0) "
    "ON CONFLICT (name) DO UPDATE SET value = 1 - counters.value"
)
"""Writes something, and always the same row."""
_EXPECTED = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


class Database:
    """One store. Safe to share between threads; after a fork each process makes its own.

    Raises UsageError where `url` names no database of ours, StoreError where the file cannot be made.
    """

    def __init__(self, url: str) -> None:
        self._url = _parse(url)
        self.dialect = self._url.get_backend_name()
        self.where = self._url.render_as_string(hide_password=True)
        self._engine = _sqlite(self._url) if self.dialect == "sqlite" else _postgresql(self._url)
        self._reader = self._engine.execution_options(fhirscreen_reading=True)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction that may write: committed at the end, rolled back on any error.

        On SQLite it holds the write lock from its first statement on (BEGIN IMMEDIATE), so that nobody
        writes between what it reads and what it writes. Raises StoreError, or Conflict where a write lost a
        race.
        """
        with self._session(self._engine) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads one state of the store; on SQLite it waits for no writer."""
        with self._session(self._reader) as session:
            yield session

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        # The driver's text may quote rows, so none of it is kept, not even as the cause.
        try:
            with Session(engine, autoflush=False, expire_on_commit=False) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            raise trouble(error, self.where) from None

    def migrate(self) -> None:
        """Brings the tables to the newest form; whoever comes second waits for the first.

        Raises StoreError where the store was written by a newer fhirscreen, or cannot be written.
        """
        if self._is_newest():
            return
        # Slow to import, and mostly there is nothing to do.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util.exc import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        try:
            with self._engine.begin() as connection:
                if self.dialect == "postgresql":
                    connection.execute(text("SET LOCAL lock_timeout = '10min'"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError:
            raise StoreError(
                "the store has tables of a fhirscreen that is newer than this one",
                where=self.where,
                remedy="run the newer fhirscreen, or give another store",
            ) from None
        except SQLAlchemyError as error:
            raise trouble(error, self.where) from None

    def _is_newest(self) -> bool:
        try:
            with self.reading() as session:
                found = session.scalar(text("SELECT version_num FROM alembic_version"))
                return bool(found == newest_revision())
        except FhirscreenError:  # no tables yet, or trouble that migrating will tell
            return False

    def ready(self) -> bool:
        """Whether the store answers, its tables are there, and it keeps what is written.

        Whoever else writes just then, for however long, shows that it does.
        """
        try:
            with self.reading() as session:
                session.execute(text("SELECT value FROM counters LIMIT 1"))
            return self._try_file() if self.dialect == "sqlite" else self._try_server()
        except (FhirscreenError, SQLAlchemyError, sqlite3.Error):
            return False

    def _try_server(self) -> bool:
        with suppress(StoreBusy), self.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = '500ms'"))
            session.execute(text(_TRIAL))
        return True

    def _try_file(self) -> bool:
        pooled = self._engine.raw_connection()
        try:
            cursor = pooled.cursor()
            cursor.execute("PRAGMA query_only = 0")
            (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute("PRAGMA busy_timeout = 200")
            try:
                for statement in ("BEGIN IMMEDIATE", _TRIAL, "COMMIT"):
                    cursor.execute(statement)
            except sqlite3.OperationalError as error:
                return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {patience}")
        finally:
            pooled.close()  # and what was begun is rolled back
        return True

    def scrub(self) -> bool:
        """Takes what was deleted out of SQLite's journal too; False where somebody who reads holds it still.

        What is deleted is overwritten where it stood (`secure_delete`), but the journal (`-wal`) has what was
        written before until all of it is in the file. PostgreSQL sees to its own.
        """
        if self.dialect != "sqlite":
            return True
        pooled = self._engine.raw_connection()
        try:
            (held, *_) = pooled.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:  # nobody is the worse for it; the next one does it
            return False
        finally:
            pooled.close()
        return not held

    def scrub_after(self, session: Session) -> None:
        """Does so when this transaction is committed."""
        event.listen(session, "after_commit", lambda _: self.scrub(), once=True)

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()


def newest_revision() -> str:
    """The newest migration, by the names of their files."""
    return max(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("v*.py"))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("the store's address cannot be read", where=_SETTING, expected=_EXPECTED) from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise UsageError(f"`{parsed.drivername}` is no store of ours", where=_SETTING, expected=_EXPECTED)
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        what = "a store in memory is lost to every other connection"
        raise UsageError(what, where=_SETTING, expected=_EXPECTED)
    return parsed


def _dumps(data: Any) -> str:
    return orjson.dumps(data).decode()


_ENGINE: Mapping[str, Any] = {
    "json_serializer": _dumps,
    "json_deserializer": orjson.loads,
    "hide_parameters": True,
    "pool_size": 10,
    "max_overflow": 40,
}


def _is_reading(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("fhirscreen_reading", False))


def _sqlite(url: URL) -> Engine:
    if not (url.database or "").startswith("file:"):  # SQLite's own addresses say themselves how to open
        _make_file(Path(url.database or ""))
    engine = create_engine(
        url,
        **_ENGINE,
        connect_args={} if "timeout" in url.query else {"timeout": _WAIT_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun by us, below: the driver's own way begins them too late.
        connection.isolation_level = None
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # Neither waits for anybody; told to the driver alone, for every transaction begins with it.
        driver, reading = connection.connection.cursor(), _is_reading(connection)
        driver.execute(f"PRAGMA query_only = {int(reading)}")
        if reading:
            driver.execute("BEGIN")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # may fail, and is then told as any statement

    return engine


def _make_file(file: Path) -> None:
    try:
        # It names patients: nobody but its owner reads it. Its journal takes over the file's mode.
        os.close(os.open(file, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise StoreError(
            f"the store's file cannot be opened: {error.strerror}",
            where=str(file),
            remedy="give the setting `store` a place that may be written",
        ) from None


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Lets readers not wait for the writer. The first connection changes it; others may collide."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        **_ENGINE,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "application_name": "fhirscreen"},
    )

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reading = _is_reading(connection)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT_SECONDS}s'")
        if reading:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine
