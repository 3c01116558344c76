"""Several processes on one store: nothing is done twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhirscreen.store import changes, jobs, studies, subjects
from fhirscreen.store.databases import Database
from tests.lib.racing import AT, race
from tests.lib.subjects import STUDY


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address where there are no tables yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return str(request.getfixturevalue("postgres").create())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    database.migrate()
    yield database
    database.close()


def test_several_migrate_at_once(url: str) -> None:
    assert race("migrate", url) == [True, True]


def test_each_job_is_leased_once(url: str, database: Database) -> None:
    with database.begin() as session:
        queued = {jobs.enqueue(session, "screen", {"n": n}, by="x", at=AT).id for n in range(400)}
    taken = race("lease", url)
    assert all(taken), "nobody else had a chance"
    assert sorted(id for each in taken for id in each) == sorted(queued)
    with database.reading() as session:
        assert {job.attempts for job in jobs.list_jobs(session)} == {1}


def test_one_unfinished_job_a_key(url: str, database: Database) -> None:
    made = race("enqueue", url)
    with database.reading() as session:
        stored = jobs.list_jobs(session, limit=1000)
    assert {id for each in made for id in each} == {job.id for job in stored}
    assert len([job for job in stored if job.state in jobs.UNFINISHED]) <= 1


def test_a_tick_and_a_nonce_are_taken_once(url: str, database: Database) -> None:
    taken = race("once", url)
    assert [sum(each) for each in zip(*taken, strict=True)] == [1] * 60


def test_versions_of_a_study_are_not_lost(url: str, database: Database) -> None:
    made = race("put", url)
    assert sorted(version for each in made for version in each) == list(range(1, 21))
    with database.reading() as session:
        assert [each.version for each in studies.list_versions(session, STUDY)] == list(range(20, 0, -1))
        assert studies.revision(session) == 20


def test_two_who_record_the_same_patients_take_turns(url: str, database: Database) -> None:
    made = race("record", url)
    with database.reading() as session:
        told = changes.list_changes(session, AT)
        found = subjects.find_subjects(session)
    assert len(told) == sum(made)
    assert len(found) == 20
    for subject in found:
        mine = [change for change in told if change.subject == subject.id]
        befores, afters = [c.before for c in mine], [c.after for c in mine]
        assert befores == [None, *afters[:-1]], "each change begins where the one before it ended"
        assert (afters[-1], len(mine)) == (subject.status, subject.version)
