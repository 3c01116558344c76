"""Findings: what a screening says of one patient and study, as the values of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import RowMapping

from fhirscreen.store.standings import LISTED, NOT_IN_POPULATION
from fhirscreen.verdicts.proofs import explained, without_birth
from fhirscreen.verdicts.standings import Gate, Status, Subject, Verdict, priority

UNLISTED = "9"
"""A rank key behind all others."""


class Mark(NamedTuple):
    """What is remembered of a verdict to see whether it changed."""

    digest: str
    truth: str
    reason: str | None
    standing: str

    @property
    def meaning(self) -> tuple[str, str | None, str]:
        """What people are told of; a newer value that decides the same is not."""
        return self.truth, self.reason, self.standing


@dataclass(slots=True)
class Finding:
    """One patient and study: the values of the subject's row, and the verdicts with their marks."""

    id: str
    study: str
    values: dict[str, Any]
    verdicts: dict[str, tuple[int, Verdict, Mark]]

    def marks(self) -> Iterator[tuple[str, Mark]]:
        """The mark of each criterion, in the study's order."""
        for id, (_, _, mark) in self.verdicts.items():
            yield id, mark

    def rows(self, criteria: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The rows of these criteria's verdicts."""
        for id in criteria:
            place, verdict, mark = self.verdicts[id]
            proof = verdict.proof
            yield {
                "subject": self.id,
                "criterion": id,
                "place": place,
                "kind": verdict.criterion.kind.value,
                "truth": mark.truth,
                "basis": proof.basis.value,
                "reason": mark.reason,
                "standing": mark.standing,
                "value": proof.value,
                "unit": proof.unit,
                "date": proof.date,
                "evidence": list(proof.evidence),
                "because": explained(proof),
                "proof": proof.tree(),
                "digest": mark.digest,
            }


def subject_finding(id: str, subject: Subject, row: RowMapping | None) -> Finding:
    """Of a member whom no gate took out; `row` is how the subject stands now."""
    status = _status(subject, row["status"] if row is not None else None)
    values = {
        "patient": subject.patient,
        "status": status,
        "gate": None,
        "rank_key": _rank_key(subject) if status in LISTED else UNLISTED,
        "complete": subject.complete,
        "diagnosed": subject.diagnosed,
        "planned_start": subject.planned_start,
        "notes": list(subject.notes),
    }
    verdicts = {}
    for place, verdict in enumerate(subject.verdicts):
        verdict = verdict._replace(proof=without_birth(verdict.proof))
        proof, kind = verdict.proof, verdict.criterion.kind
        # The Proof is a tuple of tuples: quicker to write down than its tree of names.
        whole = orjson.dumps((place, kind, proof), default=tuple)
        digest = hashlib.blake2b(whole, digest_size=16).hexdigest()
        reason = proof.reason.value if proof.reason is not None else None
        mark = Mark(digest, proof.truth.value, reason, verdict.standing.value)
        verdicts[verdict.criterion.id] = (place, verdict, mark)
    return Finding(id, subject.study, values, verdicts)


def gated_finding(id: str, study: str, patient: str, gate: Gate, row: RowMapping | None) -> Finding:
    """Of a member whom a gate took out before any criterion: there are no verdicts."""
    return Finding(id, study, _outside(patient, gate.value, row), {})


def outside_finding(row: RowMapping) -> Finding:
    """Of a former member whose record no longer shows the study's disease."""
    return Finding(row["id"], row["study"], _outside(row["patient"], NOT_IN_POPULATION, row), {})


def _outside(patient: str, gate: str, row: RowMapping | None) -> dict[str, Any]:
    before = row["status"] if row is not None else None
    return {
        "patient": patient,
        "status": Status.INELIGIBLE.value if before is not None else None,
        "gate": gate,
        "rank_key": UNLISTED,
        "complete": True,
        "diagnosed": row["diagnosed"] if row is not None else "",
        "planned_start": row["planned_start"] if row is not None else "",
        "notes": [],
    }


def _status(subject: Subject, before: str | None) -> str | None:
    """Our status after this evaluation (design: status of a subject)."""
    status = subject.status
    if status is None:
        kept = before in LISTED and not subject.complete
        return before if kept or before is None else Status.INELIGIBLE.value
    if not subject.complete and before == Status.CANDIDATE.value:
        return before
    return status.value


def _rank_key(subject: Subject) -> str:
    planned, gates, resolvable, _ = priority(subject)
    return f"1 {planned} {gates:03d} {resolvable:03d}"
