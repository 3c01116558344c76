"""Seeded cohorts of oesophageal cancer with planted truth.

The truths are written by the scenarios that make the data; nothing here reads a mapping, a criterion node or
the evaluator, so that planted truth cannot leak from what it tests.
"""

from __future__ import annotations

from fhirscreen.synthetic.cohorts import AS_OF, Cohort, generate, shared_resources
from fhirscreen.synthetic.coverage import covers, impossible, possible
from fhirscreen.synthetic.streams import generate_many
from fhirscreen.synthetic.truths import NEOADJUVANT, OLIGOMETASTATIC, PROBE, Planted
from fhirscreen.synthetic.writers import bundles, write_bundles, write_ndjson

__all__ = [
    "AS_OF",
    "NEOADJUVANT",
    "OLIGOMETASTATIC",
    "PROBE",
    "Cohort",
    "Planted",
    "bundles",
    "covers",
    "generate",
    "generate_many",
    "impossible",
    "possible",
    "shared_resources",
    "write_bundles",
    "write_ndjson",
]
