"""The migrations make the tables that the program expects, on both databases, and know their own version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from fhirscreen.exceptions import StoreError
from fhirscreen.store.databases import Database
from fhirscreen.store.tables import Table


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A store without tables."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/s.db" if sqlite else request.getfixturevalue("postgres").create()
    database = Database(url)
    yield database
    database.close()


def test_tables_and_migrations_agree(database: Database) -> None:
    assert not database.ready()
    database.migrate()
    assert database.ready()
    with database.reading() as session:
        connection = session.connection()
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Table.metadata) == []
        found = inspect(connection)
        for table in Table.metadata.tables.values():
            key = found.get_pk_constraint(table.name)["constrained_columns"]
            assert key == [column.name for column in table.primary_key], table.name


@pytest.mark.postgres
def test_text_is_ordered_by_code_point(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.migrate()
    with database.begin() as session:
        collations = session.execute(
            text(
                "SELECT table_name || '.' || column_name FROM information_schema.columns "
                "WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
            )
        ).all()
    database.close()
    assert collations == []


def test_again_changes_nothing(database: Database) -> None:
    database.migrate()
    with database.begin() as session:
        session.execute(text("INSERT INTO counters VALUES ('x', 7)"))
    database.migrate()
    with database.reading() as session:
        assert session.scalar(text("SELECT value FROM counters")) == 7


def test_a_newer_store_is_refused(database: Database) -> None:
    database.migrate()
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))
    with pytest.raises(StoreError, match="newer than this one"):
        database.migrate()
