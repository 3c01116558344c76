"""What happens to the database: errors of ours, without data, nothing half written, and then it goes on."""

from __future__ import annotations

import sqlite3
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fhirscreen.exceptions import (
    Conflict,
    FhirscreenError,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnreachable,
)
from fhirscreen.jobs.tasks import Outcome, Task
from fhirscreen.jobs.workers import Worker
from fhirscreen.store import cards, jobs
from fhirscreen.store.databases import Database
from tests.lib.listings import list_audits
from tests.lib.postgres import Cluster, Clusters
from tests.lib.trails import add_audit

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)
PATIENT = "patient-4711"


def write(database: Database) -> None:
    with database.begin() as session:
        add_audit(session, at=AT, who="ito", action="R", what="page", patient=PATIENT)


def written(database: Database) -> int:
    with database.reading() as session:
        return len(list_audits(session))


def tells_nothing(error: BaseException, *others: str) -> None:
    """Neither the message nor the traceback quotes a row, a parameter or a password."""
    told = str(error) + "".join(traceback.format_exception(error))
    for secret in (PATIENT, *others):
        assert secret not in told


# ---- PostgreSQL


@pytest.fixture(scope="module")
def cluster(postgres_clusters: Clusters) -> Cluster:
    """A PostgreSQL that these tests may stop."""
    return postgres_clusters.start("troubles")


@pytest.fixture
def remote(cluster: Cluster) -> Iterator[Database]:
    database = Database(cluster.create())
    database.migrate()
    yield database
    database.close()


@pytest.mark.postgres
def test_a_restart_in_mid_transaction_loses_it_whole_and_the_next_one_reconnects(
    remote: Database, cluster: Cluster
) -> None:
    def interrupted() -> None:
        with remote.begin() as session:
            add_audit(session, at=AT, who="ito", action="R", what="page", patient=PATIENT)
            cluster.restart()
            add_audit(session, at=AT, who="ito", action="R", what="page", patient=PATIENT)

    write(remote)
    with pytest.raises(StoreUnreachable) as caught:
        interrupted()
    tells_nothing(caught.value, cluster.password)
    write(remote)
    assert written(remote) == 2


@pytest.mark.postgres
def test_a_stopped_server_is_unreachable_until_it_is_back(remote: Database, cluster: Cluster) -> None:
    write(remote)
    cluster.stop()
    try:
        assert not remote.ready()
        with pytest.raises(StoreUnreachable) as caught:
            write(remote)
        tells_nothing(caught.value, cluster.password)
        with pytest.raises(StoreUnreachable):
            remote.migrate()
    finally:
        cluster.start()
    assert remote.ready()
    assert written(remote) == 1


@pytest.mark.postgres
def test_a_wrong_password_is_no_connection(cluster: Cluster) -> None:
    database = Database(cluster.url("postgres").replace(cluster.password, "hunter2"))
    with pytest.raises(StoreUnreachable) as caught:
        database.migrate()
    tells_nothing(caught.value, "hunter2")
    database.close()


@pytest.mark.postgres
def test_a_readonly_server_is_full_and_can_be_read(remote: Database, cluster: Cluster) -> None:
    write(remote)
    name = remote.where.rsplit("/", 1)[1]
    cluster.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    cluster.restart()
    with pytest.raises(StoreFull) as caught:
        write(remote)
    tells_nothing(caught.value)
    assert written(remote) == 1
    assert not remote.ready()


@pytest.mark.postgres
def test_a_row_that_others_hold_for_too_long_is_busy(remote: Database) -> None:
    write(remote)
    with remote.begin() as held:
        held.execute(text("UPDATE audits SET who = 'x'"))

        def waits() -> None:
            with remote.begin() as session:
                session.execute(text("SET LOCAL lock_timeout = '100ms'"))
                session.execute(text("UPDATE audits SET who = 'y'"))

        with pytest.raises(StoreBusy):
            waits()


# ---- SQLite


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/store.db")
    database.migrate()
    yield database
    database.close()


def test_a_full_disk_loses_the_transaction_whole(local: Database) -> None:
    def fill() -> None:
        with local.begin() as session:
            pages = session.scalar(text("PRAGMA page_count"))
            session.execute(text(f"PRAGMA max_page_count = {pages}"))  # as a disk that has no more room
            for _ in range(1000):
                add_audit(session, at=AT, who="ito", action="R", what="page" * 100, patient=PATIENT)

    write(local)
    with pytest.raises(StoreFull) as caught:
        fill()
    tells_nothing(caught.value)
    assert written(local) == 1


def test_a_readonly_file_is_full_and_can_be_read(tmp_path: Path, local: Database) -> None:
    write(local)
    readonly = Database(f"sqlite:///file:{tmp_path}/store.db?mode=ro&uri=true")
    with pytest.raises(StoreFull):
        write(readonly)
    assert written(readonly) == 1
    assert local.ready()
    assert not readonly.ready(), "nobody could be audited"
    readonly.close()


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text(f"{PATIENT} " * 1000)
    database = Database(f"sqlite:///{tmp_path}/store.db")
    with pytest.raises(StoreError) as caught:
        database.migrate()
    tells_nothing(caught.value)
    assert not database.ready()
    database.close()


def test_a_store_that_was_never_migrated(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/store.db")
    with pytest.raises(StoreError, match="SQLITE_ERROR") as caught:
        write(database)
    assert "serve" in str(caught.value.remedy)
    tells_nothing(caught.value)
    database.close()


def test_who_holds_the_file_for_too_long_makes_it_busy(tmp_path: Path, local: Database) -> None:
    impatient = Database(f"sqlite:///{tmp_path}/store.db?timeout=0.2")
    with local.begin() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(StoreBusy):
            write(impatient)
        assert written(impatient) == 0, "who only reads does not wait"
        assert impatient.ready(), "who writes shows that it can be written"
    assert impatient.ready()
    write(impatient)
    impatient.close()


def test_a_reader_cannot_write(local: Database) -> None:
    def writes() -> None:
        with local.reading() as session:
            add_audit(session, at=AT, who="ito", action="R", what="page")

    with pytest.raises(StoreFull):
        writes()
    write(local)
    assert written(local) == 1


def test_a_row_that_stands_already_is_a_conflict_that_quotes_nothing(local: Database) -> None:
    def twice() -> None:
        with local.begin() as session:
            for _ in range(2):
                session.execute(
                    text("INSERT INTO refusals VALUES ('b', :patient, 's', 'r', 'u', '2026', NULL, NULL)"),
                    {"patient": PATIENT},
                )

    with pytest.raises(Conflict) as caught:
        twice()
    tells_nothing(caught.value)
    assert isinstance(caught.value, FhirscreenError)
    with local.reading() as session:
        assert cards.refused(session, "b", PATIENT) == set()


def test_the_journal_is_written_ahead(tmp_path: Path, local: Database) -> None:
    connection = sqlite3.connect(tmp_path / "store.db")
    mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    assert mode == ("wal",)


@pytest.mark.postgres
@pytest.mark.parametrize("when", ["while it works", "while it is written"])
def test_a_restart_in_the_middle_of_a_job_neither_loses_nor_doubles_it(
    remote: Database, cluster: Cluster, when: str
) -> None:
    runs: list[str] = []

    def handle(task: Task) -> Outcome:
        runs.append(task.job.id)
        if when == "while it works":
            cluster.restart()
            task.progress(1, 2)

        def store(session: Session) -> dict[str, int]:
            add_audit(session, at=AT, who="job", action="E", what="screen", patient=PATIENT)
            if when == "while it is written" and len(cut) == 0:
                cut.append(task.job.id)
                cluster.restart()
            add_audit(session, at=AT, who="job", action="E", what="screen", patient=PATIENT)
            return {"written": 2}

        return Outcome({}, store)

    cut: list[str] = []
    with remote.begin() as session:
        id = jobs.enqueue(session, "screen", {}, by="ito", at=datetime.now(UTC)).id
    worker = Worker(remote, {"screen": handle}, clock=lambda: datetime.now(UTC), lease_seconds=3)
    worker.start()
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(StoreError), remote.reading() as session:
                job = jobs.find_job(session, id)
                if job is not None and job.state == "done":
                    break
            time.sleep(0.2)
    finally:
        worker.stop()
    with remote.reading() as session:
        job = jobs.find_job(session, id)
        assert job is not None
        assert (job.state, job.result) == ("done", {"written": 2}), job.error
        assert len(list_audits(session)) == 2
