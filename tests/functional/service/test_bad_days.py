"""What goes wrong around a service: two at once, a full disk, a slow client, an old token, nulls."""

from __future__ import annotations

import json
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from fhirscreen.api.app import make_app
from fhirscreen.store.reviews import list_reviews
from fhirscreen.store.studies import find_study
from fhirscreen.store.tokens import add_token
from tests.lib.pages import on_loopback, pages_of
from tests.lib.routes import DEFINITION, STUDY, served
from tests.lib.service import HERE, service_for

YAML = {"Content-Type": "application/yaml"}
URL = f"/fhir/ResearchStudy/{STUDY}"


def outcome(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    assert [issue["code"] for issue in body["issue"]] == [code]


def at_once(asks: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """All of them, begun at the same moment."""
    start, answers = threading.Barrier(len(asks)), []

    def run(ask: Callable[[], httpx.Response]) -> None:
        start.wait()
        answers.append(ask())

    threads = [threading.Thread(target=run, args=(ask,)) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_several_who_put_a_study_at_once_one_does(tmp_path: Path) -> None:
    with service_for(tmp_path) as service, on_loopback(make_app(service)) as url, httpx.Client() as client:
        assert client.put(url + URL, content=DEFINITION, headers=YAML).status_code == 201

        def put(title: str) -> httpx.Response:
            text = DEFINITION.replace("Oesophageal cancer", title)
            return client.put(url + URL, content=text, headers=YAML | {"If-Match": 'W/"1"'})

        titles = [f"Title {number}" for number in range(6)]
        answers = at_once([lambda title=title: put(title) for title in titles])  # type: ignore[misc]
        assert sorted(each.status_code for each in answers) == [200, *[412] * 5]
        for each in answers:
            if each.status_code == 412:
                outcome(each, 412, "conflict")
        with service.database.reading() as session:
            stored = find_study(session, STUDY)
        assert stored is not None
        (won,) = (each.json()["title"] for each in answers if each.status_code == 200)
        assert (stored.version, stored.definition["title"]) == (2, won)


def test_of_two_who_decide_at_once_one_does(tmp_path: Path) -> None:
    with served(tmp_path) as made, on_loopback(pages_of(made.service)) as url, httpx.Client() as client:
        path, version = f"{url}/fhir/ResearchSubject/{made.id}", made.version
        given = client.get(path).json()
        headers = {"Content-Type": "application/fhir+json", "If-Match": f'W/"{version}"'}

        def decide(status: str) -> httpx.Response:
            return client.put(path, content=json.dumps(given | {"status": status}), headers=headers)

        statuses = ["eligible", "on-study"] * 2
        answers = at_once([lambda status=status: decide(status) for status in statuses])  # type: ignore[misc]
        codes = sorted(each.status_code for each in answers)
        assert codes.count(200) == 1, [each.text for each in answers]
        assert set(codes) == {200, 412}
        (won,) = (each.json()["status"] for each in answers if each.status_code == 200)
        assert client.get(path).json()["status"] == won
        assert made.version == version + 1
        with made.service.database.reading() as session:
            assert len(list_reviews(session, made.id)) == 1


@contextmanager
def no_room(most: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_loses_nothing_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    with service_for(tmp_path) as service:
        client = TestClient(make_app(service), base_url=HERE, raise_server_exceptions=False)
        assert client.put(URL, content=DEFINITION, headers=YAML).status_code == 201
        long = DEFINITION.replace("Oesophageal cancer", "Long " * 50_000)
        room = sum(file.stat().st_size for file in tmp_path.glob("store.db*"))
        with no_room(room):
            outcome(client.put(URL, content=long, headers=YAML), 507, "no-store")
            assert client.get(f"{URL}/_history/1").status_code == 200, "what is there can be read"
            assert client.get(f"{URL}/_history/2").status_code == 404
        assert client.put(URL, content=long, headers=YAML).status_code == 200
        with service.database.reading() as session:
            stored = find_study(session, STUDY)
        assert stored is not None
        assert stored.version == 2


def test_a_client_that_does_not_finish_is_not_waited_for(tmp_path: Path) -> None:
    with (
        service_for(tmp_path, limits={"request_seconds": 1.0}) as service,
        on_loopback(make_app(service)) as url,
    ):
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
            head = (
                f"PUT {URL} HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/yaml\r\nContent-Length: 500"
            )
            connection.sendall(f"{head}\r\n\r\nstudy: NCT".encode())
            answer = b""
            while chunk := connection.recv(4096):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 408")
        assert b'"OperationOutcome"' in answer
        assert httpx.get(f"{url}/health/live").status_code == 200
        with service.database.reading() as session:
            assert find_study(session, STUDY) is None


def test_a_token_that_has_expired_opens_nothing(tmp_path: Path) -> None:
    with service_for(tmp_path, access={"mode": "token"}) as service:
        client = TestClient(make_app(service), base_url=HERE, raise_server_exceptions=False)
        now = service.clock()
        for expires, status in ((now + timedelta(hours=1), 200), (now - timedelta(seconds=1), 401)):
            with service.database.begin() as session:
                scopes = ["system/*.rs"]
                _, secret = add_token(session, name="t", scopes=scopes, role="", at=now, expires=expires)
            answer = client.get("/fhir/ResearchStudy", headers={"Authorization": f"Bearer {secret}"})
            assert answer.status_code == status
            if status == 401:
                outcome(answer, 401, "login")
                assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/fhir/ResearchSubject/{id}", None),
        (
            "PUT",
            "/fhir/ResearchSubject/{id}",
            {"resourceType": "ResearchSubject", "id": None, "status": None},
        ),
        ("PUT", "/fhir/ResearchSubject/{id}", [None]),
        ("PUT", URL, None),
        ("PUT", URL, {"study": None, "title": None, "population": None}),
        ("PUT", "/api/studies/" + STUDY + "/recruiting", {"open": None}),
        ("PUT", "/api/studies/" + STUDY + "/recruiting", None),
        ("POST", "/api/subjects/{id}/reviews", {"decision": None}),
        ("POST", URL + "/$screen", {"resourceType": "Parameters", "parameter": None}),
        ("POST", URL + "/$screen", {"resourceType": "Parameters", "parameter": [{"name": None}]}),
        ("POST", "/cds-services/trials-patient-view", None),
        ("POST", "/cds-services/trials-patient-view", {"hook": None, "hookInstance": None, "context": None}),
        ("POST", "/cds-services/trials-patient-view/feedback", {"feedback": [None]}),
        ("POST", "/cds-services/trials-patient-view/feedback", {"feedback": None}),
    ],
)
def test_nulls_are_refused(tmp_path: Path, method: str, path: str, body: Any) -> None:
    with served(tmp_path) as made:
        version = made.version
        headers = {"If-Match": f'W/"{version}"', "Content-Type": "application/json"}
        answer = made.client.request(
            method, path.format(id=made.id), content=json.dumps(body), headers=headers
        )
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert made.version == version
