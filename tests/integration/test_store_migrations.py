"""The migrations make the tables that the program expects, on both databases, and know their own version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, text

from fhirscreen.exceptions import StoreError
from fhirscreen.store import tables
from fhirscreen.store.databases import Database
from fhirscreen.store.reviews import add_review, holds, list_reviews
from fhirscreen.store.standings import StoredVerdict
from fhirscreen.store.subjects import find_verdicts
from fhirscreen.store.tables import Table, VerdictRow

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


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


def test_dates_of_birth_go_and_decisions_on_an_age_stand(database: Database) -> None:
    _migrate_to(database, "v0004")
    age = ("Patient/1",), "54", "a", "1972-03-04"
    measured = ("Observation/1",), "3", "a", "2026-01-01"
    before = [_verdict("age", *age), _verdict("since", *measured)]
    proof = {"truth": "true", "basis": "recorded", "children": [_tree(*age), _tree(*measured)]}
    both = StoredVerdict("both", "inclusion", "true", "recorded", None, "met", "", "", "", (), proof)
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO subjects (id, study, base, patient, rank_key, complete, diagnosed, "
                "planned_start, notes, study_version, evaluated_at, changed_at, version) VALUES "
                "('s', 'N', 'b', '1', '1', TRUE, '', '', '[]', 1, '2026-01-01', '2026-01-01', 1)"
            )
        )
        for place, each in enumerate([*before, both]):
            values = {**asdict(each), "evidence": list(each.evidence), "subject": "s", "place": place}
            session.execute(insert(VerdictRow).values(**values, digest="x"))
        bears_on = {each.criterion: each.digest for each in before}
        add_review(
            session, subject="s", decision="not-suitable", because="", by="ito", at=NOON, bears_on=bears_on
        )
    database.migrate()
    with database.reading() as session:
        found = {each.criterion: each for each in find_verdicts(session, "s")}
        assert (found["age"].value, found["age"].unit, found["age"].date) == ("54", "a", "")
        assert "date" not in found["age"].proof
        assert found["since"] == before[1]
        assert [each.get("date") for each in found["both"].proof["children"]] == [None, "2026-01-01"]
        (review,) = list_reviews(session, "s")
        assert holds(session, review)


def _migrate_to(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.begin() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)


def _tree(evidence: tuple[str, ...], value: str, unit: str, date: str) -> dict[str, object]:
    said = {"value": value, "unit": unit, "date": date, "evidence": list(evidence)}
    return {"says": "x", "truth": "true", "basis": "recorded", **said}


def _verdict(id: str, evidence: tuple[str, ...], value: str, unit: str, date: str) -> StoredVerdict:
    tree = _tree(evidence, value, unit, date)
    return StoredVerdict(id, "inclusion", "true", "recorded", None, "met", value, unit, date, evidence, tree)
