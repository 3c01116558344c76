"""Requests that wait for a FHIR server: so many at a time, in threads of their own, and no more."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, move_on_after, to_thread

from fhirscreen.exceptions import ServerBusy

Result = TypeVar("Result")

PATIENCE = 5.0
"""Seconds that a request waits for its turn, holding no thread."""


class Upstream:
    """The places of such requests. What needs the store alone never waits behind a server that hangs."""

    def __init__(self, places: int) -> None:
        self._places = CapacityLimiter(places)
        self._threads = CapacityLimiter(math.inf)  # a place is what limits them

    async def run(self, work: Callable[[], Result], patience: float = PATIENCE) -> Result:
        """What `work` gives, done in a thread. Raises ServerBusy where no place is free within `patience`.

        The place is kept until the work ends, though nobody may wait for it any more.
        """
        borrower = object()
        with move_on_after(patience) as waiting:
            await self._places.acquire_on_behalf_of(borrower)
        if waiting.cancelled_caught:
            raise ServerBusy(
                "too many requests wait for a FHIR server",
                expected="a FHIR server that answers soon",
                remedy="ask again later; /health/ready tells which server does not answer",
            )
        try:
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._places.release_on_behalf_of(borrower)
