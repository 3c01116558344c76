"""The job that news of patients give rise to, and how they are gathered into few jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fhirscreen.store import jobs
from fhirscreen.store.jobs import StoredJob

UPDATE = "update"
"""The kind of these jobs: like SCREEN, with workers of its own, so that news never wait for a night's run.
Payload: `source`, `patients`, `cause`."""

VISIT = "visit"
"""Who is screened because a card was shown, on behalf of this."""

MOST = 100
"""Patients a job: more become several, so that the first of them are not told last."""

_AHEAD = timedelta(hours=1)
"""Jobs are taken up in the order of their `not_before`: what is urgent goes before what waits."""


def enqueue(
    session: Session, source: str, patients: Collection[str], *, urgent: bool, by: str, at: datetime
) -> None:
    """Has patients of a source screened: added to a job that waits, in new ones where it is full.

    `by`: who or what gave rise to it. Who waits already is not queued again: their data are fetched when the
    job is taken up.
    """
    wanted = dict.fromkeys(patients)
    begin = at - _AHEAD if urgent else at
    waiting = [job for job in jobs.find_queued(session, UPDATE) if job.payload.get("source") == source]
    for job in waiting:
        if not urgent or is_urgent(job):
            for patient in job.payload["patients"]:
                wanted.pop(patient, None)
    rest = list(wanted)
    for job in waiting:
        room = MOST - len(job.payload["patients"])
        if rest and room > 0 and _is_fresh(job) and is_urgent(job) == urgent and _cause(by) == _cause_of(job):
            joined = [*job.payload["patients"], *rest[:room]]
            if jobs.amend(session, job.id, _payload(source, joined, by), not_before=job.not_before):
                rest = rest[room:]
    for start in range(0, len(rest), MOST):
        payload = _payload(source, rest[start : start + MOST], by)
        jobs.enqueue(session, UPDATE, payload, by=by, at=at, not_before=begin)


def _is_fresh(job: StoredJob) -> bool:
    """Whether it met no trouble yet: what is to come is not tied to what may be given up before."""
    return job.attempts == 0 and job.error is None


def is_urgent(job: StoredJob) -> bool:
    """Whether it goes before what waits."""
    return job.not_before < job.created_at


def _cause(by: str) -> str:
    return "visit" if by == VISIT else "update"


def _cause_of(job: StoredJob) -> str:
    return str(job.payload.get("cause"))


def _payload(source: str, patients: Iterable[str], by: str) -> dict[str, Any]:
    return {"source": source, "patients": list(patients), "cause": _cause(by)}
