"""How news of patients reach us between nightly runs, as the settings have it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from fhirscreen.bootstrap.metrics import Metrics
from fhirscreen.fhir_client import Client
from fhirscreen.jobs.pollers import Poller
from fhirscreen.jobs.subscriptions import Subscriptions
from fhirscreen.screening.panels import Panel
from fhirscreen.settings.settings import Settings
from fhirscreen.store.databases import Database


class Updating(Protocol):
    """What asking for news needs of the service."""

    settings: Settings
    database: Database
    metrics: Metrics

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

    def client(self, name: str | None = None) -> Client:
        """The client of a named server."""
        ...


def make_poller(service: Updating) -> Poller | None:
    """What asks the source for news; None where that is off. The settings see that the source is a server."""
    settings, source = service.settings, service.source
    if settings.updates.mode == "off" or source is None:
        return None

    def client() -> Client:
        return service.client(source)

    secret = settings.updates.secret
    subscriptions = Subscriptions(
        client,
        f"{settings.url}/updates/{source}",
        secret.get_secret_value() if secret is not None else "",
        service.clock,
    )
    return Poller(
        service.database,
        source,
        client,
        service.panel,
        clock=service.clock,
        seconds=settings.updates.seconds,
        subscriptions=subscriptions,
        subscribes=settings.updates.mode == "subscription",
        troubled=service.metrics.count_trouble,
    )
