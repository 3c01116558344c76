"""Subjects: who stands where for a study, with the verdicts and what a person decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from fhirscreen.exceptions import BadInput, Conflict
from fhirscreen.store.recordings import record_subjects
from fhirscreen.store.rows import chunks, make
from fhirscreen.store.standings import NOT_IN_POPULATION, StoredSubject, StoredVerdict
from fhirscreen.store.tables import SubjectRow, VerdictRow
from fhirscreen.verdicts.standings import Standing

__all__ = [
    "NOT_IN_POPULATION",
    "StoredSubject",
    "StoredVerdict",
    "count_subjects",
    "find_bases",
    "find_failed",
    "find_of_patient",
    "find_subject",
    "find_subjects",
    "find_verdicts",
    "record_subjects",
    "set_person_status",
]

Wanted = str | Collection[str]

_SUBJECTS = SubjectRow.__table__.c
_OF_PATIENT = (  # built once: every visit asks it
    select(SubjectRow.__table__)
    .where(_SUBJECTS.patient.in_(bindparam("patients", expanding=True)), _SUBJECTS.base == bindparam("base"))
    .order_by(_SUBJECTS.study, _SUBJECTS.rank_key, _SUBJECTS.patient, _SUBJECTS.id)
)


def find_subject(session: Session, id: str, *, hold: bool = False) -> StoredSubject | None:
    """The subject of that id (`fhir.subjects.subject_uuid`); `hold`: nobody writes it until the end."""
    query = select(SubjectRow.__table__).where(SubjectRow.id == id)
    row = session.execute(query.with_for_update() if hold else query).mappings().first()
    return make(StoredSubject, row) if row is not None else None


def find_subjects(
    session: Session,
    *,
    study: Wanted | None = None,
    patient: Wanted | None = None,
    base: str | None = None,
    status: Wanted | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[StoredSubject]:
    """Subjects by study, in the order of its list, those who are not listed last; then by patient.

    `status` is the person's, else ours. `after`: the id of the last subject of the page before. Raises
    BadInput where that one is gone.
    """
    query = _narrowed(select(SubjectRow.__table__), study, patient, base, status)
    order = (SubjectRow.study, SubjectRow.rank_key, SubjectRow.patient, SubjectRow.id)
    if after is not None:
        anchor = session.execute(select(*order).where(SubjectRow.id == after)).first()
        if anchor is None:
            raise BadInput(
                "the place in the list that the page begins after is gone",
                remedy="start again from the first page",
            )
        query = query.where(tuple_(*order) > tuple(anchor))
    query = query.order_by(*order)
    if limit is not None:
        query = query.limit(limit)
    return [make(StoredSubject, row) for row in session.execute(query).mappings()]


def find_of_patient(session: Session, base: str, ids: Collection[str]) -> list[StoredSubject]:
    """The subjects of one patient, who stands under these ids, in the order of `find_subjects`."""
    asked = {"base": base.rstrip("/"), "patients": list(ids)}
    return [make(StoredSubject, row) for row in session.connection().execute(_OF_PATIENT, asked).mappings()]


def count_subjects(
    session: Session,
    *,
    study: Wanted | None = None,
    patient: str | None = None,
    base: str | None = None,
    status: Wanted | None = None,
) -> int:
    """How many `find_subjects` would give without a limit."""
    query = _narrowed(select(func.count()).select_from(SubjectRow), study, patient, base, status)
    return session.scalar(query) or 0


def find_bases(session: Session) -> list[tuple[str, str]]:
    """Every study with each base that it has subjects of."""
    query = select(SubjectRow.study, SubjectRow.base).distinct().order_by(SubjectRow.study, SubjectRow.base)
    return [(row.study, row.base) for row in session.execute(query)]


def find_patients(session: Session, study: str) -> list[tuple[str, str]]:
    """The id and base of every patient that a study has a subject of, listed or not."""
    columns = (SubjectRow.patient, SubjectRow.base)
    query = select(*columns).where(SubjectRow.study == study).distinct().order_by(*columns)
    return [(row.patient, row.base) for row in session.execute(query)]


def _narrowed(
    query: Select[Any], study: Wanted | None, patient: Wanted | None, base: str | None, status: Wanted | None
) -> Select[Any]:
    if study is not None:
        query = query.where(SubjectRow.study.in_(_several(study)))
    if patient is not None:
        query = query.where(SubjectRow.patient.in_(_several(patient)))
    if base is not None:
        query = query.where(SubjectRow.base == base.rstrip("/"))
    if status is not None:
        current = func.coalesce(SubjectRow.person_status, SubjectRow.status)
        query = query.where(current.in_(_several(status)))
    return query


def _several(wanted: Wanted) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def find_verdicts(session: Session, subject: str) -> list[StoredVerdict]:
    """The current verdicts on a subject, in the study's order of criteria."""
    query = select(VerdictRow.__table__).where(VerdictRow.subject == subject).order_by(VerdictRow.place)
    return [make(StoredVerdict, row) for row in session.execute(query).mappings()]


def find_failed(session: Session, subjects: Collection[str]) -> dict[str, list[StoredVerdict]]:
    """The verdicts that rule each of these subjects out, in the study's order of criteria."""
    failed: dict[str, list[StoredVerdict]] = {}
    for chunk in chunks(sorted(subjects)):
        query = (
            select(VerdictRow.__table__)
            .where(VerdictRow.subject.in_(chunk), VerdictRow.standing == Standing.FAILED.value)
            .order_by(VerdictRow.subject, VerdictRow.place)
        )
        for row in session.execute(query).mappings():
            failed.setdefault(row["subject"], []).append(make(StoredVerdict, row))
    return failed


def set_person_status(
    session: Session,
    id: str,
    status: str | None,
    *,
    by: str,
    reason: str | None,
    at: datetime,
    expected: int | None = None,
) -> StoredSubject:
    """Stores a status that a person set, which no run changes; None gives it back to us.

    `expected`: the version that the person saw. Raises Conflict where it is not the newest, BadInput where
    there is no such subject.
    """
    found = find_subject(session, id, hold=True)
    if found is None:
        raise BadInput("no such subject", where=f"ResearchSubject/{id}", expected="the id of a subject")
    if expected is not None and expected != found.version:
        raise Conflict(
            "the subject was changed by someone else",
            where=f"ResearchSubject/{id}",
            expected=f"version {expected}, and it is {found.version}",
            remedy="read it again, then write",
        )
    values: dict[str, Any] = {
        "person_status": status,
        "person_reason": reason,
        "person_by": by,
        "person_at": at,
        "changed_at": at,
        "version": found.version + 1,
    }
    session.execute(update(SubjectRow).where(SubjectRow.id == id).values(**values))
    return replace(found, **values)
