"""A store for each test, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from fhirscreen.store.databases import Database
from fhirscreen.store.tables import Table

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=DIALECTS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty store."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/store.db")
    else:
        database = Database(request.getfixturevalue("postgres_url"))
    try:
        database.migrate()
        yield database
        if request.param == "postgresql":
            with database.begin() as session:
                session.execute(text(f"TRUNCATE {', '.join(Table.metadata.tables)} RESTART IDENTITY"))
    finally:
        database.close()
