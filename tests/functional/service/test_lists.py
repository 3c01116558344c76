"""What keeps lists true, over HTTP: reviews, recruiting, changes, and the screening log."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi.routing import APIRoute
from sqlalchemy.pool import QueuePool
from starlette.testclient import TestClient

from fhirscreen.access.callers import LOCAL
from fhirscreen.api import lists
from fhirscreen.bootstrap.services import Service
from fhirscreen.criteria.wire import load_study
from fhirscreen.mapping.loading import load_catalogue, mappings_folder
from fhirscreen.outputs.disclosures import FURTHER_REVIEW, is_sensitive
from fhirscreen.screening import log_files
from fhirscreen.screening.logs import COLUMNS
from fhirscreen.store import cards, subjects
from fhirscreen.store.standings import LISTED, StoredSubject
from tests.lib.facade import OTHER, STUDY, screened_service
from tests.lib.listings import list_audits
from tests.lib.pages import pages_of
from tests.lib.service import HERE, client_of
from tests.lib.subjects import subject

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with screened_service(tmp_path, NOW, patients=40) as made:
        yield made


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with client_of(service) as made:
        yield made


def listed(service: Service, study: str = STUDY) -> StoredSubject:
    """The first of the list who has something open, and whom nobody decided about."""
    with service.database.reading() as session:
        return subjects.find_subjects(session, study=study, status="potential-candidate", limit=1)[0]


def rows(client: TestClient, study: str = STUDY) -> list[dict[str, str]]:
    answer = client.get(f"/api/studies/{study}/log.csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_a_decision_is_taken_down_and_given_back(service: Service, client: TestClient) -> None:
    one = listed(service)
    path = f"/api/subjects/{one.id}/reviews"
    with service.database.begin() as session:
        cards.refuse(session, one.base, one.patient, one.study, "declined", by="Dr A", at=NOW)
    given = {"decision": "not-suitable", "because": "lives too far away", "version": one.version}
    made = client.post(path, json=given)
    assert made.status_code == 201, made.text
    assert (made.json()["status"], made.json()["by"]) == ("ineligible", "local")
    assert made.json()["rests_on"], "what is open or failed now"
    assert client.post(path, json=given).status_code == 409, "somebody else was faster"
    found = client.get(path).json()
    assert (found["holds"], [each["because"] for each in found["reviews"]]) == (True, ["lives too far away"])
    assert client.get("/api/reviews").json() == {"again": []}
    back = client.post(path, json={"decision": "reopened", "because": "moved here"})
    assert (back.json()["status"], back.json()["person_status"]) == ("potential-candidate", None)
    assert [each["decision"] for each in client.get(path).json()["reviews"]] == ["not-suitable", "reopened"]
    with service.database.reading() as session:
        assert cards.refused(session, one.base, one.patient) == set()
        told = [(each.action, each.patient) for each in list_audits(session) if each.what == "reviews"]
    assert told.count(("U", one.patient)) == 2
    assert ("R", one.patient) in told


def test_who_is_to_be_looked_at_again(service: Service, client: TestClient) -> None:
    one = listed(service)
    client.post(f"/api/subjects/{one.id}/reviews", json={"decision": "not-suitable", "because": "x"})
    with service.database.begin() as session:
        open_ones = [v for v in subjects.find_verdicts(session, one.id) if v.standing == "open"]
        found = subject(one.patient, {open_ones[0].criterion: "stale"}, of=STUDY)
        subjects.record_subjects(
            session, run=None, base=one.base, subjects=[found], gated=(), looked_at=(), studies={STUDY: 1},
            at=NOW + timedelta(days=1),
        )  # fmt: skip
    (again,) = client.get("/api/reviews", params={"study": STUDY}).json()["again"]
    assert (again["patient"], again["review"]["because"]) == (one.patient, "x")
    assert client.get("/api/reviews", params={"study": OTHER}).json() == {"again": []}
    since = {"since": (NOW + timedelta(hours=1)).isoformat()}
    (change,) = client.get("/api/changes", params=since).json()["changes"]
    assert (change["subject"], change["decision_holds_now"]) == (one.id, False)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"decision": "not-suitable", "because": " "}, 422), ({"decision": "maybe"}, 400), ({}, 400),
        ({"decision": "not-suitable", "because": "x", "criteria": ["nonsense"]}, 422),
        ({"decision": "suitable", "because": "a\x00b"}, 400), ({"decision": "suitable", "why": "x"}, 400),
    ],
)  # fmt: skip
def test_what_is_no_decision(service: Service, client: TestClient, given: Any, status: int) -> None:
    one = listed(service)
    answer = client.post(f"/api/subjects/{one.id}/reviews", json=given)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert listed(service).version == one.version


def test_nobody_there(client: TestClient) -> None:
    nobody = "00000000-0000-5000-8000-000000000000"
    assert client.get(f"/api/subjects/{nobody}/reviews").status_code == 404
    assert client.post(f"/api/subjects/{nobody}/reviews", json={"decision": "suitable"}).status_code == 404
    for path in ("recruiting", "log.csv"):
        assert client.get(f"/api/studies/NCT404/{path}").status_code == 404
    assert client.put("/api/studies/NCT404/recruiting", json={"open": True}).status_code == 404


@pytest.mark.parametrize(
    ("given", "recruits"),
    [
        ({"open": False}, False), ({"open": True}, True), ({"open": True, "slots": 0}, False),
        ({"open": True, "opens": "2026-11-03"}, False), ({"open": True, "closes": "2026-11-02"}, True),
        ({"open": True, "closes": "2026-11-01"}, False),
    ],
)  # fmt: skip
def test_what_is_closed_is_not_screened(
    service: Service, client: TestClient, given: dict[str, Any], recruits: bool
) -> None:
    path = f"/api/studies/{STUDY}/recruiting"
    assert client.get(path).json() == {"study": STUDY, "site": service.site, "said": False, "recruits": True}
    answer = client.put(path, json=given)
    assert (answer.status_code, answer.json()["recruits"]) == (200, recruits)
    assert client.get(path).json() == answer.json()
    assert (service.panel().study(STUDY) is not None) is recruits
    assert service.panel().study(OTHER) is not None


def test_recruiting_that_cannot_be(client: TestClient) -> None:
    path = f"/api/studies/{STUDY}/recruiting"
    for given in ({}, {"open": True, "slots": -1}, {"open": True, "opens": "today"}):
        assert client.put(path, json=given).status_code == 400
    reverse = {"open": True, "opens": "2026-02-02", "closes": "2026-02-01"}
    assert client.put(path, json=reverse).status_code == 422


def test_changes_come_in_pages(service: Service, client: TestClient) -> None:
    with service.database.reading() as session:
        expected = subjects.count_subjects(session, status=LISTED)
    found: list[dict[str, Any]] = []
    after: int | None = None
    while True:
        asked: dict[str, Any] = {"since": NOW.isoformat(), "count": 7}
        page = client.get("/api/changes", params=asked if after is None else asked | {"after": after}).json()
        found += page["changes"]
        after = page["after"]
        if after is None:
            break
    assert len({each["id"] for each in found}) == len(found) == expected
    assert {each["before"] for each in found} == {None}
    assert (
        client.get("/api/changes", params={"since": (NOW + timedelta(1)).isoformat()}).json()["changes"] == []
    )
    for bad, status in (("2026-11-02T08:00:00", 400), ("yesterday", 400), ("9999-12-31T23:59:59-12:00", 422)):
        assert client.get("/api/changes", params={"since": bad}).status_code == status


def test_the_log_says_who_failed_why_and_who_decided(service: Service, client: TestClient) -> None:
    one = listed(service)
    because = '=HYPERLINK("http://x")\nand "more"'
    client.post(f"/api/subjects/{one.id}/reviews", json={"decision": "not-suitable", "because": because})
    found = rows(client)
    assert list(found[0]) == list(COLUMNS)
    by_patient = {row["patient"]: row for row in found}
    with service.database.reading() as session:
        everybody = subjects.find_subjects(session, study=STUDY)
        failing = next(each for each in everybody if each.status is None and each.gate is None)
        why = [v for v in subjects.find_verdicts(session, failing.id) if v.standing == "failed"]
        failed = [each.criterion for each in why]
    assert by_patient.keys() == {each.patient for each in everybody}
    decided = by_patient[one.patient]
    assert (decided["decision"], decided["decided_by"], decided["person_status"]) == (
        "not-suitable", "local", "ineligible",
    )  # fmt: skip
    assert decided["because"] == f"'{because}", "no formula in a spreadsheet"
    row = by_patient[failing.patient]
    assert row["outcome"] == "failed"
    study, catalogue = load_study(mappings_folder() / f"studies/{STUDY}.yaml"), load_catalogue()
    hidden = {each.id for each in study.criteria if is_sensitive(each, catalogue)}
    assert row["failed"].split() == list(
        dict.fromkeys(FURTHER_REVIEW if id in hidden else id for id in failed)
    )
    told = [each for each in why if each.criterion not in hidden]
    decisive = [(f"{each.value} {each.unit}".strip(), each.date) for each in told]
    shown = list(zip(row["value"].split("; "), row["date"].split("; "), strict=True))
    assert [each for each in shown if any(each)] == [each for each in decisive if any(each)] != []
    assert {row["outcome"] for row in found} >= {"listed", "failed", "gate"}


def test_a_refusal_at_a_visit_is_seen_wherever_a_decision_is(service: Service, client: TestClient) -> None:
    one = listed(service)
    with service.database.begin() as session:
        cards.refuse(session, one.base, one.patient, STUDY, "patient-declined", by="Dr A", at=NOW)
    row = next(each for each in rows(client) if each["patient"] == one.patient)
    assert (row["refused"], row["refused_by"]) == ("The patient declines", "Dr A")
    assert row["refused_at"].startswith(NOW.isoformat()[:16])
    path = f"/api/subjects/{one.id}/reviews"
    assert client.get(path).json()["refused"]["by"] == "Dr A"
    with closing(TestClient(pages_of(service), base_url=HERE)) as browser:  # the service goes on
        marks = browser.get(f"/studies/{STUDY}").text.split("turned down at a visit")
        assert len(marks) == 2
        assert "the patient declines" in marks[1][:200]
        page = browser.get(f"/studies/{STUDY}/subjects/{one.id}").text
        assert "Turned down at a visit: the patient declines" in page
        assert "Dr A" in page
        assert 'value="reopened"' in page
    client.post(path, json={"decision": "reopened"})
    row = next(each for each in rows(client) if each["patient"] == one.patient)
    assert (row["refused"], row["refused_by"], row["refused_at"]) == ("", "", "")
    assert client.get(path).json()["refused"] is None


def test_a_log_that_is_fetched_slowly_keeps_no_transaction_open(service: Service) -> None:
    many = [subject(f"p{number}", {"age": "true"}, of=STUDY) for number in range(1000)]
    base = listed(service).base
    with service.database.begin() as session:
        subjects.record_subjects(
            session, run=None, base=base, subjects=many, gated=(), looked_at=(), studies={STUDY: 1}, at=NOW
        )
    routes = [each for each in lists.router(service).routes if isinstance(each, APIRoute)]
    (log,) = (each.endpoint for each in routes if each.path.endswith("log.csv"))
    answer = log(STUDY, LOCAL)

    async def fetch() -> str:
        parts = aiter(answer.body_iterator)
        first = await anext(parts)
        pool = service.database._engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0
        return b"".join([first, *[part async for part in parts]]).decode()

    with start_blocking_portal() as portal:  # a loop of its own: a browser under test holds this thread's
        text = portal.call(fetch)
    assert len(text) > log_files._PART
    found = {row["patient"] for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert found > {each.patient for each in many}


def test_the_log_names_nothing_sensitive(service: Service, client: TestClient) -> None:
    study, catalogue = load_study(mappings_folder() / f"studies/{STUDY}.yaml"), load_catalogue()
    sensitive = [each for each in study.criteria if is_sensitive(each, catalogue)]
    one = listed(service)
    with service.database.begin() as session:
        found = subject(one.patient, {sensitive[0].id: "true", "age": "false"}, of=STUDY)
        # by its id it is an inclusion here: what fails it is set below
        subjects.record_subjects(
            session, run=None, base=one.base, subjects=[found], gated=(), looked_at=(), studies={STUDY: 1},
            at=NOW + timedelta(days=1),
        )  # fmt: skip
        decided: dict[str, str | tuple[str, str]] = {sensitive[0].id: "false", "age": "false"}
        decided["haematological-disease"] = ("false", "F32.1")
        found = subject(one.patient, decided, of=STUDY)
        subjects.record_subjects(
            session, run=None, base=one.base, subjects=[found], gated=(), looked_at=(), studies={STUDY: 1},
            at=NOW + timedelta(days=2),
        )  # fmt: skip
    (row,) = (row for row in rows(client) if row["patient"] == one.patient)
    assert row["failed"] == f"{FURTHER_REVIEW} age"
    assert "Further review needed" in row["why"]
    assert sensitive[0].says not in row["why"]
    assert "F32" not in row["value"]
    since = {"since": (NOW + timedelta(hours=1)).isoformat()}
    text = client.get("/api/changes", params=since).text
    assert FURTHER_REVIEW in text
    assert f'"{sensitive[0].id}"' not in text


def test_a_moment_that_is_none_is_told_what_one_looks_like(client: TestClient) -> None:
    answer = client.get("/api/changes", params={"since": "Mrs Smith"})
    assert answer.status_code == 400
    assert "2026-11-01T00:00:00Z" in answer.json()["issue"][0]["diagnostics"]
    assert "Smith" not in answer.text
