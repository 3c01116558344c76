"""Positions move forward only, and one process at a time moves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fhirscreen.store import jobs
from fhirscreen.store.databases import Database
from fhirscreen.store.positions import find_position, hold_position, leave_position, move_position

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def test_a_position_moves_forward_only(database: Database) -> None:
    with database.begin() as session:
        assert find_position(session, "a") is None
        move_position(session, "a", LATER)
        move_position(session, "a", NOW)
        assert find_position(session, "a") == LATER
        assert find_position(session, "b") is None


def test_who_holds_a_position_keeps_it_until_silent(database: Database) -> None:
    with database.begin() as session:
        assert hold_position(session, "a", "one", NOW, 30)
        assert find_position(session, "a") is None
        assert not hold_position(session, "a", "two", NOW, 30)
        assert hold_position(session, "a", "one", NOW + timedelta(seconds=20), 30)
        assert not hold_position(session, "a", "two", NOW + timedelta(seconds=40), 30)
        assert hold_position(session, "a", "two", LATER, 30)
        leave_position(session, "a", "one")
        assert not hold_position(session, "a", "one", LATER, 30)
        leave_position(session, "a", "two")
        assert hold_position(session, "a", "one", LATER, 30)


def test_only_a_queued_job_is_amended(database: Database) -> None:
    with database.begin() as session:
        job = jobs.enqueue(session, "update", {"patients": ["a"]}, by="poll", at=NOW)
        jobs.enqueue(session, "other", {}, by="poll", at=NOW)
        assert [each.id for each in jobs.find_queued(session, "update")] == [job.id]
        assert jobs.amend(session, job.id, {"patients": ["a", "b"]}, not_before=NOW)
        taken = jobs.lease(session, "w", ["update"], NOW, 60)
        assert taken is not None
        assert taken.payload == {"patients": ["a", "b"]}
        assert jobs.find_queued(session, "update") == []
        assert not jobs.amend(session, job.id, {"patients": []}, not_before=NOW)
