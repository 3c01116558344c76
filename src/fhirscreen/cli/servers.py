"""uvicorn as the service runs it: bounded connections, idle ones closed, an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from socket import socket
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fhirscreen.settings.settings import Settings

log = structlog.get_logger("fhirscreen.serve")

GRACE = 25
"""Seconds that requests have to finish at the end; orchestrators kill after 30."""


def run(app: FastAPI, settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    _Server(configure(app, settings)).run()


def configure(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Our settings, as uvicorn takes them."""
    limits = settings.limits
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=_impatient(limits.idle_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.proxies),
        limit_concurrency=limits.connections,
        timeout_keep_alive=max(1, round(limits.idle_seconds)),
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )


class _Server(uvicorn.Server):
    """Says where it listens, and ends with 0 after a signal that asked it to end."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        for server in getattr(self, "servers", ()):
            for each in server.sockets:
                host, port = each.getsockname()[:2]
                scheme = "https" if self.config.is_ssl else "http"
                shown = f"[{host}]" if ":" in host else host
                log.info("listening", url=f"{scheme}://{shown}:{port}")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the server; a second one ends it at once."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _impatient(seconds: float) -> type[asyncio.Protocol]:
    """The protocol that closes a connection on which no whole request head comes within `seconds`."""

    class Impatient(HttpToolsProtocol):
        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            if self._waiting is None:
                self._wait()

        def on_headers_complete(self) -> None:
            self._stop_waiting()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _wait(self) -> None:
            self._waiting = self.loop.call_later(seconds, self._hang_up)

        def _stop_waiting(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _hang_up(self) -> None:
            self._waiting = None
            if not self.transport.is_closing():
                self.transport.close()

    return Impatient
