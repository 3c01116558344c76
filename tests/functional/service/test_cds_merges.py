"""A visit of a patient whose two records became one: what was said of the other still holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from fhirscreen.bootstrap.background import make_worker
from fhirscreen.jobs.updates import UPDATE, enqueue
from fhirscreen.screening.recordings import record_run
from fhirscreen.store import cards, jobs, subjects
from tests.functional.service.test_cds_fetching import call_of, ehr_with
from tests.functional.service.test_cds_hooks import FITS, SITE
from tests.functional.service.test_cds_hooks import cards as shown
from tests.lib.demo import STUDIES
from tests.lib.ehr import chart, noon
from tests.lib.searchable import Searchable
from tests.lib.service import client_of, service_for
from tests.lib.transport import BASE

STUDY = "NCT06907602"
METASTASIS: dict[str, Any] = {
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "94381002"}]},
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "recordedDate": "2026-10-31",
}
"""A metastasis in the liver."""


def merged() -> list[dict[str, Any]]:
    """The patient under a new id, and the old one, which leads there."""
    resources: list[dict[str, Any]] = json.loads(
        json.dumps(chart(FITS)).replace(f"Patient/{FITS}", "Patient/new")
    )
    (person,) = [each for each in resources if each["resourceType"] == "Patient"]
    person |= {"id": "new", "link": [{"type": "replaces", "other": {"reference": f"Patient/{FITS}"}}]}
    to = {"type": "replaced-by", "other": {"reference": "Patient/new"}}
    return [{"resourceType": "Patient", "id": FITS, "link": [to]}, *resources]


class Hospital(httpx.BaseTransport):
    """A server whose records change."""

    now = Searchable(chart(FITS))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers as it stands now."""
        return self.now.handle_request(request)


def suggested(client: TestClient, patient: str) -> set[str]:
    answer = client.get(f"/fhir/Patient/{patient}/$studies")
    assert answer.status_code == 200, answer.text
    matches = [each["part"] for each in answer.json()["parameter"] if each["name"] == "match"]
    return {each["valueString"] for parts in matches for each in parts if each["name"] == "number"}


def test_a_refusal_outlives_the_merge_of_two_records(tmp_path: Path) -> None:
    with ehr_with(Searchable(merged()), tmp_path) as ehr:
        assert shown(ehr, call_of("new"))
    (tmp_path / "other").mkdir()
    given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE}
    cds = {"required": False, "fhir_servers": [BASE]}
    server = Searchable(merged())
    with (
        service_for(tmp_path / "other", clock=noon, cds=cds, transport=lambda _: server, **given) as service,
        client_of(service) as ehr,
    ):
        with service.database.begin() as session:
            cards.refuse(session, BASE, FITS, STUDY, "patient-declined", by="u1", at=noon())
        assert shown(ehr, call_of("new")) == []


def test_a_run_carries_a_decision_over_to_whom_the_records_follow(tmp_path: Path) -> None:
    server = Hospital()
    given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE, "server": BASE}
    with service_for(tmp_path, clock=noon, transport=lambda _: server, **given) as service:
        with client_of(service) as client:  # ended, it closes the service
            assert client.post(f"/fhir/ResearchStudy/{STUDY}/$screen?patient={FITS}").status_code == 200
            with service.database.reading() as session:
                (one,) = subjects.find_subjects(session, study=STUDY, patient=FITS)
            said = {"decision": "not-suitable", "because": "declined in person"}
            assert client.post(f"/api/subjects/{one.id}/reviews", json=said).status_code == 201
            assert suggested(client, FITS) == set()
            server.now = Searchable(merged())
            assert suggested(client, "new") == set()
            panel = service.panel()
            with service.database.begin() as session:
                record_run(
                    session,
                    service.screen(panel.studies, "default"),
                    cause="nightly",
                    source="default",
                    versions=panel.versions,
                    patients=None,
                    by="nightly",
                    began=noon(),
                    at=noon(),
                )
                (now,) = subjects.find_subjects(session, study=STUDY, patient="new")
        assert (now.status, now.person_status) == (one.status, "ineligible")
        assert now.person_reason == "declined in person"


def test_news_of_a_merged_patient_alone_is_news_of_whom_the_records_follow(tmp_path: Path) -> None:
    server = Hospital()
    given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE, "server": BASE}
    with service_for(tmp_path, clock=noon, transport=lambda _: server, **given) as service:
        worker = make_worker(service, kinds=[UPDATE])

        def tell(patient: str) -> None:
            with service.database.begin() as session:
                enqueue(session, "default", [patient], urgent=False, by="updates", at=noon())
            while worker.work_once():
                pass

        def status_of(patient: str) -> tuple[str | None, str | None]:
            with service.database.reading() as session:
                (found,) = subjects.find_subjects(session, study=STUDY, patient=patient)
            return found.status, found.gate

        server.now = Searchable(merged())
        tell("new")
        assert status_of("new") == ("candidate", None)
        late = {"resourceType": "Condition", "id": "late", "subject": {"reference": f"Patient/{FITS}"}}
        server.now = Searchable([*merged(), late | METASTASIS])
        tell(FITS)
        assert status_of("new") == ("potential-candidate", None), "what was filed under the old id counts"
        with service.database.reading() as session:
            found = [each.payload["patients"] for each in jobs.list_jobs(session, kinds=[UPDATE])]
        assert sorted(found) == [[FITS], ["new"], ["new"]]
