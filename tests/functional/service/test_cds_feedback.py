"""What is kept of a visit: the card and who saw it, what users made of it, refusals; and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.subjects import FILES_BASE
from fhirscreen.store import cards
from fhirscreen.store.runs import list_runs
from fhirscreen.store.subjects import find_subjects
from tests.functional.service.test_cds_hooks import FITS, SITE, VIEW, Clock
from tests.functional.service.test_cds_hooks import cards as shown
from tests.lib.demo import STUDIES
from tests.lib.ehr import chart, make_call, resolve
from tests.lib.listings import list_audits, list_feedback
from tests.lib.service import client_of, service_for

PATH = f"{VIEW}/feedback"
AT = "2026-11-01T12:05:00Z"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE}
    cds = {"required": False, "snooze_days": 2}
    with service_for(tmp_path, clock=clock, cds=cds, **given) as service:
        yield service


@pytest.fixture
def ehr(service: Service) -> Iterator[TestClient]:
    with client_of(service) as client:
        yield client


def call_of(ehr: TestClient) -> dict[str, Any]:
    templates = ehr.get("/cds-services").json()["services"][0]["prefetch"]
    return make_call(FITS, resolve(templates, chart(FITS)))


def overridden(card: str, code: str, **more: Any) -> dict[str, Any]:
    reason = {"reason": {"code": code, "system": "https://ours.example"}, "userComment": "Mrs Miller says no"}
    return {"card": card, "outcome": "overridden", "overrideReason": reason, "outcomeTimestamp": AT} | more


def test_feedback_is_stored_without_the_comment(ehr: TestClient, service: Service) -> None:
    (card,) = shown(ehr, call_of(ehr))
    taken = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": AT,
        "overrideReason": None,
    }
    answer = ehr.post(PATH, json={"feedback": [taken, overridden(card["uuid"], "not-now")]})
    assert answer.status_code == 200
    with service.database.reading() as session:
        first, second = list_feedback(session, card["uuid"])
    assert (first.outcome, first.accepted) == ("accepted", (card["suggestions"][0]["uuid"],))
    assert (second.outcome, second.reason) == ("overridden", "not-now")
    assert second.outcome_at.isoformat() == "2026-11-01T12:05:00+00:00"


def responses(ehr: TestClient, study: str = "NCT06907602") -> dict[str, Any]:
    answer = ehr.get(f"/api/studies/{study}/responses")
    assert answer.status_code == 200
    assert FITS not in answer.text
    found: dict[str, Any] = answer.json()
    assert found.pop("study") == study
    return found


def test_what_users_made_of_cards_is_counted_by_study(ehr: TestClient) -> None:
    nothing = {"shown": 0, "accepted": 0, "overridden": {}, "other_study": 0, "unanswered": 0}
    assert responses(ehr) == nothing
    (card,) = shown(ehr, call_of(ehr))
    assert responses(ehr) == nothing | {"shown": 1, "unanswered": 1}
    ehr.post(PATH, json={"feedback": [overridden(card["uuid"], "not-now")]})
    assert responses(ehr) == nothing | {"shown": 1, "overridden": {"not-now": 1}}
    taken = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": AT,
    }
    ehr.post(PATH, json={"feedback": [taken]})  # of one card what was told last counts
    assert responses(ehr) == nothing | {"shown": 1, "accepted": 1}
    ehr.post(PATH, json={"feedback": [taken | {"acceptedSuggestions": [{"id": "of the other study"}]}]})
    assert responses(ehr) == nothing | {"shown": 1, "other_study": 1}
    assert responses(ehr, "NCT06190782") == nothing
    assert ehr.get("/api/studies/NCT0690760_/responses").status_code == 404


@pytest.mark.parametrize(
    ("code", "lasts"), [("patient-declined", True), ("not-suitable", True), ("not-now", False)]
)
def test_a_refusal_lasts_until_a_person_reopens_it(
    ehr: TestClient, service: Service, clock: Clock, code: str, *, lasts: bool
) -> None:
    call = call_of(ehr)
    (card,) = shown(ehr, call)
    assert ehr.post(PATH, json={"feedback": [overridden(card["uuid"], code)]}).status_code == 200
    clock.now += timedelta(days=3)
    again = call | {"hookInstance": "another"}
    assert bool(shown(ehr, again)) is not lasts
    if lasts:
        with service.database.begin() as session:
            assert cards.reopen(session, FILES_BASE, FITS, "NCT06907602", by="someone", at=clock())
        assert shown(ehr, again)


def test_feedback_that_comes_again_does_not_undo_what_a_person_reopened(
    ehr: TestClient, service: Service, clock: Clock
) -> None:
    (card,) = shown(ehr, call_of(ehr))
    told = {"feedback": [overridden(card["uuid"], "patient-declined")]}
    assert ehr.post(PATH, json=told).status_code == 200
    clock.now += timedelta(hours=3)
    with service.database.begin() as session:
        assert cards.reopen(session, FILES_BASE, FITS, "NCT06907602", by="someone", at=clock())
    clock.now += timedelta(hours=1)
    assert ehr.post(PATH, json=told).status_code == 200
    with service.database.reading() as session:
        assert cards.refused(session, FILES_BASE, FITS) == set()


def test_feedback_that_is_none_is_refused(ehr: TestClient) -> None:
    (card,) = shown(ehr, call_of(ehr))
    uuid = card["uuid"]
    for item in (
        overridden(uuid, "not-now", outcome="ignored"),
        overridden(uuid, "not-now", outcomeTimestamp="yesterday"),
        overridden(uuid, "not-now", outcomeTimestamp="2026-11-01T12:05:00"),
        overridden(uuid, "not-now") | {"card": None},
        overridden(uuid, "not-now", outcome="accepted"),
    ):
        assert ehr.post(PATH, json={"feedback": [item]}).status_code == 400, item
    wrong: list[Any] = [{}, {"feedback": []}, {"feedback": None}, []]
    for body in wrong:
        assert ehr.post(PATH, json=body).status_code == 400
    assert ehr.post(PATH, json={"feedback": [overridden("unknown", "not-now")]}).status_code == 404
    known = ehr.post("/cds-services/other/feedback", json={"feedback": [overridden(uuid, "not-now")]})
    assert known.status_code == 404


def test_nothing_of_a_call_is_kept_but_the_card_and_who_saw_it(
    ehr: TestClient, service: Service, tmp_path: Path
) -> None:
    call = call_of(ehr)
    call["prefetch"]["patient"] |= {"name": [{"family": "Zyxwvut"}], "telecom": [{"value": "555-0100-42"}]}
    (card,) = shown(ehr, call)
    with service.database.reading() as session:
        stored = cards.find_card(session, card["uuid"])
        (entry,) = list_audits(session, patient=FITS)
        assert not find_subjects(session)
        assert not list_runs(session, limit=1)
    assert stored is not None
    assert (stored.patient, stored.studies, stored.by) == (FITS, ("NCT06907602",), "Practitioner/1")
    assert (entry.who, entry.what, entry.study) == ("Practitioner/1", "cds-services", "NCT06907602")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"Zyxwvut" not in kept
    assert b"555-0100-42" not in kept
    assert card["detail"].encode() not in kept


def test_a_call_that_shows_nothing_is_audited_too(ehr: TestClient, service: Service) -> None:
    call = call_of(ehr)
    for _ in range(2):
        shown(ehr, call | {"hookInstance": json.dumps(_)})
    with service.database.reading() as session:
        found = list_audits(session, patient=FITS)
    assert [entry.study for entry in found] == [None, "NCT06907602"]


def test_calls_are_kept_only_where_a_setting_says_so(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files: list[Path] = []
    for kept in (False, True):
        given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE}
        cds = {"required": False, "keep_calls": kept}
        with service_for(tmp_path, clock=clock, cds=cds, **given) as service, client_of(service) as ehr:
            lent = {"access_token": "secret", "token_type": "Bearer"}
            call = call_of(ehr) | {"fhirServer": "https://ehr.example/r4", "fhirAuthorization": lent}
            ehr.post(VIEW, json=call)
            ehr.post(VIEW, json=call | {"hook": "order-sign"})
        files = sorted((tmp_path / "fhirscreen-calls").glob("*.json"))
        assert len(files) == (2 if kept else 0)
    found = [json.loads(file.read_text("utf-8")) for file in files]
    assert {each["call"]["context"]["patientId"] for each in found} == {FITS}
    assert not [file for file in files if "secret" in file.read_text("utf-8") or file.stat().st_mode & 0o077]
