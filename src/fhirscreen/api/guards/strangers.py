"""No page of another site gets in by a browser of this machine, or of somebody who is signed in.

Two ways lead in from a page that somebody merely looks at. It may send a request that changes
something without asking first: what a browser marks as another site's is refused. And its name may begin to
lead to this machine (DNS rebinding): where nobody need say who they are, only the machine's own are answered.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fhirscreen.access.origins import host_name, is_foreign
from fhirscreen.api.guards.headers import CDS_HOOKS
from fhirscreen.api.outcomes import Refusal, of_error
from fhirscreen.settings.settings import LOOPBACK, Settings

_SAFE = ("GET", "HEAD", "OPTIONS")
_ANYBODY = "*"
_PROGRAMS = ("/api/", "/fhir/", "/updates/", CDS_HOOKS)
"""Where no form of a page leads."""


class Strangers:
    """Refuses what another site's page sends: 403; and, for whoever is not known, a foreign name: 421.

    With access control any name is answered, that of a proxy, a container or a probe: whom a foreign page
    cannot speak for gets nothing by it.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._open = settings.access.mode == "none" or not settings.cds.required
        self._public = urlsplit(settings.public_url or "").netloc
        self._clients: Collection[str] = settings.cds.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (of_error(refusal) if refusal is not None else self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._open and host_name(host) not in LOOPBACK:
            return Refusal(
                421,
                "the service is not known by this name",
                code="security",
                where="Host",
                expected=", ".join(LOOPBACK),
                remedy="ask on this machine, or configure who may ask (access.mode)",
            )
        if scope["method"] in _SAFE or self._is_client(scope["path"], headers.get("origin")):
            return None
        # Of a sandboxed frame an old browser says no more; forms of pages carry a mark of their own.
        unsaid = headers.get("origin") == "null" and "sec-fetch-site" not in headers
        if is_foreign(headers, (host, self._public)) or (unsaid and scope["path"].startswith(_PROGRAMS)):
            return Refusal(403, "another site's page may change nothing here", code="security")
        return None

    def _is_client(self, path: str, origin: str | None) -> bool:
        """Whether it is a browser client of CDS Hooks that the settings name."""
        known = origin in self._clients or _ANYBODY in self._clients
        return known and path.startswith(CDS_HOOKS)
