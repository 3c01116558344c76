"""Every way in which a server can fail: the error, what it says, and how often it was tried."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import orjson
import pytest

from fhirscreen.exceptions import (
    FhirscreenError,
    NotFhir,
    OutcomeError,
    ServerError,
    Unauthorised,
    Unreachable,
)
from fhirscreen.fhir_client import Bearer, Client, Patience, due
from tests.lib.transport import BASE, Server, bundle, form_of, html, observations, outcome, reply

SMITH = "Mrs-Smith-77"
FINE = reply(bundle(observations("a"), total=1))


def search(server: Server, **options: object) -> list[str]:
    with server.client(**options) as client:
        return [m["id"] for m in client.gather("Observation", {"subject": f"Patient/{SMITH}"}).matches]


@pytest.mark.parametrize(
    ("answer", "error", "says", "tries"),
    [
        (html(), NotFhir, "HTML", 1),
        (html(404), NotFhir, "HTML", 1),
        (reply({"resourceType": "Observation"}), NotFhir, "is Observation", 1),
        (reply({"error": SMITH}), NotFhir, "without a resourceType", 1),
        (reply([1, 2]), NotFhir, "without a resourceType", 1),
        (httpx.Response(200), NotFhir, "is empty", 1),
        (httpx.Response(200, content=b'{"resourceType": "Bund'), NotFhir, "breaks off", 4),
        (
            httpx.Response(200, headers={"content-type": "application/fhir+xml"}, content=b"<Bundle/>"),
            NotFhir,
            "XML",
            1,
        ),
        (
            httpx.Response(302, headers={"location": f"https://login.example.org/?{SMITH}"}),
            NotFhir,
            "redirects",
            1,
        ),
        (outcome(401, "login"), Unauthorised, "401, login", 1),
        (html(403), Unauthorised, "403", 1),
        (outcome(404, "not-found"), OutcomeError, "404, not-found", 1),
        (
            outcome(400, "invalid", diagnostics=f"HAPI-0524: no {SMITH}"),
            OutcomeError,
            "400, invalid, HAPI-0524",
            1,
        ),
        (outcome(500, SMITH, diagnostics=SMITH), OutcomeError, "500, unknown", 1),
        (outcome(200, "timeout"), OutcomeError, "answers 200, yet reports an error", 1),
        (outcome(429, "throttled"), OutcomeError, "overloaded", 4),
        (html(503), OutcomeError, "overloaded", 4),
        (html(502), OutcomeError, "502", 4),
        (httpx.ConnectError("no"), Unreachable, "Nothing answers", 1),
        (httpx.ConnectTimeout("no"), Unreachable, "Nothing answers", 1),
        (httpx.ReadTimeout("slow"), Unreachable, "too long", 4),
        (httpx.RemoteProtocolError("peer closed connection"), Unreachable, "broke", 4),
        (httpx.ReadError(SMITH), Unreachable, "broke", 4),
    ],
)
def test_what_a_failure_becomes(
    answer: httpx.Response | Exception, error: type[ServerError], says: str, tries: int
) -> None:
    server = Server([answer])
    # the accurate total is not asked for, so that a refusal is not tried without it
    with server.client() as client, pytest.raises(error, match=says) as caught:
        client.gather("Observation", {"subject": f"Patient/{SMITH}"}, verify=False)
    assert len(server.requests) == tries
    assert caught.value.where == f"{BASE}/Observation/_search (subject)"
    assert SMITH not in str(caught.value)
    assert SMITH not in repr(caught.value.__cause__)
    assert caught.value.expected
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("status", "issue", "says", "withheld"),
    [
        (200, {"diagnostics": SMITH}, "exception)", True),
        (200, {}, "exception)", False),
        (400, {"details": {"text": SMITH}}, "exception)", True),
        (403, {"diagnostics": SMITH}, "exception)", True),
        (500, {}, "exception)", False),
        (400, {"severity": "fatal"}, "fatal exception)", False),
        (
            400,
            {"expression": ["Observation.component[2].value"]},
            " at Observation.component[2].value)",
            False,
        ),
        (400, {"expression": [f"Patient.name.where(family='{SMITH}')"]}, "exception)", True),
        (400, {"expression": [f"{SMITH}.name"]}, "exception)", True),
    ],
)
def test_the_words_of_an_outcome_are_withheld_and_that_is_said(
    status: int, issue: dict[str, Any], says: str, withheld: bool
) -> None:
    server = Server([outcome(status, "exception", **issue)])
    with server.client() as client, pytest.raises(ServerError) as caught:
        client.gather("Observation", verify=False)
    assert caught.value.what.endswith(says)
    assert SMITH not in str(caught.value)
    assert ("words are withheld" in str(caught.value)) is withheld
    assert ("log" in str(caught.value)) is (withheld or status in (400, 500))


@pytest.mark.parametrize(
    "failure",
    [httpx.ReadTimeout("slow"), httpx.ReadError("cut"), html(503), httpx.Response(200, content=b"{")],
)
def test_a_failure_that_passes_is_not_noticed(failure: httpx.Response | Exception) -> None:
    server = Server([failure, FINE])
    assert search(server) == ["a"]


def test_an_address_that_has_answered_is_tried_again_when_it_refuses() -> None:
    server = Server([FINE, httpx.ConnectError("restarting"), FINE])
    with server.client() as client:
        assert [len(client.gather("Observation").matches) for _ in range(2)] == [1, 1]
    assert len(server.requests) == 3


def test_a_create_is_repeated_only_where_the_server_did_nothing() -> None:
    patient = {"resourceType": "Patient"}
    server = Server([httpx.ReadTimeout("slow"), reply({}, 201)])
    with server.client() as client, pytest.raises(Unreachable):
        client.create(patient)
    assert len(server.requests) == 1
    server = Server([html(503), reply({}, 201)])
    with server.client() as client, pytest.raises(OutcomeError):
        client.create(patient)
    assert len(server.requests) == 1
    server = Server([html(429), httpx.Response(201)])
    with server.client() as client:
        assert client.create(patient).created
    assert len(server.requests) == 2


def test_retry_after_is_waited_for() -> None:
    server = Server([reply({}, 429, retry_after="1"), FINE])
    started = time.monotonic()
    assert search(server) == ["a"]
    assert time.monotonic() - started >= 1.0


def test_retry_after_may_be_a_date_in_the_past() -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    assert search(Server([reply({}, 503, retry_after=past), FINE])) == ["a"]


LATER = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)


@pytest.mark.parametrize("after", ["3600", LATER], ids=["seconds", "date"])
def test_a_server_that_asks_for_too_long_is_given_up(after: str) -> None:
    server = Server([reply({}, 503, retry_after=after)])
    with pytest.raises(OutcomeError), server.client() as client:
        client.gather("Observation", verify=False)
    assert len(server.requests) == 1


def test_an_unreadable_retry_after_is_no_reason_to_stop() -> None:
    assert search(Server([reply({}, 503, retry_after="soon"), FINE])) == ["a"]


def test_what_every_search_asks_for() -> None:
    server = Server([FINE])
    search(server)
    request = server.requests[0]
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/Observation/_search")
    assert form_of(request) == {"subject": f"Patient/{SMITH}", "_total": "accurate"}
    expected = {
        "accept": "application/fhir+json",
        "accept-encoding": "gzip",
        "prefer": "handling=strict",
        "cache-control": "no-cache",
    }
    assert {name: request.headers[name] for name in expected} == expected


def test_traffic_counts_what_went_over_the_wire() -> None:
    packed = gzip.compress(orjson.dumps(bundle(observations(*map(str, range(500))), total=500)))

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed))

    # the helper unpacks what it is given, hence a transport of its own
    with Client(BASE, transport=httpx.MockTransport(answer)) as client:
        before = client.traffic
        assert client.gather("Observation", verify=False).whole
        spent = client.traffic - before
    assert (spent.requests, spent.retries, spent.received) == (1, 0, len(packed))
    assert spent.decoded > 10 * spent.received
    assert spent.seconds > 0


def test_failed_attempts_are_counted_too() -> None:
    server = Server([httpx.ReadTimeout("slow"), html(503), FINE])
    with server.client() as client:
        client.gather("Observation", verify=False)
        assert (client.traffic.requests, client.traffic.retries) == (3, 2)


def test_nothing_about_patients_is_logged(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    page = reply(bundle(total=1, onward=f"{BASE}?subject={SMITH}"))
    assert search(Server([html(503), page, httpx.ReadError(SMITH), FINE]), auth=Bearer(SMITH)) == ["a"]
    written = capsys.readouterr()
    assert SMITH not in caplog.text + written.out + written.err


def test_another_origin_is_never_asked() -> None:
    server = Server([reply(bundle(total=2, onward=f"https://evil.example.org/r4?page={SMITH}"))])
    with pytest.raises(NotFhir, match="another origin") as caught:
        search(server, auth={"X-Api-Key": "k"})
    assert len(server.requests) == 1
    assert server.requests[0].headers["x-api-key"] == "k"
    assert caught.value.where == "https://evil.example.org/…"


def test_an_expired_token_is_renewed_once() -> None:
    tokens = iter(["old", "new", "new"])
    server = Server(lambda r: FINE if r.headers["authorization"] == "Bearer new" else reply({}, 401))
    assert search(server, auth=Bearer(lambda: next(tokens))) == ["a"]


def test_a_token_that_stays_refused_is_an_error() -> None:
    with pytest.raises(Unauthorised):
        search(Server([reply({}, 401)]), auth=Bearer("wrong"))


def test_credentials_in_the_base_become_basic() -> None:
    server = Server([FINE])
    with Client(BASE.replace("//", "//nurse:secret@"), transport=server) as client:
        client.gather("Observation", verify=False)
        assert client.base == BASE
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert "nurse" not in str(server.requests[0].url)


def test_a_certificate_that_nobody_signed_is_said_so() -> None:
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    with pytest.raises(Unreachable, match="certificate"):
        search(Server([error]))


def test_a_file_of_certificates_must_be_one() -> None:
    with pytest.raises(FhirscreenError, match="certificates"):
        Client(BASE, verify="/nonexistent/ca.pem")


@contextmanager
def listening(answer: bytes) -> Iterator[str]:
    """A real socket that sends `answer` to whoever connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}/r4"
        finally:
            door.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def test_a_body_that_is_cut_off_on_the_wire() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: 500\r\n\r\n"
    patience = Patience(attempts=2, first=0.001, jitter=0.001)
    with listening(head + b'{"resourceType": "Bun') as base, Client(base, patience=patience) as client:
        with pytest.raises(Unreachable, match="broke"):
            client.gather("Observation", verify=False)
        assert client.traffic.requests == 2


def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}/r4") as client, pytest.raises(Unreachable, match="Nothing answers"):
        _ = client.capabilities


@contextmanager
def dripping(first: bytes, drop: bytes = b"") -> Iterator[str]:
    """A real socket that sends `first`, and then a `drop` every now and then, for as long as it is asked."""
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(first)
            while not over.wait(0.05):
                connection.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as door:
        threads = list[threading.Thread]()

        def serve() -> None:
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=drip, args=(connection,), daemon=True))
                threads[-1].start()

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}/r4"
        finally:
            over.set()
            door.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(5)


ENDLESS = b"HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: 100000\r\n\r\n{"


def test_an_answer_in_drops_ends_when_the_time_is_up() -> None:
    with dripping(ENDLESS, b" ") as base, Client(base, concurrency=1) as client:
        for _ in range(2):  # the second finds the lane free
            started = time.monotonic()
            with due(started + 0.3):
                asked = client.begin(client.gather, "Observation")
            with pytest.raises(Unreachable, match="too long"):
                asked.result(5)
            assert time.monotonic() - started < 3
        assert client.traffic.received > 2, "what came is counted"


def test_a_head_in_drops_keeps_no_lane_from_who_comes_later() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nX-More: ", b"a") as base, Client(base, concurrency=1) as client:
        with due(time.monotonic() + 0.3):
            stuck = client.begin(client.gather, "Observation")
        time.sleep(1.5)
        assert stuck.running(), "no timeout ends it"
        with due(time.monotonic() + 0.3):
            client.begin(client.gather, "Observation")
        with pytest.raises(Unreachable):
            stuck.result(5)


def test_a_head_in_drops_ends_where_nobody_set_a_time() -> None:
    once = Patience(attempts=1)
    with (
        dripping(b"HTTP/1.1 200 OK\r\nX-More: ", b"a") as base,
        Client(base, concurrency=1, timeout=0.3, patience=once) as client,
    ):
        for _ in range(2):  # the second finds the lane free
            started = time.monotonic()
            with pytest.raises(Unreachable, match="too long"):
                client.begin(client.gather, "Observation").result(10)
            assert 0.8 < time.monotonic() - started < 8


@pytest.mark.parametrize(
    ("first", "drop"), [(ENDLESS, b" "), (ENDLESS, b""), (b"", b"")], ids=["drops", "stuck", "silent"]
)
def test_who_closes_waits_for_no_answer(first: bytes, drop: bytes) -> None:
    with dripping(first, drop) as base:
        client = Client(base, concurrency=1)
        asked, waiting = (client.begin(client.gather, "Observation") for _ in range(2))
        time.sleep(0.3)
        started = time.monotonic()
        client.close()
        with pytest.raises(Unreachable, match="closed from this side"):
            asked.result(5)
        assert time.monotonic() - started < 3
        assert waiting.cancelled()
        with pytest.raises(Unreachable, match="closed from this side"):
            client.gather("Observation")


def assert_told_at_once(client: Client, asked: Future[Any]) -> None:
    """Who waits is told that the client was closed, and does not wait to the end of it."""
    started = time.monotonic()
    client.close()
    with pytest.raises(Unreachable, match="closed from this side"):
        asked.result(5)
    assert time.monotonic() - started < 3


def test_who_closes_wakes_who_waits_to_try_again() -> None:
    server = Server([httpx.Response(503, headers={"retry-after": "50"})])
    client = Client(BASE, transport=server, patience=Patience())
    asked = client.begin(client.gather, "Observation")
    while not server.requests:
        time.sleep(0.01)
    assert_told_at_once(client, asked)
    assert len(server.requests) == 1


def test_who_closes_wakes_who_keeps_to_a_rate() -> None:
    server = Server([FINE, FINE])
    client = Client(BASE, transport=server, requests_per_second=0.02)
    client.gather("Observation", verify=False)
    asked = client.begin(client.gather, "Observation")
    time.sleep(0.1)
    assert_told_at_once(client, asked)
    assert len(server.requests) == 1


def test_a_rate_keeps_nobody_longer_than_there_is_time() -> None:
    server = Server([FINE, FINE])
    with Client(BASE, transport=server, requests_per_second=0.02) as client:
        client.gather("Observation", verify=False)
        started = time.monotonic()
        with due(started + 0.2), pytest.raises(Unreachable, match="too long"):
            client.gather("Observation", verify=False)
        assert time.monotonic() - started < 3
    assert len(server.requests) == 1


def test_who_still_asks_a_client_that_was_closed_is_told_so() -> None:
    client = Server([FINE]).client()
    client.close()
    for ask in (
        client.ping,
        lambda: client.begin(client.gather, "Observation"),
        lambda: list(client.spread(client.gather, ["Observation"])),
        lambda: list(client.search_each("Observation", {}, "subject", ["Patient/a"])),
    ):
        with pytest.raises(Unreachable, match="closed from this side"):
            ask()
