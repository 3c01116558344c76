"""Eligibility text into criteria: deterministic, best effort, honest about what it did not understand."""

from __future__ import annotations

from fhirscreen.reading.fragments import Atom
from fhirscreen.reading.reader import Reader
from fhirscreen.reading.readings import Reading, Status
from fhirscreen.reading.records import Record, RegisteredAge, parse_record, read_records

__all__ = ["Atom", "Reader", "Reading", "Record", "RegisteredAge", "Status", "parse_record", "read_records"]
