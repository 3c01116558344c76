"""`fhirscreen forget`: beside a service, and written down without the patient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from fhirscreen.jobs.forgetting import FORGET, Forgetting
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.jobs.workers import Worker
from fhirscreen.store import cards, jobs
from fhirscreen.store.databases import Database
from tests.lib.cli import fhirscreen, run_fhirscreen
from tests.lib.listings import list_audits
from tests.lib.trails import add_audit

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
BASE = "https://fhir.example.org/r4"


def filled(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder}/store.db")
    database.migrate()
    with database.begin() as session:
        for patient in ("zuse-4711", "p2"):
            cards.refuse(session, BASE, patient, "A", "declined", by="u", at=AT)
            add_audit(session, at=AT, who="ito", action="R", what="page", patient=patient, base=BASE)
    return database


def test_a_patient_is_forgotten_and_that_is_written_down(tmp_path: Path) -> None:
    database = filled(tmp_path)
    store = {"FHIRSCREEN_STORE": f"sqlite:///{tmp_path}/store.db", "FHIRSCREEN_SERVER": BASE}
    done = fhirscreen("forget", "zuse-4711", **store)
    assert done.code == 0, done.err
    assert "1 of refusals" in done.err
    assert "zuse-4711" not in done.out + done.err
    with database.reading() as session:
        assert cards.refused(session, BASE, "zuse-4711") == set()
        assert cards.refused(session, BASE, "p2") == {"A"}
        told, *others = list_audits(session)
        assert (told.action, told.what, told.patient, told.base) == ("D", "forget", None, BASE)
        assert [each.patient for each in others] == ["p2", "zuse-4711"]
    assert fhirscreen("forget", "Patient/zuse-4711", "--audits", "--base", BASE + "/", **store).code == 0
    with database.reading() as session:
        assert [each.patient for each in list_audits(session)] == [None, None, "p2", None]
    database.close()


def traces(folder: Path, text: str) -> list[str]:
    """The files of the store that hold a text anywhere."""
    return sorted(each.name for each in folder.iterdir() if text.encode() in each.read_bytes())


def test_no_trace_stays_in_any_file_while_a_service_has_the_store(tmp_path: Path) -> None:
    database = filled(tmp_path)
    with database.begin() as session:
        for number in range(200):
            add_audit(session, at=AT, who="ito", action="R", what="page", patient=f"q{number}")
    assert database.scrub()
    with database.begin() as session:
        cards.refuse(session, BASE, "zuse-4711", "B", "declined", by="u", at=AT)
    assert traces(tmp_path, "zuse-4711") == ["store.db", "store.db-wal"]
    store = {"FHIRSCREEN_STORE": f"sqlite:///{tmp_path}/store.db"}
    done = fhirscreen("forget", "zuse-4711", "--audits", "--base", BASE, **store)
    assert done.code == 0, done.err
    assert traces(tmp_path, "zuse-4711") == []
    assert traces(tmp_path, "q199"), "the others stay"
    database.close()


def test_what_a_job_deletes_leaves_no_trace_either(tmp_path: Path) -> None:
    database = filled(tmp_path)
    with database.begin() as session:
        cards.reopen(session, BASE, "zuse-4711", "A", by="u", at=AT)
        jobs.enqueue(session, FORGET, {}, by="nightly", at=AT)
    assert "store.db-wal" in traces(tmp_path, "zuse-4711")
    later = AT + timedelta(days=2)
    job = Forgetting(1, 1, 0, lambda: later, database.scrub_after)
    assert Worker(database, {FORGET: job}, clock=lambda: later).work_once()
    assert traces(tmp_path, "zuse-4711") == []
    assert traces(tmp_path, "p2"), "whose refusal stands"
    database.close()


def test_a_screening_under_way_may_bring_the_patient_back_and_that_is_said(tmp_path: Path) -> None:
    database = filled(tmp_path)
    store = {"FHIRSCREEN_STORE": f"sqlite:///{tmp_path}/store.db", "FHIRSCREEN_SERVER": BASE}
    with database.begin() as session:
        jobs.enqueue(session, SCREEN, {"source": "another"}, by="u", at=AT)
        assert jobs.lease(session, "worker", [SCREEN], AT, 60) is not None
        jobs.enqueue(session, SCREEN, {}, by="u", at=AT)
    done = fhirscreen("forget", "zuse-4711", **store)
    assert "under way" not in done.err, "of another source, and one that has not begun"
    with database.begin() as session:
        assert jobs.lease(session, "worker", [SCREEN], AT, 60) is not None
    done = fhirscreen("forget", "zuse-4711", **store)
    assert done.code == 0
    assert "Screenings under way: 1." in done.err
    assert "run this again" in " ".join(done.err.split())
    database.close()


def test_which_server_must_be_clear(tmp_path: Path) -> None:
    store = {"FHIRSCREEN_STORE": f"sqlite:///{tmp_path}/store.db"}
    done = fhirscreen("forget", "zuse-4711", **store)
    assert done.code == 2
    assert "--base" in done.err
    assert "zuse-4711" not in done.err
    assert run_fhirscreen("forget", " ", "--base", BASE, **store).code == 2
