"""Schedules: one job a tick, in the site's time, made up for when it was missed by little."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fhirscreen.jobs.schedules import Schedule
from fhirscreen.store import jobs
from fhirscreen.store.databases import Database

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the night in which the clock is put forward


class Clock:
    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def nightly(
    database: Database, clock: Clock, expression: str = "0 2 * * *", missed: list[datetime] | None = None
) -> Schedule:
    ticks = [] if missed is None else missed
    return Schedule(
        database,
        "nightly",
        expression,
        BERLIN,
        "screen",
        {"cause": "nightly"},
        clock=clock,
        missed=lambda _session, tick, _at: ticks.append(tick),
    )


def count(database: Database) -> int:
    with database.reading() as session:
        return len(jobs.list_jobs(session, kinds=["screen"]))


def end(database: Database, at: datetime) -> None:
    with database.begin() as session:
        job = jobs.lease(session, "w", ["screen"], at, 60)
        assert job is not None
        assert job.payload == {"cause": "nightly"}
        assert jobs.finish(session, job.id, "w", at=at)


def test_the_site_s_clock_rules(database: Database) -> None:
    schedule = nightly(database, Clock(), "30 4 * * *")
    assert schedule.next_tick(START) == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)  # summer time by then
    assert schedule.last_tick(START) == datetime(2026, 3, 28, 3, 30, tzinfo=UTC)
    assert schedule.last_tick(datetime(2026, 3, 29, 2, 30, tzinfo=UTC)) == datetime(
        2026, 3, 29, 2, 30, tzinfo=UTC
    )


def test_one_job_a_tick_for_all_processes(database: Database) -> None:
    clock = Clock()
    first, second = nightly(database, clock), nightly(database, clock)
    assert not first.look(), "a schedule that never ticked waits for its first tick"
    assert not second.look()
    clock.at = START + timedelta(hours=8)
    assert first.look()
    assert not second.look()
    assert not first.look()
    end(database, clock.at)
    clock.at += timedelta(days=1)
    assert [second.look(), first.look()] == [True, False]
    assert count(database) == 2


def test_a_night_still_at_work_is_not_queued_twice(database: Database) -> None:
    clock, missed = Clock(), list[datetime]()
    schedule = nightly(database, clock, missed=missed)
    schedule.look()
    for _ in range(3):
        clock.at += timedelta(days=1)
        schedule.look()
    assert count(database) == 1
    assert len(missed) == 2, "the second and the third night brought no run of their own"


def test_a_night_that_was_missed_is_made_up_for(database: Database) -> None:
    clock = Clock()
    before = nightly(database, clock)
    before.look()
    clock.at += timedelta(hours=8)
    assert before.look()
    end(database, clock.at)
    clock.at += timedelta(hours=22)  # down at two, up again at ten
    assert nightly(database, clock).look()
    end(database, clock.at)
    clock.at += timedelta(hours=38)  # up again at midnight: the next night is nearer
    missed = list[datetime]()
    assert not nightly(database, clock, missed=missed).look()
    assert not nightly(database, clock, missed=missed).look()
    assert len(missed) == 1, "told once, by the first process that comes up"


def test_it_ticks_by_itself(database: Database) -> None:
    clock = Clock()
    schedule = nightly(database, clock, "* * * * *")
    schedule.start()
    try:
        time.sleep(0.1)
        clock.at += timedelta(minutes=2)
    finally:
        schedule.stop()
    second = nightly(database, clock, "* * * * *")
    second._seen = START
    second.start()
    until = time.monotonic() + 10
    while not count(database) and time.monotonic() < until:
        time.sleep(0.02)
    second.stop()
    assert count(database) == 1
