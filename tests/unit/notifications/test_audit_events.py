"""Audits reach a FHIR server: each one, whatever the server and the processes do, and once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from fhirscreen.access.audits import Access, Audits
from fhirscreen.notifications.audit_events import REFUSED, AuditPoster
from fhirscreen.store.databases import Database
from tests.lib.listings import list_audits
from tests.lib.transport import BASE, Handler, Reply, Server, outcome, reply

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=DIALECTS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    sqlite = request.param == "sqlite"
    database = Database(
        f"sqlite:///{tmp_path}/s.db" if sqlite else request.getfixturevalue("postgres").create()
    )
    database.migrate()
    yield database
    database.close()


class Trail:
    """Audits, what posts them, and a server that keeps what is put under its id."""

    def __init__(self, database: Database) -> None:
        self.now = AT
        self.database = database
        self.kept: dict[str, list[dict[str, Any]]] = {}
        self.answer: Handler = self._keep
        self.counts: dict[str, int] = {}
        self.client = Server(self._answer).client()
        self.poster = self.another()

    def another(self) -> AuditPoster:
        return AuditPoster(
            self.database, lambda: self.client, "Mitte", clock=lambda: self.now, counted=self._count
        )

    def _answer(self, request: httpx.Request) -> Reply:
        return self.answer(request)

    def _keep(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "PUT"
        assert "anna" not in str(request.url)
        resource = orjson.loads(request.content)
        assert str(request.url) == f"{BASE}/AuditEvent/{resource['id']}"
        self.kept.setdefault(resource["id"], []).append(resource)
        return reply(resource, 201)

    def _count(self, outcome: str, number: int) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + number

    def tell(self, *patients: str, posts: bool = True) -> None:
        audits = Audits(self.database, lambda: self.now, posts=posts)
        audits.tell("ito", "R", "page of a subject", [Access(each, BASE, "NCT1") for each in patients])

    def ids(self) -> set[str]:
        with self.database.reading() as session:
            return {each.uuid for each in list_audits(session)}


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database)


def test_each_is_put_once_under_its_own_id(trail: Trail) -> None:
    trail.tell("anna", "bert")
    assert trail.poster.post_once()
    assert not trail.poster.post_once()
    assert set(trail.kept) == trail.ids()
    assert [len(each) for each in trail.kept.values()] == [1, 1]
    seen = {each[0]["entity"][0]["what"]["reference"] for each in trail.kept.values()}
    assert seen == {"Patient/anna", "Patient/bert"}
    assert trail.counts == {"sent": 2}


def test_where_nothing_is_to_be_posted_nothing_is(trail: Trail) -> None:
    trail.tell("anna", posts=False)
    assert not trail.poster.post_once()
    assert trail.kept == {}


def test_hundreds_go_in_turns(trail: Trail) -> None:
    trail.tell(*(f"p{number}" for number in range(120)))
    while trail.poster.post_once():
        pass
    assert len(trail.kept) == 120


def test_a_server_that_is_down_is_asked_again_until_it_has_them(trail: Trail) -> None:
    trail.tell("anna")
    trail.answer = lambda _: httpx.ConnectError("no route")
    for _ in range(30):  # days, with no end
        assert not trail.poster.post_once()
        trail.now += timedelta(hours=2)
    trail.answer = trail._keep
    assert trail.poster.post_once()
    assert set(trail.kept) == trail.ids()
    trail.now += timedelta(days=1)
    assert not trail.poster.post_once()


def test_an_answer_that_is_lost_leaves_one(trail: Trail) -> None:
    trail.tell("anna")

    def lost(request: httpx.Request) -> httpx.ReadTimeout:
        trail._keep(request)
        return httpx.ReadTimeout("lost")

    trail.answer = lost
    trail.poster.post_once()
    trail.answer = trail._keep
    trail.now += timedelta(minutes=1)
    assert trail.poster.post_once()
    (versions,) = trail.kept.values()
    assert len(versions) > 1
    assert all(each == versions[0] for each in versions), "the server sees the same again, and keeps one"


def test_one_that_is_refused_holds_up_no_other(trail: Trail) -> None:
    trail.tell("gone", "bert", "carl")

    def picky(request: httpx.Request) -> httpx.Response:
        return outcome(400) if b"Patient/gone" in request.content else trail._keep(request)

    trail.answer = picky
    assert trail.poster.post_once()
    assert len(trail.kept) == 2
    assert trail.counts == {"sent": 2, "later": 1}
    assert not trail.poster.post_once()
    trail.answer = trail._keep
    trail.now += REFUSED
    assert trail.poster.post_once()
    assert set(trail.kept) == trail.ids()


def test_a_server_that_refuses_everything_is_left_alone(trail: Trail) -> None:
    trail.tell(*(f"p{number}" for number in range(20)))
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return outcome(422)

    trail.answer = refuse
    assert not trail.poster.post_once()
    assert len(asked) == 3
    trail.answer = trail._keep
    trail.now += REFUSED
    assert trail.poster.post_once()
    assert set(trail.kept) == trail.ids()


def test_two_processes_do_not_post_the_same(trail: Trail) -> None:
    trail.tell("anna", "bert")
    other = trail.another()

    def meanwhile(request: httpx.Request) -> httpx.Response:
        trail.answer = trail._keep
        assert not other.post_once()
        return trail._keep(request)

    trail.answer = meanwhile
    assert trail.poster.post_once()
    assert [len(each) for each in trail.kept.values()] == [1, 1]


def test_what_a_process_took_with_it_is_posted_by_another(trail: Trail) -> None:
    trail.tell("anna")

    def dies(_: httpx.Request) -> Exception:
        raise SystemExit

    trail.answer = dies
    with pytest.raises(SystemExit):
        trail.poster.post_once()
    trail.answer = trail._keep
    assert not trail.another().post_once()
    trail.now += timedelta(minutes=10)
    assert trail.another().post_once()
    assert set(trail.kept) == trail.ids()


def test_it_works_by_itself(trail: Trail) -> None:
    trail.poster = AuditPoster(
        trail.database, lambda: trail.client, "Mitte", clock=lambda: trail.now, counted=trail._count,
        idle_seconds=0.02,
    )  # fmt: skip
    trail.poster.start()
    try:
        trail.tell("anna")
        until = time.monotonic() + 10
        while not trail.counts and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        trail.poster.stop()
    assert trail.counts == {"sent": 1}
