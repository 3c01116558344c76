"""Those who are told, as real servers on the loopback: a webhook's address, and a mail server with TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Call(NamedTuple):
    """A request that was received: method, path, headers by lower-case names, body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """An HTTP server that answers with the next of `statuses`, then with 200, and keeps what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.calls: list[Call] = []
        self.statuses = list(statuses)
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                endpoint.calls.append(Call(self.command, self.path, headers, body))
                self.send_response(endpoint.statuses.pop(0) if endpoint.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def endpoint(*statuses: int) -> Iterator[Endpoint]:
    made = Endpoint(*statuses)
    try:
        yield made
    finally:
        made.close()


class Mailbox:
    """What a mail server received; `refuse` is what it replies to a receiver instead of taking it."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.secured: list[bool] = []
        self.users: list[str] = []
        self.refuse: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        self.secured.append(session.ssl is not None)
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Any, _envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.users.append(data.login.decode())
        good = data.password == b"open sesame"
        return AuthResult(success=good, handled=good)


class Post(NamedTuple):
    """A mail server: where it is, what it got, and whom a client must trust to reach it."""

    port: int
    box: Mailbox
    trust: ssl.SSLContext


@contextmanager
def mail_server(folder: Path, *, tls: str = "starttls", sign_in: bool = False) -> Iterator[Post]:
    """`tls`: starttls (and nothing without it), tls from the first byte, or none."""
    key, certificate = certify(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    box = Mailbox()
    more: dict[str, Any] = {"authenticator": box.authenticate, "auth_required": True} if sign_in else {}
    if tls == "starttls":
        more |= {"tls_context": context, "require_starttls": True}
    if tls == "tls":
        more |= {"ssl_context": context}
    port = free_port()
    controller = Controller(
        box, hostname="127.0.0.1", port=port, server_hostname="localhost", ready_timeout=60, **more
    )
    controller.start()
    try:
        yield Post(port, box, ssl.create_default_context(cafile=str(certificate)))
    finally:
        controller.stop()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def certify(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "mail.key", folder / "mail.pem"
    files[0].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return files
