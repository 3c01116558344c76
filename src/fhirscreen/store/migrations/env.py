"""Run by Alembic, on the connection and in the transaction that `Database.migrate` hands in."""

from __future__ import annotations

from alembic import context

from fhirscreen.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
