"""The tables. A change here needs a migration beside it: a test compares the two on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

WORD = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its code points on both databases, as in Python: keyset paging needs one order."""

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A row number that the database counts up."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. A naive datetime is refused: nobody knows what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite knows no zones and gets the bare digits."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """What all tables share: the types of columns and the names of constraints."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: WORD,
        datetime: Instant,
        date: Date,
        dict[str, Any]: JSON,
        dict[str, int]: JSON,
        dict[str, str]: JSON,
        list[str]: JSON,
    }


class CounterRow(Table):
    """A number that grows with every change of something, so that others see cheaply whether it changed."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class StudyRow(Table):
    """One version of a study's definition."""

    __tablename__ = "studies"
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str]
    definition: Mapped[dict[str, Any]]
    text: Mapped[str]
    written_at: Mapped[datetime]
    written_by: Mapped[str]


class RecruitingRow(Table):
    """Whether a site recruits for a study."""

    __tablename__ = "recruiting"
    study: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    open: Mapped[bool]
    opens: Mapped[date | None]
    closes: Mapped[date | None]
    slots: Mapped[int | None]
    written_at: Mapped[datetime]
    written_by: Mapped[str]


class RunRow(Table):
    """One screening of a source; no patient data."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[str]
    source: Mapped[str]
    base: Mapped[str]
    as_of: Mapped[date]
    engine: Mapped[str]
    depth: Mapped[str]
    state: Mapped[str]
    studies: Mapped[dict[str, int]]
    mappings: Mapped[str]
    counts: Mapped[dict[str, Any]]
    statement: Mapped[list[str]]
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    requested_by: Mapped[str]


class SubjectRow(Table):
    """A member of a study's population as last evaluated."""

    __tablename__ = "subjects"
    __table_args__ = (
        Index("ix_subjects_order", "study", "rank_key", "patient", "id"),
        Index("ix_subjects_patient", "base", "patient"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    study: Mapped[str]
    base: Mapped[str]
    patient: Mapped[str]
    status: Mapped[str | None]
    person_status: Mapped[str | None]
    person_reason: Mapped[str | None]
    person_by: Mapped[str | None]
    person_at: Mapped[datetime | None]
    gate: Mapped[str | None]
    rank_key: Mapped[str]
    complete: Mapped[bool]
    diagnosed: Mapped[str]
    planned_start: Mapped[str]
    notes: Mapped[list[str]]
    study_version: Mapped[int]
    run: Mapped[str | None]
    evaluated_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]
    version: Mapped[int]


class VerdictRow(Table):
    """A subject's current verdict on one criterion. `digest` tells whether it must be written again.

    `because` is what the proof says beside its reason, to count what is open alike.
    """

    __tablename__ = "verdicts"
    subject: Mapped[str] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True)
    criterion: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    kind: Mapped[str]
    truth: Mapped[str]
    basis: Mapped[str]
    reason: Mapped[str | None]
    standing: Mapped[str]
    value: Mapped[str]
    unit: Mapped[str]
    date: Mapped[str]
    evidence: Mapped[list[str]]
    because: Mapped[str] = mapped_column(server_default=text("''"))
    proof: Mapped[dict[str, Any]]
    digest: Mapped[str]


class ChangeRow(Table):
    """What changed for a subject; told to people once."""

    __tablename__ = "changes"
    __table_args__ = (
        Index(
            "ix_changes_pending",
            "id",
            sqlite_where=text("notified_at IS NULL"),
            postgresql_where=text("notified_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"), index=True)
    study: Mapped[str]
    base: Mapped[str]
    patient: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    criteria: Mapped[list[str]]
    run: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(index=True)
    notified_at: Mapped[datetime | None]


class ReviewRow(Table):
    """What a person decided about a subject."""

    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"), index=True)
    decision: Mapped[str]
    because: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    bears_on: Mapped[dict[str, str]]


class JobRow(Table):
    """Work to do. At most one unfinished job a key."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_due", "state", "not_before"),
        Index(
            "uq_jobs_key",
            "key",
            unique=True,
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    payload: Mapped[dict[str, Any]]
    done: Mapped[int]
    total: Mapped[int | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool]
    requested_by: Mapped[str]
    key: Mapped[str | None]


class TickRow(Table):
    """The last tick of a schedule that some process took."""

    __tablename__ = "ticks"
    schedule: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class PositionRow(Table):
    """How far something that goes on for ever has come, and who moves it; no patient data."""

    __tablename__ = "positions"
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime | None]
    owner: Mapped[str | None]
    owned_until: Mapped[datetime | None]


class CardRow(Table):
    """A card that was shown at a visit; `issuer` is the EHR that showed it."""

    __tablename__ = "cards"
    __table_args__ = (Index("ix_cards_patient", "base", "patient", "at"),)
    uuid: Mapped[str] = mapped_column(primary_key=True)
    hook_instance: Mapped[str]
    base: Mapped[str]
    patient: Mapped[str]
    studies: Mapped[list[str]]
    by: Mapped[str]
    at: Mapped[datetime]
    issuer: Mapped[str | None]


class FeedbackRow(Table):
    """What a user did with a card."""

    __tablename__ = "feedback"
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    card: Mapped[str] = mapped_column(ForeignKey("cards.uuid", ondelete="CASCADE"), index=True)
    outcome: Mapped[str]
    accepted: Mapped[list[str]]
    reason: Mapped[str | None]
    outcome_at: Mapped[datetime]
    at: Mapped[datetime]


class RefusalRow(Table):
    """A study that is not to be suggested for a patient until a person reopens it."""

    __tablename__ = "refusals"
    base: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str] = mapped_column(primary_key=True)
    study: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    reopened_by: Mapped[str | None]
    reopened_at: Mapped[datetime | None]


class AuditRow(Table):
    """Who did what, to whose data, with what outcome. `due_at`: when it is to be posted as an AuditEvent."""

    __tablename__ = "audits"
    __table_args__ = (Index("ix_audits_patient", "base", "patient"),)
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]
    action: Mapped[str]
    what: Mapped[str]
    patient: Mapped[str | None]
    base: Mapped[str | None]
    study: Mapped[str | None]
    outcome: Mapped[str]
    request_id: Mapped[str | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)


class TokenRow(Table):
    """An API token; of its secret only the hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    role: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class NonceRow(Table):
    """A `jti` that was seen; kept until the token that bore it expires."""

    __tablename__ = "nonces"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class MessageRow(Table):
    """A message to send; no patient data in its body."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_due", "state", "not_before"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    target: Mapped[str]
    body: Mapped[dict[str, Any]]
    key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    attempts: Mapped[int]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
