"""Until when somebody waits: every request begun within `due` ends by then, in whatever thread it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_due: ContextVar[float | None] = ContextVar("due", default=None)


@contextmanager
def due(moment: float | None) -> Iterator[None]:
    """Requests within end by `moment` of `time.monotonic`, or by an earlier one around it; None: whenever."""
    outer = _due.get()
    moments = [each for each in (outer, moment) if each is not None]
    before = _due.set(min(moments, default=None))
    try:
        yield
    finally:
        _due.reset(before)


def remaining() -> float | None:
    """Seconds that are left, 0 where none are; None where nobody has set a limit."""
    moment = _due.get()
    return None if moment is None else max(0.0, moment - time.monotonic())
