"""Who looked at whose data, as AuditEvents: read and searched, and written down in turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirscreen.access.audits import Access
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.models import model_fault
from fhirscreen.store.tokens import add_token
from tests.lib.listings import list_audits
from tests.lib.service import client_of, service_for

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
BASE = "https://fhir.example.org/r4"
ELSEWHERE = "https://other.example.org/r4"


@pytest.fixture(scope="module")
def now() -> list[datetime]:
    return [NOW]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, now: list[datetime]) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("audits")
    with service_for(folder, clock=lambda: now[0], server=BASE, site_name="Mitte") as made:
        tell = made.audits.tell
        tell("ito", "R", "page of a subject", [Access("anna", BASE, "NCT06907602")])
        now[0] += timedelta(days=1)
        tell("Itō 100%", "E", "GET /fhir/ResearchSubject", [Access("anna", BASE), Access("bert", BASE)])
        tell("mori", "U", "recruiting", [Access(study="NCT06907602")])
        now[0] += timedelta(days=1)
        tell("mori", "E", "cds-services", [Access("anna", ELSEWHERE)])
        now[0] += timedelta(days=30)
        yield made


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[TestClient]:
    with client_of(service) as client:
        yield client


def found(client: TestClient, query: str) -> list[dict[str, Any]]:
    response = client.get(f"/fhir/AuditEvent?date=lt2026-11-10&{query}")
    assert response.status_code == 200, response.text
    bundle = response.json()
    assert bundle["total"] == len(bundle.get("entry", ()))
    resources = [entry["resource"] for entry in bundle.get("entry", ())]
    assert [model_fault(each) for each in resources] == [None] * len(resources)
    return resources


def test_an_access_as_an_audit_event(client: TestClient) -> None:
    (event,) = found(client, "date=2026-11-02")
    read = client.get(f"/fhir/AuditEvent/{event['id']}")
    assert read.json() == event
    patient, study, called = event["entity"]
    assert patient["what"] == {"reference": "Patient/anna"}
    assert study["what"]["identifier"]["value"] == "NCT06907602"
    assert called["name"] == "page of a subject"
    assert (event["action"], event["outcome"]) == ("R", "0")
    assert event["recorded"] == "2026-11-02T08:00:00.000+00:00"
    assert [(each["name"], each["requestor"]) for each in event["agent"]] == [("ito", True)]
    assert event["source"]["site"] == "Mitte"


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("", ["mori", "mori", "Itō 100%", "Itō 100%", "ito"]),
        ("patient=anna", ["mori", "Itō 100%", "ito"]),
        ("patient=Patient/anna", ["mori", "Itō 100%", "ito"]),
        (f"patient={BASE}/Patient/anna", ["Itō 100%", "ito"]),
        (f"patient={ELSEWHERE}/Patient/anna", ["mori"]),
        ("patient=Group/anna", []),
        ("patient=nobody", []),
        ("patient=anna&patient=bert", []),
        ("agent-name=it", ["Itō 100%", "Itō 100%", "ito"]),
        ("agent-name=ITO", ["ito"]),
        ("agent-name=%25", []),
        ("agent-name=Ito,mo", ["mori", "mori", "ito"]),
        ("date=2026", ["mori", "mori", "Itō 100%", "Itō 100%", "ito"]),
        ("date=2026-11", ["mori", "mori", "Itō 100%", "Itō 100%", "ito"]),
        ("date=2026-12", []),
        ("date=2026-11-03T08:00Z", ["mori", "Itō 100%", "Itō 100%"]),
        ("date=2026-11-03T09:00:00%2B01:00", ["mori", "Itō 100%", "Itō 100%"]),
        ("date=2026-11-03T08:00:00.000Z", ["mori", "Itō 100%", "Itō 100%"]),
        ("date=2026-11-03T08:00:01Z", []),
        ("date=gt2026-11-02", ["mori", "mori", "Itō 100%", "Itō 100%"]),
        ("date=ge2026-11-03&date=le2026-11-03", ["mori", "Itō 100%", "Itō 100%"]),
        ("date=lt2026-11-03", ["ito"]),
    ],
)
def test_searches(client: TestClient, query: str, who: list[str]) -> None:
    assert [each["agent"][0]["name"] for each in found(client, query)] == who


def test_a_patient_of_another_server_is_named_whole(client: TestClient) -> None:
    (event,) = found(client, "date=2026-11-04")
    assert event["entity"][0]["what"] == {"reference": f"{ELSEWHERE}/Patient/anna"}


@pytest.mark.parametrize("query", ["date=2026-02-30", "date=sa2026", "date=yesterday", "patient=a b"])
def test_what_cannot_be_read_is_refused(client: TestClient, query: str) -> None:
    response = client.get(f"/fhir/AuditEvent?{query}")
    assert (response.status_code, response.json()["resourceType"]) == (400, "OperationOutcome")


def test_pages_name_no_patient_and_hold_everything_once(client: TestClient) -> None:
    for query in ("", "patient=anna", f"patient={BASE}/Patient/anna"):
        ids = [each["id"] for each in found(client, query)]
        url, seen = f"/fhir/AuditEvent?_count=1&date=lt2026-11-10&{query}", []
        while url:
            bundle = client.get(url).json()
            assert bundle["total"] == len(ids)
            seen += [entry["resource"]["id"] for entry in bundle["entry"]]
            url = next((each["url"] for each in bundle["link"] if each["relation"] == "next"), "")
            assert "anna" not in url
        assert seen == ids


def test_who_reads_the_trail_is_in_it(client: TestClient, service: Service) -> None:
    (event,) = found(client, "date=2026-11-02")
    client.get(f"/fhir/AuditEvent/{event['id']}")
    with service.database.reading() as session:
        read, searched = list_audits(session, limit=2)
    assert (read.action, read.patient, read.what) == ("R", "anna", "GET /fhir/AuditEvent/{id}")
    assert (searched.action, searched.patient, searched.what) == ("E", "anna", "GET /fhir/AuditEvent")


def test_a_wildcard_does_not_open_it(tmp_path: Path) -> None:
    with service_for(tmp_path, access={"mode": "token"}) as service, client_of(service) as client:
        for scope, status in (("system/*.rs", 403), ("system/AuditEvent.rs", 200)):
            with service.database.begin() as session:
                _, secret = add_token(
                    session, name=scope, scopes=[scope], role="", at=service.clock(), expires=None
                )
            said = client.get("/fhir/AuditEvent", headers={"Authorization": f"Bearer {secret}"})
            assert said.status_code == status


def test_it_is_declared(client: TestClient) -> None:
    (rest,) = client.get("/fhir/metadata").json()["rest"]
    declared = next(each for each in rest["resource"] if each["type"] == "AuditEvent")
    assert {each["code"] for each in declared["interaction"]} == {"read", "search-type"}
    assert {each["name"]: each["type"] for each in declared["searchParam"]} == {
        "_id": "token",
        "patient": "reference",
        "date": "date",
        "agent-name": "string",
    }
    assert declared["versioning"] == "no-version"
