"""The facade read and searched: what it says it can do, studies, criteria, lists, subjects."""

from __future__ import annotations

import base64
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.models import model_fault
from tests.lib.facade import OTHER, STUDY
from tests.lib.listings import list_audits
from tests.lib.service import client_of, service_for

Resource = dict[str, Any]


def get(client: TestClient, path: str, status: int = 200, **headers: str) -> Resource:
    """A resource, valid FHIR R4."""
    response = client.get(f"/fhir/{path}", headers=headers)
    assert response.status_code == status, response.text
    return valid(response)


def valid(response: httpx.Response) -> Resource:
    assert response.headers["content-type"] == "application/fhir+json"
    resource: Resource = response.json()
    assert model_fault(resource) is None
    return resource


def pages(client: TestClient, path: str) -> list[Resource]:
    """All entries, by the links; every page but the last is full and every total the same."""
    found: list[Resource] = []
    bundle = get(client, path)
    while True:
        entries = [entry["resource"] for entry in bundle.get("entry", ())]
        found += entries
        onward = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not onward:
            assert bundle["total"] == len(found)
            return found
        bundle = valid(client.get(onward[0]))


def test_what_is_declared_is_answered_and_the_reverse(client: TestClient) -> None:
    statement = get(client, "metadata")
    assert statement["fhirVersion"] == "4.0.1"
    (rest,) = statement["rest"]
    declared = {each["type"]: each for each in rest["resource"]}
    assert {"ResearchStudy", "Group", "List", "ResearchSubject"} <= set(declared)
    routes = {path for path in client.get("/openapi.json").json()["paths"] if path.startswith("/fhir/")}
    for type, each in declared.items():
        codes = {interaction["code"] for interaction in each.get("interaction", ())}
        assert ("search-type" in codes) == (f"/fhir/{type}" in routes) == (f"/fhir/{type}/_search" in routes)
        assert ("read" in codes) == (f"/fhir/{type}/{{id}}" in routes)
        assert ("vread" in codes) == (f"/fhir/{type}/{{id}}/_history/{{version}}" in routes)
        for operation in each.get("operation", ()):
            name = operation["name"]
            definition = get(client, f"OperationDefinition/{name}")
            assert definition["instance"] == (f"/fhir/{type}/{{id}}/${name}" in routes)
            assert definition["type"] == (f"/fhir/{type}/${name}" in routes)
            assert definition["instance"] or definition["type"]
        for parameter in each.get("searchParam", ()):
            assert client.get(f"/fhir/{type}?{parameter['name']}=").status_code == 400
        if "search-type" in codes:
            get(client, f"{type}?unheard-of=1", 400)
    assert "update" in {each["code"] for each in declared["ResearchSubject"]["interaction"]}
    assert "update" not in {each["code"] for each in declared["ResearchStudy"]["interaction"]}
    assert "nothing" in rest["security"]["description"]


def test_a_study_is_read_by_id_and_number_and_version(client: TestClient) -> None:
    by_number = get(client, f"ResearchStudy/{STUDY}")
    assert by_number["status"] == "active"
    assert {"system": "https://clinicaltrials.gov", "value": STUDY} in by_number["identifier"]
    assert get(client, f"ResearchStudy/{by_number['id']}") == by_number
    assert get(client, f"ResearchStudy/{by_number['id']}/_history/1") == by_number
    get(client, f"ResearchStudy/{by_number['id']}/_history/2", 404)
    group = get(client, by_number["enrollment"][0]["reference"])
    assert group["actual"] is False
    assert len(group["characteristic"]) > 20
    assert get(client, "Group?_id=" + group["id"])["total"] == 1
    assert get(client, "Group?identifier=urn:ietf:rfc:3986|urn:uuid:" + group["id"])["total"] == 1
    get(client, "ResearchStudy/NCT00000000", 404)
    get(client, "Group/unknown", 404)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", {STUDY, OTHER}),
        (f"identifier={STUDY}", {STUDY}),
        (f"identifier=https://clinicaltrials.gov|{OTHER}", {OTHER}),
        (f"identifier=http://other.example|{OTHER}", set()),
        (f"identifier={STUDY},{OTHER}", {STUDY, OTHER}),
        (f"identifier={STUDY}&identifier={OTHER}", set()),
        ("status=active", {STUDY, OTHER}),
        ("status=completed,withdrawn", set()),
        ("title=neoadjuvant", {STUDY}),
        ("title:contains=PD-1", {OTHER}),
        ("title:exact=neoadjuvant", set()),
    ],
)
def test_studies_are_searched(client: TestClient, query: str, numbers: set[str]) -> None:
    found = pages(client, f"ResearchStudy?{query}")
    assert {each["identifier"][0]["value"] for each in found} == numbers


def test_the_list_has_the_order_of_the_search(client: TestClient) -> None:
    lists = pages(client, "List")
    assert len(lists) == 2
    study = get(client, f"ResearchStudy/{STUDY}")
    group = study["enrollment"][0]["reference"]
    (ours,) = pages(client, f"List?subject={group}")
    assert ours == get(client, f"List/{ours['id']}")
    assert ours["date"] == "2026-11-02"
    assert "nothing was set aside" in ours["note"][-1]["text"]
    listed = [entry["item"]["reference"].removeprefix("ResearchSubject/") for entry in ours["entry"]]
    subjects = pages(client, f"ResearchSubject?study={study['id']}&_count=7")
    assert [each["id"] for each in subjects] == listed
    assert len(listed) > 20
    assert {each["study"]["reference"] for each in subjects} == {f"ResearchStudy/{study['id']}"}
    get(client, "List/unknown", 404)


def test_subjects_are_searched_by_everything_that_is_declared(client: TestClient) -> None:
    everybody = pages(client, "ResearchSubject")
    one = everybody[3]
    patient = one["individual"]["reference"]
    theirs = [each["id"] for each in everybody if each["individual"]["reference"] == patient]
    for name in ("patient", "individual"):
        for value in (patient, patient.removeprefix("Patient/")):
            assert [e["id"] for e in pages(client, f"ResearchSubject?{name}={value}")] == theirs
    assert pages(client, f"ResearchSubject?_id={one['id']}") == [one]
    assert pages(client, f"ResearchSubject?identifier=urn:uuid:{one['id']}") == [one]
    assert get(client, f"ResearchSubject/{one['id']}") == one
    for status in ("candidate", "potential-candidate"):
        found = pages(client, f"ResearchSubject?status={status}&study={STUDY}&_count=5")
        wanted = [e for e in everybody if e["status"] == status and e["study"] == found[0]["study"]]
        assert found == wanted
        assert found
    assert get(client, "ResearchSubject?status=on-study")["total"] == 0
    assert get(client, "ResearchSubject?study=NCT00000000")["total"] == 0
    assert get(client, f"ResearchSubject?patient=Group/{patient[8:]}")["total"] == 0


def test_no_link_to_a_page_names_a_patient(client: TestClient) -> None:
    both = {
        s: {e["individual"]["reference"] for e in pages(client, f"ResearchSubject?study={s}")}
        for s in (STUDY, OTHER)
    }
    patient = min(both[STUDY] & both[OTHER])
    first = valid(client.post("/fhir/ResearchSubject/_search", data={"patient": patient, "_count": "1"}))
    assert first["total"] == 2
    (onward,) = [link["url"] for link in first["link"] if link["relation"] == "next"]
    token = onward.partition("_page=")[2]
    assert onward.partition("?")[2] == f"_page={token}"
    told = base64.urlsafe_b64decode(token + "==").decode() + unquote(onward)
    assert patient.removeprefix("Patient/") not in told
    second = get(client, onward.partition("/fhir/")[2])
    assert [link["relation"] for link in second["link"]] == ["self"]
    (entry,) = second["entry"]
    assert entry["resource"]["individual"]["reference"] == patient
    assert entry["resource"]["id"] != first["entry"][0]["resource"]["id"]


def test_a_search_that_cannot_be_understood_is_refused(client: TestClient) -> None:
    for query in (
        "statis=candidate",
        "status=nearly",
        "status:not=candidate",
        "_count=few",
        "_count=-1",
        "_sort=status",
        "_page=nonsense",
        "_page=WzFd",
        "patient=a,b",
        "patient=",
        "_summary=all",
        "_id=a%00b",
        "study=%F0%9F%98%80",
    ):
        outcome = get(client, f"ResearchSubject?{query}", 400)
        assert outcome["resourceType"] == "OperationOutcome", query
    for name, told in (
        ("statis", True),
        ("_sort", True),
        ("study:exact", True),
        ("Doe,John", False),
        ("a1", False),
    ):
        (issue,) = get(client, f"ResearchSubject?status=candidate&{name}=x", 400)["issue"]
        assert (f"where: {name};" in issue["diagnostics"]) is told, "which of several it was"
        assert told or name not in str(issue), "what is no name may be somebody's"
    lenient = get(client, "ResearchSubject?statis=candidate&_count=1", Prefer="handling=lenient")
    assert lenient["link"][0]["url"].endswith("/fhir/ResearchSubject?_count=1")
    wrong = client.post("/fhir/ResearchSubject/_search", json={"status": "candidate"})
    assert wrong.status_code == 415


def test_head_is_get_without_its_body(client: TestClient) -> None:
    for path in (
        "/fhir/metadata",
        "/fhir/ResearchSubject?_count=1",
        f"/fhir/ResearchStudy/{STUDY}",
        "/health/live",
    ):
        asked, got = client.head(path), client.get(path)
        assert (asked.status_code, asked.content) == (200, b""), path
        told = ("content-type", "content-length", "etag", "last-modified", "content-encoding")
        assert [asked.headers.get(name) for name in told] == [got.headers.get(name) for name in told]
    assert client.head("/fhir/ResearchStudy/none").status_code == 404
    allowed = client.delete("/fhir/metadata").headers["allow"]
    assert allowed == "GET, HEAD"
    counted = 'fhirscreen_requests_total{method="HEAD",route="/fhir/metadata",status="200"} 1.0'
    assert counted in client.get("/metrics").text


def test_versions_are_told_and_not_sent_twice(client: TestClient) -> None:
    subject = pages(client, "ResearchSubject?status=candidate")[0]
    (list_,) = pages(
        client, f"List?subject={get(client, f'ResearchStudy/{STUDY}')['enrollment'][0]['reference']}"
    )
    for path in (f"ResearchStudy/{STUDY}", f"ResearchSubject/{subject['id']}", f"List/{list_['id']}"):
        etag = client.get(f"/fhir/{path}").headers["etag"]
        assert etag.startswith('W/"')
        same = client.get(f"/fhir/{path}", headers={"If-None-Match": f'"other", {etag}'})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        last = get(client, path)["meta"].get("lastUpdated")
        told = same.headers.get("last-modified")
        assert (last is None) == (told is None) == path.startswith("List/")  # a list is made when it is read
        if last is not None and told is not None:
            assert parsedate_to_datetime(told) == datetime.fromisoformat(last).replace(microsecond=0)
        get(client, path, 200, **{"If-None-Match": 'W/"other"'})


def test_the_format_is_negotiated(client: TestClient) -> None:
    path = f"/fhir/ResearchStudy/{STUDY}"
    for accept in (
        "*/*",
        "application/*;q=0.5",
        "application/fhir+json; fhirVersion=4.0",
        "text/html, application/fhir+json;q=0.1",
        "application/json;q=0.2, application/fhir+json",
    ):
        valid(client.get(path, headers={"Accept": accept}))
    plain = client.get(path, headers={"Accept": "application/json"})
    assert plain.headers["content-type"] == "application/json"
    assert client.get(f"{path}?_format=json", headers={"Accept": "text/html"}).status_code == 200
    assert client.get(f"{path}?_format=application/fhir+json").status_code == 200
    for accept in (
        "text/html",
        "application/fhir+xml",
        "application/fhir+json; fhirVersion=5.0",
        "*/*;q=0",
        "nonsense",
    ):
        refused = client.get(path, headers={"Accept": accept})
        assert refused.status_code == 406, accept
        assert valid(refused)["issue"][0]["code"] == "not-supported"
    assert client.get(f"{path}?_format=xml").status_code == 406
    assert b"\n  " in client.get(f"{path}?_pretty=true").content


def test_parts_of_resources(client: TestClient) -> None:
    whole = get(client, f"ResearchStudy/{STUDY}")
    part = get(client, f"ResearchStudy/{STUDY}?_elements=title")
    assert set(part) == {"resourceType", "id", "meta", "status", "title"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    summary = get(client, f"ResearchStudy/{STUDY}?_summary=true")
    assert "identifier" in summary
    assert "note" not in summary
    assert "relatedArtifact" not in summary
    assert get(client, f"ResearchStudy/{STUDY}?_summary=data") == whole
    for counted in ("_summary=count", "_count=0"):
        bundle = get(client, f"ResearchSubject?{counted}")
        assert bundle["total"] > 20
        assert "entry" not in bundle


def test_every_look_at_a_patient_is_written_down(service: Service, client: TestClient) -> None:
    subject = pages(client, "ResearchSubject?_count=3&status=candidate")[0]
    request = client.get(f"/fhir/ResearchSubject/{subject['id']}", headers={"X-Request-Id": "look-at-her-1"})
    assert request.status_code == 200
    bundle = get(client, "ResearchSubject?_count=3&status=candidate")
    with service.database.reading() as session:
        newest = list_audits(session, limit=4)
    *searched, read = newest
    patient = subject["individual"]["reference"].removeprefix("Patient/")
    assert (read.action, read.patient, read.who, read.request_id) == ("R", patient, "local", "look-at-her-1")
    assert read.what == "GET /fhir/ResearchSubject/{id}"
    seen = {
        entry["resource"]["individual"]["reference"].removeprefix("Patient/") for entry in bundle["entry"]
    }
    assert {each.patient for each in searched} == seen
    assert {each.action for each in searched} == {"E"}


def test_without_a_way_to_know_who_asks_nobody_gets_anything(tmp_path: Path) -> None:
    with service_for(tmp_path, access={"mode": "token"}) as service, client_of(service) as client:
        for path in ("ResearchStudy", "ResearchSubject", "List/x"):
            outcome = get(client, path, 401)
            assert outcome["issue"][0]["code"] == "login"
        assert "token" in get(client, "metadata")["rest"][0]["security"]["description"]


def test_a_method_that_is_not_answered_is_told_which_are(client: TestClient) -> None:
    for method, path, allowed in (
        ("GET", "ResearchSubject/_search", "POST"),
        ("PUT", "Group/_search", "POST"),
        ("DELETE", "ResearchStudy/x", "GET, HEAD, PUT"),
        ("PATCH", "jobs/x", "DELETE, GET, HEAD"),
        ("POST", "metadata", "GET, HEAD"),
    ):
        response = client.request(method, f"/fhir/{path}")
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        assert valid(response)["issue"][0]["code"] == "not-supported"
    get(client, "ResearchSubject/not_an_id", 404)
