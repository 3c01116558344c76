"""Seeded cohorts of oesophageal cancer with planted truth.

The truths are written by the scenarios that make the data; nothing here reads a mapping, a criterion node or
the evaluator, so that planted truth cannot leak from what it tests.
"""

from __future__ import annotations

from fhirscreen.synthetic.cohorts import AS_OF, Cohort, generate
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
    "generate",
    "write_bundles",
    "write_ndjson",
]
