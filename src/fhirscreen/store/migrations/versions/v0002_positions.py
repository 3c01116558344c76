"""How far the questions for news have come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# What the types of fhirscreen.store.tables were at the time.
WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)

revision = "v0002"
down_revision = "v0001"


def upgrade() -> None:
    """The table of positions."""
    op.create_table(
        "positions",
        sa.Column("name", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=True),
        sa.Column("owner", WORD, nullable=True),
        sa.Column("owned_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_positions"),
    )
