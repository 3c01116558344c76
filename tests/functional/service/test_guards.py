"""What every request passes, whatever it asks: ids, headers, limits, deadlines, errors of one shape."""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import APIRouter, Body, Response
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from fhirscreen.api.guards.deadlines import Deadlines
from fhirscreen.exceptions import (
    Conflict,
    DataError,
    FhirscreenError,
    StoreBusy,
    StoreFull,
    StudyError,
    Unreachable,
    UsageError,
)
from fhirscreen.store.tokens import add_token
from tests.lib.service import client_of, service_for

RAISED: dict[str, tuple[Exception, int, str]] = {
    "usage": (UsageError("wrong call"), 400, "invalid"),
    "study": (
        StudyError("wrong study", where="NCT1.age", expected="a bound", remedy="give one"),
        422,
        "invalid",
    ),
    "data": (DataError("no FHIR"), 422, "invalid"),
    "conflict": (Conflict("lost"), 409, "conflict"),
    "unreachable": (Unreachable("nobody there"), 502, "transient"),
    "busy": (StoreBusy("busy", where="sqlite:///secret-place"), 503, "transient"),
    "full": (StoreFull("full"), 507, "no-store"),
    "root": (FhirscreenError("failed"), 500, "exception"),
    "unforeseen": (ValueError("patient-4711 has no name"), 500, "exception"),
}


def routes() -> APIRouter:
    """Routes that misbehave on request."""
    router = APIRouter()

    @router.get("/raise/{name}")
    def fail(name: str) -> None:
        raise RAISED[name][0]

    @router.get("/typed/{number}")
    def typed(number: int, needed: str) -> dict[str, Any]:
        return {"number": number, "needed": needed}

    @router.post("/size")
    def size(body: bytes = Body(media_type="application/octet-stream")) -> dict[str, int]:
        return {"size": len(body)}

    @router.post("/json")
    def parsed(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @router.get("/slow/{seconds}")
    def slow(seconds: float) -> dict[str, str]:
        time.sleep(seconds)
        return {"said": "late"}

    @router.get("/long")
    def long() -> Response:
        return Response("x" * 5000, media_type="text/plain")

    @router.post("/cds-services/x")
    def card() -> dict[str, list[str]]:
        return {"cards": []}

    return router


@contextmanager
def asked(folder: Path, **given: Any) -> Iterator[TestClient]:
    with service_for(folder, **given) as service, client_of(service, routes()) as client:
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    limits = {"body_mb": 0.01, "request_seconds": 1.0}
    with asked(
        tmp_path_factory.mktemp("guards"), limits=limits, cds={"origins": ["https://ehr.example"]}
    ) as it:
        yield it


def issue(response: Any) -> dict[str, Any]:
    """The one issue of an outcome; everything else about it is checked here."""
    assert response.headers["content-type"].startswith("application/fhir+json")
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["id"] == response.headers["x-request-id"]
    (only,) = body["issue"]
    assert only["severity"] == "error"
    return dict(only)


@pytest.mark.parametrize("name", RAISED)
def test_every_error_is_an_outcome_of_its_status(client: TestClient, name: str) -> None:
    error, status, code = RAISED[name]
    response = client.get(f"/raise/{name}")
    assert response.status_code == status
    found = issue(response)
    assert found["code"] == code
    assert "4711" not in response.text
    assert "secret-place" not in response.text
    if isinstance(error, FhirscreenError):
        assert found["diagnostics"].startswith(error.what)
    assert ("retry-after" in response.headers) == (status == 503)


def test_an_outcome_says_where_what_is_expected_and_what_to_do(client: TestClient) -> None:
    said = issue(client.get("/raise/study"))["diagnostics"]
    assert said == "wrong study; where: NCT1.age; expected: a bound; remedy: give one"


def test_the_frameworks_own_errors_are_outcomes(client: TestClient) -> None:
    missing = client.get("/no/such/Patient/4711")
    assert (missing.status_code, issue(missing)["code"]) == (404, "not-found")
    method = client.put("/long")
    assert (method.status_code, issue(method)["code"], method.headers["allow"]) == (
        405,
        "not-supported",
        "GET, HEAD",
    )
    wrong = client.get("/typed/4711x?needed=1")
    assert (wrong.status_code, issue(wrong)["code"]) == (400, "invalid")
    assert issue(wrong)["expression"] == ["path.number"]
    assert "4711" not in wrong.text
    needed = client.get("/typed/1")
    assert (needed.status_code, issue(needed)["code"]) == (400, "required")
    broken = client.post("/json", content=b'{"id": "4711"', headers={"Content-Type": "application/json"})
    assert (broken.status_code, issue(broken)["code"]) == (400, "invalid")
    assert "4711" not in broken.text


def test_a_request_keeps_its_sound_id_and_gets_one_otherwise(client: TestClient) -> None:
    assert (
        client.get("/long", headers={"X-Request-Id": "from-ehr.0001"}).headers["x-request-id"]
        == "from-ehr.0001"
    )
    for unsound in ("short", "x" * 65, 'a"b"c"d"e"', "Patient/4711"):
        given = client.get("/long", headers={"X-Request-Id": unsound}).headers["x-request-id"]
        assert given != unsound
        assert len(given) == 32


def test_headers_keep_browsers_from_mischief(client: TestClient) -> None:
    for path in ("/long", "/no/such", "/raise/unforeseen", "/health/live"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert "strict-transport-security" not in headers


def test_a_body_may_have_the_limit_and_no_byte_more(client: TestClient) -> None:
    kind = {"Content-Type": "application/octet-stream"}
    assert client.post("/size", content=b"x" * 10_000, headers=kind).json() == {"size": 10_000}
    for content in (
        b"x" * 10_001,
        (b"x" * 101 for _ in range(100)),
    ):  # with its length, and in chunks without
        response = client.post("/size", content=content, headers=kind)
        assert (response.status_code, issue(response)["code"]) == (413, "too-long")
        assert response.headers["connection"] == "close"


def test_a_packed_body_is_unpacked_and_measured_unpacked(client: TestClient) -> None:
    kind = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps({"a": "b" * 5000}).encode())
    assert client.post("/json", content=packed, headers=kind).json() == {"a": "b" * 5000}
    bomb = gzip.compress(b" " * 50_000_000)
    assert client.post("/json", content=bomb, headers=kind).status_code == 413
    assert client.post("/json", content=gzip.compress(b" " * 500_000), headers=kind).status_code == 413
    assert client.post("/json", content=packed[:-30], headers=kind).status_code == 400
    assert client.post("/json", content=b"no gzip", headers=kind).status_code == 400
    other = client.post("/json", content=packed, headers=kind | {"Content-Encoding": "br"})
    assert (other.status_code, issue(other)["code"]) == (415, "not-supported")


def test_long_answers_are_packed_for_who_takes_it(client: TestClient) -> None:
    assert client.get("/long", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/long", headers={"Accept-Encoding": "identity"}).headers


def test_an_answer_that_takes_too_long_is_given_up(client: TestClient) -> None:
    assert client.get("/slow/0.01").json() == {"said": "late"}
    began = time.monotonic()
    response = client.get("/slow/2.5")
    assert time.monotonic() - began < 2.2
    assert (response.status_code, issue(response)["code"]) == (503, "transient")
    assert int(response.headers["retry-after"]) > 0


def test_who_fetches_an_answer_too_slowly_is_left() -> None:
    ended: list[str] = []

    async def log(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await anyio.sleep(60)  # the client does not read
        except BaseException:
            ended.append("cancelled")
            raise

    sent: list[str] = []

    async def keep(message: Message) -> None:
        sent.append(message["type"])

    async def nothing() -> Message:
        return {"type": "http.request"}

    async def ask() -> None:
        await Deadlines(log, seconds=0.1, sending=0.2)({"type": "http"}, nothing, keep)

    began = time.monotonic()
    with start_blocking_portal() as portal:
        portal.call(ask)
    assert time.monotonic() - began < 20
    assert (ended, sent) == (["cancelled"], ["http.response.start"])


def test_only_known_origins_may_call_cds_services_and_nothing_else(client: TestClient) -> None:
    asked_for = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    known, other = {"Origin": "https://ehr.example"}, {"Origin": "https://evil.example"}
    allowed = client.options("/cds-services/x", headers=known | asked_for)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://ehr.example"
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    assert (
        "access-control-allow-origin"
        not in client.options("/cds-services/x", headers=other | asked_for).headers
    )
    assert "access-control-allow-origin" not in client.post("/cds-services/x", headers=other).headers
    assert "access-control-allow-origin" not in client.get("/long", headers=known).headers


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with asked(tmp_path, limits={"requests_per_minute": 3}) as client:
        assert [client.get("/long").status_code for _ in range(4)] == [200, 200, 200, 429]
        response = client.get("/long")
        assert issue(response)["code"] == "throttled"
        assert 1 <= int(response.headers["retry-after"]) <= 60
        assert client.get("/health/live").status_code == 200
        assert client.get("/metrics").status_code == 200


def test_each_caller_has_a_rate_of_its_own_and_what_is_made_up_counts_for_its_address(tmp_path: Path) -> None:
    limits, access = {"requests_per_minute": 4}, {"mode": "token"}
    with service_for(tmp_path, limits=limits, access=access) as service:
        secrets = []
        with service.database.begin() as session:
            for name in ("ehr", "portal"):
                made = add_token(
                    session, name=name, scopes=["system/*.rs"], role="", at=service.clock(), expires=None
                )
                secrets.append({"Authorization": f"Bearer {made[1]}"})
        ehr, portal = secrets
        with client_of(service) as client:
            path = "/fhir/ResearchStudy"
            # the first of each credential counts for the address, the others for whom it turned out to be
            assert [client.get(path, headers=ehr).status_code for _ in range(6)] == [200] * 5 + [429]
            assert [client.get(path, headers=portal).status_code for _ in range(6)] == [200] * 5 + [429]
            refused = client.get(path, headers=ehr)
            assert (refused.status_code, issue(refused)["code"]) == (429, "throttled")
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            guesses = [
                client.get(path, headers={"Authorization": f"Bearer {n}"}).status_code for n in range(3)
            ]
            assert guesses == [401, 401, 429]
            assert client.get(path).status_code == 429, "the same address, without a name"


def test_a_request_is_logged_and_counted_by_its_route_alone(client: TestClient, logged: io.StringIO) -> None:
    client.get("/typed/4711?needed=jane-doe", headers={"X-Request-Id": "id-of-this-one"})
    client.get("/raise/unforeseen", headers={"X-Request-Id": "id-of-failure"})
    client.get("/no/such/Patient/4711")
    text = logged.getvalue()
    events = [json.loads(line) for line in text.splitlines()]
    told = next(each for each in events if each.get("request_id") == "id-of-this-one")
    assert (told["event"], told["route"], told["status"]) == ("request", "/typed/{number}", 200)
    failed = next(each for each in events if each["event"] == "unforeseen")
    assert failed["request_id"] == "id-of-failure"
    assert failed["error"] == ["builtins.ValueError"]
    assert any("test_guards.py" in place for place in failed["through"])
    counted = client.get("/metrics").text
    assert 'fhirscreen_requests_total{method="GET",route="/typed/{number}",status="200"} ' in counted
    assert 'route="none",status="404"' in counted
    for shown in (text, counted):
        assert "4711" not in shown
        assert "jane-doe" not in shown


def test_ready_tells_what_does_not_answer(tmp_path: Path) -> None:
    server = {"server": "http://127.0.0.1:9/fhir"}  # the discard port: nobody listens
    with asked(tmp_path, **server) as client:
        response = client.get("/health/ready")
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/json"
        body = response.json()
        assert body["status"] == "not ready"
        assert body["checks"]["store"]["ok"] is True
        assert body["checks"]["server default"]["ok"] is False
        assert client.get("/health/live").json() == {"status": "live"}


def test_a_check_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    from fhirscreen.bootstrap.health import Health

    stop = threading.Event()
    health = Health(lambda: {"stuck": stop.wait, "fine": lambda: True}, seconds=0.2, fresh=0.0)
    try:
        for _ in range(6):  # more than the pool has threads: the stuck one is not started again
            checks = {check.name: check for check in health.check()}
            assert checks["fine"].ok
            assert not checks["stuck"].ok
            assert checks["stuck"].what == "no answer within 0.2 s"
    finally:
        stop.set()
        health.close()


@pytest.mark.parametrize(
    "name",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "", "[", "0"],
)
def test_a_name_that_was_made_to_lead_here_is_not_answered(client: TestClient, name: str) -> None:
    for path in ("/long", "/fhir/metadata", "/health/live"):
        response = client.get(path, headers={"Host": name})
        assert (response.status_code, issue(response)["code"]) == (421, "security")


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "[::1]:8000", "localhost."])
def test_names_of_this_machine_are_answered(client: TestClient, name: str) -> None:
    assert client.get("/long", headers={"Host": name}).status_code == 200


def test_who_must_say_who_they_are_may_ask_by_any_name(tmp_path: Path) -> None:
    with asked(tmp_path, access={"mode": "token"}) as client:
        assert client.get("/health/live", headers={"Host": "10.1.2.3:8000"}).status_code == 200
    given: dict[str, Any] = {"access": {"mode": "token"}, "cds": {"required": False}}
    with asked(tmp_path, **given) as client:  # CDS Hooks asks nobody here
        assert client.get("/health/live", headers={"Host": "10.1.2.3:8000"}).status_code == 421


FOREIGN = (
    {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:8001"}, {"Origin": "http://["}, {"Origin": ""},
    {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "cross-site"},
)  # fmt: skip
OURS: tuple[dict[str, str], ...] = (
    {}, {"Origin": "http://localhost:8000"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
)  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/size", "/fhir/ResearchStudy/x/$screen", "/cds-services/x", "/nothing"])
def test_another_site_s_page_changes_nothing(client: TestClient, path: str, headers: dict[str, str]) -> None:
    response = client.post(path, content=b"{}", headers=headers | {"Content-Type": "text/plain"})
    assert (response.status_code, issue(response)["code"]) == (403, "security")
    assert client.get("/long", headers=headers).status_code == 200, "it may look: it cannot read the answer"


@pytest.mark.parametrize("headers", OURS)
def test_programs_and_our_own_pages_do(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/size", content=b"{}", headers=headers).json() == {"size": 2}


def test_a_frame_of_no_origin_changes_nothing_either(client: TestClient) -> None:
    assert client.post("/api/x", headers={"Origin": "null"}).status_code == 403
    assert client.post("/api/x").status_code == 404


def test_a_browser_client_of_cds_hooks_calls_cds_hooks_alone(client: TestClient) -> None:
    known = {"Origin": "https://ehr.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/cds-services/x", json={}, headers=known).status_code == 401, "without a JWT"
    assert client.post("/size", content=b"x", headers=known).status_code == 403


def test_metrics_may_have_a_token_of_their_own(tmp_path: Path) -> None:
    given: dict[str, Any] = {"metrics_token": "count-me-in"}
    with service_for(tmp_path, **given) as service, client_of(service) as client:
        for sent in ({}, {"Authorization": "Bearer count"}, {"Authorization": "Basic count-me-in"}):
            refused = client.get("/metrics", headers=sent)
            assert refused.status_code == 401
            assert refused.json()["resourceType"] == "OperationOutcome"
            assert "fhirscreen_" not in refused.text
        told = client.get("/metrics", headers={"Authorization": "Bearer count-me-in"})
        assert "fhirscreen_open_studies" in told.text
        assert client.get("/health/live").status_code == 200
