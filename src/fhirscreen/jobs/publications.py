"""The job that publishes what the store holds to the server that it was screened from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fhirscreen.engines.base import Progress
from fhirscreen.jobs.tasks import Outcome, Task
from fhirscreen.store import jobs
from fhirscreen.store.databases import Database
from fhirscreen.store.jobs import StoredJob

PUBLISH = "publish"
"""The kind of these jobs. Payload: `source`, and `patients` where news are of some."""

_MOST = 500
"""Of more patients everybody is published: that is not much dearer then."""

_PATIENCE = timedelta(seconds=10)

Publish = Callable[[str, Collection[str] | None, Progress, Callable[[], None]], Mapping[str, Any]]
"""Publishes what the store holds of a source, of everybody or of some; gives how many met which fate.
The last is called before each resource is written, and raises where that must not be any more."""


def enqueue_publication(
    session: Session, source: str, patients: Collection[str] | None, *, by: str, at: datetime
) -> None:
    """Has a source published: with a job that waits, if there is one. One that runs has read the store."""
    for job in jobs.find_queued(session, PUBLISH):
        if job.payload.get("source") != source:
            continue
        known = job.payload.get("patients")
        joined = None if patients is None or known is None else [*known, *(set(patients) - set(known))]
        if jobs.amend(session, job.id, _payload(source, joined), not_before=job.not_before):
            return
    jobs.enqueue(session, PUBLISH, _payload(source, patients), by=by, at=at)


def _payload(source: str, patients: Collection[str] | None) -> dict[str, Any]:
    some = patients is not None and len(patients) <= _MOST
    return {"source": source, **({"patients": sorted(patients or ())} if some else {})}


@dataclass(frozen=True, slots=True)
class Publications:
    """Handles them: one at a time for a source, so that nobody writes an older state over a newer one."""

    database: Database
    publish: Publish
    clock: Callable[[], datetime]

    def __call__(self, task: Task) -> Outcome:
        """Publishes, as often as one likes. Raises FhirscreenError where it cannot, and Stopped."""
        job = task.job
        source, patients = str(job.payload["source"]), job.payload.get("patients")
        if self._waits(job):

            def write(session: Session) -> Mapping[str, Any]:
                later = self.clock() + _PATIENCE
                jobs.enqueue(session, PUBLISH, job.payload, by=job.requested_by, at=later)
                return {}

            return Outcome({"source": source, "waits": True}, write)
        return Outcome(
            {"source": source, "published": self.publish(source, patients, task.progress, task.check)}
        )

    def _waits(self, job: StoredJob) -> bool:
        """Whether another worker publishes the same source, and began first."""
        now = self.clock()
        with self.database.reading() as session:
            running = jobs.list_jobs(session, states=["running"], kinds=[PUBLISH])
        return any(
            each.payload.get("source") == job.payload["source"] and _place(each) < _place(job)
            for each in running
            if each.id != job.id and each.lease_until is not None and each.lease_until > now
        )


def _place(job: StoredJob) -> tuple[datetime, str]:
    return job.started_at or job.created_at, job.id
