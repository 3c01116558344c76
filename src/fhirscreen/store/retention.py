"""Retention: what is deleted with age, and everything about one patient."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.findings import UNLISTED
from fhirscreen.store.jobs import UNFINISHED
from fhirscreen.store.rows import chunks
from fhirscreen.store.standings import FORGOTTEN
from fhirscreen.store.tables import (
    AuditRow,
    CardRow,
    ChangeRow,
    FeedbackRow,
    JobRow,
    MessageRow,
    NonceRow,
    RefusalRow,
    ReviewRow,
    SubjectRow,
    Table,
    VerdictRow,
)


def forget(session: Session, before: datetime, *, cards_before: datetime | None = None) -> dict[str, int]:
    """Deletes what concerns patients and is older; gives the number of rows by table.

    A subject goes, with verdicts, changes and reviews, when it was neither evaluated nor touched by a person
    since. Of one whom a person decided about (`decisions`) the decision stays, so that no run and no visit
    brings the patient back: who, when, which status, and hashes of what it rests on; not the reason. Of one
    that stays, old changes go and people's reviews stay. Cards and their feedback go by the day they were
    shown (`cards_before`, where they are needed for longer), refusals by the day they were reopened (one that
    stands stays: it protects the patient), jobs and messages by the day they ended. Studies, runs and tokens
    stay; audits go by `forget_audits`.
    """
    reviewed = select(ReviewRow.subject).where(ReviewRow.at >= before)
    old = (
        (SubjectRow.evaluated_at < before)
        & (SubjectRow.changed_at < before)
        & or_(SubjectRow.person_at.is_(None), SubjectRow.person_at < before)
        & SubjectRow.id.not_in(reviewed)
    )
    decided = SubjectRow.person_status.is_not(None)
    counts = _strip_subjects(session, old & decided & (SubjectRow.study_version != FORGOTTEN))
    for name, number in _forget_subjects(session, old & ~decided).items():
        counts[name] = counts.get(name, 0) + number
    counts["changes"] += _delete(session, ChangeRow, ChangeRow.at < before)
    counts |= _forget_cards(session, CardRow.at < min(before, cards_before or before))
    counts["refusals"] = _delete(session, RefusalRow, RefusalRow.reopened_at < before)
    counts["jobs"] = _delete(
        session, JobRow, and_(JobRow.state.not_in(UNFINISHED), JobRow.finished_at < before)
    )
    settled = func.coalesce(MessageRow.sent_at, MessageRow.not_before)
    counts["messages"] = _delete(session, MessageRow, and_(MessageRow.state != "waiting", settled < before))
    _delete(session, NonceRow, NonceRow.expires_at < before)
    return counts


def forget_audits(session: Session, before: datetime) -> int:
    """Deletes the audits that are older; gives their number."""
    return _delete(session, AuditRow, AuditRow.at < before)


def forget_patient(
    session: Session,
    base: str,
    patient: str,
    *,
    sources: Collection[str],
    audits: bool = False,
) -> dict[str, int]:
    """Deletes everything about a patient; gives the rows by table.

    The audits say who looked, and stay; with `audits` they stay without the patient. A refusal goes too, so
    that the patient may be suggested again: record an objection on the FHIR server where that must not be.
    Jobs know patients by the name of a source: `sources` are those of this base. A job of this patient alone
    goes, also one that runs: it then leaves nothing. One of several patients stays without this one; if it
    runs, it may still find her.
    """
    base = base.rstrip("/")
    counts = _forget_subjects(session, and_(SubjectRow.base == base, SubjectRow.patient == patient))
    counts |= _forget_cards(session, and_(CardRow.base == base, CardRow.patient == patient))
    counts["refusals"] = _delete(
        session, RefusalRow, and_(RefusalRow.base == base, RefusalRow.patient == patient)
    )
    counts["jobs"] = _forget_in_jobs(session, patient, sources)
    if audits:
        named = and_(AuditRow.base == base, AuditRow.patient == patient)
        statement = update(AuditRow).where(named).values(patient=None)
        counts["audits"] = session.connection().execute(statement).rowcount
    return counts


def count_readers(session: Session, kinds: Collection[str], sources: Collection[str]) -> int:
    """How many jobs of these kinds run over these sources: they may have read who is forgotten meanwhile."""
    running = select(JobRow.payload).where(JobRow.state == "running", JobRow.kind.in_(kinds))
    found = session.scalars(running)
    return sum(1 for payload in found if "source" not in payload or payload["source"] in sources)


def _forget_in_jobs(session: Session, patient: str, sources: Collection[str]) -> int:
    changed = 0
    one, some = (JobRow.payload[name].as_string().is_not(None) for name in ("patient", "patients"))
    for id, payload in session.execute(select(JobRow.id, JobRow.payload).where(or_(one, some))).all():
        named = payload["patients"] if "patients" in payload else [payload["patient"]]
        # A job without a source is of the one that is set, and that may be this one.
        if patient not in named or ("source" in payload and payload["source"] not in sources):
            continue
        rest = [each for each in named if each != patient]
        if rest:
            amended = {**payload, "patients": rest}
            session.execute(update(JobRow).where(JobRow.id == id).values(payload=amended))
        else:
            _delete(session, JobRow, JobRow.id == id)
        changed += 1
    return changed


def _forget_subjects(session: Session, which: ColumnElement[bool]) -> dict[str, int]:
    ids = select(SubjectRow.id).where(which)
    return {
        "verdicts": _delete(session, VerdictRow, VerdictRow.subject.in_(ids)),
        "changes": _delete(session, ChangeRow, ChangeRow.subject.in_(ids)),
        "reviews": _delete(session, ReviewRow, ReviewRow.subject.in_(ids)),
        "subjects": _delete(session, SubjectRow, which),
    }


def _strip_subjects(session: Session, which: ColumnElement[bool]) -> dict[str, int]:
    """Deletes all of subjects but what a person decided."""
    ids = list(session.scalars(select(SubjectRow.id).where(which)))
    counts = {"decisions": len(ids), "verdicts": 0, "changes": 0, "reviews": 0}
    for chunk in chunks(ids):
        newest = (
            select(func.max(ReviewRow.id)).where(ReviewRow.subject.in_(chunk)).group_by(ReviewRow.subject)
        )
        older = ReviewRow.subject.in_(chunk) & ReviewRow.id.not_in(newest)
        counts["verdicts"] += _delete(session, VerdictRow, VerdictRow.subject.in_(chunk))
        counts["changes"] += _delete(session, ChangeRow, ChangeRow.subject.in_(chunk))
        counts["reviews"] += _delete(session, ReviewRow, older)
        session.execute(update(ReviewRow).where(ReviewRow.subject.in_(chunk)).values(because=""))
        stripped = {**_STRIPPED, "version": SubjectRow.version + 1}
        session.execute(update(SubjectRow).where(SubjectRow.id.in_(chunk)).values(**stripped))
    return counts


_STRIPPED: Mapping[str, Any] = {
    "status": None,
    "person_reason": None,
    "gate": None,
    "rank_key": UNLISTED,
    "complete": True,
    "diagnosed": "",
    "planned_start": "",
    "notes": [],
    "study_version": FORGOTTEN,
    "run": None,
}


def _forget_cards(session: Session, which: ColumnElement[bool]) -> dict[str, int]:
    uuids = select(CardRow.uuid).where(which)
    return {
        "feedback": _delete(session, FeedbackRow, FeedbackRow.card.in_(uuids)),
        "cards": _delete(session, CardRow, which),
    }


def _delete(session: Session, table: type[Table], which: ColumnElement[bool]) -> int:
    return session.connection().execute(delete(table).where(which)).rowcount
