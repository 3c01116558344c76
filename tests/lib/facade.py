"""A service with a Bulk Data folder as its source, screened once, so that its lists are full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from fhirscreen import synthetic
from fhirscreen.bootstrap.services import Service
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.store.runs import begin_run, end_run
from fhirscreen.store.subjects import record_subjects
from tests.lib.service import service_for

STUDY = "NCT06907602"
OTHER = "NCT06190782"


@contextmanager
def screened_service(folder: Path, now: datetime, *, patients: int = 80) -> Iterator[Service]:
    """Both shipped studies over a synthetic cohort, as a nightly run leaves the store."""
    export = folder / "export"
    export.mkdir()
    synthetic.write_ndjson(synthetic.generate(patients=patients), export)
    settings: dict[str, Any] = {"studies": f"{STUDY} {OTHER}", "folders": {"export": str(export)}}
    settings |= {"site": str(mappings_folder() / "sites/demo.yaml")}
    with service_for(folder, clock=lambda: now, **settings) as service:
        screen_all(service)
        yield service


def settings_of(folder: Path) -> dict[str, str]:
    """The same service as a process of its own, by its environment."""
    return {
        "FHIRSCREEN_STUDIES": f"{STUDY} {OTHER}",
        "FHIRSCREEN_SITE": str(mappings_folder() / "sites/demo.yaml"),
        "FHIRSCREEN_FOLDERS__EXPORT": str(folder / "export"),
        "FHIRSCREEN_WORKERS": "0",
        "FHIRSCREEN_LIMITS__REQUESTS_PER_MINUTE": "1000000",
    }


def screen_all(service: Service) -> None:
    """What a nightly run does, without a worker."""
    panel, at = service.panel(), service.clock()
    base = service.base_of("export")
    run = service.screen(panel.studies, "export")
    with service.database.begin() as session:
        begun = begin_run(
            session,
            cause="nightly",
            source="export",
            base=base,
            as_of=service.as_of().day,
            engine="memory",
            depth="full",
            studies=panel.versions,
            mappings=service.catalogue.digest,
            by="nightly",
            at=at,
        )
        record_subjects(
            session,
            run=begun.id,
            base=base,
            subjects=run.screened.subjects,
            gated=run.screened.gated,
            looked_at=None,
            studies=panel.versions,
            at=at,
        )
        end_run(session, begun.id, state="done", counts={}, statement=run.statement(), at=at)
