"""A study put; a person's decision: checked, versioned, kept."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
import yaml
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.models import model_fault
from fhirscreen.fhir.subjects import DECISION_EXTENSION, study_uuid
from fhirscreen.store.reviews import list_reviews
from fhirscreen.store.subjects import find_subject
from tests.lib.facade import STUDY, screen_all
from tests.lib.listings import list_audits
from tests.lib.service import HERE

NUMBER = "NCT09999999"
FILE: dict[str, Any] = {
    "study": NUMBER,
    "title": "A study of the test",
    "population": {"cancer": "oesophageal-cancer"},
    "inclusion": [{"id": "age", "says": "Adult", "age": {"at_least": "18 a"}}],
    "exclusion": [{"id": "aged", "says": "Above 90", "age": {"above": "90 a"}}],
}


def asking(expression: dict[str, Any]) -> dict[str, Any]:
    """The study, with one inclusion."""
    return FILE | {"inclusion": [{"id": "a", "says": "b"} | expression]}


YAML = {"Content-Type": "application/yaml"}


def put(client: TestClient, data: Any = FILE, number: str = NUMBER, **headers: str) -> httpx.Response:
    text = data if isinstance(data, (str, bytes)) else yaml.safe_dump(data)
    path = f"/fhir/ResearchStudy/{number}"
    answer: httpx.Response = client.put(path, content=text, headers=YAML | headers)
    return answer


def issues(response: httpx.Response, status: int) -> list[dict[str, Any]]:
    assert response.status_code == status, response.text
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert model_fault(outcome) is None
    found: list[dict[str, Any]] = outcome["issue"]
    return found


def test_a_study_is_put_checked_and_versioned(fresh: TestClient, open_service: Service) -> None:
    made = put(fresh)
    assert made.status_code == 201
    id = study_uuid(NUMBER)
    assert made.headers["location"].endswith(f"/fhir/ResearchStudy/{id}/_history/1")
    assert made.headers["etag"] == 'W/"1"'
    assert made.json()["title"] == FILE["title"]
    assert made.json() == fresh.get(f"/fhir/ResearchStudy/{id}").json()
    assert open_service.panel().study(NUMBER) is not None

    same = put(fresh)
    assert (same.status_code, same.headers["etag"]) == (200, 'W/"1"')
    other = put(fresh, FILE | {"title": "Another title"}, id, **{"If-Match": 'W/"1"'})
    assert (other.status_code, other.headers["etag"]) == (200, 'W/"2"')
    late = put(fresh, FILE | {"title": "Too late"}, **{"If-Match": 'W/"1"'})
    assert issues(late, 412)[0]["code"] == "conflict"
    issues(put(fresh, FILE | {"title": "There is one"}, **{"If-None-Match": "*"}), 412)
    assert fresh.get(f"/fhir/ResearchStudy/{id}").json()["title"] == "Another title"
    assert fresh.get(f"/fhir/ResearchStudy/{id}/_history/1").json()["title"] == FILE["title"]


def test_a_study_may_come_as_json_and_be_answered_otherwise(fresh: TestClient) -> None:
    path, kind = f"/fhir/ResearchStudy/{NUMBER}", {"Content-Type": "application/json"}
    silent = fresh.put(path, content=orjson.dumps(FILE), headers=kind | {"Prefer": "return=minimal"})
    assert (silent.status_code, silent.content) == (201, b"")
    odd = FILE | {"exclusion": []}
    told = fresh.put(path, content=orjson.dumps(odd), headers=kind | {"Prefer": "return=OperationOutcome"})
    (warning,) = issues(told, 200)
    assert warning["severity"] == "warning"
    assert warning["expression"] == ["exclusion"]
    fine = fresh.put(path, content=orjson.dumps(FILE), headers=kind | {"Prefer": "return=OperationOutcome"})
    assert issues(fine, 200)[0]["severity"] == "information"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("study: [", 422, "not YAML"),
        (b"\xff\xfe", 400, "UTF-8"),
        ("", 422, ""),
        (asking({"measured": {"concept": "no-such", "at_least": "1"}}), 422, "no-such"),
        (FILE | {"unheard": 1}, 422, "unheard"),
        (FILE | {"study": "NCT00000001"}, 422, "another study"),
        ({"resourceType": "ResearchStudy", "status": "active"}, 422, "does not say what is asked"),
        (asking({"age": {"at_least": "9 a", "at_most": "5 a"}}), 422, ""),
    ],
)
def test_what_is_no_sound_study_is_told_and_not_kept(
    client: TestClient, body: Any, status: int, said: str
) -> None:
    (*_, issue) = found = issues(put(client, body), status)
    assert issue["severity"] == "error"
    assert said in " ".join(each["diagnostics"] for each in found)
    assert client.get(f"/fhir/ResearchStudy/{NUMBER}").status_code == 404


def test_a_body_of_another_type_is_not_read(client: TestClient) -> None:
    path = f"/fhir/ResearchStudy/{NUMBER}"
    for kind in ("text/plain", "application/fhir+json", "application/xml"):
        assert issues(client.put(path, content="x", headers={"Content-Type": kind}), 415)
    issues(client.put(path, content="study: x", headers={"Content-Type": ""}), 415)
    issues(put(client, **{"If-Match": "W/three"}), 400)
    issues(put(client, **{"If-Match": 'W/"three"'}), 412)


@pytest.mark.parametrize(
    ("said", "status", "listing"),
    [
        ({"open": True}, "active", "current"),
        ({"open": False}, "closed-to-accrual", "retired"),
        ({"open": True, "slots": 0}, "closed-to-accrual", "retired"),
        ({"open": True, "opens": "2026-12-01"}, "approved", "retired"),
        ({"open": True, "closes": "2026-11-01"}, "closed-to-accrual", "retired"),
    ],
)
def test_a_study_and_its_list_say_alike_whether_it_is_open_here(
    fresh: TestClient, said: dict[str, Any], status: str, listing: str
) -> None:
    path = f"/fhir/ResearchStudy/{study_uuid(STUDY)}"
    before = fresh.get(path)
    assert before.json()["status"] == "active"
    assert fresh.put(f"/api/studies/{STUDY}/recruiting", json=said).status_code == 200
    now = fresh.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert (now.status_code, now.json()["status"]) == (200, status), "a client that has it as it was is told"
    assert model_fault(now.json()) is None
    found = fresh.get(f"/fhir/ResearchStudy?status={status}").json()["entry"]
    assert study_uuid(STUDY) in {each["resource"]["id"] for each in found}
    lists = [each["resource"] for each in fresh.get("/fhir/List").json()["entry"]]
    assert {each["status"] for each in lists if STUDY in each["title"]} == {listing}
    was = fresh.get(f"{path}/_history/1").json()["status"]
    assert was == "active", "what was put"


def test_what_is_there_already_is_told_so(fresh: TestClient) -> None:
    assert put(fresh).status_code == 201
    other = FILE | {"title": "Another"}
    (issue,) = issues(put(fresh, other, **{"If-None-Match": "*"}), 412)
    assert f"there is a study {NUMBER} already" in issue["diagnostics"]
    assert "someone else" not in issue["diagnostics"]
    subject = one(fresh)
    headers = {"If-None-Match": "*", "Content-Type": "application/fhir+json"}
    answer = fresh.put(f"/fhir/ResearchSubject/{subject['id']}", json=subject, headers=headers)
    assert "there already" in issues(answer, 412)[0]["diagnostics"]


# --- a person's decision


def one(client: TestClient, status: str = "potential-candidate") -> dict[str, Any]:
    bundle = client.get(f"/fhir/ResearchSubject?study={STUDY}&status={status}&_count=1").json()
    found: dict[str, Any] = bundle["entry"][0]["resource"]
    return found


def decide(
    client: TestClient, subject: dict[str, Any], status: str, because: str = "", *criteria: str, **others: Any
) -> httpx.Response:
    parts = [{"url": "because", "valueString": because}] if because else []
    parts += [{"url": "criterion", "valueString": each} for each in criteria]
    decision = [{"url": DECISION_EXTENSION, "extension": parts}] if parts else []
    kept = [each for each in subject["extension"] if each["url"] != DECISION_EXTENSION]
    body = subject | {"status": status, "extension": [*kept, *decision]} | others
    headers = {"If-Match": f'W/"{subject["meta"]["versionId"]}"', "Content-Type": "application/fhir+json"}
    path = f"/fhir/ResearchSubject/{subject['id']}"
    answer: httpx.Response = client.put(path, json=body, headers=headers)
    return answer


def test_what_a_person_decides_stays(fresh: TestClient, open_service: Service) -> None:
    subject = one(fresh)
    decided = decide(fresh, subject, "ineligible", "Moves abroad next month")
    assert decided.status_code == 200, decided.text
    now = decided.json()
    assert model_fault(now) is None
    assert (now["status"], now["meta"]["versionId"]) == ("ineligible", "2")
    assert fresh.get(f"/fhir/ResearchSubject/{subject['id']}").json() == now
    ours = next(e["valueCode"] for e in now["extension"] if e["url"].endswith("status-written"))
    assert ours == "potential-candidate"
    assert "Moves abroad next month" in decided.text

    screen_all(open_service)
    again = fresh.get(f"/fhir/ResearchSubject/{subject['id']}").json()
    assert again["status"] == "ineligible"
    lists = fresh.get("/fhir/List").text
    assert subject["id"] not in lists
    with open_service.database.reading() as session:
        (review,) = list_reviews(session, subject["id"])
        (change, *_) = [a for a in list_audits(session) if a.action == "U"]
    assert (review.decision, review.because, review.by) == (
        "not-suitable",
        "Moves abroad next month",
        "local",
    )
    assert review.bears_on
    assert subject["individual"]["reference"] == f"Patient/{change.patient}"

    back = decide(fresh, again, "potential-candidate")
    assert back.status_code == 200
    assert subject["id"] in fresh.get("/fhir/List").text
    with open_service.database.reading() as session:
        stored = find_subject(session, subject["id"])
        assert [r.decision for r in list_reviews(session, subject["id"])] == ["not-suitable", "reopened"]
    assert stored is not None
    assert stored.person_status is None


def test_a_decision_may_name_what_it_rests_on(fresh: TestClient, open_service: Service) -> None:
    subject = one(fresh)
    issues(decide(fresh, subject, "ineligible", "x", "no-such-criterion"), 422)
    assert decide(fresh, subject, "ineligible", "Too frail", "ecog").status_code == 200
    with open_service.database.reading() as session:
        (review,) = list_reviews(session, subject["id"])
    assert set(review.bears_on) == {"ecog"}


def said_of(resource: dict[str, Any]) -> dict[str, list[str]]:
    """The parts of the extension person-decision."""
    found: dict[str, list[str]] = {}
    for each in resource["extension"]:
        if each["url"] == DECISION_EXTENSION:
            for part in each["extension"]:
                value = next(value for name, value in part.items() if name.startswith("value"))
                found.setdefault(part["url"], []).append(value)
    return found


@pytest.mark.parametrize(("status", "because"), [("ineligible", "Too frail"), ("eligible", "")])
def test_a_decision_reads_back_as_it_was_put(fresh: TestClient, status: str, because: str) -> None:
    subject = one(fresh)
    now = decide(fresh, subject, status, because, "ecog", "age").json()
    assert model_fault(now) is None
    assert said_of(now) == {
        **({"because": [because]} if because else {}),
        "criterion": ["age", "ecog"],
        "by": ["local"],
        "at": ["2026-11-02T08:00:00.000+00:00"],
    }
    assert fresh.get(f"/fhir/ResearchSubject/{subject['id']}").json() == now
    path = f"/fhir/ResearchSubject/{now['id']}"
    headers = {"If-Match": f'W/"{now["meta"]["versionId"]}"', "Content-Type": "application/fhir+json"}
    again = fresh.put(path, json=now, headers=headers)
    assert again.status_code == 200, "what was read may be put"
    assert said_of(again.json()) == said_of(now)


def test_a_patient_of_another_server_is_another(fresh: TestClient) -> None:
    subject = one(fresh)
    for name in ("study", "individual"):
        named = subject[name]["reference"]
        other: dict[str, Any] = {name: {"reference": f"http://other.example/fhir/{named}"}}
        assert "another server" in issues(decide(fresh, subject, "eligible", **other), 422)[0]["diagnostics"]
        whole: dict[str, Any] = {name: {"reference": f"{HERE}/fhir/{named}"}}
        decided = decide(fresh, subject, "eligible", **whole)
        assert decided.status_code == 200, decided.text
        subject = decided.json()


def test_nothing_else_can_be_set_and_nobody_overwritten(fresh: TestClient) -> None:
    subject = one(fresh)
    issues(decide(fresh, subject, "ineligible"), 422)
    issues(decide(fresh, subject, "nearly", "x"), 422)
    other = {"reference": "Patient/somebody-else"}
    assert "individual" in issues(decide(fresh, subject, "eligible", individual=other), 422)[0]["diagnostics"]
    issues(decide(fresh, subject, "eligible", actualArm="B"), 422)
    issues(decide(fresh, subject, "eligible", id="x"), 400)
    issues(decide(fresh, subject, "eligible", resourceType="Group"), 400)
    issues(decide(fresh, subject, "eligible", identifier="x"), 422)
    foreign = [{"url": "http://other.example/x", "valueString": "y"}]
    issues(decide(fresh, subject, "eligible", extension=foreign), 422)
    path = f"/fhir/ResearchSubject/{subject['id']}"
    kind = {"Content-Type": "application/fhir+json"}
    assert issues(fresh.put(path, json=subject, headers=kind), 428)[0]["code"] == "required"
    issues(fresh.put(path, content="{", headers=kind | {"If-Match": 'W/"1"'}), 400)
    issues(fresh.put(path, content="{}", headers=kind | {"If-Match": 'W/"1"'}), 400)
    assert fresh.get(path).json() == subject

    assert decide(fresh, subject, "eligible").status_code == 200
    late = decide(fresh, subject, "withdrawn", "Changed her mind")
    assert issues(late, 412)[0]["code"] == "conflict"
    assert fresh.get(path).json()["status"] == "eligible"
    gone = decide(fresh, subject | {"id": "no-such"}, "eligible")
    issues(gone, 404)
