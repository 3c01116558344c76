"""What people decided about subjects: taken down, kept, and brought up again only where it rests no more.

A person's "not suitable, because …" stays with the subject, and so does the status. The subject is shown
again when a verdict that the decision rests on is another one than the person saw, and our status lists it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from fhirscreen.exceptions import BadInput
from fhirscreen.screening.decisions import decide, reopen
from fhirscreen.screening.settlements import UNSUITABLE, still_stands
from fhirscreen.store import reviews
from fhirscreen.store.reviews import Decision, StoredReview
from fhirscreen.store.standings import LISTED, StoredSubject
from fhirscreen.store.subjects import find_subject, find_subjects, set_person_status

STATUSES: dict[Decision, str] = {"suitable": "eligible", "not-suitable": UNSUITABLE}
"""The status of a ResearchSubject that a decision gives, where the person names none."""


def review(
    session: Session,
    id: str,
    decision: Decision,
    *,
    because: str,
    criteria: Collection[str] = (),
    by: str,
    at: datetime,
    expected: int | None = None,
) -> StoredReview:
    """Stores what a person decided about a subject, with the status that goes with it.

    `reopened` gives the subject back to us, and lets the study be suggested for the patient again where it
    was refused. The rest as in `decide`. Raises BadInput and Conflict.
    """
    found = find_subject(session, id, hold=True)
    if found is None:
        raise BadInput("no such subject", where=f"ResearchSubject/{id}", expected="the id of a subject")
    if decision == "reopened":
        _reopen(session, found, because, by, at, expected)
    else:
        status = STATUSES[decision]
        decide(session, id, status, because=because, criteria=criteria, by=by, at=at, expected=expected)
    return reviews.list_reviews(session, id)[-1]


def _reopen(
    session: Session, subject: StoredSubject, because: str, by: str, at: datetime, expected: int | None
) -> None:
    set_person_status(session, subject.id, None, by=by, reason=None, at=at, expected=expected)
    reopen(session, subject, by=by, at=at)
    reviews.add_review(
        session, subject=subject.id, decision="reopened", because=because, by=by, at=at, bears_on={}
    )


def to_review_again(
    session: Session, *, study: str | None = None, base: str | None = None
) -> list[tuple[StoredSubject, StoredReview]]:
    """Whom to look at again, in the order of the lists: our status lists them, a person had said no, and what
    that rests on has changed since.
    """
    said = reviews.newest_reviews(session, decision="not-suitable")
    if not said:
        return []
    return [
        (subject, said[subject.id])
        for subject in find_subjects(session, study=study, base=base, status=UNSUITABLE)
        if subject.id in said
        and subject.status in LISTED
        and not still_stands(session, subject, said[subject.id])
    ]
