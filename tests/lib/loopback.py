"""A tiny web server on the loopback, for servers that are none, or not the right one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

CAPABILITIES: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "Loopback"},
    "rest": [
        {
            "mode": "server",
            "resource": [
                {"type": type, "searchParam": [{"name": n} for n in ("code", "combo-code", "patient", "_id")]}
                for type in ("Patient", "Condition", "Observation")
            ],
        }
    ],
}


class Canned(NamedTuple):
    """One answer."""

    status: int = 200
    body: str = ""
    kind: str = "application/fhir+json"


def json_of(body: object, status: int = 200) -> Canned:
    return Canned(status, json.dumps(body))


def outcome_of(status: int, code: str, diagnostics: str = "") -> Canned:
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return json_of({"resourceType": "OperationOutcome", "issue": [issue]}, status)


HTML = Canned(200, "<!doctype html><title>Sign in</title>", "text/html")


@contextmanager
def serve(answers: Mapping[str, Canned], otherwise: Canned = HTML) -> Iterator[str]:
    """A server that answers a path that ends with a key of `answers` so; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            found = next((answers[end] for end in answers if path.endswith(end)), otherwise)
            body = found.body.encode()
            self.send_response(found.status)
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/fhir"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
