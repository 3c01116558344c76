"""A person decides about a subject: the status stands from then on, the reason is kept beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from fhirscreen.exceptions import BadInput
from fhirscreen.store import cards
from fhirscreen.store.reviews import Decision, add_review
from fhirscreen.store.standings import StoredSubject, StoredVerdict
from fhirscreen.store.subjects import find_subject, find_verdicts, set_person_status
from fhirscreen.verdicts.standings import Standing

DECISIONS: Mapping[str, Decision] = {
    "candidate": "reopened",
    "potential-candidate": "reopened",
    "eligible": "suitable",
    "follow-up": "suitable",
    "on-study": "suitable",
    "on-study-intervention": "suitable",
    "on-study-observation": "suitable",
    "pending-on-study": "suitable",
    "screening": "suitable",
    "ineligible": "not-suitable",
    "not-registered": "not-suitable",
    "off-study": "not-suitable",
    "withdrawn": "not-suitable",
}
"""Every status of a ResearchSubject (FHIR R4), and what a person says by setting it."""


def decide(
    session: Session,
    id: str,
    status: str,
    *,
    because: str,
    criteria: Collection[str] = (),
    by: str,
    at: datetime,
    expected: int | None = None,
) -> StoredSubject:
    """Stores a person's status of a subject, and the review that tells why.

    The status on a list that is ours anyway gives the subject back to us; any status on a list ends a
    refusal.
    `criteria` are those that the decision rests on; without any, one against the patient rests on those that
    are open or failed now.
    `expected`: the version that the person saw.
    Raises Conflict where it is not the newest, BadInput for what is no status, a criterion that is none, and
    `not-suitable` without a reason.
    """
    said = DECISIONS.get(status)
    if said is None:
        raise BadInput("no status of a ResearchSubject", where="status", expected=", ".join(DECISIONS))
    if said == "not-suitable" and not because.strip():
        raise BadInput(
            "a decision against a patient needs its reason",
            where=f"status {status}",
            expected="why, as `because`: in a ResearchSubject a part of the extension person-decision",
            remedy="say why, so that the patient is shown again only if what changed bears on it",
        )
    found = find_subject(session, id, hold=True)
    ours = found is not None and found.status == status and said == "reopened"
    decided = set_person_status(
        session,
        id,
        None if ours else status,
        by=by,
        reason=because.strip() or None,
        at=at,
        expected=expected,
    )
    against = said == "not-suitable"
    bears_on = _bears_on(find_verdicts(session, id), criteria) if criteria or against else {}
    decision: Decision = "reopened" if ours else said
    if said == "reopened":
        reopen(session, decided, by=by, at=at)
    add_review(session, subject=id, decision=decision, because=because, by=by, at=at, bears_on=bears_on)
    return decided


def reopen(session: Session, subject: StoredSubject, *, by: str, at: datetime) -> None:
    """Lets a study be suggested for a patient again where it was refused; a person said so."""
    cards.reopen(session, subject.base, subject.patient, subject.study, by=by, at=at)


def _bears_on(verdicts: list[StoredVerdict], criteria: Collection[str]) -> dict[str, str]:
    known = {verdict.criterion: verdict for verdict in verdicts}
    if unknown := sorted(set(criteria) - set(known)):
        raise BadInput("a criterion that the study does not have", where=unknown[0], expected="its id")
    wanted = set(criteria) or {id for id, each in known.items() if each.standing != Standing.MET.value}
    return {id: known[id].digest for id in sorted(wanted)}
