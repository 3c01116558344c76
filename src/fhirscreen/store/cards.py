"""Cards that were shown at a visit, what users did with them, and what is not to be suggested again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Text, bindparam, cast, func, select, update
from sqlalchemy.orm import Session

from fhirscreen.store.rows import Upsert, insert, make, once_a_dialect, wrote
from fhirscreen.store.tables import CardRow, FeedbackRow, RefusalRow


@dataclass(frozen=True, slots=True)
class StoredCard:
    """A card as it was shown: which studies, for whom, to whom (`by`), in which EHR; None where none said."""

    uuid: str
    hook_instance: str
    base: str
    patient: str
    studies: tuple[str, ...]
    by: str
    at: datetime
    issuer: str | None


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    """A study that was turned down for a patient at a visit: `reason` the code of the override reason."""

    base: str
    patient: str
    study: str
    reason: str
    by: str
    at: datetime


_AGAIN = timedelta(hours=1)

# What every visit asks is built once: building a statement takes longer than running it.
_CARDS, _REFUSALS = CardRow.__table__.c, RefusalRow.__table__.c
_SNOOZED = select(_CARDS.studies).where(
    _CARDS.base == bindparam("base"),
    _CARDS.patient.in_(bindparam("patients", expanding=True)),
    _CARDS.at > bindparam("since"),
)
# Some EHRs call again and again with the same hookInstance.
_SNOOZED_BY_OTHERS = _SNOOZED.where(
    (_CARDS.hook_instance != bindparam("besides")) | (_CARDS.at < bindparam("again"))
)
_REFUSED = select(_REFUSALS.study, _REFUSALS.at, _REFUSALS.reopened_at).where(
    _REFUSALS.base == bindparam("base"), _REFUSALS.patient.in_(bindparam("patients", expanding=True))
)


@once_a_dialect
def _showing(insert: Upsert) -> Upsert:
    said = {name: insert.excluded[name] for name in ("studies", "by", "at")}
    another = _CARDS.at < bindparam("again")
    return insert.on_conflict_do_update(index_elements=["uuid"], set_=said, where=another)


def show_card(
    session: Session,
    *,
    uuid: str,
    hook_instance: str,
    base: str,
    patient: str,
    studies: Sequence[str],
    by: str,
    at: datetime,
    issuer: str = "",
) -> None:
    """Stores that a card was shown; the same uuid again within the hour changes nothing.

    Later it is another visit, of an EHR that uses a hookInstance again: the card counts as shown anew.
    """
    card = {
        "uuid": uuid,
        "hook_instance": hook_instance,
        "base": base.rstrip("/"),
        "patient": patient,
        "studies": list(studies),
        "by": by,
        "at": at,
        "issuer": issuer or None,
    }
    session.connection().execute(_showing(session, CardRow), {**card, "again": at - _AGAIN})


def hold_patient(session: Session, base: str, patient: str) -> None:
    """Waits for others who show cards for a patient: who comes second sees what the first has shown."""
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(f"card {patient} {base.rstrip('/')}", 0)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def find_card(session: Session, uuid: str) -> StoredCard | None:
    """The card of that uuid."""
    row = session.execute(select(CardRow.__table__).where(CardRow.uuid == uuid)).mappings().first()
    return make(StoredCard, row) if row is not None else None


def snoozed(
    session: Session,
    base: str,
    patients: str | Collection[str],
    studies: Collection[str],
    at: datetime,
    *,
    days: int = 30,
    besides: str | None = None,
) -> set[str]:
    """Of the studies, those that a card showed for the patient, to anybody, less than `days` days ago.

    `patients`: the id of the patient, or several of one, as records are merged. `besides` leaves out a
    hookInstance: the same call sent again within the hour is answered as before.
    """
    asked = {"base": base.rstrip("/"), "patients": _several(patients), "since": at - timedelta(days=days)}
    query = _SNOOZED
    if besides is not None:
        query, asked = _SNOOZED_BY_OTHERS, {**asked, "besides": besides, "again": at - _AGAIN}
    found = session.connection().execute(query, asked).scalars()
    return {study for shown in found for study in shown}.intersection(studies)


def find_shown(session: Session, base: str) -> set[tuple[str, str]]:
    """The study and patient of every card that is remembered: the EHR may hold what one of them created."""
    query = select(CardRow.patient, CardRow.studies).where(CardRow.base == base.rstrip("/"))
    return {(study, row.patient) for row in session.execute(query) for study in row.studies}


def add_feedback(
    session: Session,
    *,
    card: str,
    outcome: str,
    accepted: Sequence[str] = (),
    reason: str | None = None,
    outcome_at: datetime,
    at: datetime,
) -> bool:
    """Stores what a user did with a card; False where no such card was shown."""
    if find_card(session, card) is None:
        return False
    session.execute(
        insert(session, FeedbackRow).values(
            card=card,
            outcome=outcome,
            accepted=list(accepted),
            reason=reason,
            outcome_at=outcome_at,
            at=at,
        )
    )
    return True


class Answered(NamedTuple):
    """A card, and what was told of it last; `accepted` are the uuids of suggestions, `reason` a code."""

    card: StoredCard
    outcome: str
    accepted: tuple[str, ...]
    reason: str | None


def count_shown(session: Session, study: str) -> int:
    """How many cards that are remembered named a study."""
    return session.scalar(select(func.count()).select_from(CardRow).where(_names(study))) or 0


def find_answers(session: Session, study: str) -> list[Answered]:
    """The cards that named a study and of which an EHR told something, each once."""
    query = (
        select(CardRow.__table__, FeedbackRow.outcome, FeedbackRow.accepted, FeedbackRow.reason)
        .join(FeedbackRow, FeedbackRow.card == CardRow.uuid)
        .where(_names(study))
        .order_by(FeedbackRow.id)
    )
    rows = session.execute(query).mappings()
    told = {row["uuid"]: row for row in rows}  # the last one holds
    return [
        Answered(make(StoredCard, row), row["outcome"], tuple(row["accepted"]), row["reason"])
        for row in told.values()
    ]


def _names(study: str) -> ColumnElement[bool]:
    return cast(CardRow.studies, Text).contains(f'"{study}"', autoescape=True)


def refuse(
    session: Session, base: str, patient: str, study: str, reason: str, *, by: str, at: datetime
) -> None:
    """Says that a study is not to be suggested for a patient until a person reopens it.

    `at`: when the user said so. What was said before a person reopened it changes nothing.
    """
    said = {"reason": reason, "by": by, "at": at, "reopened_by": None, "reopened_at": None}
    statement = insert(session, RefusalRow).values(
        base=base.rstrip("/"), patient=patient, study=study, **said
    )
    index = ["base", "patient", "study"]
    newer = RefusalRow.reopened_at.is_(None) | (RefusalRow.reopened_at <= at)
    session.execute(statement.on_conflict_do_update(index_elements=index, set_=said, where=newer))


def reopen(session: Session, base: str, patient: str, study: str, *, by: str, at: datetime) -> bool:
    """Ends a refusal; False where there was none."""
    statement = (
        update(RefusalRow)
        .where(
            RefusalRow.base == base.rstrip("/"),
            RefusalRow.patient == patient,
            RefusalRow.study == study,
            RefusalRow.reopened_at.is_(None),
        )
        .values(reopened_by=by, reopened_at=at)
    )
    return wrote(session, statement)


def refused(session: Session, base: str, patients: str | Collection[str]) -> set[str]:
    """The studies that are not to be suggested for a patient.

    `patients`: the id of the patient, or several of one, as records are merged: what was said last goes.
    """
    asked = {"base": base.rstrip("/"), "patients": _several(patients)}
    rows = session.connection().execute(_REFUSED, asked).all()
    reopened: dict[str, datetime] = {}
    for row in rows:
        if row.reopened_at is not None:
            reopened[row.study] = max(row.reopened_at, reopened.get(row.study, row.reopened_at))
    return {
        row.study
        for row in rows
        if row.reopened_at is None and (row.study not in reopened or row.at >= reopened[row.study])
    }


def find_refusals(
    session: Session, study: str, *, base: str | None = None, patient: str | None = None
) -> dict[tuple[str, str], StoredRefusal]:
    """The refusals of a study that nobody has reopened, of everybody or one patient, by base and patient."""
    query = select(RefusalRow.__table__).where(RefusalRow.study == study, RefusalRow.reopened_at.is_(None))
    if base is not None:
        query = query.where(RefusalRow.base == base.rstrip("/"))
    if patient is not None:
        query = query.where(RefusalRow.patient == patient)
    found = [make(StoredRefusal, row) for row in session.execute(query).mappings()]
    return {(each.base, each.patient): each for each in found}


def _several(patients: str | Collection[str]) -> list[str]:
    return [patients] if isinstance(patients, str) else list(patients)
