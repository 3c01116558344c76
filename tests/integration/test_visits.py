"""A visit with a real HAPI as the EHR's server, in the terms of the public CDS Hooks sandbox.

From the discovery to the page behind the card, and to one ResearchSubject, whoever wrote it first.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhirscreen.bootstrap.background import make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.subjects import study_uuid, subject_uuid
from fhirscreen.jobs.publications import PUBLISH
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.jobs.updates import UPDATE
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.store import jobs
from tests.lib import signing
from tests.lib.cds_messages import DISCOVERY, RESPONSE, validate
from tests.lib.demo import STUDIES
from tests.lib.ehr import charts, noon
from tests.lib.hapi import Hapi, Servers
from tests.lib.listings import list_feedback
from tests.lib.pages import on_loopback, pages_of, taken_port, token_of
from tests.lib.sandbox import KEY, ORIGIN, Blocked, Sandbox, render
from tests.lib.service import service_for
from tests.lib.signing import Hands

pytestmark = pytest.mark.hapi
STUDY = "NCT06907602"
PATIENTS = tuple(f"esc-{number:04}" for number in range(1, 13))
FITS = "esc-0001"


@pytest.fixture(scope="module")
def loaded(hapi_servers: Servers) -> Hapi:
    """A server with a dozen patients; some of their records refer to what is not there."""
    server = hapi_servers.start(max_fetch=0, referential_integrity=False)
    server.clear()
    found = {f"{r['resourceType']}/{r['id']}": r for id in ("shared", *PATIENTS) for r in charts()[id]}
    server.load(found.values())
    return server


@pytest.fixture
def server(loaded: Hapi) -> Iterator[Hapi]:
    """The same without what an earlier test left there."""
    yield loaded
    known = {r["id"] for record in charts().values() for r in record}
    with loaded.client() as client:
        for kind in ("List", "ResearchSubject", "ResearchStudy", "Group"):
            for resource in list(loaded.pages(kind, _count="500")):
                if resource["id"] not in known:
                    client.delete(f"/{kind}/{resource['id']}").raise_for_status()


@pytest.fixture
def clock() -> Hands:
    return Hands(noon())


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with taken_port() as taken:
        yield taken


@pytest.fixture
def service(server: Hapi, tmp_path: Path, clock: Hands, port: socket.socket) -> Iterator[Service]:
    """As a hospital sets it up: people sign in, the EHR signs its calls, lists go back to its server."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(signing.key_set(KEY)), "utf-8")
    given: dict[str, Any] = {
        "server": server.base,
        "studies": list(STUDIES),
        "site": str(mappings_folder() / "sites/demo.yaml"),
        "publish": True,
        "access": {"mode": "token"},
        "cds": {"issuers": [{"issuer": ORIGIN, "keys_file": keys}], "origins": ORIGIN},
        "public_url": f"http://127.0.0.1:{port.getsockname()[1]}",
    }
    with service_for(tmp_path, clock=clock, **given) as service:
        yield service


@pytest.fixture
def address(service: Service, port: socket.socket) -> Iterator[str]:
    with on_loopback(pages_of(service), port) as url:
        yield url


@pytest.fixture
def sandbox(address: str, server: Hapi, clock: Hands) -> Iterator[Sandbox]:
    made = Sandbox(address, server.base, clock=clock)
    made.discover()
    yield made
    made.close()


def shown(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    validate(answer.json(), RESPONSE)
    found: list[dict[str, Any]] = answer.json()["cards"]
    return found


def subjects(server: Hapi, base: str, study: str = STUDY) -> list[dict[str, Any]]:
    """The ResearchSubjects of the patient in the study, by the identifier that is ours."""
    own = f"urn:uuid:{subject_uuid(study, base, FITS)}"
    return [
        each
        for each in server.pages("ResearchSubject", patient=f"Patient/{FITS}", _count="100")
        if own in [identifier.get("value") for identifier in each.get("identifier", ())]
    ]


def by_night(service: Service) -> None:
    with service.database.begin() as session:
        jobs.enqueue(session, SCREEN, {"cause": "nightly"}, by="nightly", at=service.clock())
    worker = make_worker(service, kinds=(SCREEN, PUBLISH))
    assert worker.work_once()
    while worker.work_once():  # what was found is published by jobs of their own
        pass
    with service.database.reading() as session:
        (screened, *_) = jobs.list_jobs(session, kinds=[SCREEN])
        (published, *_) = [j for j in jobs.list_jobs(session, kinds=[PUBLISH]) if j.state != "queued"]
    assert (screened.state, published.state) == ("done", "done"), (screened.error, published.error)


def test_the_sandbox_finds_calls_and_shows(sandbox: Sandbox, server: Hapi) -> None:
    validate({"services": sandbox.services}, DISCOVERY)
    url, answer = sandbox.call("patient-view", FITS)
    (card,) = shown(answer)
    told = render(card)
    assert "Source: fhirscreen" in told
    assert f"( Put on the screening list of {STUDY} )" in told
    assert f"( Why {STUDY}" in told
    assert "**What fits**" in told
    assert sandbox.override(url, card, "not-now").status_code == 200
    for other in PATIENTS[1:]:  # whoever they are, nothing breaks
        assert len(shown(sandbox.call("encounter-start", other, encounterId="e1")[1])) <= 1


def test_a_page_of_another_origin_sees_nothing(address: str, server: Hapi, clock: Hands) -> None:
    stranger = Sandbox(address, server.base, clock=clock, origin="https://evil.example")
    with pytest.raises(Blocked):
        stranger.discover()
    stranger.close()


def test_every_prefetch_template_is_one_that_hapi_answers(sandbox: Sandbox) -> None:
    for service in sandbox.services:
        found = sandbox.prefetch(service, FITS)
        assert set(found) == set(service["prefetch"])
        assert {each["resourceType"] for key, each in found.items() if key != "patient"} == {"Bundle"}


def test_a_suggestion_that_is_taken_and_a_nights_run_leave_one_subject(
    sandbox: Sandbox, server: Hapi, service: Service, clock: Hands
) -> None:
    url, answer = sandbox.call("patient-view", FITS)
    (card,) = shown(answer)
    (suggestion,) = card["suggestions"]
    assert sandbox.accept(url, card, suggestion).status_code == 200
    with service.database.reading() as session:
        (feedback,) = list_feedback(session, card["uuid"])
    assert feedback.accepted == (suggestion["uuid"],)
    (created,) = subjects(server, server.base)
    assert created["status"] == suggestion["actions"][0]["resource"]["status"]
    for _ in range(2):  # the second finds what the first wrote
        by_night(service)
        (after,) = subjects(server, server.base)
        assert after["id"] == created["id"]
        assert after["status"] in (created["status"], "candidate")  # the night may know more than the call
        assert after["study"]["reference"] == f"ResearchStudy/{study_uuid(STUDY)}"
        clock.now += timedelta(minutes=1)
    (listing,) = [each for each in server.pages("List") if STUDY in each["title"]]
    listed = [entry["item"]["reference"] for entry in listing["entry"]]
    assert f"ResearchSubject/{created['id']}" in listed
    assert len(listed) == len(set(listed))


def test_what_a_person_made_of_the_taken_suggestion_stays(
    sandbox: Sandbox, server: Hapi, service: Service
) -> None:
    url, answer = sandbox.call("patient-view", FITS)
    (card,) = shown(answer)
    sandbox.accept(url, card, card["suggestions"][0])
    (created,) = subjects(server, server.base)
    with server.client() as client:
        client.put(
            f"/ResearchSubject/{created['id']}", json=created | {"status": "screening"}
        ).raise_for_status()
    by_night(service)
    (after,) = subjects(server, server.base)
    assert (after["id"], after["status"]) == (created["id"], "screening")


def test_whom_a_run_has_listed_is_not_created_again(sandbox: Sandbox, server: Hapi, service: Service) -> None:
    by_night(service)
    assert len(subjects(server, server.base)) == 1
    (card,) = shown(sandbox.call("patient-view", FITS)[1])
    assert STUDY in card["summary"]
    assert "on the screening list already" in card["detail"]
    assert "suggestions" not in card


def test_the_link_leads_through_sign_in_to_the_page_of_that_patient_and_study(
    sandbox: Sandbox, service: Service, server: Hapi
) -> None:
    (card,) = shown(sandbox.call("patient-view", FITS)[1])
    link = card["links"][0]["url"]
    assert FITS not in link
    with httpx.Client(headers={"Accept": "text/html"}, timeout=60) as browser:
        away = browser.get(link)
        assert away.status_code == 303
        form = browser.get(str(httpx.URL(link).join(away.headers["location"])))
        mark, onward = (
            re.search(rf'name="{name}" value="([^"]+)"', form.text) for name in ("form_token", "onward")
        )
        assert mark is not None
        assert onward is not None
        sent = {"token": token_of(service, "coordinator"), "form_token": mark[1], "onward": onward[1]}
        back = browser.post(str(httpx.URL(link).join("/sign-in")), data=sent)
        assert back.status_code == 303
        page = str(httpx.URL(link).join(back.headers["location"]))
        assert page == link
        early = browser.get(page)  # nothing of the call was kept, so the patient is screened first
        assert early.status_code == 202
        assert FITS not in early.text
        assert 'http-equiv="refresh"' in early.text
        assert make_worker(service, kinds=(UPDATE,)).work_once()
        there = browser.get(page)
    assert there.status_code == 200
    assert FITS in there.text
    assert STUDY in there.text
    assert "How each criterion" in there.text or "Stands as" in there.text
