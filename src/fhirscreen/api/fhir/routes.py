"""The facade put together."""

from __future__ import annotations

from fastapi import APIRouter

from fhirscreen.api.fhir.audit_events import AuditEvents
from fhirscreen.api.fhir.capabilities import Capabilities
from fhirscreen.api.fhir.directory import Directory
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.fhir.groups import Groups
from fhirscreen.api.fhir.jobs import Jobs
from fhirscreen.api.fhir.lists import Lists
from fhirscreen.api.fhir.patients import Patients
from fhirscreen.api.fhir.records import Records
from fhirscreen.api.fhir.screenings import Screenings
from fhirscreen.api.fhir.studies import Studies
from fhirscreen.api.fhir.subjects import Subjects
from fhirscreen.bootstrap.services import Service


def router(service: Service) -> APIRouter:
    """Everything under `/fhir`."""
    facade = Facade(service)
    directory = Directory(service)
    Studies(facade, directory)
    Records(facade)
    Groups(facade, directory)
    Lists(facade, directory)
    Subjects(facade, directory)
    Screenings(facade, directory)
    Patients(facade)
    AuditEvents(facade)
    Jobs(facade, directory)
    Capabilities(facade)
    return facade.routes
