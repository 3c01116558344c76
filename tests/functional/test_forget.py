"""`fhirscreen forget`: beside a service, and written down without the patient."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fhirscreen.store import audits, cards
from fhirscreen.store.databases import Database
from tests.lib.cli import fhirscreen, run_fhirscreen

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
BASE = "https://fhir.example.org/r4"


def filled(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder}/store.db")
    database.migrate()
    with database.begin() as session:
        for patient in ("zuse-4711", "p2"):
            cards.refuse(session, BASE, patient, "A", "declined", by="u", at=AT)
            audits.add_audit(session, at=AT, who="ito", action="R", what="page", patient=patient, base=BASE)
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
        told, *others = audits.list_audits(session)
        assert (told.action, told.what, told.patient, told.base) == ("D", "forget", None, BASE)
        assert [each.patient for each in others] == ["p2", "zuse-4711"]
    assert fhirscreen("forget", "Patient/zuse-4711", "--audits", "--base", BASE + "/", **store).code == 0
    with database.reading() as session:
        assert [each.patient for each in audits.list_audits(session)] == [None, None, "p2", None]
    database.close()


def test_which_server_must_be_clear(tmp_path: Path) -> None:
    store = {"FHIRSCREEN_STORE": f"sqlite:///{tmp_path}/store.db"}
    done = fhirscreen("forget", "zuse-4711", **store)
    assert done.code == 2
    assert "--base" in done.err
    assert "zuse-4711" not in done.err
    assert run_fhirscreen("forget", " ", "--base", BASE, **store).code == 2
