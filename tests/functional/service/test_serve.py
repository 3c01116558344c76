"""`fhirscreen serve` as a process: how it starts, refuses to, is reached, and ends."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from fhirscreen.bootstrap.services import make_service
from fhirscreen.exceptions import StoreError, UsageError
from fhirscreen.settings.settings import Settings
from tests.lib.cli import fhirscreen, run_fhirscreen
from tests.lib.loopback import serve as serve_canned
from tests.lib.service import serving, settings_for

LIMITS = {"FHIRSCREEN_LIMITS__IDLE_SECONDS": "1", "FHIRSCREEN_LIMITS__REQUEST_SECONDS": "3"}


def test_a_session_from_start_to_end(tmp_path: Path) -> None:
    with serving(tmp_path, FHIRSCREEN_STUDIES="NCT06907602 NCT06190782", **LIMITS) as service:
        with service.client() as client:
            assert client.get("/health/live").status_code == 200
            assert client.get("/health/ready").json()["checks"]["store"]["ok"]
            assert "fhirscreen_open_studies 2.0" in client.get("/metrics").text
            assert client.get("/fhir/Patient/4711?family=Doe").status_code == 404
            bad = client.post("/nothing", content=b"{", headers={"Content-Type": "application/json"})
            assert bad.json()["resourceType"] == "OperationOutcome"
        host, port = service.url.removeprefix("http://").split(":")
        slow_head(host, int(port))
        large_heads(host, int(port))
        assert slow_body(host, int(port)).startswith(b"HTTP/1.1 408 ")
        assert service.end() == 0
        events = service.events()
    assert {"timestamp", "level", "event", "logger"} <= set.intersection(*(set(each) for each in events))
    assert all("request_id" in each for each in events if each["event"] == "request")
    assert next(each for each in events if each["event"] == "panel")["studies"] == 2
    logged = "".join(service.lines)
    assert "4711" not in logged
    assert "Doe" not in logged


def slow_head(host: str, port: int) -> None:
    """A connection on which no whole head comes is closed."""
    with socket.create_connection((host, port), timeout=10) as line:
        line.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n")
        began = time.monotonic()
        assert line.recv(100) == b""
        assert 0.5 < time.monotonic() - began < 8


def large_heads(host: str, port: int) -> None:
    """A head of any size is not kept: neither at once, nor without end, nor after a body."""
    head = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-More: "
    with socket.create_connection((host, port), timeout=10) as line:
        line.sendall(head + b"a" * 60_000 + b"\r\n\r\n")
        answer = b""
        while not answer.endswith(b'"live"}'):
            answer += line.recv(1000)
        line.sendall(head + b"a" * 70_000 + b"\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 431 ")
        assert line.recv(1000) == b""
    chunked = b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    for beginning in (head, chunked + b"2\r\n{}\r\n0\r\nX-More: "):
        with socket.create_connection((host, port), timeout=10) as line:
            line.sendall(beginning)
            with pytest.raises(ConnectionError):
                line.sendall(b"a" * 10_000_000)


def slow_body(host: str, port: int) -> bytes:
    """A body that does not come is not waited for; what is answered is returned."""
    with socket.create_connection((host, port), timeout=20) as line:
        line.sendall(
            b"POST /nothing HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        return line.recv(1000)


def test_requests_under_way_are_finished_at_the_end(tmp_path: Path) -> None:
    """A question to a FHIR server that hangs takes three seconds; meanwhile the service is told to end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"http://127.0.0.1:{silent.getsockname()[1]}/fhir"
        settings = {"FHIRSCREEN_SERVER": server, "FHIRSCREEN_LIMITS__REQUEST_SECONDS": "3"}
        with serving(tmp_path, **settings) as service, service.client() as client:
            answers: list[httpx.Response] = []
            asking = threading.Thread(target=lambda: answers.append(client.get("/fhir/Patient/p1/$studies")))
            asking.start()
            time.sleep(0.7)
            service.process.send_signal(signal.SIGTERM)
            time.sleep(0.7)
            with pytest.raises(httpx.TransportError), service.client() as late:
                late.get("/health/live")
            asking.join(20)
            assert [answer.status_code for answer in answers] == [503]
            assert "takes too long" in answers[0].text
            assert service.process.wait(30) == 0


def test_ready_with_a_fhir_server_that_answers(tmp_path: Path) -> None:
    with (
        serve_canned({}) as base,
        serving(tmp_path, FHIRSCREEN_SERVERS__MAIN__URL=base) as service,
        service.client() as client,
    ):
        response = client.get("/health/ready")
        assert response.status_code == 200
        assert response.json()["checks"]["server main"]["ok"] is True


def make_certificate(folder: Path, name: str, *more: str) -> tuple[Path, Path]:
    """A certificate for the loopback that signed itself, and its key; `-nodes` but for what is given."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    asked = (
        "openssl req -x509 -newkey rsa:2048 -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    written = ["-keyout", str(key), "-out", str(certificate)]
    command = [*asked.split(), *written, *(more or ["-nodes"])]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_a_certificate_and_a_key_that_are_no_pair_are_told_at_start(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "own")
    _, other = make_certificate(tmp_path, "other")
    _, closed = make_certificate(tmp_path, "closed", "-passout", "pass:secret")
    for wrong in (other, closed, certificate):
        with pytest.raises(UsageError, match="certificate and the key cannot be used together") as caught:
            with_tls(certificate, wrong)
        assert caught.value.where == "FHIRSCREEN_TLS_CERTIFICATE, FHIRSCREEN_TLS_KEY"
    assert with_tls(certificate, key).tls_key == key


def with_tls(certificate: Path, key: Path) -> Settings:
    variables = {"FHIRSCREEN_TLS_CERTIFICATE": str(certificate), "FHIRSCREEN_TLS_KEY": str(key)}
    return Settings.from_environment(variables)


def test_it_speaks_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "cert")
    secured = {"FHIRSCREEN_TLS_CERTIFICATE": str(certificate), "FHIRSCREEN_TLS_KEY": str(key)}
    with serving(tmp_path, **secured) as service:
        assert service.url.startswith("https://")
        trust = ssl.create_default_context(cafile=str(certificate))
        with service.client(verify=trust) as client:
            response = client.get("/health/live")
            assert response.status_code == 200
            assert response.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("--host", "0.0.0.0"), {}, "would answer other machines without knowing who asks"),  # noqa: S104
        ((), {"FHIRSCREEN_HOST": "::"}, "would answer other machines without knowing who asks"),
        (("--settings", "/no/such.yaml"), {}, "the file of settings cannot be read"),
        (("--port", "70000"), {}, "--port"),
    ],
)
def test_settings_that_cannot_work_are_told_at_start(
    arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    ended = fhirscreen("serve", *arguments, **environment)
    assert ended.code == 2
    assert said in ended.err


def test_an_address_that_cannot_be_had_is_told_before_anything_is_touched(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        taken = run_fhirscreen("serve", "--port", port, FHIRSCREEN_STORE=f"sqlite:///{store}")
    assert taken.code == UsageError.exit_code
    assert "another process listens on the port already" in taken.err
    assert f"127.0.0.1, port {port}" in taken.err
    foreign = run_fhirscreen(
        "serve", "--host", "192.0.2.1", FHIRSCREEN_STORE=f"sqlite:///{store}", FHIRSCREEN_ACCESS__MODE="token"
    )
    assert foreign.code == UsageError.exit_code
    assert "the address to listen on is none of this machine" in foreign.err
    assert "Traceback" not in taken.err + foreign.err
    assert not store.exists()


def test_studies_and_stores_that_cannot_work_are_told_at_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such study"):
        make_service(settings_for(tmp_path, studies="NCT00000000"))
    with pytest.raises(StoreError, match="the store's file cannot be opened"):
        make_service(settings_for(tmp_path, store="sqlite:////no/such/folder/x.db"))


def test_a_store_that_does_not_answer_ends_the_process_and_no_secret_is_told() -> None:
    ended = run_fhirscreen("serve", FHIRSCREEN_STORE="postgresql://u:hidden@127.0.0.1:9/x")
    assert ended.code == StoreError.exit_code
    assert "the store does not answer" in ended.err
    assert "hidden" not in ended.err
    assert "Traceback" not in ended.err


def test_what_serving_does_not_need_is_not_imported_to_start() -> None:
    """Drawing and writing tables costs a second; who writes a run, reads a text or has keys imports it."""
    code = (
        "import sys, fhirscreen.cli.app;"
        "import fhirscreen.cli.serve, fhirscreen.cli.servers, fhirscreen.api.app, fhirscreen.web.app;"
        "print(*({'matplotlib', 'pyarrow', 'fhir.resources', 'alembic', 'psycopg', 'fhirscreen.reading',"
        " 'fhirscreen.synthetic', 'fhirscreen.cli.screen', 'cryptography'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
