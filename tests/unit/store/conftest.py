"""A store for each test, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhirscreen.store.databases import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty store."""
    database = Database(f"sqlite:///{tmp_path}/store.db")
    database.migrate()
    yield database
    database.close()
