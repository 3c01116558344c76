"""A service whose store holds a screened synthetic cohort, asked through the facade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from tests.lib.facade import screened_service
from tests.lib.service import client_of

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Shared by the tests that only read."""
    with screened_service(tmp_path_factory.mktemp("facade"), NOW) as service:
        yield service


@pytest.fixture(scope="package")
def client(service: Service) -> Iterator[TestClient]:
    with client_of(service) as client:
        yield client


@pytest.fixture
def open_service(tmp_path: Path) -> Iterator[Service]:
    """One of its own, for a test that writes."""
    with screened_service(tmp_path, NOW, patients=30) as service:
        yield service


@pytest.fixture
def fresh(open_service: Service) -> Iterator[TestClient]:
    """Asks `open_service`."""
    with client_of(open_service) as client:
        yield client
