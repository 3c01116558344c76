"""Scenarios: small functions that put something into a chart and plant what it means, grouped by theme.

Importing this package registers all of them.
"""

from __future__ import annotations

from fhirscreen.synthetic.facets import (
    blood_counts,
    cancers,
    chemistry,
    clearances,
    diseases,
    immunity,
    lesions,
    metastases,
    performance,
    persons,
    pregnancies,
    probes,
    serologies,
    sizes,
    stages,
    treatments,
)
from fhirscreen.synthetic.facets.registry import FACETS, SLOTS, Facet

__all__ = [
    "FACETS",
    "SLOTS",
    "Facet",
    "blood_counts",
    "cancers",
    "chemistry",
    "clearances",
    "diseases",
    "immunity",
    "lesions",
    "metastases",
    "performance",
    "persons",
    "pregnancies",
    "probes",
    "serologies",
    "sizes",
    "stages",
    "treatments",
]
