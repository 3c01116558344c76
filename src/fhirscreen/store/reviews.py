"""Reviews: what a person decided about a subject, and whether it still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fhirscreen.store.rows import chunks, insert, make
from fhirscreen.store.standings import FORGOTTEN
from fhirscreen.store.subjects import find_verdicts
from fhirscreen.store.tables import ReviewRow, SubjectRow

Decision = Literal["suitable", "not-suitable", "reopened"]


@dataclass(frozen=True, slots=True)
class StoredReview:
    """One decision. `bears_on`: for each criterion that it rests on, `StoredVerdict.digest` at the time."""

    id: int
    subject: str
    decision: Decision
    because: str
    by: str
    at: datetime
    bears_on: dict[str, str]


def add_review(
    session: Session,
    *,
    subject: str,
    decision: Decision,
    because: str,
    by: str,
    at: datetime,
    bears_on: Mapping[str, str],
) -> StoredReview:
    """Stores a decision; the ones before it stay."""
    values = {
        "subject": subject,
        "decision": decision,
        "because": because,
        "by": by,
        "at": at,
        "bears_on": dict(bears_on),
    }
    id = session.execute(insert(session, ReviewRow).values(**values).returning(ReviewRow.id)).scalar_one()
    return StoredReview(id, subject, decision, because, by, at, dict(bears_on))


def list_reviews(session: Session, subject: str) -> list[StoredReview]:
    """All decisions about a subject, oldest first."""
    query = select(ReviewRow.__table__).where(ReviewRow.subject == subject).order_by(ReviewRow.id)
    return [make(StoredReview, row) for row in session.execute(query).mappings()]


def newest_review(session: Session, subject: str) -> StoredReview | None:
    """The last decision about a subject."""
    query = select(ReviewRow.__table__).where(ReviewRow.subject == subject).order_by(ReviewRow.id.desc())
    row = session.execute(query.limit(1)).mappings().first()
    return make(StoredReview, row) if row is not None else None


def newest_reviews(
    session: Session, subjects: Iterable[str] | None = None, *, decision: Decision | None = None
) -> dict[str, StoredReview]:
    """The last decision about each of these subjects, or about everybody; `decision`: only that one."""
    newest = select(func.max(ReviewRow.id)).group_by(ReviewRow.subject)
    queries = (
        [newest]
        if subjects is None
        else [newest.where(ReviewRow.subject.in_(chunk)) for chunk in chunks(sorted(subjects))]
    )
    found: dict[str, StoredReview] = {}
    for each in queries:
        query = select(ReviewRow.__table__).where(ReviewRow.id.in_(each))
        if decision is not None:
            query = query.where(ReviewRow.decision == decision)
        for row in session.execute(query.order_by(ReviewRow.id)).mappings():
            found[row["subject"]] = make(StoredReview, row)
    return found


def holds(session: Session, review: StoredReview) -> bool:
    """Whether no verdict that a decision rests on is another now; one that rests on none always holds.

    So does one that retention left: nobody has looked at the patient since.
    """
    now = {verdict.criterion: verdict.digest for verdict in find_verdicts(session, review.subject)}
    if not now and _is_forgotten(session, review.subject):
        return True
    return all(now.get(criterion) == digest for criterion, digest in review.bears_on.items())


def _is_forgotten(session: Session, subject: str) -> bool:
    return session.scalar(select(SubjectRow.study_version).where(SubjectRow.id == subject)) == FORGOTTEN
