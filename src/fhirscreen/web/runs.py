"""The runs: what was screened when, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from fhirscreen.bootstrap.services import Service
from fhirscreen.outputs.attrition import Attrition
from fhirscreen.outputs.pictures import draw
from fhirscreen.screening.definitions import Definitions
from fhirscreen.store.runs import StoredRun, find_run, list_runs
from fhirscreen.web import tellings
from fhirscreen.web.overviews import counts_of, troubles, work
from fhirscreen.web.pages import Pages
from fhirscreen.web.security import Visit, visitor

SIZE = 50
"""How many runs a page holds."""

_DRAWN = 64
"""How many pictures are kept."""


def router(service: Service, pages: Pages) -> APIRouter:
    """`/runs`, `/runs/{id}` and the pictures of a run."""
    routes = APIRouter()
    log = _Log(service, pages)
    seen = [Depends(visitor(service, "system/ResearchStudy.rs"))]

    @routes.get("/runs", dependencies=seen)
    def runs(request: Request, before: str | None = None) -> Response:
        return log.list(request.state.visit, before)

    @routes.get("/runs/{id}", dependencies=seen)
    def run(request: Request, id: str) -> Response:
        return log.show(request.state.visit, id)

    @routes.get("/runs/{id}/{study}.svg", dependencies=seen)
    def picture(request: Request, id: str, study: str) -> Response:
        return log.picture(request.state.visit, id, study)

    return routes


class _Log:
    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._pages = pages
        self._definitions = Definitions()
        self._drawing = threading.Lock()  # its settings are those of the whole process
        self._draw: Callable[[str, str, bool], str | None] = lru_cache(maxsize=_DRAWN)(self._drawn)

    def list(self, visit: Visit, before: str | None) -> Response:
        """The runs, newest first."""
        with self._service.database.reading() as session:
            found = list_runs(session, SIZE + 1, before)
            doing, met = work(session), [] if before is not None else troubles(session)
        return self._pages.render(
            "runs.html",
            visit=visit,
            runs=found[:SIZE],
            more=found[SIZE - 1].id if len(found) > SIZE else None,
            earlier=before is not None,
            work=doing,
            troubles=met,
            kinds=tellings.JOB_KINDS,
            states=tellings.RUN_STATES,
            causes=tellings.RUN_CAUSES,
        )

    def show(self, visit: Visit, id: str) -> Response:
        """One run."""
        with self._service.database.reading() as session:
            run = find_run(session, id)
            if run is None:
                raise HTTPException(404)
            counts = [self._count(session, run, study, visit) for study in sorted(run.studies)]
        return self._pages.render(
            "run.html",
            visit=visit,
            run=run,
            counts=[each for each in counts if each is not None],
            states=tellings.RUN_STATES,
            causes=tellings.RUN_CAUSES,
            hidden=visit.caller.small_cells_hidden,
        )

    def picture(self, visit: Visit, id: str, study: str) -> Response:
        """The attrition of a study in a run. Its own styles need leave, which no page gives."""
        with self._drawing:
            svg = self._draw(id, study, visit.caller.small_cells_hidden)
        if svg is None:
            raise HTTPException(404)
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        return Response(svg, media_type="image/svg+xml", headers={"Content-Security-Policy": policy})

    def _count(self, session: Any, run: StoredRun, study: str, visit: Visit) -> Attrition | None:
        found = self._definitions.find(session, study, run.studies[study])
        return counts_of(run, found, hidden=visit.caller.small_cells_hidden) if found is not None else None

    def _drawn(self, id: str, study: str, hidden: bool) -> str | None:
        with self._service.database.reading() as session:
            run = find_run(session, id)
            found = (
                self._definitions.find(session, study, run.studies[study])
                if run is not None and study in run.studies
                else None
            )
        if run is None or found is None:
            return None
        counts = counts_of(run, found, hidden=hidden)
        return draw([counts]) if counts is not None else None
