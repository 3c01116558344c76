"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# What the types of fhirscreen.store.tables were at the time.
WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "v0001"
down_revision = None


def upgrade() -> None:
    """The first tables."""
    op.create_table(
        "audits",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", WORD, nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("what", WORD, nullable=False),
        sa.Column("patient", WORD, nullable=True),
        sa.Column("base", WORD, nullable=True),
        sa.Column("study", WORD, nullable=True),
        sa.Column("outcome", WORD, nullable=False),
        sa.Column("request_id", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audits"),
    )
    op.create_index("ix_audits_at", "audits", ["at"], unique=False)
    op.create_index("ix_audits_patient", "audits", ["base", "patient"], unique=False)
    op.create_table(
        "cards",
        sa.Column("uuid", WORD, nullable=False),
        sa.Column("hook_instance", WORD, nullable=False),
        sa.Column("base", WORD, nullable=False),
        sa.Column("patient", WORD, nullable=False),
        sa.Column("studies", sa.JSON(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_cards"),
    )
    op.create_index("ix_cards_patient", "cards", ["base", "patient", "at"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", WORD, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("lease_owner", WORD, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("requested_by", WORD, nullable=False),
        sa.Column("key", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_due", "jobs", ["state", "not_before"], unique=False)
    op.create_index(
        "uq_jobs_key",
        "jobs",
        ["key"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "messages",
        sa.Column("id", WORD, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("target", WORD, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", WORD, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("lease_owner", WORD, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("key", name="uq_messages_key"),
    )
    op.create_index("ix_messages_due", "messages", ["state", "not_before"], unique=False)
    op.create_table(
        "nonces",
        sa.Column("issuer", WORD, nullable=False),
        sa.Column("jti", WORD, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name="pk_nonces"),
    )
    op.create_index("ix_nonces_expires_at", "nonces", ["expires_at"], unique=False)
    op.create_table(
        "recruiting",
        sa.Column("study", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("closes", sa.Date(), nullable=True),
        sa.Column("slots", sa.Integer(), nullable=True),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("written_by", WORD, nullable=False),
        sa.PrimaryKeyConstraint("study", "site", name="pk_recruiting"),
    )
    op.create_table(
        "refusals",
        sa.Column("base", WORD, nullable=False),
        sa.Column("patient", WORD, nullable=False),
        sa.Column("study", WORD, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reopened_by", WORD, nullable=True),
        sa.Column("reopened_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("base", "patient", "study", name="pk_refusals"),
    )
    op.create_table(
        "runs",
        sa.Column("id", WORD, nullable=False),
        sa.Column("cause", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("base", WORD, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("engine", WORD, nullable=False),
        sa.Column("depth", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("studies", sa.JSON(), nullable=False),
        sa.Column("mappings", WORD, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("requested_by", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"], unique=False)
    op.create_table(
        "studies",
        sa.Column("id", WORD, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("text", WORD, nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("written_by", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_studies"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", WORD, nullable=False),
        sa.Column("study", WORD, nullable=False),
        sa.Column("base", WORD, nullable=False),
        sa.Column("patient", WORD, nullable=False),
        sa.Column("status", WORD, nullable=True),
        sa.Column("person_status", WORD, nullable=True),
        sa.Column("person_reason", WORD, nullable=True),
        sa.Column("person_by", WORD, nullable=True),
        sa.Column("person_at", INSTANT, nullable=True),
        sa.Column("gate", WORD, nullable=True),
        sa.Column("rank_key", WORD, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("diagnosed", WORD, nullable=False),
        sa.Column("planned_start", WORD, nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("study_version", sa.Integer(), nullable=False),
        sa.Column("run", WORD, nullable=True),
        sa.Column("evaluated_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
    )
    op.create_index("ix_subjects_evaluated_at", "subjects", ["evaluated_at"], unique=False)
    op.create_index("ix_subjects_order", "subjects", ["study", "rank_key", "patient", "id"], unique=False)
    op.create_index("ix_subjects_patient", "subjects", ["base", "patient"], unique=False)
    op.create_table(
        "ticks",
        sa.Column("schedule", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("schedule", name="pk_ticks"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("hash", WORD, nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
    )
    op.create_table(
        "changes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("study", WORD, nullable=False),
        sa.Column("base", WORD, nullable=False),
        sa.Column("patient", WORD, nullable=False),
        sa.Column("before", WORD, nullable=True),
        sa.Column("after", WORD, nullable=True),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("run", WORD, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("notified_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name="fk_changes_subject", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_at", "changes", ["at"], unique=False)
    op.create_index(
        "ix_changes_pending",
        "changes",
        ["id"],
        unique=False,
        sqlite_where=sa.text("notified_at IS NULL"),
        postgresql_where=sa.text("notified_at IS NULL"),
    )
    op.create_index("ix_changes_subject", "changes", ["subject"], unique=False)
    op.create_table(
        "feedback",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("card", WORD, nullable=False),
        sa.Column("outcome", WORD, nullable=False),
        sa.Column("accepted", sa.JSON(), nullable=False),
        sa.Column("reason", WORD, nullable=True),
        sa.Column("comment", WORD, nullable=True),
        sa.Column("outcome_at", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["card"], ["cards.uuid"], name="fk_feedback_card", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_card", "feedback", ["card"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("decision", WORD, nullable=False),
        sa.Column("because", WORD, nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("bears_on", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name="fk_reviews_subject", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_subject", "reviews", ["subject"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("subject", WORD, nullable=False),
        sa.Column("criterion", WORD, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("truth", WORD, nullable=False),
        sa.Column("basis", WORD, nullable=False),
        sa.Column("reason", WORD, nullable=True),
        sa.Column("standing", WORD, nullable=False),
        sa.Column("value", WORD, nullable=False),
        sa.Column("unit", WORD, nullable=False),
        sa.Column("date", WORD, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name="fk_verdicts_subject", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject", "criterion", name="pk_verdicts"),
    )
