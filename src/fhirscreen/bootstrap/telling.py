"""Who is told of changes, as the settings have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from fhirscreen.bootstrap.metrics import Metrics
from fhirscreen.fhir_client import Client
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.notifications.audit_events import AuditPoster
from fhirscreen.notifications.channels import Channel
from fhirscreen.notifications.mail import Mail
from fhirscreen.notifications.messages import Teller
from fhirscreen.notifications.quiet import Quiet
from fhirscreen.notifications.senders import Sender
from fhirscreen.notifications.troubles import Alarms
from fhirscreen.notifications.webhooks import Webhook, origin
from fhirscreen.settings.groups import NotifySettings
from fhirscreen.settings.settings import Settings
from fhirscreen.store.databases import Database


class Telling(Protocol):
    """What telling needs of the service."""

    settings: Settings
    database: Database
    catalogue: Catalogue
    metrics: Metrics
    site: str

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock."""
        ...


class Posting(Telling, Protocol):
    """What posting the audit trail needs of it."""

    def client(self, name: str | None = None) -> Client:
        """The client of a named server."""
        ...


WEBHOOK = "webhook"
MAIL = "mail"


def targets(notify: NotifySettings) -> dict[str, str]:
    """The channels that are set, and where they lead, fit to be stored."""
    found = {}
    if notify.webhook_url is not None:
        found[WEBHOOK] = origin(notify.webhook_url)
    if notify.smtp_host is not None:
        found[MAIL] = ", ".join(notify.mail_to)
    return found


def make_channels(notify: NotifySettings) -> dict[str, Channel]:
    """The channels that are set. Raises UsageError for a secret that cannot be read."""
    channels: dict[str, Channel] = {}
    if notify.webhook_url is not None and notify.webhook_secret is not None:
        channels[WEBHOOK] = Webhook(notify.webhook_url, notify.webhook_secret.get_secret_value())
    if notify.smtp_host is not None:
        channels[MAIL] = Mail(notify)
    return channels


def make_teller(service: Telling) -> Teller:
    """What puts messages for the channels that are set into the outbox."""
    settings = service.settings
    hours, zone = settings.notify.quiet, service.catalogue.site.zone
    return Teller(
        targets(settings.notify),
        service.site,
        settings.url,
        Quiet.read(hours, zone) if hours is not None else None,
        timedelta(minutes=settings.notify.every_minutes),
    )


def make_alarms(service: Telling) -> Alarms:
    """What puts messages about the service itself into the outbox."""
    settings = service.settings
    return Alarms(targets(settings.notify), service.site, settings.url)


def make_sender(service: Telling, channels: Mapping[str, Channel]) -> Sender:
    """What sends them; it closes the channels at its end."""

    def counted(channel: str, outcome: str) -> None:
        service.metrics.notifications.labels(channel, outcome).inc()

    return Sender(
        service.database,
        channels,
        make_teller(service),
        clock=service.clock,
        counted=counted,
        troubled=service.metrics.count_trouble,
    )


def make_audit_poster(service: Posting, server: str) -> AuditPoster:
    """What posts the audit trail to a named server."""

    def counted(outcome: str, number: int) -> None:
        service.metrics.notifications.labels("audit", outcome).inc(number)

    def client() -> Client:
        return service.client(server)

    return AuditPoster(
        service.database,
        client,
        service.site,
        clock=service.clock,
        counted=counted,
        troubled=service.metrics.count_trouble,
    )
