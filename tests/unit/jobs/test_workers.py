"""Workers: each job is ended once, whatever happens to who works on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from fhirscreen.exceptions import DataError, Unreachable
from fhirscreen.fhir_client.outcomes import error_of
from fhirscreen.jobs.tasks import Handler, Outcome, Task
from fhirscreen.jobs.workers import Worker
from fhirscreen.store import jobs, studies
from fhirscreen.store.databases import Database
from fhirscreen.store.jobs import StoredJob
from tests.lib.subjects import study

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)
KIND = "screen"


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


def worker(database: Database, handler: Handler, **more: Any) -> Worker:
    given: dict[str, Any] = {"clock": Clock(), "idle_seconds": 0.02} | more
    return Worker(database, {KIND: handler}, **given)


def queue(database: Database, **payload: Any) -> str:
    with database.begin() as session:
        return jobs.enqueue(session, KIND, payload, by="ito", at=AT).id


def found(database: Database, id: str) -> StoredJob:
    with database.reading() as session:
        job = jobs.find_job(session, id)
    assert job is not None
    return job


def written(database: Database) -> int:
    with database.reading() as session:
        return len(studies.list_studies(session))


def put(name: str) -> Callable[[Session], Mapping[str, Any]]:
    def write(session: Session) -> Mapping[str, Any]:
        studies.put_study(session, study(name, "stage"), text="", by="x", at=AT)
        return {"put": name}

    return write


def test_what_a_job_came_to_is_written_with_its_end(database: Database) -> None:
    def handle(task: Task) -> Outcome:
        task.progress(2, 3)
        return Outcome({"payload": dict(task.job.payload)}, put("A1"))

    ended: list[tuple[str, str]] = []
    id = queue(database, source="x")
    made = worker(database, handle, ended=lambda kind, state, _: ended.append((kind, state)))
    assert made.work_once()
    assert not made.work_once()
    job = found(database, id)
    assert (job.state, job.progress) == ("done", (2, 3))
    assert job.result == {"payload": {"source": "x"}, "put": "A1"}
    assert written(database) == 1
    assert ended == [(KIND, "done")]


def test_an_error_is_told_and_nothing_is_written(database: Database) -> None:
    def refuse(_: Task) -> Outcome:
        raise DataError("no data", where="a file", expected="some", remedy="give it")

    id = queue(database)
    assert worker(database, refuse).work_once()
    job = found(database, id)
    assert job.state == "failed"
    assert job.error == {
        "kind": "DataError", "what": "no data", "where": "a file", "expected": "some", "remedy": "give it"
    }  # fmt: skip


def test_the_text_of_an_unforeseen_error_is_not_told(database: Database) -> None:
    def break_(_: Task) -> Outcome:
        raise ValueError("Jane Doe")

    id = queue(database)
    worker(database, break_).work_once()
    assert found(database, id).error == {"what": "failed unexpectedly (ValueError)"}


def unlucky(_: Task) -> Outcome:
    raise Unreachable("nothing answers")


def test_server_trouble_of_hours_loses_nothing(database: Database) -> None:
    clock = Clock()
    id = queue(database)
    waits = []
    made = worker(database, unlucky, clock=clock)
    while clock.at < AT + timedelta(hours=12):
        assert made.work_once()
        assert not made.work_once(), "it waits"
        job = found(database, id)
        assert job.state == "queued"
        assert job.error == {"kind": "Unreachable", "what": "nothing answers", "since": AT.isoformat()}
        waits.append((job.not_before - clock.at).total_seconds())
        clock.at = job.not_before
    assert waits[:7] == [5, 5, 10, 20, 40, 80, 160]
    assert max(waits) == 600, "whoever waits for news is told soon after the trouble"
    assert worker(database, lambda _: Outcome({"back": True}), clock=clock).work_once()
    job = found(database, id)
    assert (job.state, job.result, job.error) == ("done", {"back": True}, None)


def test_trouble_without_end_is_told(database: Database) -> None:
    clock = Clock()
    id = queue(database)
    made = worker(database, unlucky, clock=clock)
    while found(database, id).state != "failed":
        assert made.work_once()
        clock.at = max(clock.at, found(database, id).not_before)
    assert timedelta(hours=30) <= clock.at - AT < timedelta(hours=31)
    error = found(database, id).error
    assert error is not None
    assert error["what"] == "nothing answers"


def test_orderly_ends_of_the_process_do_not_count(database: Database) -> None:
    id = queue(database)
    for _ in range(9):
        made = worker(database, lambda _: Outcome({}))
        made.stop()  # while it takes the job up
        assert made.work_once()
        assert found(database, id).state == "queued"
    assert worker(database, lambda _: Outcome({"at last": True})).work_once()
    assert found(database, id).result == {"at last": True}


def test_a_job_that_ends_each_worker_is_given_up(database: Database) -> None:
    id = queue(database)
    with database.begin() as session:
        for attempt in range(4):
            assert jobs.lease(session, f"dead {attempt}", [KIND], AT + timedelta(hours=attempt), 1)
    clock = Clock()
    clock.at = AT + timedelta(hours=9)

    def never(_: Task) -> Outcome:
        raise AssertionError("it is begun no more")

    worker(database, never, clock=clock).work_once()
    job = found(database, id)
    assert job.state == "failed"
    assert job.error is not None
    assert "begun 4 times" in job.error["what"]


def test_a_job_that_another_worker_took_over_leaves_nothing(database: Database) -> None:
    def too_slow(task: Task) -> Outcome:
        with database.begin() as session:
            assert jobs.lease(session, "another", [KIND], AT + timedelta(hours=1), 3600)
        return Outcome({}, put(f"A{task.job.attempts}"))

    id = queue(database)
    assert worker(database, too_slow).work_once()
    assert written(database) == 0
    job = found(database, id)
    assert (job.state, job.lease_owner) == ("running", "another")


def test_a_write_that_fails_leaves_nothing_of_itself(database: Database) -> None:
    def write(session: Session) -> Mapping[str, Any]:
        put("A1")(session)
        raise ZeroDivisionError

    id = queue(database)
    made = worker(database, lambda _: Outcome({}, write))
    assert made.work_once()
    assert written(database) == 0
    assert found(database, id).state == "failed"


def test_cancelling_stops_at_the_next_step(database: Database) -> None:
    begun = threading.Event()

    def long(task: Task) -> Outcome:
        begun.set()
        for step in range(2000):
            task.progress(step, 2000)
            time.sleep(0.01)
        return Outcome({}, put("A1"))

    id = queue(database)
    made = worker(database, long, lease_seconds=0.3, clock=lambda: datetime.now(UTC))
    made.start()
    try:
        assert begun.wait(10)
        with database.begin() as session:
            jobs.request_cancel(session, id, AT)
        until = time.monotonic() + 10
        while found(database, id).state == "running" and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        made.stop()
    assert found(database, id).state == "cancelled"
    assert written(database) == 0


def test_a_worker_that_stops_hands_its_job_back(database: Database) -> None:
    begun = threading.Event()

    def long(task: Task) -> Outcome:
        begun.set()
        for step in range(2000):
            task.progress(step, None)
            time.sleep(0.01)
        return Outcome({})

    id = queue(database)
    made = worker(database, long)
    made.start()
    assert begun.wait(10)
    made.stop()
    job = found(database, id)
    assert (job.state, job.lease_owner) == ("queued", None)
    assert worker(database, lambda _: Outcome({"second": True})).work_once()
    assert found(database, id).result == {"second": True}


def test_the_lease_is_kept_while_it_works(database: Database) -> None:
    def slow(_: Task) -> Outcome:
        time.sleep(1.2)
        with database.begin() as session:
            assert jobs.lease(session, "another", [KIND], datetime.now(UTC), 60) is None
        return Outcome({})

    id = queue(database)
    assert worker(database, slow, lease_seconds=0.9, clock=lambda: datetime.now(UTC)).work_once()
    assert found(database, id).state == "done"


def test_a_job_that_hangs_is_handed_back_when_the_process_ends(database: Database) -> None:
    hanging, over = threading.Event(), threading.Event()

    def hang(_: Task) -> Outcome:
        hanging.set()
        over.wait(30)
        raise RuntimeError("the client is closed")

    id = queue(database)
    made = worker(database, hang, farewell_seconds=0.1)
    made.start()
    assert hanging.wait(10)
    made.stop()
    job = found(database, id)
    assert (job.state, job.attempts, job.lease_owner) == ("queued", 0, None)
    over.set()  # what it meets then counts for nothing
    made.stop()
    assert found(database, id) == job


def test_a_store_that_is_away_keeps_no_process_from_its_end(database: Database) -> None:
    hanging, over = threading.Event(), threading.Event()

    def hang(_: Task) -> Outcome:
        hanging.set()
        over.wait(30)
        raise RuntimeError("the client is closed")

    id = queue(database)
    made = worker(database, hang, farewell_seconds=0.1, last_seconds=0.2)
    made.start()
    assert hanging.wait(10)
    with database.begin() as session:
        jobs.beat(session, id, made.owner, AT, 60, (0, None))  # whoever wants the job waits for this
        began = time.monotonic()
        made.stop()
        assert time.monotonic() - began < 3
        assert found(database, id).state == "running"
    until = time.monotonic() + 10
    while found(database, id).state == "running" and time.monotonic() < until:
        time.sleep(0.02)
    assert found(database, id).state == "queued", "handed back as soon as that can be done"
    over.set()
    made.stop()


UNKNOWN: dict[str, Any] = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "not-found"}],
}


@pytest.mark.parametrize(("status", "body"), [(401, None), (403, None), (404, UNKNOWN), (422, None)])
def test_what_trying_again_does_not_help_is_given_up_at_once(
    database: Database, status: int, body: dict[str, Any] | None
) -> None:
    def refused(_: Task) -> Outcome:
        raise error_of(status, body, "https://h.test/fhir")

    id = queue(database)
    assert worker(database, refused).work_once()
    job = found(database, id)
    assert job.state == "failed"
    assert job.error is not None
    assert str(status) in job.error["what"]
    assert job.error["remedy"]


GATEWAY = {"code": 5, "message": "no upstream"}


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, None), (404, GATEWAY), *((status, None) for status in (408, 429, 500, 502, 503, 504))],
)
def test_what_may_pass_is_tried_again(database: Database, status: int, body: dict[str, Any] | None) -> None:
    def refused(_: Task) -> Outcome:
        raise error_of(status, body, "https://h.test/fhir")

    id = queue(database)
    assert worker(database, refused).work_once()
    assert found(database, id).state == "queued"


def test_who_slept_through_a_lease_writes_nothing_more(database: Database) -> None:
    clock, done = Clock(), list[int]()

    def writes(task: Task) -> Outcome:
        for number in range(9):
            task.check()
            done.append(number)
            if number == 2:  # the process is stopped, and no beat keeps the lease
                clock.at += timedelta(seconds=61)
        return Outcome({})

    id = queue(database)
    assert worker(database, writes, clock=clock).work_once()
    assert done == [0, 1, 2]
    assert found(database, id).state == "running", "whoever finds it next begins it again"
