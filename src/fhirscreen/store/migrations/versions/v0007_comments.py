"""No words about a card are kept: none were ever written."""

from __future__ import annotations

from alembic import op

revision = "v0007"
down_revision = "v0006"


def upgrade() -> None:
    """Takes the column away."""
    op.drop_column("feedback", "comment")
