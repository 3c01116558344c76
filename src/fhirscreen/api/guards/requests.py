"""Each request has an id, one line in the log and a count; what nobody foresaw ends here.

The log and the counts know a request by the template of its route: an address may name a patient.
"""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirscreen.api.outcomes import of_error
from fhirscreen.bootstrap.metrics import Metrics

HEADER = "X-Request-Id"
_SOUND = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

log = structlog.get_logger("fhirscreen.requests")


class Requests:
    """Gives, takes and returns `X-Request-Id`; logs and counts each request when it ends."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        # An id from outside is kept only where it looks like one: it stands in logs and answers.
        request_id = given if _SOUND.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0
        began = time.perf_counter()

        async def reply(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        self._metrics.in_progress.inc()
        try:
            await self._app(scope, receive, reply)
        except Exception as error:  # noqa: BLE001 - the last resort: told by its id, logged without its text
            response = of_error(error)
            if status == 0:
                await response(scope, receive, reply)
        finally:
            self._metrics.in_progress.dec()
            self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(method, route).observe(seconds)
        told = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        if route.startswith("/health") or route == "/metrics":
            log.debug("request", **told)
        elif status >= 500 or status == 0:
            log.warning("request", **told)
        else:
            log.info("request", **told)


def route_of(scope: Scope) -> str:
    """The template of the route that a request took; `none` where it found none."""
    route = scope.get("route")
    return getattr(route, "path_format", None) or getattr(route, "path", None) or "none"
