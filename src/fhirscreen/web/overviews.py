"""What the pages say of studies and runs as a whole: counts, the last run, what is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from fhirscreen.access.callers import Caller
from fhirscreen.criteria.studies import Study
from fhirscreen.outputs.attrition import Attrition, Cell, read_attrition, suppress
from fhirscreen.screening.listings import covering_run
from fhirscreen.store.jobs import StoredJob, list_jobs
from fhirscreen.store.outlines import count_statuses
from fhirscreen.store.runs import StoredRun
from fhirscreen.store.subjects import find_bases

FEWEST = 5
"""Smaller counts are withheld from whoever designs studies."""

SEES_PATIENTS = "system/ResearchSubject.rs"
_SCREEN = "screen"
_KINDS = (_SCREEN, "update", "publish", "forget")


@dataclass(frozen=True, slots=True)
class Overview:
    """One open study on the index."""

    study: Study
    candidates: Cell
    potential: Cell
    runs: Sequence[StoredRun]

    @property
    def warnings(self) -> list[str]:
        """What the last runs could not read, each sentence once."""
        said = [line for run in self.runs if run.state != "done" for line in run.statement]
        return list(dict.fromkeys(said))


class Work(NamedTuple):
    """What is under way; `failed`: the last screening, where it failed."""

    running: Sequence[StoredJob]
    failed: StoredJob | None


class Trouble(NamedTuple):
    """A job that was not done: why, when it was tried, when it is tried again (None: it was given up)."""

    kind: str
    what: str
    remedy: str
    at: datetime | None
    again: datetime | None


def troubles(session: Session, most: int = 20) -> list[Trouble]:
    """The jobs that met trouble and were given up or are put off, newest first; why without patient data."""
    waiting = list_jobs(session, states=["queued", "running"], kinds=_KINDS)
    failed = list_jobs(session, states=["failed"], kinds=_KINDS, limit=most)
    found = [job for job in [*waiting, *failed] if job.error is not None]
    return [_trouble(job) for job in found[:most]]


def _trouble(job: StoredJob) -> Trouble:
    error = job.error or {}
    again = None if job.state == "failed" else job.not_before
    what, remedy = str(error.get("what") or "it could not be done"), str(error.get("remedy") or "")
    return Trouble(job.kind, what, remedy, job.finished_at or job.started_at, again)


def counts_of(run: StoredRun, study: Study, *, hidden: bool) -> Attrition | None:
    """The attrition of a study in a run, small cells withheld where `hidden`; None without one."""
    data = run.counts.get("studies", {}).get(study.id)
    if data is None:
        return None
    return suppress(read_attrition(study, data), FEWEST if hidden else 0)


def last_runs(session: Session, study: str) -> list[StoredRun]:
    """The last run over everybody of each source that the study has subjects of; newest first."""
    bases = [base for each, base in find_bases(session) if each == study]
    found = [run for base in bases if (run := covering_run(session, study, base)) is not None]
    return sorted(found, key=lambda run: run.started_at, reverse=True)


def last_day(runs: Sequence[StoredRun], today: date) -> date:
    """The day that the newest of the runs is as of; today where there is none."""
    return max((run.as_of for run in runs), default=today)


def overviews(session: Session, studies: Sequence[Study], caller: Caller) -> list[Overview]:
    """Each study with how many are on its list now."""
    now = count_statuses(session)
    return [_overview(session, study, now.get(study.id, {}), caller) for study in studies]


def _overview(session: Session, study: Study, now: Mapping[str, int], caller: Caller) -> Overview:
    runs = last_runs(session, study.id)
    if not caller.small_cells_hidden:
        return Overview(study, now.get("candidate", 0), now.get("potential-candidate", 0), runs)
    counts = [each for run in runs if (each := counts_of(run, study, hidden=True)) is not None]
    if len(counts) != 1:
        return Overview(study, None, None, runs)
    return Overview(study, counts[0].candidates, counts[0].potential, runs)


def work(session: Session) -> Work:
    """The screenings that are under way, and the last one where it failed."""
    jobs = list_jobs(session, kinds=[_SCREEN], limit=20)
    running = [job for job in jobs if job.state in ("queued", "running")]
    ended = [job for job in jobs if job.finished_at is not None and job.state in ("done", "failed")]
    newest = max(ended, key=lambda job: job.finished_at or job.created_at, default=None)
    return Work(running, newest if newest is not None and newest.state == "failed" else None)
