"""Jobs of the service: a folder screened into the store, by a process that may be killed at any moment."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fhirscreen import synthetic
from fhirscreen.bootstrap.background import make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.jobs.updates import UPDATE, enqueue
from fhirscreen.screening.listings import covering_run
from fhirscreen.store import changes, jobs, runs, subjects
from fhirscreen.store.databases import Database
from fhirscreen.store.jobs import StoredJob
from tests.lib.demo import STUDIES, demo_screened
from tests.lib.service import Serving, service_for, serving

AS_OF = synthetic.AS_OF.isoformat()
NOON = datetime(synthetic.AS_OF.year, synthetic.AS_OF.month, synthetic.AS_OF.day, 12, tzinfo=UTC)
SITE = Path("mappings/sites/demo.yaml").resolve()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("export")
    synthetic.write_ndjson(synthetic.generate(patients=120), made)
    return made


def settings(folder: Path) -> dict[str, Any]:
    return {"folders": {"export": folder}, "source": "export", "studies": STUDIES, "site": SITE}


def queue(database: Database, at: datetime, **payload: Any) -> str:
    with database.begin() as session:
        return jobs.enqueue(session, SCREEN, {"as_of": AS_OF} | payload, by="ito", at=at).id


def found(database: Database, id: str) -> StoredJob:
    with database.reading() as session:
        job = jobs.find_job(session, id)
    assert job is not None
    return job


def work(service: Service) -> None:
    assert make_worker(service).work_once()


def test_a_run_is_stored_with_where_everybody_stands(tmp_path: Path, folder: Path) -> None:
    with service_for(tmp_path, clock=lambda: NOON, **settings(folder)) as service:
        id = queue(service.database, NOON)
        work(service)
        job = found(service.database, id)
        assert job.state == "done", job.error
        assert job.result is not None
        with service.database.reading() as session:
            run = runs.find_run(session, job.result["run"])
            stored = subjects.find_subjects(session)
            told = changes.list_changes(session, NOON - timedelta(days=1))
        assert run is not None
        assert (run.state, run.as_of.isoformat(), set(run.studies)) == ("done", AS_OF, set(STUDIES))
        screened = demo_screened()
        expected = {(s.study, s.patient): s.status for s in screened.subjects if s.status is not None}
        listed = {
            (s.study, s.patient): s.status for s in stored if s.status in {"candidate", "potential-candidate"}
        }
        assert listed == {key: status.value for key, status in expected.items()}
        assert len(told) == len(listed) == job.result["changes"] == job.result["listed"]
        again = queue(service.database, NOON)
        work(service)
        assert found(service.database, again).result is not None
        assert (found(service.database, again).result or {})["changes"] == 0


@pytest.mark.parametrize("given", [{"as_of": "2015-01-01"}, {"depth": "candidates"}])
def test_what_is_not_of_today_is_not_stored(tmp_path: Path, folder: Path, given: dict[str, str]) -> None:
    with service_for(tmp_path, clock=lambda: NOON, **settings(folder)) as service:
        id = queue(service.database, NOON, **given)
        work(service)
        job = found(service.database, id)
        assert (job.state, (job.result or {})["stored"]) == ("done", False), job.error
        with service.database.reading() as session:
            assert subjects.find_subjects(session) == []
            assert runs.list_runs(session) == []


@pytest.mark.parametrize("given", [{"cause": "update"}, {"cause": "visit"}, {}])
def test_some_patients_only(tmp_path: Path, folder: Path, given: dict[str, str]) -> None:
    patient = next(s.patient for s in demo_screened().subjects if s.status is not None)
    with service_for(tmp_path, clock=lambda: NOON, **settings(folder)) as service:
        id = queue(service.database, NOON, patients=[patient], **given)
        work(service)
        result = found(service.database, id).result
        assert result is not None
        assert result["patients"] == 1
        with service.database.reading() as session:
            assert {each.patient for each in subjects.find_subjects(session)} == {patient}
            run = runs.find_run(session, result["run"])
            assert run is not None
            covering = [covering_run(session, study, run.base) for study in run.studies]
        assert run.cause == given.get("cause", "update")
        assert covering == [None] * len(STUDIES), "it is no run of everybody"


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({"studies": ["NCT00000000"]}, "not open"),
        ({"source": "nowhere"}, "no FHIR server of that name"),
        ({"patients": ["nobody-at-all"]}, "not in the data"),
        ({"patients": ["nobody-at-all"], "cause": "nightly"}, "does not go with whom it screens"),
        ({"patients": [], "cause": "manual"}, "does not go with whom it screens"),
        ({"patient": "nobody-at-all", "cause": "manual"}, "does not go with whom it screens"),
        ({"cause": "visit"}, "does not go with whom it screens"),
    ],
)
def test_what_cannot_be_screened_is_told(
    tmp_path: Path, folder: Path, payload: dict[str, Any], says: str
) -> None:
    with service_for(tmp_path, clock=lambda: NOON, **settings(folder)) as service:
        id = queue(service.database, NOON, **payload)
        work(service)
        job = found(service.database, id)
    assert job.state == "failed"
    assert job.error is not None
    assert says in job.error["what"]
    assert "nobody-at-all" not in str(job.error)


def test_news_of_somebody_who_is_gone_hold_up_nobody(tmp_path: Path, folder: Path) -> None:
    listed = sorted({s.patient for s in demo_screened().subjects if s.status is not None})[:3]
    with service_for(tmp_path, clock=lambda: NOON, **settings(folder)) as service:
        with service.database.begin() as session:
            gone = ["deleted-meanwhile", "never-there"]
            enqueue(session, "export", [gone[0], *listed, gone[1]], urgent=False, by="news", at=NOON)
            (id,) = [job.id for job in jobs.list_jobs(session, kinds=[UPDATE])]
        work(service)
        job = found(service.database, id)
        assert job.state == "done", job.error
        assert job.result is not None
        assert (job.result["patients"], job.result["unknown"]) == (3, 2)
        assert not any(id in str(job.result) for id in gone)
        with service.database.reading() as session:
            assert sorted({each.patient for each in subjects.find_subjects(session)}) == listed


def test_a_job_survives_its_worker_s_death(tmp_path: Path, folder: Path) -> None:
    """kill -9 in the middle of a screening: another process does the job, and it counts once."""
    variables = {
        "FHIRSCREEN_FOLDERS__EXPORT": str(folder),
        "FHIRSCREEN_SOURCE": "export",
        "FHIRSCREEN_STUDIES": ",".join(STUDIES),
        "FHIRSCREEN_SITE": str(SITE),
        "FHIRSCREEN_WORKERS": "1",
    }
    with serving(tmp_path, **variables) as first:
        database = Database(f"sqlite:///{tmp_path / 'store.db'}")
        try:
            id = queue(database, datetime.now(UTC), as_of=None)
            first.wait_for(lambda event: event.get("event") == "job begins")
            first.process.kill()
            first.process.wait()
            assert found(database, id).state == "running"
            with database.begin() as session:  # its lease runs out
                job = jobs.find_job(session, id)
                assert job is not None
                assert job.lease_owner is not None
                assert jobs.beat(session, id, job.lease_owner, datetime.now(UTC), 0)
            with serving(tmp_path, **variables) as second:
                ended = second.wait_for(lambda event: event.get("event") == "job ends", 60)
                assert ended["state"] == "done"
            job = found(database, id)
            assert (job.state, job.attempts) == ("done", 2)
            with database.reading() as session:
                assert len(runs.list_runs(session)) == 1
                assert len(subjects.find_subjects(session)) == len(demo_screened().subjects) + len(
                    demo_screened().gated
                )
        finally:
            database.close()


def test_a_process_that_ends_hands_its_job_back(tmp_path: Path, folder: Path) -> None:
    variables = {
        "FHIRSCREEN_FOLDERS__EXPORT": str(folder),
        "FHIRSCREEN_SOURCE": "export",
        "FHIRSCREEN_STUDIES": STUDIES[0],
        "FHIRSCREEN_SITE": str(SITE),
    }
    with serving(tmp_path, **variables) as first:
        database = Database(f"sqlite:///{tmp_path / 'store.db'}")
        try:
            id = queue(database, datetime.now(UTC))
            first.wait_for(lambda event: event.get("event") == "job begins")
            assert _end(first) == 0
            assert found(database, id).state in {"queued", "done"}
            assert found(database, id).lease_owner is None
        finally:
            database.close()


def _end(process: Serving) -> int:
    began = time.monotonic()
    code = process.end()
    assert time.monotonic() - began < 30
    return code
