"""A Task: a job in a worker's hands. What handles it says how far it is, and is told there when to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy.orm import Session

from fhirscreen.store.jobs import StoredJob


class Stop(Enum):
    """Why a task must stop before its end."""

    CANCELLED = "cancelled"
    CLOSING = "the process ends"
    LOST = "another worker has the job"


class Stopped(Exception):
    """Raised in a handler by `Task.progress` when it must stop: not to be caught there."""


class Task:
    """One job at work. Shared by the thread that works and the one that keeps its lease.

    By `clock` it is known when the lease has run out without a beat, as where the process was stopped for a
    while: then another worker may have the job, whatever this one has heard.
    """

    def __init__(self, job: StoredJob, clock: Callable[[], datetime] | None = None) -> None:
        self.job = job
        self.held_until = job.lease_until
        self._clock = clock
        self.done: tuple[int, int | None] = job.progress
        self._stop: Stop | None = None
        self._lock = threading.Lock()

    def progress(self, done: int, total: int | None) -> None:
        """Says how far the work is. Raises Stopped where it must end here."""
        self.done = (done, total)
        self.check()

    def check(self) -> None:
        """Raises Stopped where the work must end here; cheap, and from any thread."""
        if self._clock is not None and self.held_until is not None and self._clock() >= self.held_until:
            self.stop(Stop.LOST)
        if self._stop is not None:
            raise Stopped

    def stop(self, why: Stop) -> None:
        """Asks the work to stop; the first reason stays."""
        with self._lock:
            self._stop = self._stop or why

    @property
    def stopped(self) -> Stop | None:
        """Why the work must stop; None while it may go on."""
        return self._stop


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler came to: `write` stores it, in the very transaction that ends the job.

    So a job that another worker took over meanwhile leaves nothing behind, and one that ended was written
    once. `write` returns more for the job's result; it may be tried again and must depend on the store alone.
    """

    result: Mapping[str, Any]
    write: Callable[[Session], Mapping[str, Any]] | None = None


Handler = Callable[[Task], Outcome]
"""Does the work of one kind of job.

Raises FhirscreenError where it cannot be done: a StoreError, and a ServerError that is not `lasting`, are
tried again for hours; everything else is final.
"""
