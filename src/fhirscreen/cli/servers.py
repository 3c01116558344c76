"""uvicorn as the service runs it: bounded connections, an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
from collections.abc import Iterator
from socket import (
    AF_INET6,
    AI_PASSIVE,
    IPPROTO_IPV6,
    IPV6_V6ONLY,
    SO_REUSEADDR,
    SOCK_STREAM,
    SOL_SOCKET,
    gaierror,
    getaddrinfo,
    socket,
)
from typing import Protocol

import structlog
import uvicorn
from fastapi import FastAPI

from fhirscreen.cli.protocols import impatient
from fhirscreen.exceptions import UsageError
from fhirscreen.settings.settings import Settings

log = structlog.get_logger("fhirscreen.serve")

GRACE = 25
"""Seconds that requests have to finish at the end; orchestrators kill after 30."""

UPSTREAM_GRACE = 8.0
"""Seconds that those have of them which wait for a FHIR server: what hangs holds up nothing."""


class Leaving(Protocol):
    """What is told that the process is about to end, before its last requests are answered."""

    def leave(self) -> None:
        """Ends the work beside requests."""
        ...

    def hang_up(self) -> None:
        """Ends the requests that wait for others."""
        ...


def run(app: FastAPI, settings: Settings, sockets: list[socket], service: Leaving) -> None:
    """Serves on sockets that are bound, until SIGTERM or SIGINT."""
    _Server(configure(app, settings), service).run(sockets)


def bind(settings: Settings) -> list[socket]:
    """The sockets to listen on: bound, and deaf until `run`.

    Raises UsageError for an address or a port that cannot be had.
    """
    host, port = settings.host, settings.port
    bound: list[socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(
            getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)
        ):
            made = socket(family, kind, protocol)
            bound.append(made)
            made.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            if family == AF_INET6:
                made.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1)
            made.bind(address)
    except OSError as error:
        for each in bound:
            each.close()
        raise _unbound(error, f"{host}, port {port}") from None
    return bound


def _unbound(error: OSError, where: str) -> UsageError:
    if isinstance(error, gaierror):
        what, expected = "the address to listen on is not known", "an address or a name of this machine"
    elif error.errno == errno.EADDRINUSE:
        what, expected = "another process listens on the port already", "a port that is free"
    elif error.errno == errno.EADDRNOTAVAIL:
        what, expected = "the address to listen on is none of this machine", "an address of this machine"
    elif error.errno in (errno.EACCES, errno.EPERM):
        what, expected = "this user may not listen on the port", "a port from 1024 on, or a user who may"
    else:
        what, expected = f"the address cannot be listened on ({error.strerror})", "another address or port"
    remedy = "set FHIRSCREEN_HOST and FHIRSCREEN_PORT (--host, --port), or end the other process"
    return UsageError(what, where=where, expected=expected, remedy=remedy)


def configure(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Our settings, as uvicorn takes them."""
    limits = settings.limits
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=impatient(limits.idle_seconds),
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

    def __init__(self, config: uvicorn.Config, service: Leaving) -> None:
        super().__init__(config)
        self._service = service

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        for server in getattr(self, "servers", ()):
            for each in server.sockets:
                host, port = each.getsockname()[:2]
                scheme = "https" if self.config.is_ssl else "http"
                shown = f"[{host}]" if ":" in host else host
                log.info("listening", url=f"{scheme}://{shown}:{port}")

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Finishes the requests under way, and beside them the jobs."""
        leaving = asyncio.create_task(self._leave())
        await super().shutdown(sockets)
        leaving.cancel()  # the service is closed

    async def _leave(self) -> None:
        jobs = asyncio.create_task(asyncio.to_thread(self._service.leave))
        await asyncio.sleep(UPSTREAM_GRACE)
        await jobs  # what they write last takes the FHIR server too
        await asyncio.to_thread(self._service.hang_up)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the server; a second one ends it at once."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
