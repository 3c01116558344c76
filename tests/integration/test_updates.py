"""News on a real HAPI evaluate the patient anew within a minute, asked for or notified."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fhirscreen.bootstrap.background import make_worker
from fhirscreen.fhir.subjects import list_uuid, subject_uuid
from fhirscreen.store import jobs, runs, subjects
from fhirscreen.store.databases import Database
from fhirscreen.store.standings import StoredSubject
from tests.lib.hapi import Hapi, Servers
from tests.lib.receivers import Endpoint, endpoint, free_port
from tests.lib.routes import DEFINITION, STUDY
from tests.lib.service import Serving, service_for, serving

pytestmark = pytest.mark.hapi

MINUTE = 60.0


@pytest.fixture(scope="module")
def server(hapi_servers: Servers) -> Hapi:
    """A HAPI with its module for Subscriptions."""
    found = hapi_servers.start(max_fetch=0, subscriptions=True)
    found.clear()
    return found


def cancer(id: str, patient: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-"
    return {
        "resourceType": "Condition",
        "id": id,
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C15.4"}]},
        "clinicalStatus": {"coding": [{"system": f"{system}clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{system}ver-status", "code": "confirmed"}]},
        "onsetDateTime": day(40),
    }


def platelets(id: str, patient: str, value: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "effectiveDateTime": day(0),
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "10*9/L"},
    }


def day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()


class Watched:
    """A service that runs, and its store."""

    def __init__(self, service: Serving, database: Database, base: str) -> None:
        self.service = service
        self.database = database
        self.base = base

    def subject(self, patient: str) -> StoredSubject | None:
        with self.database.reading() as session:
            return subjects.find_subject(session, subject_uuid(STUDY, self.base, patient))

    def wait_for(self, patient: str, status: str | None) -> float:
        """Seconds until the patient has that status."""
        began = time.monotonic()
        while time.monotonic() - began < 2 * MINUTE:
            found = self.subject(patient)
            if found is not None and found.status == status:
                return time.monotonic() - began
            time.sleep(0.2)
        raise AssertionError("\n".join(self.service.lines[-40:]))


@pytest.fixture(params=["poll", "subscription"])
def watched(
    request: pytest.FixtureRequest, server: Hapi, tmp_path: Path, told: Endpoint
) -> Iterator[Watched]:
    (tmp_path / "study.yaml").write_text(DEFINITION)
    port = free_port()
    settings = {
        "FHIRSCREEN_SERVER": server.base,
        "FHIRSCREEN_STUDIES": str(tmp_path / "study.yaml"),
        "FHIRSCREEN_UPDATES__MODE": request.param,
        "FHIRSCREEN_UPDATES__SECONDS": "20",
        "FHIRSCREEN_UPDATES__SECRET": "open sesame",
        "FHIRSCREEN_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FHIRSCREEN_NOTIFY__WEBHOOK_URL": told.url,
        "FHIRSCREEN_NOTIFY__WEBHOOK_SECRET": "s",
    }
    with serving(tmp_path, "--port", str(port), **settings) as service:
        database = Database(f"sqlite:///{tmp_path}/store.db")
        yield Watched(service, database, server.base)
        assert service.end() == 0
        database.close()


@pytest.fixture
def told() -> Iterator[Endpoint]:
    with endpoint() as made:
        yield made


def test_news_evaluate_a_patient_anew_within_a_minute(
    watched: Watched, server: Hapi, told: Endpoint, request: pytest.FixtureRequest
) -> None:
    mode = request.node.callspec.params["watched"]
    patient = f"anna-{mode}"
    if mode == "subscription":
        wait_until_active(server)

    # a new diagnosis of the study's cancer, at once
    server.load(
        [{"resourceType": "Patient", "id": patient, "birthDate": "1960-05-20"}, cancer(f"c-{mode}", patient)]
    )
    assert watched.wait_for(patient, "potential-candidate") < MINUTE

    # a new laboratory result, and a better one
    server.load([platelets(f"o1-{mode}", patient, 80)])
    assert watched.wait_for(patient, "ineligible") < MINUTE
    server.load([platelets(f"o1-{mode}", patient, 180)])
    assert watched.wait_for(patient, "candidate") < MINUTE

    with watched.database.reading() as session:
        done = jobs.list_jobs(session, kinds=["update"])
        causes = {run.cause for run in runs.list_runs(session)}
    assert {job.state for job in done} == {"done"}
    assert causes == {"update"}
    assert 3 <= len(done) <= 6, "and nobody is evaluated for ever"
    counts = [json.loads(call.body)["data"]["studies"][0] for call in told.calls]
    assert [each["new"] for each in counts][:1] == [1]
    assert patient not in "".join(call.body.decode() for call in told.calls)
    assert not [line for line in watched.service.lines if patient in line]


def test_news_of_one_patient_leave_what_was_published_of_the_others(server: Hapi, tmp_path: Path) -> None:
    server.clear()
    patients = [f"ines-{number}" for number in range(4)]
    for each in patients:
        record = [{"resourceType": "Patient", "id": each, "birthDate": "1960-05-20"}]
        server.load([*record, cancer(f"c-{each}", each), platelets(f"o-{each}", each, 180)])
    (tmp_path / "study.yaml").write_text(DEFINITION)
    with service_for(
        tmp_path, studies=[str(tmp_path / "study.yaml")], server=server.base, publish=True
    ) as service:

        def work(kind: str, payload: dict[str, Any]) -> None:
            with service.database.begin() as session:
                id = jobs.enqueue(session, kind, payload, by="test", at=service.clock()).id
            worker = make_worker(service)
            while worker.work_once():
                pass
            with service.database.reading() as session:
                job = jobs.find_job(session, id)
                assert {each.state for each in jobs.list_jobs(session)} == {"done"}, job

        work("screen", {"cause": "nightly"})
        before = published(server)
        assert {each["status"] for each in before.values()} == {"candidate"}
        assert listed(server) == set(before) == {subject_uuid(STUDY, server.base, each) for each in patients}

        server.load([platelets(f"o-{patients[0]}", patients[0], 20)])
        work("update", {"source": "default", "patients": [patients[0]], "cause": "update"})
    after = published(server)
    changed = subject_uuid(STUDY, server.base, patients[0])
    assert after[changed]["status"] == "ineligible"
    assert {id: each for id, each in after.items() if id != changed} == {
        id: each for id, each in before.items() if id != changed
    }
    assert listed(server) == set(before) - {changed}


def published(server: Hapi) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in server.pages("ResearchSubject", _count="50")}


def listed(server: Hapi) -> set[str]:
    """The ids of the ResearchSubjects on the study's List."""
    (listing,) = [each for each in server.pages("List") if each["id"] == list_uuid(STUDY, server.base)]
    return {each["item"]["reference"].removeprefix("ResearchSubject/") for each in listing["entry"]}


def wait_until_active(server: Hapi) -> None:
    until = time.monotonic() + MINUTE
    while time.monotonic() < until:
        states = [each["status"] for each in server.pages("Subscription", _count="50")]
        if states and set(states) == {"active"}:
            return
        time.sleep(0.5)
    raise AssertionError("no active Subscriptions")
