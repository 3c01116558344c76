"""The engine over a FHIR server: finds who may be a member, fetches what the criteria need, and evaluates."""

from __future__ import annotations

from fhirscreen.engines.fhir_search.engine import FhirSearch
from fhirscreen.engines.fhir_search.records import Record, fetch_record

__all__ = ["FhirSearch", "Record", "fetch_record"]
