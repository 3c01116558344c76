"""HTTP to FHIR servers: search, reading and writing, capabilities, $expand.

`Client` is the door. Bulk Data export ($export) will be a module of its own here, `bulk`.
"""

from __future__ import annotations

from fhirscreen.fhir_client.auth import Bearer, Headers
from fhirscreen.fhir_client.backend_services import Registration, SigningKey
from fhirscreen.fhir_client.capabilities import Capabilities, SmartConfiguration, TypeCapabilities
from fhirscreen.fhir_client.client import Client
from fhirscreen.fhir_client.deadlines import due, remaining
from fhirscreen.fhir_client.exchanges import Patience
from fhirscreen.fhir_client.expansions import ExpandedCode, Expansion, NamedCode
from fhirscreen.fhir_client.outcomes import Issue
from fhirscreen.fhir_client.paging import INCOMPLETE, Flaw, Page, Search
from fhirscreen.fhir_client.queries import Parameters, Query, escape, token
from fhirscreen.fhir_client.searches import Found, Limits, TooLong
from fhirscreen.fhir_client.traffic import Traffic
from fhirscreen.fhir_client.writes import Reply, Request, Written

__all__ = [
    "INCOMPLETE",
    "Bearer",
    "Capabilities",
    "Client",
    "ExpandedCode",
    "Expansion",
    "Flaw",
    "Found",
    "Headers",
    "Issue",
    "Limits",
    "NamedCode",
    "Page",
    "Parameters",
    "Patience",
    "Query",
    "Registration",
    "Reply",
    "Request",
    "Search",
    "SigningKey",
    "SmartConfiguration",
    "TooLong",
    "Traffic",
    "TypeCapabilities",
    "Written",
    "due",
    "escape",
    "remaining",
    "token",
]
