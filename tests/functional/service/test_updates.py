"""Where FHIR servers notify: only with the secret, and all that is believed is whom it is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from fhirscreen.bootstrap.background import make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.jobs.pollers import Poller
from fhirscreen.jobs.subscriptions import HEADER
from fhirscreen.jobs.updates import UPDATE
from fhirscreen.jobs.workers import Worker
from fhirscreen.store import jobs
from tests.lib.demo import STUDIES
from tests.lib.service import HERE, service_for
from tests.lib.transport import BASE, Server, outcome

SECRET = {HEADER: "open sesame"}
RESULT = {
    "resourceType": "Observation",
    "id": "o",
    "subject": {"reference": "Patient/anna"},
    "status": "final",
}


def nobody(_name: str) -> httpx.BaseTransport:
    return Server([outcome(503)])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    given: dict[str, Any] = {
        "server": BASE, "studies": STUDIES, "updates": {"mode": "subscription", "secret": "open sesame"}
    }  # fmt: skip
    with service_for(tmp_path, transport=nobody, **given) as made:
        yield made


@pytest.fixture
def client(service: Service) -> TestClient:
    """Not entered: the background work does not begin."""
    from fhirscreen.api.app import make_app

    return TestClient(make_app(service), base_url=HERE, raise_server_exceptions=False)


def queued(service: Service) -> list[dict[str, Any]]:
    with service.database.reading() as session:
        return [job.payload for job in jobs.list_jobs(session, kinds=[UPDATE])]


def nudged(service: Service) -> set[str]:
    (poller,) = (each for each in service.background if isinstance(each, Poller))
    return poller._nudges.take()


def test_a_notification_without_a_resource_asks_the_server(service: Service, client: TestClient) -> None:
    assert client.post("/updates/default/Observation", headers=SECRET).status_code == 200
    assert nudged(service) == {"Observation"}
    assert queued(service) == []


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_of_a_resource_only_the_patient_is_believed(
    service: Service, client: TestClient, method: str
) -> None:
    path = "/updates/default/Observation/Observation/o"
    assert client.request(method, path, headers=SECRET, json=RESULT).status_code == 200
    assert queued(service) == [{"source": "default", "patients": ["anna"], "cause": "update"}]
    assert nudged(service) == set()


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", b'{"resourceType": "Bundle"}', b'{"resourceType": "Observation", "subject": 3}'],
)
def test_what_is_about_nobody_asks_the_server(service: Service, client: TestClient, body: bytes) -> None:
    assert client.post("/updates/default/Observation", headers=SECRET, content=body).status_code == 200
    assert nudged(service) == {"Observation"}
    assert queued(service) == []


@pytest.mark.parametrize("given", [{}, {HEADER: "open"}, {HEADER: ""}, {HEADER: "sesam\u00e9".encode()}])
def test_nobody_else_is_heard(service: Service, client: TestClient, given: Any) -> None:
    refused = client.post("/updates/default/Observation", headers=given, json=RESULT)
    assert (refused.status_code, refused.json()["resourceType"]) == (401, "OperationOutcome")
    assert "anna" not in refused.text
    assert (nudged(service), queued(service)) == (set(), [])


@pytest.mark.parametrize("path", ["/updates/other/Observation", "/updates/default/Nonsense"])
def test_nothing_is_there(client: TestClient, path: str) -> None:
    assert client.post(path, headers=SECRET).status_code == 404


def test_without_updates_nobody_is_heard(tmp_path: Path) -> None:
    from fhirscreen.api.app import make_app

    with service_for(tmp_path, server=BASE) as made:
        client = TestClient(make_app(made), base_url=HERE)
        assert client.post("/updates/default/Observation", headers={HEADER: ""}).status_code == 401


def test_news_have_a_worker_of_their_own(tmp_path: Path) -> None:
    given: dict[str, Any] = {"server": BASE, "updates": {"mode": "poll"}, "workers": 2}
    with service_for(tmp_path, **given) as made:
        workers = [each for each in made.background if isinstance(each, Worker)]
        assert len(workers) == 3
        with made.database.begin() as session:
            jobs.enqueue(session, "screen", {}, by="ito", at=made.clock())
        assert not make_worker(made, kinds=[UPDATE]).work_once()


def test_a_folder_has_no_news(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    given: dict[str, Any] = {"folders": {"export": tmp_path / "export"}, "updates": {"mode": "poll"}}
    with pytest.raises(ValidationError) as caught:
        service_for(tmp_path, **given).__enter__()
    (error,) = caught.value.errors()
    assert "no FHIR server to ask for news" in str(error["ctx"])


def test_notifications_need_a_secret(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="could come from anybody"):
        service_for(tmp_path, server=BASE, updates={"mode": "subscription"}).__enter__()
