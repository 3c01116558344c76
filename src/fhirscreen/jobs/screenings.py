"""The job that screens: everybody of a source by night, or some patients about whom there is news."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Study
from fhirscreen.engines.base import Depth, Progress
from fhirscreen.exceptions import UsageError
from fhirscreen.jobs.tasks import Outcome, Task
from fhirscreen.jobs.updates import UPDATE, enqueue, is_urgent
from fhirscreen.screening.panels import Panel
from fhirscreen.screening.recordings import check_cause, record_run
from fhirscreen.store.changes import StoredChange
from fhirscreen.store.jobs import StoredJob
from fhirscreen.store.runs import Cause
from fhirscreen.values.durations import AsOf

if TYPE_CHECKING:
    from fhirscreen.screening.runs import Run

SCREEN = "screen"
"""The kind of these jobs. Payload: `source`, `studies`, `patients`, `as_of`, `depth`, `cause`; each may be
left out: then the source that is set, all open studies, everybody, today, full, manual (of some: update).
As of another day, or at another depth, it counts and stores nothing: the lists are those of today."""


class Screen(Protocol):
    """Screens a named source, as the service does."""

    def __call__(
        self,
        studies: Sequence[Study],
        source: str,
        patients: Collection[str] | None,
        as_of: AsOf | None,
        depth: Depth,
        progress: Progress,
    ) -> Run:
        """Raises FhirscreenError where nothing could be screened."""
        ...


Publish = Callable[[Session, str, Collection[str] | None, str], None]
"""Has a source published, everybody or some patients, in the transaction that stores what was found; and for
whom. What is published is what the store accepted."""

Told = Callable[[Session, Sequence[StoredChange]], None]
"""What follows from changes, in the transaction that stores them."""


@dataclass(frozen=True, slots=True)
class Screenings:
    """Handles the jobs that screen. Its parts are the service's."""

    screen: Screen
    panel: Callable[[], Panel]
    source: Callable[[], str | None]
    publish: Publish
    told: Told
    clock: Callable[[], datetime]

    def __call__(self, task: Task) -> Outcome:
        """Screens, and gives what is to be stored and, where that is set, published then.

        Raises FhirscreenError where nothing can be screened, and Stopped.
        """
        began = self.clock()
        payload = task.job.payload
        panel = self.panel()
        source = self._source(payload)
        studies = _open(panel, payload.get("studies"))
        patients = _patients(payload)
        cause = _cause(payload, patients)
        if not studies:
            return Outcome({"source": source, "studies": [], "statement": ["No study is open."]})
        as_of = _as_of(payload, panel)
        depth = Depth(payload.get("depth") or Depth.FULL)
        run = self.screen(studies, source, patients, as_of, depth, task.progress)
        unknown = run.screened.unknown
        if task.job.kind != UPDATE:
            unknown.check()
        # Of many of whom there was news one may be deleted since: the others are screened all the same.
        screened = patients and [patient for patient in patients if patient not in unknown.patients]
        task.check()
        versions = {study.id: panel.versions[study.id] for study in studies}

        def write(session: Session) -> Mapping[str, Any]:
            recorded = record_run(
                session,
                run,
                cause=cause,
                source=source,
                versions=versions,
                patients=screened,
                by=task.job.requested_by,
                began=began,
                at=self.clock(),
            )
            if patients is not None:
                self._follow(session, task.job, source, run.screened.survivors, patients)
            self.told(session, recorded.changes)
            all_of_them = patients and [*patients, *recorded.absorbed]
            self.publish(session, source, all_of_them, task.job.requested_by)
            return {"run": recorded.run.id, "changes": len(recorded.changes)}

        today = began.astimezone(panel.plan.catalogue.site.zone).date()
        current = depth is Depth.FULL and (as_of is None or as_of.day == today)
        result = {
            "source": source,
            "studies": list(versions),
            "patients": run.screened.patients,
            **({"unknown": len(unknown.patients)} if unknown.patients else {}),
            "listed": sum(1 for each in run.screened.subjects if each.status is not None),
            "complete": run.complete,
            "statement": run.statement(),
        }
        return Outcome(result | {"stored": current}, write if current else None)

    def _follow(
        self,
        session: Session,
        job: StoredJob,
        source: str,
        survivors: Mapping[str, str],
        patients: Collection[str],
    ) -> None:
        """Has those screened whom the records of these patients follow: what is new there counts for them."""
        others = {survivors[id] for id in patients if id in survivors} - {*patients}
        if others:
            at = self.clock()
            enqueue(session, source, sorted(others), urgent=is_urgent(job), by=job.requested_by, at=at)

    def _source(self, payload: Mapping[str, Any]) -> str:
        source = payload.get("source") or self.source()
        if not isinstance(source, str):
            raise UsageError(
                "there is no source of patients",
                expected="the name of a FHIR server or of a folder",
                remedy="set FHIRSCREEN_SERVER, or FHIRSCREEN_SOURCE to one of several",
            )
        return source


def _open(panel: Panel, named: object) -> list[Study]:
    """The studies that are meant. Raises UsageError for one that is not open here."""
    if not isinstance(named, list):
        return list(panel.studies)
    found = []
    for id in named:
        study = panel.study(str(id))
        if study is None:
            raise UsageError(
                "a study is not open at this site",
                where=str(id),
                expected=", ".join(study.id for study in panel.studies) or "no study is open",
                remedy="open it, or leave it out",
            )
        found.append(study)
    return found


def _patients(payload: Mapping[str, Any]) -> list[str] | None:
    if isinstance(patient := payload.get("patient"), str):
        return [patient]
    named = payload.get("patients")
    return [str(each) for each in named] if isinstance(named, list) else None


def _cause(payload: Mapping[str, Any], patients: Collection[str] | None) -> Cause:
    """Why the job was enqueued. Raises UsageError where a run of some would pass for one of everybody."""
    cause = payload.get("cause") or ("manual" if patients is None else "update")
    try:
        return check_cause(cause, patients)
    except ValueError:
        raise UsageError(
            "a job's cause does not go with whom it screens",
            expected="manual or nightly for everybody; update or visit for some patients",
            remedy="enqueue it with the other cause",
        ) from None


def _as_of(payload: Mapping[str, Any], panel: Panel) -> AsOf | None:
    text = payload.get("as_of")
    if text is None:
        return None
    return AsOf(date.fromisoformat(str(text)), panel.plan.catalogue.site.zone)
