"""A person's reason, and the sensitive criteria it rests on, on every surface that shows a decision."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from fhirscreen.outputs.disclosures import FURTHER_REVIEW, is_sensitive
from fhirscreen.store import reviews, subjects
from fhirscreen.store.standings import StoredSubject
from tests.lib.demo import demo_plan
from tests.lib.pages import NOON, STUDY, demo_service, pages_of, token_of

BECAUSE = "HIV positive, the partner does not know"
SURFACES = (
    "/api/subjects/{id}/reviews", "/api/reviews", "/fhir/ResearchSubject/{id}",
    "/fhir/ResearchSubject?_id={id}", "/api/studies/{study}/log.csv",
)  # fmt: skip
SENSITIVE = {
    each.id for each in demo_plan().studies[0].study.criteria if is_sensitive(each, demo_plan().catalogue)
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Somebody was decided against; it rests on every criterion, and one of them has changed."""
    with demo_service(tmp_path_factory.mktemp("told"), patients=40, access={"mode": "token"}) as made:
        with made.database.begin() as session:
            one = subjects.find_subjects(session, study=STUDY, status="potential-candidate")[0]
            bears_on = {each.criterion: each.digest for each in subjects.find_verdicts(session, one.id)}
            bears_on[next(iter(bears_on))] = "another one than now"
            subjects.set_person_status(session, one.id, "ineligible", by="ito", reason=BECAUSE, at=NOON)
            reviews.add_review(
                session, subject=one.id, decision="not-suitable", because=BECAUSE, by="ito", at=NOON,
                bears_on=bears_on,
            )  # fmt: skip
        yield made


@pytest.fixture(scope="module")
def app(service: Service) -> Iterator[TestClient]:
    with TestClient(pages_of(service)) as client:
        yield client


def decided(service: Service) -> StoredSubject:
    with service.database.reading() as session:
        return next(each for each in subjects.find_subjects(session, study=STUDY) if each.person_status)


def get(app: TestClient, service: Service, surface: str, role: str, *scopes: str) -> str:
    path = surface.format(id=decided(service).id, study=STUDY)
    answer = app.get(path, headers={"Authorization": f"Bearer {token_of(service, role, *scopes)}"})
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_reason_is_for_those_who_care_for_the_patients(
    app: TestClient, service: Service, surface: str
) -> None:
    for role in ("coordinator", "investigator"):
        assert BECAUSE in get(app, service, surface, role)
    for role, scopes in (("admin", ()), ("", ("system/ResearchSubject.rs",))):
        told = get(app, service, surface, role, *scopes)
        assert "ineligible" in told or "not-suitable" in told, "what was decided is no secret"
        assert BECAUSE not in told, (surface, role or "a program")


@pytest.mark.parametrize("surface", SURFACES[2:4])
def test_a_resource_says_what_is_withheld_of_a_decision(
    app: TestClient, service: Service, surface: str
) -> None:
    for role in ("admin", "coordinator"):
        told = get(app, service, surface, role)
        whole = role == "coordinator"
        assert ("the reason: told to coordinators and investigators alone" in told) != whole
        assert ("criteria that are sensitive: told to coord" in told) != whole
        assert '"valueString":"ito"' in told, "who decided is no secret"
        assert NOON.isoformat(timespec="milliseconds") in told
        assert (FURTHER_REVIEW in told.partition("person-decision")[2].partition('"url":"at"')[0]) != whole
        assert all((f'"valueString":"{id}"' in told) == whole for id in SENSITIVE)


def test_what_was_withheld_is_not_lost_by_writing_it_back(app: TestClient, service: Service) -> None:
    one = decided(service)
    token = token_of(service, "", "system/ResearchSubject.rus")
    path, sender = f"/fhir/ResearchSubject/{one.id}", {"Authorization": f"Bearer {token}"}
    read = app.get(path, headers=sender)
    headers = {**sender, "If-Match": read.headers["ETag"], "Content-Type": "application/fhir+json"}
    answer = app.put(path, json=read.json(), headers=headers)
    assert answer.status_code == 422, answer.text
    assert "withheld" in answer.json()["issue"][0]["diagnostics"]
    assert decided(service).person_reason == BECAUSE


@pytest.mark.parametrize("surface", SURFACES[:2])
def test_so_are_the_sensitive_criteria_that_a_decision_rests_on(
    app: TestClient, service: Service, surface: str
) -> None:
    assert SENSITIVE
    assert all(f'"{id}"' in get(app, service, surface, "coordinator") for id in SENSITIVE)
    for role, scopes in (("admin", ()), ("", ("system/ResearchSubject.rs",))):
        told = get(app, service, surface, role, *scopes)
        assert not any(f'"{id}"' in told for id in SENSITIVE)
        assert told.count(FURTHER_REVIEW) == 1


def test_who_decides_without_seeing_them_is_not_told_them_either(app: TestClient, service: Service) -> None:
    with service.database.reading() as session:
        other = subjects.find_subjects(session, study=STUDY, status="potential-candidate")[-1]
    headers = {"Authorization": f"Bearer {token_of(service, 'admin')}"}
    sent = {"decision": "not-suitable", "because": "lives too far away", "criteria": sorted(SENSITIVE)}
    answer = app.post(f"/api/subjects/{other.id}/reviews", json=sent, headers=headers)
    assert (answer.status_code, answer.json()["rests_on"]) == (201, [FURTHER_REVIEW])
