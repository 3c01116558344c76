"""A study's subjects in outline: enough to order, count and page a list without reading every proof."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, select
from sqlalchemy.orm import Session

from fhirscreen.store.rows import chunks, make
from fhirscreen.store.standings import LISTED, StoredSubject, StoredVerdict
from fhirscreen.store.tables import SubjectRow, VerdictRow


class Outline(NamedTuple):
    """A subject with a status: ours, or a person's, which goes first."""

    id: str
    status: str | None
    person_status: str | None

    @property
    def listed(self) -> str | None:
        """The status with which it stands on the list; None for one that a person took from it."""
        current = self.person_status or self.status
        return current if current in LISTED else None


class Tally(NamedTuple):
    """What potential candidates have open alike: how many, and one of them."""

    criterion: str
    number: int
    subject: str


class Failure(NamedTuple):
    """Somebody who is on no list, and whom only these criteria failed."""

    id: str
    patient: str
    criteria: tuple[str, ...]
    open: int


def outline(session: Session, study: str) -> list[Outline]:
    """Everybody of a study who has a status, in the order of its list."""
    query = (
        select(SubjectRow.id, SubjectRow.status, SubjectRow.person_status)
        .where(SubjectRow.study == study, _CURRENT.is_not(None))
        .order_by(SubjectRow.rank_key, SubjectRow.patient, SubjectRow.id)
    )
    return [Outline(*row) for row in session.execute(query)]


def count_statuses(session: Session) -> dict[str, dict[str, int]]:
    """How many subjects of each study have each status."""
    query = (
        select(SubjectRow.study, _CURRENT, func.count())
        .where(_CURRENT.is_not(None))
        .group_by(SubjectRow.study, _CURRENT)
    )
    found: dict[str, dict[str, int]] = {}
    for study, status, number in session.execute(query):
        found.setdefault(study, {})[status] = number
    return found


def tally_open(session: Session, study: str, more_than: float) -> list[Tally]:
    """What more than so many potential candidates have open for the same reason."""
    row = VerdictRow
    bare = case((cast(row.evidence, Text) == "[]", 1), else_=0)
    alike = (row.criterion, row.reason, row.value, row.unit, row.date, row.because, bare)
    number = func.count()
    query = (
        select(VerdictRow.criterion, number, func.min(VerdictRow.subject))
        .join(SubjectRow, SubjectRow.id == VerdictRow.subject)
        .where(_potential(study), VerdictRow.standing == "open")
        .group_by(*alike)
        .having(number > more_than)
    )
    return [Tally(*row) for row in session.execute(query)]


def count_open(session: Session, study: str, criteria: Collection[str]) -> int:
    """How many potential candidates have any of these criteria open."""
    query = (
        select(func.count(VerdictRow.subject.distinct()))
        .join(SubjectRow, SubjectRow.id == VerdictRow.subject)
        .where(_potential(study), VerdictRow.standing == "open", VerdictRow.criterion.in_(criteria))
    )
    return session.scalar(query) or 0


def find_failures(
    session: Session, study: str, criteria: Collection[str], *, most: int, decided: int
) -> list[Failure]:
    """Everybody on no list, undecided by a person, whom at most `most` of these criteria alone failed.

    `decided`: how many criteria must have a verdict, so that nothing else can have failed.
    """
    failed = case((VerdictRow.standing == "failed", 1), else_=0)
    other = case((and_(VerdictRow.standing == "failed", VerdictRow.criterion.not_in(criteria)), 1), else_=0)
    opened = func.sum(case((VerdictRow.standing == "open", 1), else_=0))
    query = (
        select(SubjectRow.id, SubjectRow.patient, opened)
        .join(VerdictRow, SubjectRow.id == VerdictRow.subject)
        .where(
            SubjectRow.study == study,
            SubjectRow.person_status.is_(None),
            func.coalesce(SubjectRow.status, "").not_in(LISTED),
        )
        .group_by(SubjectRow.id, SubjectRow.patient)
        .having(and_(func.sum(failed).between(1, most), func.sum(other) == 0, func.count() == decided))
    )
    rows = session.execute(query).all()
    by_id: dict[str, list[str]] = {}
    for chunk in chunks([row.id for row in rows]):
        failures = select(VerdictRow.subject, VerdictRow.criterion).where(
            VerdictRow.subject.in_(chunk), VerdictRow.standing == "failed"
        )
        for subject, criterion in session.execute(failures):
            by_id.setdefault(subject, []).append(criterion)
    return [Failure(id, patient, tuple(sorted(by_id[id])), int(number)) for id, patient, number in rows]


def read_subjects(session: Session, ids: Iterable[str]) -> list[tuple[StoredSubject, list[StoredVerdict]]]:
    """These subjects with their verdicts, in that order; those that are gone are left out."""
    wanted = list(ids)
    subjects: dict[str, StoredSubject] = {}
    verdicts: dict[str, list[StoredVerdict]] = {}
    for chunk in chunks(wanted):
        found: Any = session.execute(select(SubjectRow.__table__).where(SubjectRow.id.in_(chunk)))
        for row in found.mappings():
            subjects[row["id"]] = make(StoredSubject, row)
        found = session.execute(
            select(VerdictRow.__table__).where(VerdictRow.subject.in_(chunk)).order_by(VerdictRow.place)
        )
        for row in found.mappings():
            verdicts.setdefault(row["subject"], []).append(make(StoredVerdict, row))
    return [(subjects[id], verdicts.get(id, [])) for id in wanted if id in subjects]


_CURRENT = func.coalesce(SubjectRow.person_status, SubjectRow.status)


def _potential(study: str) -> ColumnElement[bool]:
    return and_(SubjectRow.study == study, _CURRENT == "potential-candidate")
