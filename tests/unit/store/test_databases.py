"""The database itself: addresses, transactions, migrations."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from fhirscreen.exceptions import StoreError, UsageError
from fhirscreen.store import databases
from fhirscreen.store.databases import Database


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_what_is_no_store_of_ours(url: str) -> None:
    with pytest.raises(UsageError):
        Database(url)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/store.db")
    assert not database.ready()
    database.migrate()
    database.migrate()
    assert database.ready()
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("store.db*")}
    database.close()
    assert modes == {0o600}


def test_a_file_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        Database(f"sqlite:///{tmp_path}/none/store.db")


def test_an_error_rolls_back(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            session.execute(text("INSERT INTO counters VALUES ('x', 1)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM counters")) == 0


def test_the_newest_migration_is_the_last_of_its_chain() -> None:
    folder = Path(databases.__file__).parent / "migrations"
    assert databases.newest_revision() == ScriptDirectory(str(folder)).get_current_head()
