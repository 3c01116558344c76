"""When two records of a patient become one: what people said of the other holds for whom it follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.store.reviews import StoredReview, add_review, list_reviews
from fhirscreen.store.rows import chunks, insert, make
from fhirscreen.store.standings import StoredSubject
from fhirscreen.store.subjects import find_subject
from fhirscreen.store.tables import RefusalRow, SubjectRow


def carry_over(session: Session, base: str, survivors: Mapping[str, str], at: datetime) -> None:
    """Gives survivors the decisions and refusals of the patients merged into them, where these are newer.

    `survivors` leads from a merged patient to the one whom the records follow. Doing it again changes
    nothing.
    """
    base = base.rstrip("/")
    for chunk in chunks(sorted(survivors)):
        query = select(SubjectRow.__table__).where(SubjectRow.base == base, SubjectRow.patient.in_(chunk))
        for row in session.execute(query).mappings().all():
            merged = make(StoredSubject, row)
            _carry_decision(session, merged, survivors[merged.patient], at)
        refusals = select(RefusalRow.__table__).where(
            RefusalRow.base == base, RefusalRow.patient.in_(chunk), RefusalRow.reopened_at.is_(None)
        )
        for row in session.execute(refusals).mappings().all():
            _carry_refusal(session, {**row, "patient": survivors[row["patient"]]})


def decided_at(subject: StoredSubject, review: StoredReview | None) -> datetime | None:
    """When a person last said something of a subject, or gave it back to us; None for never."""
    said = [at for at in (subject.person_at, review.at if review is not None else None) if at is not None]
    return max(said, default=None)


def _carry_decision(session: Session, merged: StoredSubject, patient: str, at: datetime) -> None:
    reviews = list_reviews(session, merged.id)
    said = decided_at(merged, reviews[-1] if reviews else None)
    if said is None:
        return
    kept = find_subject(session, subject_uuid(merged.study, merged.base, patient), hold=True)
    if kept is None:
        return
    own = list_reviews(session, kept.id)
    answered = decided_at(kept, own[-1] if own else None)
    if answered is not None and answered >= said:
        return
    values = {
        "person_status": merged.person_status,
        "person_reason": merged.person_reason,
        "person_by": merged.person_by,
        "person_at": merged.person_at,
        "changed_at": at,
        "version": kept.version + 1,
    }
    session.execute(update(SubjectRow).where(SubjectRow.id == kept.id).values(**values))
    for each in reviews:
        if answered is None or each.at > answered:
            add_review(
                session,
                subject=kept.id,
                decision=each.decision,
                because=each.because,
                by=each.by,
                at=each.at,
                bears_on=each.bears_on,
            )


def _carry_refusal(session: Session, values: Mapping[str, object]) -> None:
    made = insert(session, RefusalRow).values(**values)
    said = {name: values[name] for name in ("reason", "by", "at", "reopened_by", "reopened_at")}
    newer = RefusalRow.reopened_at < made.excluded.at
    session.execute(
        made.on_conflict_do_update(index_elements=["base", "patient", "study"], set_=said, where=newer)
    )
