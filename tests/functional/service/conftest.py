"""What several tests of the service share."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from fhirscreen.bootstrap.logs import set_up_logs


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, libraries and all, as JSON; logging is put back afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    set_up_logs("debug", json=True, stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
