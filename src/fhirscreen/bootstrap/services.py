"""The Service: everything that the API, the pages and background work share in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
from sqlalchemy.orm import Session

from fhirscreen.access.audits import Audits
from fhirscreen.access.authenticators import Authenticator
from fhirscreen.access.documents import Documents
from fhirscreen.access.hooks import make_hook_authenticator
from fhirscreen.access.sessions import make_sessions
from fhirscreen.access.sign_ins import make_sign_ins
from fhirscreen.bootstrap.background import Background, hang_background, publish_soon, screen_soon
from fhirscreen.bootstrap.clients import Clients
from fhirscreen.bootstrap.exports import Exports
from fhirscreen.bootstrap.health import Health, Probe
from fhirscreen.bootstrap.lending import Lending
from fhirscreen.bootstrap.metrics import Metrics
from fhirscreen.bootstrap.open_studies import OpenStudies, load_studies
from fhirscreen.bootstrap.parts import (
    EngineName,
    Whence,
    find_mappings,
    make_catalogue,
    make_engine,
    make_server_client,
)
from fhirscreen.bootstrap.upstream import Upstream
from fhirscreen.criteria.studies import Study
from fhirscreen.engines.base import Depth, Engine, Progress, silent
from fhirscreen.engines.fhir_search import fetch_record
from fhirscreen.exceptions import UsageError
from fhirscreen.fhir_client import Client, Traffic
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.plan.resolve import resolve
from fhirscreen.screening.listings import site_status
from fhirscreen.screening.panels import Panel
from fhirscreen.screening.patients import Assessed, assess, assess_among
from fhirscreen.settings.settings import Settings
from fhirscreen.store.databases import Database
from fhirscreen.store.studies import find_recruiting, list_open
from fhirscreen.values.durations import AsOf

if TYPE_CHECKING:
    from fhirscreen.screening.runs import Run

Clock = Callable[[], datetime]
Transport = Callable[[str], httpx.BaseTransport | None]
"""Stands in for the network of a named server; None for the real one."""


def utc_now() -> datetime:
    """The clock of a service that runs."""
    return datetime.now(UTC)


def real_network(_server: str) -> httpx.BaseTransport | None:
    """No stand-in: servers are reached by the network."""
    return None


class Looked(NamedTuple):
    """What was found of one patient, by which panel, as of when. `gaps`: what could not be fetched."""

    panel: Panel
    base: str
    as_of: AsOf
    assessed: Assessed
    gaps: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether all of the record was fetched and read."""
        found = self.assessed
        return (
            not (self.gaps or found.set_aside) and found.evaluated and all(s.complete for s in found.subjects)
        )


class Service:
    """What one process needs to serve; shared between threads. Made by `make_service`, ended by `close`."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        database: Database,
        *,
        clock: Clock,
        transport: Transport = real_network,
    ) -> None:
        self.settings = settings
        self.database = database
        self.catalogue = catalogue
        self.clock = clock
        self.site = settings.site_name or catalogue.site.id
        self.metrics = Metrics()
        self.metrics.watch_traffic(self.traffic)
        self.health = Health(self.probes)
        self.background: list[Background] = []
        documents = Documents(transport)
        self.authenticator = Authenticator(settings.access, database, clock, documents, settings.public_url)
        self.authenticate_hook = make_hook_authenticator(settings.cds, database, documents, clock)
        self.audits = Audits(database, clock, posts=settings.audit_server is not None)
        self.sessions = make_sessions(settings.access, database, clock)
        self.sign_ins = make_sign_ins(
            settings.access, self.authenticator.issuer, documents, self.sessions, clock, settings.url
        )
        self._open = OpenStudies(database, catalogue, self.site, self.as_of, self.metrics)
        self._transport = transport
        self._clients = Clients()
        self._exports = Exports()
        self.upstream = Upstream(settings.limits.upstream)
        self.lending = Lending(settings, self.client_for, transport)
        self._leaving = threading.Lock()
        self._has_left = False

    # --- studies

    def panel(self, session: Session | None = None) -> Panel:
        """The studies that this site recruits for today, compiled: always the current ones.

        `session`: a transaction to look in whether they changed. Raises StoreError where the store cannot be
        asked.
        """
        return self._open.panel(session)

    # --- sources of patients

    def client(self, name: str | None = None) -> Client:
        """The client of a named FHIR server: shared, pooled, made when it is first asked for.

        Without a name that of the source, else of the only server, else of `default`. Raises UsageError
        where there is none of that name.
        """
        name = name or self._default_server()
        server = self.settings.named_servers.get(name)
        if server is None:
            raise UsageError(
                "there is no FHIR server of that name",
                expected=", ".join(sorted(self.settings.named_servers))
                or "FHIRSCREEN_SERVER or FHIRSCREEN_SERVERS",
                remedy="name one of the servers in the settings",
            )
        return self._clients.get(name, lambda: make_server_client(server, self._transport(name)))

    def client_for(self, base: str) -> Client | None:
        """The client of the named server with that base URL; None where no server has it."""
        wanted = base.rstrip("/")
        for name, server in self.settings.named_servers.items():
            if server.url == wanted:
                return self.client(name)
        return None

    @property
    def source(self) -> str | None:
        """The name of the server or folder that runs screen; None where nothing is set."""
        return self.settings.main_source

    def base_of(self, source: str) -> str:
        """The base URL that the patient ids of a source belong to. Raises UsageError for an unknown name."""
        if source in self.settings.folders:
            return self._whence(source).base
        return self.client(source).base

    def bases(self) -> list[str]:
        """The bases of all sources; one whose address cannot be used is told by its health check."""
        found = []
        for source in [*self.settings.named_servers, *self.settings.folders]:
            with suppress(UsageError):
                found.append(self.base_of(source))
        return found

    def screen(
        self,
        studies: Sequence[Study],
        source: str,
        patients: Collection[str] | None = None,
        as_of: AsOf | None = None,
        depth: Depth = Depth.FULL,
        progress: Progress = silent,
    ) -> Run:
        """Screens everybody of a source, or only `patients`; `as_of` is today where the site is, if left out.

        Raises FhirscreenError where nothing could be screened; what could not be fetched, and who is not
        there, is in the run.
        """
        from fhirscreen.screening.runs import screen  # noqa: PLC0415 - draws and writes tables: slow to import

        plan = resolve(list(studies), self.catalogue)
        if source in self.settings.folders:
            whence = self._whence(source)
            engine: Engine = self._exports.read(Path(self.settings.folders[source]))
            said = f"folder {source}"
        else:
            client = self.client(source)
            whence = Whence(server=client.base)
            engine, said = make_engine(EngineName.SEARCH, whence, client), f"server {client.base}"
        run = screen(
            plan,
            engine,
            as_of or self.as_of(),
            base=whence.base,
            sources=[said],
            depth=depth,
            patients=patients,
            progress=progress,
            strict=False,
        )
        self.metrics.count_verdicts(run.screened.subjects)
        return run

    def look(
        self,
        patient: str,
        source: str | None = None,
        *,
        studies: Collection[str] | None = None,
        as_of: AsOf | None = None,
    ) -> Looked:
        """Assesses one patient of a source for the open studies, or for some; nothing is stored.

        Raises DataError where the source has no such patient, UsageError where there is no such source,
        ServerError where nothing could be fetched.
        """
        source = source or self.source
        if source is None:
            raise UsageError(
                "there is no source of patients",
                expected="the name of a FHIR server or of a folder",
                remedy="name one, or set FHIRSCREEN_SOURCE",
            )
        panel = self.panel()
        day = as_of or self.as_of()
        if source in self.settings.folders:
            data = self._exports.read(Path(self.settings.folders[source])).holdings
            assessed, gaps = assess_among(panel, patient, data, day, studies=studies)
        else:
            lines, unfetched, gaps = fetch_record(self.client(source), panel.plan, patient)
            assessed = assess(panel, patient, lines, day, unfetched=unfetched, studies=studies)
        self.metrics.count_verdicts(assessed.subjects)
        return Looked(panel, self.base_of(source), day, assessed, gaps)

    def publish_soon(self, session: Session, base: str, patients: str | Sequence[str], by: str) -> None:
        """Has what this transaction stores of a patient, or of several, published where that is set."""
        named = [patients] if isinstance(patients, str) else patients
        for name, server in self.settings.named_servers.items():
            if server.url == base.rstrip("/"):
                publish_soon(self, session, name, named, by)

    def follow_study(self, session: Session, study: str, by: str, *, was_open: bool) -> None:
        """Has lists follow what this transaction changed of a study, its criteria or whether it is open.

        `was_open`: it was open before, and asks the same as then.
        """
        if self.source is not None:
            publish_soon(self, session, self.source, None, by)
        if not was_open and self.recruits(session, study):
            screen_soon(self, session, [study], by)

    def follow_studies(self, session: Session, studies: Sequence[str], by: str) -> None:
        """Has lists follow what this transaction, or one before it, changed of the criteria of studies."""
        if self.source is not None:
            publish_soon(self, session, self.source, None, by)
        screen_soon(self, session, [each for each in studies if self.recruits(session, each)], by)

    def recruits(self, session: Session, study: str) -> bool:
        """Whether the site recruits for a study today, as this transaction has it."""
        return any(each.id == study for each in list_open(session, self.site, self.as_of().day))

    def study_status(self, session: Session, study: Study) -> str:
        """`ResearchStudy.status` as the site has it today."""
        return site_status(study, find_recruiting(session, self.site).get(study.id), self.as_of().day)

    def as_of(self) -> AsOf:
        """Today where the site is."""
        zone = self.catalogue.site.zone
        return AsOf(self.clock().astimezone(zone).date(), zone)

    def traffic(self) -> dict[str, Traffic]:
        """What talking to each named server has cost so far."""
        return {name: client.traffic for name, client in self._clients.made().items()}

    def probes(self) -> dict[str, Probe]:
        """What must answer for the service to be ready, by name."""
        servers = {f"server {name}": self.client(name).ping for name in self.settings.named_servers}
        return {"store": self.database.ready, **servers}

    # --- life

    def start(self) -> None:
        """Begins the background work."""
        for each in self.background:
            each.start()

    def leave(self) -> None:
        """Ends the background work, which finishes or hands back what it has; requests are still answered."""
        with self._leaving:  # who comes second waits
            if self._has_left:
                return
            with ThreadPoolExecutor(max(1, len(self.background))) as threads:  # none waits for another
                for stopping in [threads.submit(each.stop) for each in self.background]:
                    stopping.result()
            self._has_left = True

    def hang_up(self) -> None:
        """Closes the connections to FHIR servers: who waits for one, or comes later, meets Unreachable."""
        self._clients.hang_up()
        self.lending.hang_up()

    def close(self) -> None:
        """Ends the background work, then closes everything."""
        self.leave()
        self.health.close()
        self.hang_up()
        self.database.close()

    def _default_server(self) -> str:
        names = list(self.settings.named_servers)
        if self.settings.source in names:
            return str(self.settings.source)
        return names[0] if len(names) == 1 else "default"

    def _whence(self, folder: str) -> Whence:
        return Whence(ndjson=Path(self.settings.folders[folder]))


def make_service(
    settings: Settings, *, clock: Clock = utc_now, transport: Transport = real_network
) -> Service:
    """The service that settings describe, its store brought up to date and its studies loaded.

    `transport` stands in for the network towards named servers. Raises FhirscreenError where a part of it
    cannot work.
    """
    catalogue = make_catalogue(settings)
    database = Database(settings.store.get_secret_value())
    try:
        database.migrate()
        put = load_studies(database, settings.studies, find_mappings(settings), clock)
    except BaseException:
        database.close()
        raise
    service = Service(settings, catalogue, database, clock=clock, transport=transport)
    hang_background(service)
    if put:
        with database.begin() as session:
            service.follow_studies(session, put, "settings")
    return service
