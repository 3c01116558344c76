"""Every route, none forgotten: what it needs, whose data it shows, what it writes down, what it logs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from fhirscreen.bootstrap.background import make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.store import jobs
from fhirscreen.store.audits import StoredAudit
from fhirscreen.store.tables import Table
from fhirscreen.store.tokens import add_token
from tests.lib.listings import list_audits
from tests.lib.pages import pages_of
from tests.lib.routes import (
    JWT,
    OPEN,
    PATIENT,
    ROUTES,
    SECRETS,
    SHARED,
    SIGNED_IN,
    STUDY,
    Served,
    ask,
    found_routes,
    served,
)
from tests.lib.service import service_for

OIDC = {"mode": "oidc", "issuer": "https://issuer.example", "client_id": "a", "client_secret": "b"}
ONLY_GUARDED = ("POST /sign-in", "GET /sign-in/begin", "GET /sign-in/callback")
"""Routes that are there only where people sign in."""

ASKED = [name for name in ROUTES if name not in ONLY_GUARDED]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("routes")) as made:
        yield made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service_for(tmp_path_factory.mktemp("guarded"), access={"mode": "token"}) as service:
        yield service


@pytest.fixture(scope="module")
def door(guarded: Service) -> TestClient:
    return TestClient(pages_of(guarded), raise_server_exceptions=False)


def token(service: Service, *scopes: str) -> str:
    with service.database.begin() as session:
        return add_token(session, name="t", scopes=scopes, role="", at=service.clock(), expires=None)[1]


def audits(made: Served) -> list[StoredAudit]:
    with made.service.database.reading() as session:
        return list_audits(session)


def held(made: Served) -> dict[str, Any]:
    """Everything in the store but the audit trail, and the counter that `/health/ready` tries to write."""
    with made.service.database.reading() as session:
        found = {
            table.name: sorted(map(repr, session.execute(select(table)).all()))
            for table in Table.metadata.tables.values()
            if table.name != "audits"
        }
    found["counters"] = [each for each in found["counters"] if not each.startswith("('tried',")]
    return found


def test_no_route_is_forgotten(tmp_path: Path, made: Served, door: TestClient) -> None:
    with ExitStack() as stack:
        oidc = stack.enter_context(service_for(tmp_path, access=OIDC, public_url="https://h.example"))
        apps: list[Any] = [made.client.app, door.app, pages_of(oidc)]
        there = {route for app in apps for route in found_routes(app.routes)}
    assert there == set(ROUTES)


@pytest.mark.parametrize("name", ASKED)
def test_whose_data_it_shows_is_written_down(made: Served, name: str) -> None:
    route = ROUTES[name]
    route.send(made)  # what the call needs may ask something itself
    url, given = route.send(made)
    before, stored = audits(made), held(made)
    answer = made.client.request(name.partition(" ")[0], url, **given)
    assert answer.status_code < 400 or name == "GET /fhir/Group/{id}", answer.text
    new = audits(made)[: len(audits(made)) - len(before)]
    if route.tells is None:
        assert new == []
        assert PATIENT not in answer.text, "it shows a patient, and nobody hears of it"
        assert made.id not in answer.text
    else:
        assert {each.action for each in new} == {route.tells}
        assert all(each.who for each in new)
        assert [each.patient for each in new] == ([PATIENT] if route.names else [None]), url
        assert route.names or PATIENT not in answer.text
    if name.startswith("GET "):
        assert held(made) == stored, "asking changes nothing"


def test_whoever_changes_something_needs_leave() -> None:
    for name, route in ROUTES.items():
        if not name.startswith(("GET ", "HEAD ")) and name != "POST /sign-in":
            assert route.need != OPEN, name
        if route.tells is not None:
            assert route.need not in (OPEN, SIGNED_IN), name


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.need.startswith("system/")])
def test_a_route_needs_its_scope_and_no_other(
    guarded: Service, door: TestClient, made: Served, name: str
) -> None:
    route, method = ROUTES[name], name.partition(" ")[0]
    url, given = route.send(made)
    if route.page:
        given = given | {"follow_redirects": False}
        browsers = {scope: signed_in(guarded, door, scope) for scope in ("system/Binary.r", route.need)}
        nobody = TestClient(door.app).request(method, url, **given)
        if method == "GET":
            assert (nobody.status_code, nobody.headers["location"].partition("?")[0]) == (303, "/sign-in")
        else:
            assert nobody.status_code == 401
        got = browsers["system/Binary.r"].request(method, url, **given)
        assert got.status_code == 403
        assert method != "GET" or newest(guarded) == (name, "4"), "somebody tried"
        if method == "GET":  # a form has a token of its own
            assert browsers[route.need].request(method, url, **given).status_code in (200, 303, 404)
        return
    own = dict(given.pop("headers", {}))
    nobody = door.request(method, url, headers=own, **given)
    assert (nobody.status_code, nobody.json()["resourceType"]) == (401, "OperationOutcome")
    other, fitting = token(guarded, "system/Binary.r"), token(guarded, route.need)
    refused = door.request(method, url, headers=own | {"Authorization": f"Bearer {other}"}, **given)
    assert (refused.status_code, refused.json()["resourceType"]) == (403, "OperationOutcome")
    assert newest(guarded) == (name, "4"), "somebody tried"
    let = door.request(method, url, headers=own | {"Authorization": f"Bearer {fitting}"}, **given)
    # POST $screen of one patient stores, of everybody begins: the former is asked here
    assert let.status_code not in (401, 403), let.text


def newest(service: Service) -> tuple[str, str]:
    with service.database.reading() as session:
        told = list_audits(session, limit=1)[0]
    assert (told.patient, told.study) == (None, None)
    assert told.who
    return told.what, told.outcome


def signed_in(service: Service, door: TestClient, scope: str) -> TestClient:
    browser = TestClient(door.app, raise_server_exceptions=False)
    form = browser.get("/sign-in").text.partition('name="form_token" value="')[2].partition('"')[0]
    sent = {"token": token(service, scope), "form_token": form, "onward": "/"}
    assert browser.post("/sign-in", data=sent, follow_redirects=False).status_code == 303
    return browser


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.need in (JWT, SHARED)])
def test_others_programs_show_who_they_are(door: TestClient, made: Served, name: str) -> None:
    url, given = ROUTES[name].send(made)
    given.pop("headers", None)
    for headers in ({}, {"Authorization": "Bearer a.b.c"}, {"X-Fhirscreen-Secret": "guessed"}):
        assert door.request(name.partition(" ")[0], url, headers=headers, **given).status_code == 401


# --- logs


MALFORMED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", f"/fhir/Patient/{PATIENT}", {}),
    ("GET", f"/fhir/Patient/{PATIENT}/$studies?source=MRN0815", {}),
    ("GET", f"/fhir/Patient/{PATIENT}_/$studies", {}),
    ("GET", f"/fhir/Patient/{PATIENT}/$studies?name=Konradine", {}),
    ("GET", f"/fhir/ResearchSubject?patient={PATIENT}&name=Konradine", {}),
    ("GET", f"/fhir/ResearchSubject?patient=Patient/{PATIENT}/x y", {}),
    ("GET", f"/fhir/AuditEvent?patient={PATIENT}&date=1961-07-19x", {}),
    ("GET", f"/fhir/ResearchSubject/{PATIENT}", {}),
    ("GET", f"/fhir/ResearchSubject?_page={PATIENT}", {}),
    ("PUT", f"/fhir/ResearchSubject/{PATIENT}", {"content": f'{{"id": "{PATIENT}", "n":'}),
    ("PUT", f"/fhir/ResearchSubject/{PATIENT}",
        {"json": {"resourceType": "ResearchSubject", "id": "Konradine"}}),
    ("PUT", "/fhir/ResearchStudy/NCT00000009", {"content": "study: Konradine Auffaellig\n  bad: [MRN0815"}),
    ("PUT", "/fhir/ResearchStudy/NCT00000009", {"json": {"study": "Konradine", "title": PATIENT}}),
    ("POST", f"/fhir/ResearchStudy/{STUDY}/$screen", {"json": {"resourceType": "Parameters", "x": PATIENT}}),
    ("POST", f"/fhir/ResearchStudy/{STUDY}/$screen?patient=Konradine", {}),
    ("PATCH", f"/fhir/Patient/{PATIENT}/$studies", {}),
    ("POST", "/cds-services/trials-patient-view", {"content": f'{{"patient": "{PATIENT}'}),
    ("POST", "/cds-services/trials-patient-view", {"json": {"hook": "Konradine", "context": PATIENT}}),
    ("POST", "/cds-services/trials-patient-view", {"json": {"hook": "patient-view", "hookInstance": "1",
        "context": {"patientId": PATIENT, "userId": "Practitioner/Konradine"}, "fhirServer": f"http://{PATIENT}"}}),
    ("POST", f"/cds-services/{PATIENT}", {"json": {}}),
    ("POST", "/cds-services/trials-patient-view/feedback", {"json": {"feedback": [{"card": PATIENT}]}}),
    ("POST", f"/updates/main/Observation/Patient/{PATIENT}", {"content": f"<{PATIENT}>"}),
    ("POST", f"/updates/{PATIENT}/Observation", {"headers": {"X-Fhirscreen-Secret": "open sesame"}}),
    ("GET", f"/api/subjects/{PATIENT}/reviews", {}),
    ("GET", f"/api/changes?since={PATIENT}", {}),
    ("POST", f"/api/subjects/{'0' * 36}/reviews", {"json": {"decision": "Zieht weg", "because": PATIENT}}),
    ("GET", f"/api/studies/{PATIENT}/log.csv", {}),
    ("GET", f"/studies/{STUDY}/subjects/{PATIENT}", {}),
    ("GET", f"/studies/Konradine/subjects/{PATIENT}?x=MRN0815", {"headers": {"Accept": "text/html"}}),
    ("POST", f"/studies/{STUDY}/subjects/{PATIENT}", {"data": {"because": "Zieht weg", "version": PATIENT}}),
    ("GET", f"/runs/{PATIENT}", {}),
    ("GET", "/studies", {"headers": {"Cookie": f"fhirscreen={PATIENT}", "X-Request-Id": PATIENT + "/1"}}),
    ("GET", "/Konradine/Auffaellig?mrn=MRN0815", {"headers": {"Authorization": f"Bearer {PATIENT}"}}),
)  # fmt: skip


def tells_nothing(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text, next(line for line in text.splitlines() if secret in line)[:600]


def test_nothing_of_a_patient_is_logged(tmp_path: Path, logged: io.StringIO) -> None:
    with served(tmp_path) as made:
        for name in ASKED:
            ask(made, name)
        for method, url, given in MALFORMED:
            answer = made.client.request(method, url, **given)
            assert answer.status_code < 500, (method, url, answer.status_code, answer.text)
            tells_nothing(str(answer.headers))
        failing(made)
        text = logged.getvalue()
        tells_nothing(text)
        tells_nothing(made.client.get("/metrics").text)
        assert not [str(each.url) for each in made.server.requests if PATIENT in str(each.url)]
    events = [json.loads(line) for line in text.splitlines()]
    told = {(each.get("method"), each.get("route")) for each in events if each["event"] == "request"}
    assert ("GET", "/fhir/ResearchSubject/{id:fhir_id}") in told or (
        "GET",
        "/fhir/ResearchSubject/{id}",
    ) in told
    assert any(each["event"] == "unforeseen" for each in events), "what nobody foresaw was among it"
    assert any(each["event"] == "job failed unexpectedly" for each in events)


def failing(made: Served) -> None:
    """Whatever may go wrong does, with the patient in its text: the server, its answer, a job."""

    def worse(said: Any) -> Any:
        def respond(_request: Any) -> Any:
            return said

        return respond

    import httpx

    from tests.lib.transport import outcome

    paths = (f"/fhir/Patient/{PATIENT}/$studies", f"/fhir/ResearchStudy/{STUDY}/$screen?patient={PATIENT}")
    for said in (
        ValueError(f"Konradine {PATIENT}"),
        httpx.UnsupportedProtocol(f"no {PATIENT}"),
        outcome(422, diagnostics=f"Patient/{PATIENT} Konradine Auffaellig"),
        httpx.Response(200, headers={"content-type": "text/html"}, content=b"<p>Konradine"),
        httpx.Response(200, headers={"content-type": "application/fhir+json"}, content=b'{"x": "Konradine'),
    ):
        made.server._replies = worse(said)
        for path in paths:
            answer = made.client.get(path)
            assert answer.status_code in (500, 502), answer.text
            assert "Konradine" not in answer.text
        with made.service.database.begin() as session:
            payload = {"source": "main", "patients": [PATIENT], "cause": "update"}
            id = jobs.enqueue(session, SCREEN, payload, by="ito", at=made.service.clock()).id
        assert make_worker(made.service).work_once()
        with made.service.database.reading() as session:
            job = jobs.find_job(session, id)
        assert job is not None
        assert job.state in ("failed", "queued")
        tells_nothing(str(job.error))
