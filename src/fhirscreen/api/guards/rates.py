"""No client asks more often than the limit: 429, and when to come back (RFC 6585, 4)."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from fhirscreen.api.outcomes import Refusal, of_error

_FREE = ("/health/", "/metrics")


class Rates:
    """Counts requests by the client's address; behind a proxy, by the one that a known proxy names."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        client = scope["client"][0] if scope.get("client") else "unknown"
        if self._limiter.hit(self._limit, client):
            await self._app(scope, receive, send)
            return
        reset = self._limiter.get_window_stats(self._limit, client).reset_time
        wait = max(1, math.ceil(reset - time.time()))
        refusal = Refusal(
            429,
            "this client asks too often",
            expected=f"at most {self._limit.amount} requests a minute",
            remedy=f"ask again in {wait} s",
            headers={"Retry-After": str(wait)},
        )
        await of_error(refusal)(scope, receive, send)
