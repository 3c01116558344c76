"""The work beside requests: which workers and schedules the settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.orm import Session

from fhirscreen.bootstrap.metrics import Metrics
from fhirscreen.bootstrap.telling import (
    make_alarms,
    make_audit_poster,
    make_channels,
    make_sender,
    make_teller,
)
from fhirscreen.bootstrap.updating import make_poller
from fhirscreen.criteria.studies import Study
from fhirscreen.engines.base import Depth, Progress
from fhirscreen.fhir_client import Client
from fhirscreen.jobs.forgetting import DAILY, FORGET, Forgetting
from fhirscreen.jobs.publications import PUBLISH, Publications, enqueue_publication
from fhirscreen.jobs.schedules import Schedule
from fhirscreen.jobs.screenings import SCREEN, Screenings
from fhirscreen.jobs.tasks import Handler
from fhirscreen.jobs.updates import UPDATE
from fhirscreen.jobs.workers import Worker
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.screening.panels import Panel
from fhirscreen.settings.settings import Settings
from fhirscreen.store import jobs
from fhirscreen.store.changes import StoredChange
from fhirscreen.store.databases import Database
from fhirscreen.values.durations import AsOf

if TYPE_CHECKING:
    from fhirscreen.screening.runs import Run


class Background(Protocol):
    """Work beside requests: workers, schedules, pollers."""

    def start(self) -> None:
        """Begins, in threads of its own."""
        ...

    def stop(self) -> None:
        """Finishes or hands back what runs, and returns when it is done."""
        ...


class Publishing(Protocol):
    """What it takes to have something published."""

    settings: Settings

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock."""
        ...


class Parts(Protocol):
    """What background work needs of the service."""

    settings: Settings
    database: Database
    catalogue: Catalogue
    metrics: Metrics
    site: str
    background: list[Background]

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock."""
        ...

    @property
    def source(self) -> str | None:
        """The source that runs screen."""
        ...

    def panel(self) -> Panel:
        """The open studies."""
        ...

    def study_status(self, session: Session, study: Study) -> str:
        """The status of a study at the site."""
        ...

    def client(self, name: str | None = None) -> Client:
        """The client of a named server."""
        ...

    def screen(
        self,
        studies: Sequence[Study],
        source: str,
        patients: Collection[str] | None,
        as_of: AsOf | None,
        depth: Depth,
        progress: Progress,
    ) -> Run:
        """Screens a source."""
        ...


NIGHTLY = "nightly"
"""The name of the schedule that screens everybody."""
DAYS = "days"
"""The name of the schedule that publishes what a new day changes."""
_DAYBREAK = "5 0 * * *"


def hang_background(service: Parts) -> None:
    """Gives a service its schedules and workers; they begin with `start`."""
    settings = service.settings
    if settings.nightly is not None:
        service.background.append(_schedule(service, NIGHTLY, settings.nightly, SCREEN, {"cause": "nightly"}))
    if settings.publish and service.source in settings.named_servers:
        # A recruiting window ends by date: the List of such a study is retired on that day.
        payload = {"source": service.source}
        service.background.append(_schedule(service, DAYS, _DAYBREAK, PUBLISH, payload))
    if settings.retention_days is not None or settings.audit_days is not None:
        service.background.append(_schedule(service, FORGET, DAILY, FORGET, {}))
    for _ in range(settings.workers):
        service.background.append(make_worker(service))
    if (poller := make_poller(service)) is not None:
        service.background.append(poller)
        if settings.workers:  # one more, so that news wait for no night's run
            service.background.append(make_worker(service, kinds=(UPDATE, PUBLISH)))
    if settings.workers and (channels := make_channels(settings.notify)):
        service.background.append(make_sender(service, channels))
    if settings.workers and settings.audit_server is not None:
        service.background.append(make_audit_poster(service, settings.audit_server))


def _schedule(service: Parts, name: str, expression: str, kind: str, payload: Mapping[str, Any]) -> Schedule:
    alarms, metrics = make_alarms(service), service.metrics

    def missed(session: Session, tick: datetime, at: datetime) -> None:
        metrics.missed.labels(name).inc()
        if name == NIGHTLY:
            alarms.missed(session, tick, at)

    return Schedule(
        service.database,
        name,
        expression,
        service.catalogue.site.zone,
        kind,
        payload,
        clock=service.clock,
        troubled=metrics.count_trouble,
        missed=missed,
    )


def make_worker(service: Parts, *, kinds: Collection[str] | None = None, **more: Any) -> Worker:
    """A worker that does jobs of these kinds, or of every kind."""

    def ended(kind: str, state: str, seconds: float) -> None:
        service.metrics.jobs.labels(kind, state).inc()
        if state != "again":
            service.metrics.job_seconds.labels(kind).observe(seconds)

    known = handlers(service)
    wanted = known if kinds is None else {kind: known[kind] for kind in kinds}
    return Worker(
        service.database,
        wanted,
        clock=service.clock,
        ended=ended,
        troubled=service.metrics.count_trouble,
        trouble=make_alarms(service).tell,
        **more,
    )


def handlers(service: Parts) -> Mapping[str, Handler]:
    """What does the work of each kind."""
    settings = service.settings

    def soon(session: Session, source: str, patients: Collection[str] | None, by: str) -> None:
        publish_soon(service, session, source, patients, by)

    def publish(
        source: str, patients: Collection[str] | None, progress: Progress, check: Callable[[], None]
    ) -> Mapping[str, Any]:
        return _publish(service, source, patients, progress, check)

    teller = make_teller(service)

    def tell(session: Session, changes: Sequence[StoredChange]) -> None:
        if changes:
            teller.tell(session, service.clock())

    screenings = Screenings(
        screen=service.screen,
        panel=service.panel,
        source=lambda: service.source,
        publish=soon,
        told=tell,
        clock=service.clock,
    )
    return {
        SCREEN: screenings,
        UPDATE: screenings,
        PUBLISH: Publications(service.database, publish, service.clock),
        FORGET: Forgetting(
            settings.retention_days,
            settings.audit_days,
            settings.cds.snooze_days,
            service.clock,
            service.database.scrub_after,
        ),
    }


def publish_soon(
    service: Publishing, session: Session, source: str, patients: Collection[str] | None, by: str
) -> None:
    """Has what this transaction stores published, where that is set; a folder has no server for it."""
    if service.settings.publish and source in service.settings.named_servers:
        enqueue_publication(session, source, patients, by=by, at=service.clock())


def screen_soon(service: Parts, session: Session, studies: Sequence[str], by: str) -> None:
    """Has everybody screened for studies that opened or ask something else, where that is done by night.

    A job that runs already has the criteria as they were; one that waits will take the new ones.
    """
    if service.settings.nightly is None or service.source is None or not studies:
        return
    payload = {"studies": sorted(studies), "cause": "manual"}
    if all(job.payload != payload for job in jobs.find_queued(session, SCREEN)):
        jobs.enqueue(session, SCREEN, payload, by=by, at=service.clock())


def _publish(
    service: Parts,
    source: str,
    patients: Collection[str] | None,
    progress: Progress,
    check: Callable[[], None],
) -> Mapping[str, Any]:
    from fhirscreen.screening.publishing.holdings import make_holding  # noqa: PLC0415 - slow to import
    from fhirscreen.screening.publishing.publish import publish_holding  # noqa: PLC0415

    client = service.client(source)
    holding = make_holding(
        service.database,
        client.base,
        service.catalogue,
        recruits=service.panel().recruits,
        patients=patients,
        status=service.study_status,
    )
    published = publish_holding(holding, client, service.catalogue, progress, check)
    return {
        kind: {fate.value: number for fate, number in fates.items()}
        for kind, fates in published.fates.items()
    }
