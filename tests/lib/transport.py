"""A FHIR server in a function: for what no real server does on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from fhirscreen.fhir_client import Client, Patience

BASE = "https://fhir.example.org/r4"
HASTY = Patience(attempts=4, total=5.0, first=0.001, longest=0.002, jitter=0.001, asked=1.0)

Reply = httpx.Response | Exception
Handler = Callable[[httpx.Request], Reply]


class Server(httpx.MockTransport):
    """Answers with `handler`, or with a list of replies in turn (the last one stays); keeps the requests."""

    def __init__(self, replies: Handler | Sequence[Reply | Handler]) -> None:
        self.requests: list[httpx.Request] = []
        self._lock = Lock()
        self._replies = replies
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
        replies = self._replies
        reply = replies if callable(replies) else replies[min(number, len(replies) - 1)]
        if callable(reply):
            reply = reply(request)
        if isinstance(reply, Exception):
            raise reply
        # A body is read once, and a stream is counted: a fresh one each time.
        return httpx.Response(
            reply.status_code, headers=reply.headers, stream=httpx.ByteStream(reply.content)
        )

    @property
    def forms(self) -> list[dict[str, str]]:
        """The parameters of each request, of its body or else of its URL."""
        return [form_of(request) for request in self.requests]

    def client(self, **options: Any) -> Client:
        """A client that takes this for its server, and does not wait long."""
        return Client(BASE, transport=self, **({"patience": HASTY} | options))


def form_of(request: httpx.Request) -> dict[str, str]:
    posted = request.headers.get("content-type") == "application/x-www-form-urlencoded"
    return dict(parse_qsl(request.content.decode() if posted else request.url.query.decode()))


def reply(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    """JSON, as FHIR servers send it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, headers={"content-type": "application/fhir+json"} | named, content=orjson.dumps(body)
    )


def html(status: int = 200) -> httpx.Response:
    """What a login page or a proxy sends."""
    return httpx.Response(status, headers={"content-type": "text/html"}, content=b"<!doctype html><p>hello")


def outcome(status: int, code: str = "processing", **issue: object) -> httpx.Response:
    """A refusal."""
    issues = [{"severity": "error", "code": code} | issue]
    return reply({"resourceType": "OperationOutcome", "issue": issues}, status)


def bundle(
    resources: Sequence[Mapping[str, Any]] = (),
    *,
    total: int | None = None,
    onward: str | None = None,
    itself: str | None = None,
    mode: str | None = "match",
) -> dict[str, Any]:
    """A searchset."""
    links = [
        {"relation": relation, "url": url} for relation, url in (("next", onward), ("self", itself)) if url
    ]
    entries = [
        {"resource": resource} | ({"search": {"mode": mode}} if mode else {}) for resource in resources
    ]
    made = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}
    return made if total is None else made | {"total": total}


def observations(*ids: str) -> list[dict[str, Any]]:
    return [{"resourceType": "Observation", "id": id} for id in ids]


def ids(resources: Sequence[Mapping[str, Any]] | Iterator[Mapping[str, Any]]) -> list[str]:
    return [resource["id"] for resource in resources]
