"""The FHIR R4 facade, under `/fhir`: studies, their criteria, lists and subjects, screening on demand.

`facade` takes the declarations of routes, from which `capabilities` and the OpenAPI document are made.
"""

from __future__ import annotations
