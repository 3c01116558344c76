"""Verdicts say beside their reason which record it is about, or what is missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# What the type of fhirscreen.store.tables was at the time.
WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

revision = "v0006"
down_revision = "v0005"


def upgrade() -> None:
    """Of the verdicts that stand it is in their proofs, until the next run writes them anew."""
    op.add_column("verdicts", sa.Column("because", WORD, nullable=False, server_default=""))
