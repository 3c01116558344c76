"""Cards know the EHR that showed them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# What the type of fhirscreen.store.tables was at the time.
WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

revision = "v0004"
down_revision = "v0003"


def upgrade() -> None:
    """Of the cards that stand it is not known."""
    op.add_column("cards", sa.Column("issuer", WORD, nullable=True))
