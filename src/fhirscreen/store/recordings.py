"""Recording what a screening found: only what changed is written, and what changed is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, bindparam, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from fhirscreen.engines.base import Gated
from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.store.changes import StoredChange
from fhirscreen.store.findings import Finding, Mark, gated_finding, outside_finding, subject_finding
from fhirscreen.store.rows import chunks, insert
from fhirscreen.store.standings import LISTED, NOT_IN_POPULATION
from fhirscreen.store.tables import ChangeRow, SubjectRow, VerdictRow
from fhirscreen.verdicts.reasons import Reason
from fhirscreen.verdicts.standings import Subject

_FEW = 2000
"""Up to so many patients are asked for by id; of more, everybody is read."""
_BATCH = 500
_KEPT = ("person_status", "person_reason", "person_by", "person_at")


class _Context(NamedTuple):
    """What all rows of one recording share."""

    run: str | None
    base: str
    studies: Mapping[str, int]
    at: datetime
    began: datetime | None

    def outrun(self, row: RowMapping | None) -> bool:
        """Whether somebody was evaluated meanwhile from newer data than this screening has."""
        if row is None or self.began is None or row["study_version"] < self.studies[row["study"]]:
            return False
        return bool(row["evaluated_at"] > self.began)


@dataclass(slots=True)
class _Writes:
    """What the database is told of one batch, a statement a kind."""

    new: list[dict[str, Any]] = field(default_factory=list)
    other: list[dict[str, Any]] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    stale: list[tuple[str, str]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)


def record_subjects(
    session: Session,
    *,
    run: str | None,
    base: str,
    subjects: Sequence[Subject],
    gated: Sequence[Gated],
    looked_at: Collection[str] | None,
    studies: Mapping[str, int],
    at: datetime,
    began: datetime | None = None,
) -> list[StoredChange]:
    """Stores what was found of members, and gives what changed for whom; a person's status stays.

    `looked_at`: the patients whose absence from `subjects` and `gated` means that they are no members (any
    more); None for everybody. Where a source was not read whole, leave out whoever that may hide: `()` if in
    doubt, never None. `studies`: the version of each study that was screened. `began`: when reading the data
    began; who was evaluated meanwhile by a screening that began later is left as they are.

    A listed subject who fails now becomes `ineligible`. On incomplete data nobody is demoted; what speaks
    against them stands in the verdicts.
    """
    context = _Context(run, base.rstrip("/"), studies, at, began)
    _take_turns(session, context)
    wanted = (
        None if looked_at is None else {*looked_at, *(s.patient for s in subjects), *(g[1] for g in gated)}
    )
    known = _known_subjects(session, context, wanted)
    found: set[str] = set()
    changes: list[StoredChange] = []
    for batch in chunks(_findings(context, subjects, gated, known, found, looked_at), _BATCH):
        marks = _marks(session, [finding.id for finding in batch if finding.id in known])
        writes = _Writes()
        for finding in batch:
            _compare(writes, finding, known.get(finding.id), marks.get(finding.id, {}), context)
        changes += _write(session, writes, context)
    return changes


def _take_turns(session: Session, context: _Context) -> None:
    """Waits for others who record the same source: what is read must not change until it is written."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(context.base, 0))))


def _known_subjects(
    session: Session, context: _Context, wanted: Collection[str] | None
) -> dict[str, RowMapping]:
    query = select(SubjectRow.__table__).where(SubjectRow.base == context.base)
    if wanted is None or len(wanted) > _FEW:
        queries = [query.where(SubjectRow.study.in_(chunk)) for chunk in chunks(sorted(context.studies))]
    else:
        queries = [query.where(SubjectRow.patient.in_(chunk)) for chunk in chunks(sorted(wanted))]
    rows = [row for each in queries for row in session.execute(each).mappings()]
    return {row["id"]: row for row in rows if row["study"] in context.studies}


def _findings(
    context: _Context,
    subjects: Iterable[Subject],
    gated: Iterable[Gated],
    known: Mapping[str, RowMapping],
    found: set[str],
    looked_at: Collection[str] | None,
) -> Iterator[Finding]:
    """Everybody who was found; and then everybody known who was not, and was looked at."""
    for subject in subjects:
        id = subject_uuid(subject.study, context.base, subject.patient)
        found.add(id)
        if not context.outrun(known.get(id)):
            yield subject_finding(id, subject, known.get(id))
    for study, patient, gate in gated:
        id = subject_uuid(study, context.base, patient)
        found.add(id)
        if not context.outrun(known.get(id)):
            yield gated_finding(id, study, patient, gate, known.get(id))
    for id in sorted(known.keys() - found):
        row = known[id]
        if context.outrun(row) or row["gate"] == NOT_IN_POPULATION:
            continue
        if looked_at is None or row["patient"] in looked_at:
            yield outside_finding(row)


def _marks(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Mark]]:
    table = VerdictRow
    columns = (table.subject, table.criterion, table.digest, table.truth, table.reason, table.standing)
    marks: dict[str, dict[str, Mark]] = {}
    for chunk in chunks(ids):
        for row in session.execute(select(*columns).where(table.subject.in_(chunk))):
            marks.setdefault(row.subject, {})[row.criterion] = Mark(
                row.digest, row.truth, row.reason, row.standing
            )
    return marks


def _compare(
    writes: _Writes,
    finding: Finding,
    row: RowMapping | None,
    marks: Mapping[str, Mark],
    context: _Context,
) -> None:
    """Adds to the writes what is other than it was."""
    now = dict(finding.marks())
    rewritten = [id for id, mark in now.items() if id not in marks or marks[id].digest != mark.digest]
    stale = [id for id in marks if id not in now]
    values = {**finding.values, "study_version": context.studies[finding.study]}
    if row is None:
        writes.new.append({"id": finding.id, "base": context.base, "study": finding.study, **values})
    elif rewritten or stale or any(row[name] != value for name, value in values.items()):
        writes.other.append(
            {"key": finding.id, **{name: values[name] for name in values if name != "patient"}}
        )
    else:
        writes.same.append(finding.id)
    writes.verdicts += finding.rows(rewritten)
    writes.stale += [(finding.id, id) for id in stale]
    before = row["status"] if row is not None else None
    after = values["status"]
    moved = _moved(now, marks) if now and marks else []
    if before != after or (after in LISTED and any(_tells(now, marks, id) for id in moved)):
        writes.changes.append(
            {
                "subject": finding.id,
                "study": finding.study,
                "base": context.base,
                "patient": values["patient"],
                "before": before,
                "after": after,
                "criteria": moved,
                "run": context.run,
                "at": context.at,
                "notified_at": None,
            }
        )


def _moved(now: Mapping[str, Mark], marks: Mapping[str, Mark]) -> list[str]:
    """The criteria whose truth, reason or standing is another, those that are gone last."""
    moved = [id for id, mark in now.items() if id not in marks or mark.meaning != marks[id].meaning]
    return moved + sorted(marks.keys() - now.keys())


def _tells(now: Mapping[str, Mark], marks: Mapping[str, Mark], id: str) -> bool:
    """Whether a criterion that moved is worth telling: a server that failed for a night is not."""
    sides = [each[id] for each in (now, marks) if id in each]
    return all(mark.reason != Reason.NOT_FETCHED for mark in sides)


def _write(session: Session, writes: _Writes, context: _Context) -> list[StoredChange]:
    stamp = {"run": context.run, "evaluated_at": context.began or context.at}
    fresh = {**stamp, **dict.fromkeys(_KEPT), "changed_at": context.at, "version": 1}
    if writes.new:
        session.execute(insert(session, SubjectRow), [{**values, **fresh} for values in writes.new])
    if writes.other:
        names = [name for name in writes.other[0] if name != "key"]
        table = SubjectRow.__table__
        statement = (
            update(SubjectRow)
            .where(table.c.id == bindparam("key"))
            .values(
                {name: bindparam(f"to_{name}", type_=table.c[name].type) for name in names}
                | {**stamp, "changed_at": context.at, "version": SubjectRow.version + 1}
            )
        )
        session.connection().execute(
            statement,
            [{"key": each["key"], **{f"to_{name}": each[name] for name in names}} for each in writes.other],
        )
    for same in chunks(writes.same):
        session.execute(update(SubjectRow).where(SubjectRow.id.in_(same)).values(**stamp))
    if writes.verdicts:
        _write_verdicts(session, writes.verdicts)
    for stale in chunks(writes.stale):
        session.execute(delete(VerdictRow).where(tuple_(VerdictRow.subject, VerdictRow.criterion).in_(stale)))
    if not writes.changes:
        return []
    ids = session.scalars(
        insert(session, ChangeRow).returning(ChangeRow.id, sort_by_parameter_order=True), writes.changes
    )
    return [
        StoredChange(**{**values, "id": id, "criteria": tuple(values["criteria"])})
        for id, values in zip(ids, writes.changes, strict=True)
    ]


def _write_verdicts(session: Session, rows: list[dict[str, Any]]) -> None:
    statement = insert(session, VerdictRow)
    others = {name: statement.excluded[name] for name in rows[0] if name not in ("subject", "criterion")}
    session.connection().execute(
        statement.on_conflict_do_update(index_elements=["subject", "criterion"], set_=others), rows
    )
