"""A subject and its verdicts as the store returns them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from fhirscreen.verdicts.standings import Status

LISTED = frozenset((Status.CANDIDATE.value, Status.POTENTIAL_CANDIDATE.value))
"""The statuses of ours that stand on a list."""

NOT_IN_POPULATION = "not-in-population"
"""Stands as `gate` for a patient whose record no longer shows the study's disease."""

FORGOTTEN = 0
"""Stands as `study_version` for one of whom retention left only what a person decided."""


@dataclass(frozen=True, slots=True)
class StoredSubject:
    """A member of a study's population as last evaluated.

    `status` is ours: None for one who was never listed; `person_status` what a person set, which goes first.
    `gate`: what took the patient out before any criterion, or NOT_IN_POPULATION. `rank_key` sorts as text in
    the order of a list. `study_version`: FORGOTTEN where nothing is known but a person's decision. `version`
    grows with everything that is seen of it.
    """

    id: str
    study: str
    base: str
    patient: str
    status: str | None
    person_status: str | None
    person_reason: str | None
    person_by: str | None
    person_at: datetime | None
    gate: str | None
    rank_key: str
    complete: bool
    diagnosed: str
    planned_start: str
    notes: tuple[str, ...]
    study_version: int
    run: str | None
    evaluated_at: datetime
    changed_at: datetime
    version: int

    @property
    def current_status(self) -> str | None:
        """The person's status, else ours."""
        return self.person_status or self.status


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A subject's current verdict on one criterion; the fields are those of `verdicts.csv`."""

    criterion: str
    kind: str
    truth: str
    basis: str
    reason: str | None
    standing: str
    value: str
    unit: str
    date: str
    evidence: tuple[str, ...]
    proof: dict[str, Any]

    @property
    def digest(self) -> str:
        """What a person saw of it, as a hash: another one bears on what they decided."""
        seen = (self.truth, self.reason, self.value, self.unit, self.date, self.evidence)
        return hashlib.blake2b(orjson.dumps(seen), digest_size=16).hexdigest()
