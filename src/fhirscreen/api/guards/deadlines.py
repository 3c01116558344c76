"""A deadline for every request: 408 where it has not come whole by then, 503 where it is not answered.

An answer that has begun has a deadline of its own: a client that reads too slowly is left.

A thread cannot be stopped: what it is doing goes on, and its answer goes nowhere. What it waits for (a FHIR
server, the store) has time limits of its own.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirscreen.api.guards.bodies import RECEIVED
from fhirscreen.api.outcomes import Refusal, of_error
from fhirscreen.bootstrap.logs import told

DUE = "fhirscreen.due"
"""Under this name a request's scope has the moment, of `time.monotonic`, at which it is given up."""

log = structlog.get_logger(__name__)


class Deadlines:
    """Answers for requests that take longer than `seconds`; ends answers that take longer than `sending`."""

    def __init__(self, app: ASGIApp, seconds: float, sending: float) -> None:
        self._app = app
        self._seconds = seconds
        self._sending = sending
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = over = False
        scope[DUE] = time.monotonic() + self._seconds

        async def reply(message: Message) -> None:
            nonlocal begun
            if over:
                return
            begun = True
            await send(message)

        task = asyncio.create_task(self._run(scope, receive, reply))
        try:
            await asyncio.wait({task}, timeout=self._seconds)
            if begun:
                await asyncio.wait({task}, timeout=self._sending)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done():
            await task
            return
        if begun:
            log.warning("the answer was not fetched in time", seconds=self._sending)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            return
        over = True
        self._late.add(task)
        task.add_done_callback(self._forget)
        if scope.get(RECEIVED):
            what = "the answer takes too long"
            refusal = Refusal(
                503, what, remedy="ask for less at once, or later", headers={"Retry-After": "10"}
            )
        else:
            task.cancel()
            refusal = Refusal(408, "the request did not come whole in time", headers={"Connection": "close"})
        await of_error(refusal)(scope, receive, send)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._late.discard(task)
        with suppress(asyncio.CancelledError):
            if (error := task.exception()) is not None:
                log.error("late", **told(error))
