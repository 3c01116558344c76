"""Audits get the id of their AuditEvent, and when that is to be posted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# What the types of fhirscreen.store.tables were at the time.
WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)

revision = "v0003"
down_revision = "v0002"


def upgrade() -> None:
    """An id for each audit that stands; none of them is to be posted."""
    op.add_column("audits", sa.Column("uuid", WORD, nullable=True))
    op.add_column("audits", sa.Column("due_at", INSTANT, nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE audits SET uuid = lower(hex(randomblob(16)))")
    else:
        op.execute("UPDATE audits SET uuid = gen_random_uuid()::text")
    with op.batch_alter_table("audits") as audits:
        audits.alter_column("uuid", existing_type=WORD, nullable=False)
        audits.create_unique_constraint("uq_audits_uuid", ["uuid"])
    op.create_index("ix_audits_due_at", "audits", ["due_at"])
