"""Jobs about some patients: gathered into few, and told by what gave rise to them."""

from __future__ import annotations

from datetime import UTC, datetime

from fhirscreen.jobs.updates import UPDATE, VISIT, enqueue
from fhirscreen.store import jobs
from fhirscreen.store.databases import Database

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)


def test_a_visit_is_no_news(database: Database) -> None:
    for patient, by in (("a", VISIT), ("b", "updates of main"), ("c", VISIT), ("d", "notification")):
        with database.begin() as session:
            enqueue(session, "main", [patient], urgent=True, by=by, at=AT)
    with database.reading() as session:
        found = {
            job.payload["cause"]: job.payload["patients"] for job in jobs.list_jobs(session, kinds=[UPDATE])
        }
    assert found == {"visit": ["a", "c"], "update": ["b", "d"]}
