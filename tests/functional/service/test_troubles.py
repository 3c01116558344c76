"""What could not be done is shown on a page, counted, and told to whoever looks at neither."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from fhirscreen.api.app import make_app
from fhirscreen.bootstrap.background import make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.subjects import study_uuid
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.notifications.mail import subject_line, text
from fhirscreen.store import jobs
from fhirscreen.web.app import add_pages
from tests.lib.ehr import noon
from tests.lib.listings import list_audits, list_messages
from tests.lib.service import HERE, service_for
from tests.lib.transport import BASE

SITE = Path("mappings/sites/demo.yaml").resolve()
STUDY = study_uuid("NCT06907602")
NOTIFY = {
    "webhook_url": "https://hook.test/x", "webhook_secret": "s",
    "smtp_host": "mail.test", "mail_from": "f@h.test", "mail_to": ["a@h.test"],
}  # fmt: skip


class Hospital:
    """A FHIR server that answers everything with one status, and a clock."""

    def __init__(self) -> None:
        self.status = 401
        self.now = noon()
        self.service: Service
        self.client: TestClient

    def clock(self) -> datetime:
        return self.now

    def answer(self, _request: httpx.Request) -> httpx.Response:
        # More than a client waits for, so that it gives up at once.
        return httpx.Response(self.status, headers={"Retry-After": "3600"}, json={})

    def work(self, cause: str = "nightly") -> None:
        with self.service.database.begin() as session:
            payload = {"cause": cause}
            jobs.enqueue(session, SCREEN, payload, by="schedule", at=self.now, key="nightly")
        assert make_worker(self.service).work_once()

    def messages(self) -> list[tuple[str, dict[str, Any]]]:
        with self.service.database.reading() as session:
            return [(each.channel, each.body) for each in list_messages(session)]


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital()
    with (
        service_for(
            tmp_path,
            clock=made.clock,
            transport=lambda _: httpx.MockTransport(made.answer),
            studies=["NCT06907602"],
            site=SITE,
            server=BASE,
            nightly="30 2 * * *",
            notify=NOTIFY,
        ) as service,
    ):
        with service.database.begin() as session:
            for job in jobs.find_queued(session, SCREEN):  # of the study that is new
                jobs.request_cancel(session, job.id, made.now)
        app = make_app(service)
        add_pages(app, service)
        with TestClient(app, base_url=HERE) as client:
            made.service, made.client = service, client
            yield made


def test_a_run_that_is_given_up_is_shown_counted_and_told(hospital: Hospital) -> None:
    hospital.work()
    page = hospital.client.get("/runs").text
    assert "What could not be done" in page
    assert "None: given up" in page
    assert "does not know who is asking (401)" in page
    assert 'fhirscreen_jobs_total{kind="screen",state="failed"} 1.0' in hospital.client.get("/metrics").text
    found = dict(hospital.messages())
    assert set(found) == {"mail", "webhook"}
    body = found["mail"]
    assert body["type"] == "job.failed"
    assert "401" in body["data"]["what"]
    assert subject_line(body) == "fhirscreen: a job was given up"
    assert "is not tried again" in text(body)
    assert "Why: The server does not know who is asking" in text(body)
    assert text(body).count("/runs") == 1


def test_a_night_that_is_late_is_told_once(hospital: Hospital) -> None:
    hospital.status = 503
    hospital.work()
    assert hospital.messages() == [], "a server may be restarted by night"
    page = hospital.client.get("/runs").text
    assert "overloaded or away (503)" in page
    assert "given up" not in page
    assert 'fhirscreen_jobs_total{kind="screen",state="again"} 1.0' in hospital.client.get("/metrics").text
    for _ in range(2):
        hospital.now += timedelta(hours=1)
        hospital.work()
    assert [body["type"] for _, body in hospital.messages()] == ["nightly.late"] * 2, "once a channel"
    assert "It is tried again" in text(hospital.messages()[0][1])
    hospital.now += timedelta(hours=30)
    hospital.work()
    assert {body["type"] for _, body in hospital.messages()} == {"nightly.late", "job.failed"}


def test_jobs_of_a_kind_that_fail_by_the_dozen_are_told_once_an_hour(hospital: Hospital) -> None:
    for _ in range(3):
        hospital.work(cause="manual")
    assert len(hospital.messages()) == 2, "one a channel"
    hospital.now += timedelta(hours=1)
    hospital.work(cause="manual")
    assert len(hospital.messages()) == 4


@pytest.mark.parametrize(
    "path", ["/fhir/Patient/p1/$studies", f"/fhir/ResearchStudy/{STUDY}/$screen?patient=p1"]
)
def test_a_question_about_a_patient_that_fails_is_audited(hospital: Hospital, path: str) -> None:
    assert hospital.client.get(path).status_code == 502
    with hospital.service.database.reading() as session:
        (entry,) = list_audits(session, patient="p1")
    assert (entry.outcome, entry.action, entry.base) == ("8", "E", BASE)
    trail = hospital.client.get("/fhir/AuditEvent").json()
    assert [each["resource"]["outcome"] for each in trail["entry"]] == ["8"]
