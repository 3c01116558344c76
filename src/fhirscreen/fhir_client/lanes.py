"""The threads of a client, and what becomes of work that is given to them after it was closed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Any, TypeVar

from fhirscreen.exceptions import Unreachable
from fhirscreen.fhir_client.deadlines import remaining

Item = TypeVar("Item")
Result = TypeVar("Result")


_GRACE = 1.0
"""Seconds after its time in which work ends by itself: the clock is looked at with each piece of a body."""


class Lanes:
    """So many pieces of work at once. May be used from several threads.

    No timeout ends work whose server sends the head of an answer in drops. Where it keeps others from
    beginning though nobody waits for it any more, `drop` is called to end all connections.
    """

    def __init__(self, base: str, number: int, drop: Callable[[], None]) -> None:
        self.number = number
        self._base = base
        self._drop = drop
        self._lock = Lock()
        self._until: dict[Future[Any], float] = {}  # what has not ended, and when its time is up
        self._executor = ThreadPoolExecutor(number, thread_name_prefix="fhir-client")

    def begin(self, work: Callable[[Item], Result], item: Item) -> Future[Result]:
        """`work` for one item, in the context of whoever asks. Raises Unreachable where all is closed."""
        self._free()
        try:
            future = self._executor.submit(copy_context().run, work, item)
        except RuntimeError:  # all that `submit` raises, and only after a shutdown
            raise closed(self._base) from None
        left = remaining()
        with self._lock:
            self._until[future] = float("inf") if left is None else time.monotonic() + left
        future.add_done_callback(self._forget)
        return future

    def spread(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """`work` for each item, twice as many ahead as there are lanes at most, in the order of the items.

        `work` runs in the context of whoever iterates: with the time and the token that were lent. The first
        error is raised where its result would stand; what has not begun by then never does.
        """
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(self.begin(work, item))
                if len(waiting) > 2 * self.number:
                    yield self._take(waiting.popleft())
            while waiting:
                yield self._take(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Begins nothing more, and does not wait for what is at work."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _free(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = sum(until + _GRACE < now for until in self._until.values())
            full = len(self._until) >= self.number
        if late and full:
            self._drop()

    def _forget(self, future: Future[Any]) -> None:
        with self._lock:
            self._until.pop(future, None)

    def _take(self, future: Future[Result]) -> Result:
        try:
            return future.result()
        except CancelledError:
            raise closed(self._base) from None


def closed(where: str) -> Unreachable:
    """What meets who still wants something of a client that was closed."""
    return Unreachable(
        "The connection was closed from this side before the answer was whole",
        where=where,
        expected="a client that is open until its work is done",
        remedy="begin the work again",
    )
