"""No caller asks more often than the limit: 429, and when to come back (RFC 6585, 4)."""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fhirscreen.access.callers import LOCAL, Caller
from fhirscreen.api.outcomes import Refusal, of_error

_FREE = ("/health/", "/metrics")

_KNOWN = 10_000
"""Credentials that are remembered, by a hash, with whom they turned out to be."""


class Rates:
    """Counts requests by who makes them; by their address where that is not known, or not yet.

    Who asks is known after the first answer to a credential: what is made up counts for its address, however
    often it is another. Behind a proxy the address is the one that a known proxy names. The JWT of a call of
    CDS Hooks is new each time: such calls count for their address.
    """

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._limit = RateLimitItemPerMinute(per_minute)
        # The one for event loops: the other begins a thread at every request, to forget old counts.
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._known: OrderedDict[bytes, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        credential = _credential(Headers(scope=scope))
        who = self._who(scope, credential)
        if await self._limiter.hit(self._limit, *who):
            await self._app(scope, receive, send)
            if credential is not None:
                self._learn(credential, _caller(scope))
            return
        window = await self._limiter.get_window_stats(self._limit, *who)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        refusal = Refusal(
            429,
            "this client asks too often",
            expected=f"at most {self._limit.amount} requests a minute",
            remedy=f"ask again in {wait} s",
            headers={"Retry-After": str(wait)},
        )
        await of_error(refusal)(scope, receive, send)

    def _who(self, scope: Scope, credential: bytes | None) -> tuple[str, str]:
        if credential is not None and credential in self._known:
            self._known.move_to_end(credential)
            return "caller", self._known[credential]
        return "address", scope["client"][0] if scope.get("client") else "unknown"

    def _learn(self, credential: bytes, caller: Caller | None) -> None:
        if caller is None or caller == LOCAL:  # refused, or there is nobody to tell apart
            self._known.pop(credential, None)
            return
        self._known[credential] = caller.name
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)


def _credential(headers: Headers) -> bytes | None:
    """What says who asks, hashed; None where nothing does."""
    given = headers.get("authorization") or headers.get("cookie")
    return hashlib.sha256(given.encode()).digest() if given else None


def _caller(scope: Scope) -> Caller | None:
    """Whom a route, or a page, found the request to be from."""
    state = scope.get("state") or {}
    caller = state.get("caller") or getattr(state.get("visit"), "caller", None)
    return caller if isinstance(caller, Caller) else None
