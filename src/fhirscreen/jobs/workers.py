"""A Worker: leases jobs one after the other, keeps the lease while it works, and ends each job once."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import stamina
import structlog
from sqlalchemy.orm import Session

from fhirscreen.exceptions import FhirscreenError, ServerError, StoreError
from fhirscreen.jobs.tasks import Handler, Outcome, Stop, Stopped, Task
from fhirscreen.loops import Loop, Troubled, nobody_watches
from fhirscreen.store import jobs
from fhirscreen.store.databases import Database
from fhirscreen.store.jobs import StoredJob

log = structlog.get_logger(__name__)

_ATTEMPTS = 4
"""How often a job is begun: a job that ends the process each time must not do so for ever."""

_SHORTEST, _LONGEST = timedelta(seconds=5), timedelta(minutes=10)
"""How long a job that met server trouble waits until it is begun again: as long as the trouble has lasted,
between these two."""

_PATIENCE = timedelta(hours=30)
"""How long the trouble may last until a job is given up: as long as messages are tried (`notifications`)."""

_BEAT = 2.0
"""Seconds between two beats at most: so soon a job hears that it was cancelled."""

_FAREWELL = 8.0
"""Seconds that whoever ends the process waits for a job to take a step; then it is handed back as it is."""

_LAST = 4.0
"""Seconds that the process waits for the store to take a job back; then the job is left to its lease."""

AGAIN = "to be tried again"

Ended = Callable[[str, str, float], None]
"""Called with kind, state and seconds of each job that ended; `again` is the state of one that is put off."""


def nobody_counts(_kind: str, _state: str, _seconds: float) -> None:
    """For workers that nobody watches."""


def owner_name() -> str:
    """A name for a worker that no other has: host, process, and a word of its own."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


Trouble = Callable[[Session, StoredJob, Mapping[str, Any], datetime, datetime | None], None]
"""Called in the transaction that gives up a job or puts it off, with the error, now, and when it is begun
again."""


def nobody_is_told(
    _session: Session, _job: StoredJob, _error: Mapping[str, Any], _at: datetime, _again: datetime | None
) -> None:
    """For workers whose trouble is nobody's."""


class Worker:
    """Works on one job at a time, in a thread of its own between `start` and `stop`.

    Any number of workers, in any number of processes, may share a database: a job whose worker died is
    leased again when its lease has run out.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        clock: Callable[[], datetime],
        lease_seconds: float = 60.0,
        idle_seconds: float = 1.0,
        farewell_seconds: float = _FAREWELL,
        last_seconds: float = _LAST,
        ended: Ended = nobody_counts,
        troubled: Troubled = nobody_watches,
        trouble: Trouble = nobody_is_told,
    ) -> None:
        self.owner = owner_name()
        self._database = database
        self._handlers = handlers
        self._clock = clock
        self.lease_seconds = lease_seconds
        self._idle_seconds = idle_seconds
        self._farewell_seconds = farewell_seconds
        self._last_seconds = last_seconds
        self._ended = ended
        self._trouble = trouble
        self._loop = Loop("worker", self._turn, troubled=troubled)
        self._task: Task | None = None

    # --- life

    def start(self) -> None:
        """Begins to take up jobs."""
        self._loop.start()

    def stop(self) -> None:
        """Takes up no more; a job at work is handed back at its next step.

        Returns when that is done; a job that takes no step is handed back for it after some seconds, and
        left to its lease where the store does not take it within some more.
        """
        self._loop.close()
        if (task := self._task) is not None:
            task.stop(Stop.CLOSING)
        if self._loop.stop(self._farewell_seconds) or task is None:
            return
        log.warning("a job that takes no step is handed back", job=task.job.id, kind=task.job.kind)
        # In a thread, for a store that is away may keep whoever asks it for as long as it likes.
        giving_up = threading.Thread(target=self._leave, args=(task,), name="farewell", daemon=True)
        giving_up.start()
        giving_up.join(self._last_seconds)
        if giving_up.is_alive():
            log.warning("job is left to its lease", job=task.job.id, what="the store does not answer")

    def _leave(self, task: Task) -> None:
        try:
            self._give_up(task)
        except FhirscreenError as error:
            log.warning("job is left to its lease", job=task.job.id, what=error.what)

    def _turn(self) -> float:
        return 0.0 if self.work_once() else self._idle_seconds

    # --- one job

    def work_once(self) -> bool:
        """Takes up one job, if there is one, and brings it to an end. Raises StoreError."""
        with self._database.begin() as session:
            job = jobs.lease(session, self.owner, list(self._handlers), self._clock(), self.lease_seconds)
        if job is None:
            return False
        began = time.monotonic()
        task = self._task = Task(job, self._clock)
        if self._loop.closing:
            task.stop(Stop.CLOSING)
        log.info("job begins", job=job.id, kind=job.kind, attempt=job.attempts)
        try:
            state = self._attempt(task)
        finally:
            self._task = None
        seconds = time.monotonic() - began
        log.info("job ends", job=job.id, kind=job.kind, state=state, seconds=round(seconds, 3))
        if state in {"done", "failed", "cancelled"}:
            self._ended(job.kind, state, seconds)
        elif state == AGAIN:
            self._ended(job.kind, "again", seconds)
        return True

    def _attempt(self, task: Task) -> str:
        job = task.job
        if job.attempts > _ATTEMPTS:
            what = f"the job was begun {_ATTEMPTS} times, and its worker ended each time"
            return self._fail(job, {"what": what, "remedy": "look at the log of the service"})
        try:
            with _beating(self, task):
                outcome = self._handlers[job.kind](task)
                task.check()
            return self._finish(task, outcome)
        except Stopped:
            return self._give_up(task)
        except FhirscreenError as error:
            if task.stopped is not None:  # what it used is being closed
                return self._give_up(task)
            log.warning("job met trouble", job=job.id, kind=job.kind, what=error.what)
            passes = isinstance(error, StoreError) or (isinstance(error, ServerError) and not error.lasting)
            if passes:
                return self._again(job, error)
            return self._fail(job, _told(error))
        except Exception as error:
            if task.stopped is not None:
                return self._give_up(task)
            # Its text may quote a record: the log tells kind and place.
            log.exception("job failed unexpectedly", job=job.id, kind=job.kind)
            return self._fail(job, {"what": f"failed unexpectedly ({type(error).__name__})"})

    def beat(self, task: Task) -> None:
        """Keeps the lease of a task and tells how far it is; tells the task where it must stop."""
        job = task.job
        at = self._clock()
        with self._database.begin() as session:
            if jobs.beat(session, job.id, self.owner, at, self.lease_seconds, task.done):
                task.held_until = at + timedelta(seconds=self.lease_seconds)
                return
            known = jobs.find_job(session, job.id)
        lost = known is None or known.state != "running" or known.lease_owner != self.owner
        task.stop(Stop.LOST if lost else Stop.CANCELLED)

    def _finish(self, task: Task, outcome: Outcome) -> str:
        job = task.job

        def write() -> bool:
            with self._database.begin() as session:
                at = self._clock()
                # First, for it locks the row: nobody takes the job over while its results are written.
                if not jobs.beat(session, job.id, self.owner, at, self.lease_seconds, task.done):
                    return False
                more = outcome.write(session) if outcome.write is not None else {}
                result = {**outcome.result, **more}
                return jobs.finish(session, job.id, self.owner, at=at, result=result)

        try:
            written = self._persistently(write)
        except StoreError as error:
            log.warning("job could not be written", job=job.id, what=error.what)
            return "left to its lease"
        if written:
            return "done"
        self.beat(task)  # to learn why
        return self._give_up(task)

    def _give_up(self, task: Task) -> str:
        job, at = task.job, self._clock()
        kept = job.not_before  # what was urgent stays so
        match task.stopped:
            case Stop.CANCELLED:
                self._write(lambda s: jobs.finish(s, job.id, self.owner, at=at, state="cancelled"))
                return "cancelled"
            case Stop.LOST:
                return "lost"
            case _:
                self._write(lambda s: jobs.hand_back(s, job.id, self.owner, not_before=kept))
                return "handed back"

    def _again(self, job: StoredJob, error: FhirscreenError) -> str:
        """Tries again what met trouble that passes, for as long as such trouble may last."""
        now = self._clock()
        since = _troubled_since(job) or now
        told = {**_told(error), "since": since.isoformat()}
        if now - since >= _PATIENCE:
            return self._fail(job, told)
        later = now + min(max(now - since, _SHORTEST), _LONGEST)

        def write(session: Session) -> bool:
            if not jobs.hand_back(session, job.id, self.owner, not_before=later, error=told):
                return False
            self._trouble(session, job, told, now, later)
            return True

        self._write(write)
        return AGAIN

    def _fail(self, job: StoredJob, error: Mapping[str, Any]) -> str:
        def write(session: Session) -> bool:
            at = self._clock()
            if not jobs.fail(session, job.id, self.owner, at=at, error=error):
                return False
            self._trouble(session, job, error, at, None)
            return True

        self._write(write)
        return "failed"

    def _write(self, change: Callable[[Any], bool]) -> None:
        def write() -> bool:
            with self._database.begin() as session:
                return change(session)

        self._persistently(write)

    @staticmethod
    def _persistently(write: Callable[[], bool]) -> bool:
        """A store that restarts is asked again for a while: the work is done and must not be lost."""
        for attempt in stamina.retry_context(on=StoreError, attempts=6, timeout=45, wait_initial=0.2):
            with attempt:
                return write()
        raise AssertionError("stamina raises the last error")


@contextmanager
def _beating(worker: Worker, task: Task) -> Iterator[None]:
    """Keeps a task's lease from a thread of its own, three times in its length."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(min(worker.lease_seconds / 3, _BEAT)):
            try:
                worker.beat(task)
            except StoreError as error:
                log.warning("lease not kept", job=task.job.id, what=error.what)
            if task.stopped is Stop.LOST:
                return

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _troubled_since(job: StoredJob) -> datetime | None:
    """Since when a job has met trouble each time; None where this is the first time."""
    since = (job.error or {}).get("since")
    return datetime.fromisoformat(since) if isinstance(since, str) else None


def _told(error: FhirscreenError) -> dict[str, Any]:
    parts = {"what": error.what, "where": error.where, "expected": error.expected, "remedy": error.remedy}
    return {"kind": type(error).__name__} | {name: text for name, text in parts.items() if text}
