"""The pages over a screened demo: as a job leaves the store, and on the loopback for a real browser."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from fhirscreen import synthetic
from fhirscreen.api.app import make_app
from fhirscreen.bootstrap.background import make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.store import jobs, tokens
from fhirscreen.store.subjects import StoredSubject, find_subjects
from fhirscreen.web.app import add_pages
from tests.lib.demo import STUDIES
from tests.lib.service import service_for

NOON = datetime(synthetic.AS_OF.year, synthetic.AS_OF.month, synthetic.AS_OF.day, 12, tzinfo=UTC)
STUDY = STUDIES[0]
SITE = Path("mappings/sites/demo.yaml").resolve()


@contextmanager
def demo_service(folder: Path, *, patients: int = 120, **given: Any) -> Iterator[Service]:
    """A service whose store holds the demo cohort, screened by a job."""
    export = folder / "export"
    export.mkdir()
    synthetic.write_ndjson(synthetic.generate(patients=patients), export)
    settings: dict[str, Any] = {
        "folders": {"export": export},
        "source": "export",
        "studies": STUDIES,
        "site": SITE,
    }
    settings |= given
    ticks = itertools.count()  # two runs do not begin at the same moment
    with service_for(folder, clock=lambda: NOON + timedelta(milliseconds=next(ticks)), **settings) as service:
        screen_again(service)
        yield service


def screen_again(service: Service) -> None:
    """What a nightly run does."""
    with service.database.begin() as session:
        payload = {"as_of": synthetic.AS_OF.isoformat(), "cause": "nightly"}
        jobs.enqueue(session, SCREEN, payload, by="nightly", at=service.clock())
    assert make_worker(service).work_once()


def pages_of(service: Service) -> FastAPI:
    """The application with its pages, as `fhirscreen serve` composes it."""
    app = make_app(service)
    add_pages(app, service)
    return app


@contextmanager
def taken_port() -> Iterator[socket.socket]:
    """A free port of the loopback, taken before the server that listens on it is made."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken


@contextmanager
def on_loopback(app: FastAPI, taken: socket.socket | None = None) -> Iterator[str]:
    """The application behind a real server, on a free port or one that was taken; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    sockets = None if taken is None else [taken]
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


def subject_of(service: Service, status: str | None, study: str = STUDY) -> StoredSubject:
    """The first subject of that status; None for the first who was never listed, for no gate."""
    with service.database.reading() as session:
        found = find_subjects(session, study=study)
    return next(each for each in found if each.status == status and each.gate is None)


def token_of(service: Service, role: str, *scopes: str) -> str:
    """The secret of a new API token."""
    with service.database.begin() as session:
        name = f"{role or 'program'} of tests"
        return tokens.add_token(session, name=name, scopes=scopes, role=role, at=NOON, expires=None)[1]
