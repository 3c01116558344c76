"""Jobs: queued, leased, finished once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fhirscreen.store import jobs
from fhirscreen.store.databases import Database

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_job_runs_and_ends(database: Database) -> None:
    with database.begin() as session:
        queued = jobs.enqueue(session, "screen", {"source": "default"}, by="ito", at=AT)
        assert jobs.lease(session, "w1", ["publish"], AT, 60) is None
        job = jobs.lease(session, "w1", ["screen"], AT, 60)
        assert job is not None
        assert (job.id, job.state, job.attempts, job.lease_until) == (queued.id, "running", 1, AT + MINUTE)
        assert jobs.lease(session, "w2", ["screen"], AT, 60) is None
        assert jobs.beat(session, job.id, "w1", AT + MINUTE / 2, 60, (3, 10))
        assert not jobs.beat(session, job.id, "w2", AT, 60)
        assert not jobs.finish(session, job.id, "w2", at=AT)
        assert jobs.finish(session, job.id, "w1", at=AT + MINUTE, result={"run": "r1"})
        assert not jobs.fail(session, job.id, "w1", at=AT, error={})
        done = jobs.find_job(session, job.id)
    assert done is not None
    assert (done.state, done.progress, done.result, done.error) == ("done", (3, 10), {"run": "r1"}, None)
    assert (done.lease_owner, done.finished_at) == (None, AT + MINUTE)


def test_a_silent_workers_job_is_leased_by_another(database: Database) -> None:
    with database.begin() as session:
        id = jobs.enqueue(session, "screen", {}, by="ito", at=AT).id
        jobs.lease(session, "w1", ["screen"], AT, 60)
        assert jobs.lease(session, "w2", ["screen"], AT + MINUTE / 2, 60) is None
        taken = jobs.lease(session, "w2", ["screen"], AT + MINUTE, 60)
        assert taken is not None
        assert (taken.id, taken.attempts) == (id, 2)
        assert not jobs.finish(session, id, "w1", at=AT), "what the first one did must not count"


def test_one_unfinished_job_a_key(database: Database) -> None:
    with database.begin() as session:
        first = jobs.enqueue(session, "screen", {"n": 1}, by="ito", at=AT, key="nightly")
        assert jobs.enqueue(session, "screen", {"n": 2}, by="ito", at=AT, key="nightly") == first
        assert jobs.lease(session, "w1", ["screen"], AT, 60) is not None
        assert jobs.enqueue(session, "screen", {"n": 3}, by="ito", at=AT, key="nightly").id == first.id
        jobs.fail(session, first.id, "w1", at=AT, error={"what": "no"})
        assert jobs.enqueue(session, "screen", {"n": 4}, by="ito", at=AT, key="nightly").id != first.id
        assert [job.error for job in jobs.list_jobs(session, states=["failed"])] == [{"what": "no"}]


def test_later_and_handed_back(database: Database) -> None:
    with database.begin() as session:
        id = jobs.enqueue(session, "screen", {}, by="ito", at=AT, not_before=AT + MINUTE).id
        assert jobs.lease(session, "w1", ["screen"], AT, 60) is None
        assert jobs.lease(session, "w1", ["screen"], AT + MINUTE, 60) is not None
        assert jobs.hand_back(session, id, "w1", not_before=AT + MINUTE)
        assert not jobs.hand_back(session, id, "w1", not_before=AT)
        again = jobs.lease(session, "w2", ["screen"], AT + MINUTE, 60)
    assert again is not None
    assert (again.id, again.attempts) == (id, 1)


def test_cancelling(database: Database) -> None:
    with database.begin() as session:
        waiting = jobs.enqueue(session, "later", {}, by="ito", at=AT).id
        cancelled = jobs.request_cancel(session, waiting, AT)
        assert cancelled is not None
        assert cancelled.state == "cancelled"
        running = jobs.enqueue(session, "screen", {}, by="ito", at=AT).id
        jobs.lease(session, "w1", ["screen"], AT, 60)
        asked = jobs.request_cancel(session, running, AT)
        assert asked is not None
        assert (asked.state, asked.cancel_requested) == ("running", True)
        assert not jobs.beat(session, running, "w1", AT, 60)
        silent = jobs.enqueue(session, "screen", {}, by="ito", at=AT).id
        jobs.lease(session, "w3", ["screen"], AT, 10)
        jobs.request_cancel(session, silent, AT)
        assert jobs.finish(session, running, "w1", at=AT, state="cancelled")
        assert jobs.lease(session, "w2", ["screen"], AT + MINUTE, 60) is None
        assert [job.state for job in jobs.list_jobs(session)] == ["cancelled"] * 3
        assert jobs.request_cancel(session, "none", AT) is None


def test_a_tick_is_taken_once(database: Database) -> None:
    with database.begin() as session:
        assert jobs.fired(session, "nightly", AT)
        assert not jobs.fired(session, "nightly", AT)
        assert jobs.fired(session, "hourly", AT)
        assert jobs.fired(session, "nightly", AT + MINUTE)
