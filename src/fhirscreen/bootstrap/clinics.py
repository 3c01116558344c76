"""What answering CDS Hooks takes, from the service."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fhirscreen.access.audits import Access
from fhirscreen.bootstrap.services import Service
from fhirscreen.cds_hooks.templates import make_templates
from fhirscreen.cds_hooks.trails import Entry
from fhirscreen.cds_hooks.visits import Clinic
from fhirscreen.fhir.subjects import FILES_BASE
from fhirscreen.jobs.updates import VISIT, enqueue
from fhirscreen.store.audits import Action


def make_clinic(service: Service) -> Clinic:
    """The parts, made once."""
    settings, source = service.settings, service.source
    is_server = source in settings.named_servers

    def write(session: Session, who: str, action: Action, what: str, entries: Sequence[Entry]) -> None:
        service.audits.tell(who, action, what, [Access(*each) for each in entries], session=session)

    def screen_soon(session: Session, patient: str) -> None:
        enqueue(session, str(source), [patient], urgent=True, by=VISIT, at=service.clock())

    return Clinic(
        settings.cds,
        make_templates(service.catalogue, roles=bool(settings.cds.specialties)),
        service.catalogue,
        service.database,
        service.panel,
        service.as_of,
        service.clock,
        service.lending.lend,
        write,
        screen_soon if is_server else None,
        service.base_of(str(source)) if is_server or source in settings.folders else FILES_BASE,
        settings.url,
        settings.site_name or service.catalogue.site.label,
        settings.publish,
    )
