"""The engine over a FHIR server: finds who may be a member, fetches what the criteria need, and evaluates."""

from __future__ import annotations

from fhirscreen.engines.fhir_search.engine import FhirSearch

__all__ = ["FhirSearch"]
