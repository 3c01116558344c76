"""Eligibility text into criteria: deterministic, best effort, honest about what it did not understand."""

from __future__ import annotations

from fhirscreen.criteria.records import Record, RegisteredAge
from fhirscreen.reading.fragments import Atom
from fhirscreen.reading.reader import Reader
from fhirscreen.reading.readings import Reading, Status
from fhirscreen.reading.records import parse_record, read_records
from fhirscreen.reading.studies import find_cancer, make_study
from fhirscreen.reading.updates import Change, Update, What, update_study

__all__ = [
    "Atom",
    "Change",
    "Reader",
    "Reading",
    "Record",
    "RegisteredAge",
    "Status",
    "Update",
    "What",
    "find_cancer",
    "make_study",
    "parse_record",
    "read_records",
    "update_study",
]
