"""What people have settled about a patient and a study: one rule for cards, messages and operations.

A person's "not suitable" stands until a verdict that it rests on is another one; a withdrawal, or being taken
off a study, stands whatever changes. A refusal at a visit stands until a person reopens it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy.orm import Session

from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.store import cards
from fhirscreen.store.merges import decided_at
from fhirscreen.store.reviews import StoredReview, holds, newest_reviews
from fhirscreen.store.standings import StoredSubject
from fhirscreen.store.subjects import find_of_patient, find_subject

UNSUITABLE = "ineligible"
"""The status that "not suitable" gives; a person may still be brought up again with it, and with no other."""


class Settled(NamedTuple):
    """What stands about one study. `decided`: a person set a status, or said no, whether that holds or not.

    `against`: a person said no, and that stands. `refused`: the patient, or a user for the patient, declined.
    """

    decided: bool = False
    against: bool = False
    refused: bool = False


def settled(session: Session, base: str, ids: Collection[str]) -> Mapping[str, Settled]:
    """By study, what was settled about a patient who stands under these ids, the first of them now.

    The others are those of patients merged into this one: whatever was said last goes.
    """
    subjects = find_of_patient(session, base, ids)
    reviews = newest_reviews(session, [each.id for each in subjects])
    newest: dict[str, StoredSubject] = {}
    for each in subjects:
        at, known = decided_at(each, reviews.get(each.id)), newest.get(each.study)
        before = decided_at(known, reviews.get(known.id)) if known is not None else None
        if at is not None and (before is None or at > before):
            newest[each.study] = each
    current = next(iter(ids), "")
    found = {study: _settled(session, each, reviews.get(each.id), current) for study, each in newest.items()}
    for study in cards.refused(session, base, ids):
        found[study] = found.get(study, Settled())._replace(refused=True)
    return found


def _settled(session: Session, subject: StoredSubject, review: StoredReview | None, current: str) -> Settled:
    said_no = review is not None and review.decision == "not-suitable"
    # Of who was merged the verdicts are gone: what speaks for another look is not known before a run.
    stands = subject.patient != current and not _seen(session, subject, current)
    return Settled(
        decided=subject.person_status is not None or said_no,
        against=review is not None and said_no and (stands or still_stands(session, subject, review)),
    )


def _seen(session: Session, subject: StoredSubject, patient: str) -> bool:
    return find_subject(session, subject_uuid(subject.study, subject.base, patient)) is not None


def still_stands(session: Session, subject: StoredSubject | None, review: StoredReview) -> bool:
    """Whether a "not suitable" stands: what it rests on is as it was, or the patient stays out anyway."""
    may_return = subject is not None and subject.person_status == UNSUITABLE
    return not may_return or holds(session, review)


def held_decisions(session: Session, subjects: Iterable[str]) -> dict[str, bool]:
    """Those of the subjects of whom a person last said "not suitable", and whether that still stands."""
    found = newest_reviews(session, subjects, decision="not-suitable")
    return {id: still_stands(session, find_subject(session, id), each) for id, each in found.items()}
