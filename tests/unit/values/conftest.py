from __future__ import annotations

import pytest

from fhirscreen.values import dates, durations


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Every test parses for itself: what another has read must not answer for it."""
    for remembered in (
        dates._parse_moment,
        dates._date_range,
        dates._start_of_day,
        dates._local_date,
        durations._parse_duration,
    ):
        remembered.cache_clear()
