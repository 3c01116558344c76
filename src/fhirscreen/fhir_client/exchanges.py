"""One request and its answer: sent, repeated where that is safe, counted, and read as FHIR JSON.

Repeated are dropped connections, timeouts and broken bodies of requests that may be sent twice, and the
statuses 408, 425, 429, 502, 503 and 504, with exponential back-off and jitter. `Retry-After` (RFC 9110,
10.2.3: seconds or a date) is honoured.
"""

from __future__ import annotations

import logging
import math
import random
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from threading import Lock
from typing import Any, cast

import httpx
import orjson

from fhirscreen.exceptions import NotFhir, ServerError, Unreachable
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client.addresses import Base
from fhirscreen.fhir_client.connections import Connections, Watched
from fhirscreen.fhir_client.deadlines import remaining
from fhirscreen.fhir_client.lanes import closed
from fhirscreen.fhir_client.outcomes import error_of, read_issues, reported_error, type_of
from fhirscreen.fhir_client.traffic import Meter, Traffic

JSON = "application/fhir+json"
_REFUSED_UNTOUCHED = {425, 429}  # the server did nothing, so that even a create may be sent again
_PASSING = _REFUSED_UNTOUCHED | {408, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is tried. Times in seconds.

    `attempts` and `total` bound the tries of one request; `first`, `longest` and `jitter` shape the
    back-off; a server that asks for more than `asked` by Retry-After is given up at once.
    """

    attempts: int = 6
    total: float = 180.0
    first: float = 0.2
    longest: float = 20.0
    jitter: float = 0.5
    asked: float = 60.0

    def pause(self, attempt: int, asked: float | None) -> float | None:
        """How long to wait after that attempt, from 1; `asked` by the server. None where it was the last."""
        if attempt >= self.attempts or (asked is not None and asked > self.asked):
            return None
        if asked is not None:
            return asked
        jitter = random.uniform(0, self.jitter)  # noqa: S311 - no secret
        return min(self.longest, self.first * 2.0 ** (attempt - 1) + jitter)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is None where there was none; `where` is the address without patient data."""

    status: int
    body: Resource | None
    headers: Mapping[str, str]
    where: str

    @property
    def etag(self) -> str | None:
        """The version as the server wrote it, fit for If-Match: `W/"3"`."""
        return self.headers.get("etag")


class _Passing(Exception):
    """An error that may pass: `error` is raised if it does not, `after` is what Retry-After asks for."""

    def __init__(self, error: ServerError, after: float | None = None) -> None:
        super().__init__(error.what)
        self.error = error
        self.after = after


class Pace:
    """Keeps the requests of all threads to a rate: each takes its place, one after the other."""

    def __init__(self, per_second: float) -> None:
        self._apart = 1 / per_second
        self._next = 0.0
        self._lock = Lock()

    def take(self) -> float:
        """Takes the next place: the seconds until that request may be sent."""
        with self._lock:
            now = time.monotonic()
            place = max(now, self._next)
            self._next = place + self._apart
        return place - now


class Wire:
    """Sends requests to one server. May be used from several threads."""

    def __init__(
        self,
        base: Base,
        http: httpx.Client,
        patience: Patience,
        pace: Pace | None = None,
        connections: Connections | None = None,
    ) -> None:
        """`connections` are those of `http`, where several wires share it."""
        self.base = base
        self._pace = pace
        self.meter = Meter()
        self._http = http
        self._patience = patience
        self._reached = False
        self._connections = connections or Connections()
        # httpx logs every URL and httpcore every header: ids of patients, and the token.
        for name in ("httpx", "httpcore"):
            if (logger := logging.getLogger(name)).level == logging.NOTSET:
                logger.setLevel(logging.WARNING)

    def close(self) -> None:
        """Closes the connections; what waits for an answer on one of them ends as Unreachable."""
        self._connections.cut()
        self._http.close()

    def drop(self) -> None:
        """Ends the connections of now; requests that may be sent twice are, where they have time."""
        self._connections.drop()

    def send(
        self,
        method: str,
        url: str = "",
        *,
        query: bytes = b"",
        form: bytes | None = None,
        resource: Resource | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        repeatable: bool = True,
        expect: str | None = None,
        shown: Collection[str] = (),
    ) -> Answer:
        """One answer of status 2xx, or one of `accept`.

        `url` is relative to the base, or absolute on the base's origin. `expect` is the resourceType that a
        2xx must bring, "JSON" for JSON of any kind, None for whatever comes. `shown` are the names of
        parameters that errors may show. Raises a ServerError.
        """
        absolute = url if "://" in url else f"{self.base.url}/{url}".rstrip("/")
        where = self.base.show(absolute, shown)
        if not self.base.shares_origin(absolute):
            raise NotFhir(
                "The server links to another origin than its own",
                where=where,
                expected=f"an address under {self.base.url}",
                remedy="use the base URL that the server gives to itself, or correct its server-base setting",
            )
        content = form if form is not None else orjson.dumps(resource) if resource is not None else None
        asked = f"{absolute}?{query.decode('ascii')}" if query else absolute
        try:
            request = self._http.build_request(
                method,
                asked,
                content=content,
                headers=_content_type(form, resource) | dict(headers or {}),
                extensions={"trace": self._connections.notice},
            )
        except httpx.InvalidURL:
            raise NotFhir("The address cannot be called", where=where, expected="a URL") from None
        patience, left = self._patience, remaining()
        until = time.monotonic() + (patience.total if left is None else min(patience.total, left))
        # A loop of our own: no library that retries lets `close` wake who sleeps between two tries.
        for number in count(1):
            try:
                return self._try_once(request, where, frozenset(accept), expect, repeatable, number)
            except _Passing as passing:
                pause = patience.pause(number, passing.after)
                if pause is None or time.monotonic() + pause >= until:
                    raise passing.error from passing.__cause__
            if self._connections.await_cut(pause):
                raise closed(where)
        raise AssertionError("counting never ends")

    def ping(self, url: str) -> bool:
        """Whether a GET is answered at all, and without a 5xx: tried once, the body not read."""
        where = f"{self.base.url}/{url}"
        if self._connections.are_cut:
            raise closed(where)
        try:
            with self._http.stream("GET", where, timeout=5.0) as response:
                return response.status_code < httpx.codes.INTERNAL_SERVER_ERROR
        except httpx.RequestError as error:
            lost = self._lost(error, where, repeatable=False)
            raise (lost.error if isinstance(lost, _Passing) else lost) from None

    def _try_once(
        self,
        request: httpx.Request,
        where: str,
        accept: frozenset[int],
        expect: str | None,
        repeatable: bool,
        number: int,
    ) -> Answer:
        if self._pace is not None:
            self._connections.await_cut(_within(self._pace.take(), remaining()))
        self._check(where)
        if (left := remaining()) is not None:
            before = request.extensions["timeout"]
            kept = {kind: left if each is None else _within(each, left) for kind, each in before.items()}
            request.extensions["timeout"] = kept
        started = time.perf_counter()
        received = decoded = 0
        try:
            response = self._send(request)
            try:
                stream = cast(httpx.SyncByteStream, response.stream)
                response.stream = Watched(stream, lambda: self._check(where))
                decoded = len(response.read())
            finally:
                response.close()
                received = response.num_bytes_downloaded
        except httpx.RequestError as error:
            raise self._lost(error, where, repeatable) from None
        finally:
            seconds = time.perf_counter() - started
            retries = int(number > 1)
            self.meter.add(Traffic(1, retries, len(request.content), received, decoded, seconds))
        self._reached = True
        return _read(response, where, accept, expect, repeatable)

    def _send(self, request: httpx.Request) -> httpx.Response:
        """The head of the answer. Raises httpx.ReadTimeout where it comes in drops for longer than it may."""
        given = self._http.timeout
        seconds = (given.connect or 0.0) + _HEAD * given.read if given.read is not None else math.inf
        with self._connections.head(seconds) as is_late:
            try:
                return self._http.send(request, stream=True)
            except httpx.RequestError as error:
                if is_late():
                    raise httpx.ReadTimeout("", request=request) from error
                raise

    def _check(self, where: str) -> None:
        """Raises Unreachable where nobody waits for the answer any more."""
        if self._connections.are_cut:
            raise closed(where)
        if remaining() == 0:
            raise _too_long(where)

    def _lost(self, error: httpx.RequestError, where: str, repeatable: bool) -> ServerError | _Passing:
        """The connection failed: an error without httpx's text, which may quote the URL."""
        if self._connections.are_cut:
            return closed(where)
        if _is_tls(error):
            return Unreachable(
                "The server's TLS certificate cannot be verified",
                where=where,
                expected="a certificate that a known authority signed, for this very host",
                remedy="name the authority's certificate in SSL_CERT_FILE, or in the server's ca_file",
            )
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            lost = _too_long(where)
        elif isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            lost = Unreachable(
                "Nothing answers at this address",
                where=where,
                expected="a FHIR server that runs and can be reached from here",
                remedy="check host, port and proxy, and that the server has started",
            )
        else:
            lost = Unreachable(
                "The connection broke before the answer was whole",
                where=where,
                expected="a connection that lasts",
                remedy="try again; if it stays, look at the proxy's limits of size and time",
            )
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            return lost
        # An address that never answered is wrong rather than weak; one that refused a connection now may
        # be asked again for anything, since nothing was sent.
        unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return _Passing(lost) if (self._reached if unsent else repeatable) else lost


_HEAD = 2.0
"""How many timeouts a request and the head of its answer may take: one to begin, one until it is whole."""


def _within(seconds: float, left: float | None) -> float:
    return seconds if left is None else min(seconds, left)


def _too_long(where: str) -> Unreachable:
    return Unreachable(
        "The server took too long",
        where=where,
        expected="an answer within the time that is set",
        remedy="allow more seconds (FHIRSCREEN_TIMEOUT), or ask when the server is less busy",
    )


def _content_type(form: bytes | None, resource: Resource | None) -> dict[str, str]:
    if form is not None:
        return {"Content-Type": "application/x-www-form-urlencoded"}
    return {"Content-Type": JSON} if resource is not None else {}


def _read(
    response: httpx.Response, where: str, accept: frozenset[int], expect: str | None, repeatable: bool
) -> Answer:
    status = response.status_code
    fine = response.is_success
    body: Any = None
    try:
        body = orjson.loads(response.content) if response.content.strip() else None
    except orjson.JSONDecodeError:
        if fine or status == httpx.codes.NOT_FOUND:
            raise _not_json(response, where, repeatable) from None
    if fine:
        return Answer(status, _check(body, expect, status, where), response.headers, where)
    if status in accept:
        return Answer(status, body if isinstance(body, dict) else None, response.headers, where)
    if response.is_redirect:
        raise NotFhir(
            f"The server redirects ({status})",
            where=where,
            expected="an answer under the base itself: credentials are sent nowhere else",
            remedy="use the base URL that it redirects to",
        )
    error = error_of(status, body if isinstance(body, dict) else None, where)
    if status in _REFUSED_UNTOUCHED or (repeatable and status in _PASSING):
        raise _Passing(error, _read_retry_after(response.headers.get("retry-after")))
    raise error


def _not_json(response: httpx.Response, where: str, repeatable: bool) -> NotFhir | _Passing:
    start = response.content.lstrip()[:1]
    if start in b"{[":
        broken = NotFhir(
            f"The answer breaks off, or is no valid JSON ({response.status_code})",
            where=where,
            expected=JSON,
            remedy="try again; if it stays, look at the proxy's limits of size and time",
        )
        return _Passing(broken) if repeatable else broken
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    html = "html" in kind or ("xml" not in kind and start == b"<")
    named = "HTML" if html else "XML" if "xml" in kind else "no JSON"
    return NotFhir(
        f"The answer is {named} ({response.status_code})",
        where=where,
        expected=JSON,
        remedy="check that the base is that of the FHIR server, not of its website, login page or proxy",
    )


def _check(body: object, expect: str | None, status: int, where: str) -> Resource | None:
    if body is None and expect is None:
        return None
    issues = [issue for issue in read_issues(body) if issue.failed]
    if issues and expect != "OperationOutcome":
        raise reported_error(status, issues, where)
    if not isinstance(body, dict) or (expect not in {None, "JSON"} and body.get("resourceType") != expect):
        found = "empty" if body is None else type_of(body)
        raise NotFhir(
            f"The answer is {found} ({status})",
            where=where,
            expected="a resource" if expect in {None, "JSON"} else f"a {expect}",
            remedy="check that the base is that of a FHIR R4 server",
        )
    return body


def _read_retry_after(text: str | None) -> float | None:
    """Seconds to wait; None where the header is absent or cannot be read."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
