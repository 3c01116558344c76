"""Headers that keep browsers from doing what nobody meant, and those that let a CDS client call."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Set where the answer does not say otherwise."""

_HSTS = "max-age=31536000"
CDS_HOOKS = "/cds-services"
"""Where the routes of CDS Hooks begin."""


class SafeHeaders:
    """Adds the headers; Strict-Transport-Security where the service itself speaks TLS."""

    def __init__(self, app: ASGIApp, tls: bool) -> None:
        self._app = app
        self._headers = SAFE | ({"Strict-Transport-Security": _HSTS} if tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def reply(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, reply)


class Origins:
    """CORS for CDS Hooks alone: the rest of the service is for no other origin's scripts."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        cds = scope["type"] == "http" and scope["path"].startswith(CDS_HOOKS)
        await (self._shared if cds else self._app)(scope, receive, send)
