"""Denials: which records on file they speak against, and when (docs/decisions/0021, 0043)."""

from __future__ import annotations

from typing import NamedTuple

from fhirscreen.fhir.entries import Entry
from fhirscreen.mapping.concepts import Role
from fhirscreen.values.codes import ICD_10, plain
from fhirscreen.values.dates import EVER, Moment
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth
from fhirscreen.verdicts.reasons import Basis, Reason


class Occurrence(NamedTuple):
    """One record that may be an occurrence: whether it is one as asked, and when it was last so."""

    entry: Entry
    truth: Truth
    reason: Reason | None
    basis: Basis
    when: Moment
    role: Role


def contradicts(denial: Occurrence, positive: Occurrence) -> bool:
    """Whether a denial that has a date speaks against a record: it is no older, and may be of the same."""
    if denial.entry.when is None or denied(denial.entry, positive.entry) is FALSE:
        return False
    return _newer(denial, positive) or _of_one_time(denial, positive)


def ends(denial: Occurrence, positive: Occurrence) -> bool:
    """Whether a denial is newer than a record, and surely of the same: it is so no longer."""
    return denial.truth is TRUE and _newer(denial, positive) and denied(denial.entry, positive.entry) is TRUE


def _newer(denial: Occurrence, positive: Occurrence) -> bool:
    return denial.when.start >= positive.when.end


def _of_one_time(denial: Occurrence, positive: Occurrence) -> bool:
    """Whether neither is surely the older one. What has no date, or only an end, is older than any."""
    known = positive.role is Role.MATCH and positive.entry.when is not None
    if not known or positive.when.start == EVER.start:
        return False
    return denial.when.start < positive.when.end and positive.when.start < denial.when.end


def denied(denial: Entry, positive: Entry) -> Truth:
    """Whether the codes of a denial deny what the codes of a record say.

    A code denies itself and, in ICD-10, what begins with it; another code of ICD-10 is another disease, and
    another one of SNOMED CT may be, as may one of another system. The answer to a question, which an
    Observation is, is about all that the question is about.
    """
    found = []
    for coding in denial.codings:
        for other in positive.codings:
            if coding.system in ICD_10 and other.system in ICD_10:
                if plain(other.code).startswith(plain(coding.code)):
                    return TRUE
                found.append(FALSE)
            elif coding.system == other.system:
                if coding.code == other.code:
                    return TRUE
                found.append(UNKNOWN)
    if not found:
        whole = denial.resource["resourceType"] == "Observation" or not (denial.codings and positive.codings)
        return TRUE if whole else UNKNOWN
    return FALSE if FALSE in found else UNKNOWN
