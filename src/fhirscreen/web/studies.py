"""The index of open studies, and the list of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from fhirscreen.access.audits import Access
from fhirscreen.bootstrap.services import Service
from fhirscreen.cds_hooks.responses import count_responses
from fhirscreen.criteria.studies import Study
from fhirscreen.outputs.attrition import Attrition
from fhirscreen.outputs.resources.vocabulary import OVERRIDES
from fhirscreen.outputs.wording import PERSON_STATUSES, PRESUMED, STATUSES
from fhirscreen.screening.definitions import Definitions
from fhirscreen.screening.log_files import name_log, read_parts, write_log
from fhirscreen.screening.rosters import PARTS, Roster, Slice, cut_slice, make_roster
from fhirscreen.store.cards import find_refusals
from fhirscreen.store.changes import StoredChange, list_changes
from fhirscreen.store.reviews import newest_reviews
from fhirscreen.store.runs import StoredRun
from fhirscreen.store.studies import find_recruiting
from fhirscreen.store.subjects import find_patients
from fhirscreen.verdicts.standings import Status
from fhirscreen.web.overviews import SEES_PATIENTS, counts_of, last_day, last_runs, overviews, work
from fhirscreen.web.pages import Pages
from fhirscreen.web.security import Visit, visitor
from fhirscreen.web.tellings import say_change

SIZE = 50
"""How many rows a page of a list holds."""

NEWS = timedelta(days=7)
"""How long a change is news."""

_NEWS_SIZE = 15

_MOST_PAGES = 100_000


def router(service: Service, pages: Pages) -> APIRouter:
    """`/studies`, `/studies/{study}` and its screening log."""
    routes = APIRouter()
    shelf = _Shelf(service, pages)
    seen = [Depends(visitor(service, "system/ResearchStudy.rs"))]

    @routes.get("/studies", dependencies=seen)
    def index(request: Request) -> Response:
        return shelf.index(request.state.visit)

    @routes.get("/studies/{study}", dependencies=seen)
    def study(request: Request, study: str) -> Response:
        return shelf.study(request.state.visit, study, request.query_params)

    sees = [Depends(visitor(service, SEES_PATIENTS))]

    @routes.get("/studies/{study}/screening-log.csv", dependencies=sees)
    def log(request: Request, study: str) -> Response:
        return shelf.log(request.state.visit, study)

    return routes


class _Shelf:
    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._pages = pages
        self._definitions = Definitions()

    def index(self, visit: Visit) -> Response:
        """All open studies."""
        panel = self._service.panel()
        with self._service.database.reading() as session:
            rows = overviews(session, panel.studies, visit.caller)
            doing = work(session)
        return self._pages.render("studies.html", visit=visit, rows=rows, work=doing, refused=panel.refused)

    def study(self, visit: Visit, id: str, query: Mapping[str, str]) -> Response:
        """One study: whoever may see patients sees its list, others its counts."""
        with self._service.database.reading() as session:
            study = self._definitions.find(session, id)
            if study is None:
                raise HTTPException(404)
            runs = last_runs(session, id)
            context: dict[str, Any] = {
                "visit": visit,
                "study": study,
                "is_open": self._service.panel().study(id) is not None,
                "runs": runs,
                "counts": self._counts(session, id, runs, visit),
                "work": work(session),
            }
            if not visit.caller.may(SEES_PATIENTS):
                return self._pages.render("study-counts.html", **context)
            full = visit.caller.sensitive_shown
            roster = self._roster(session, study, runs, query, full=full)
            news = self._news(session, study, query)
            refusals = find_refusals(session, id)
            responses = count_responses(session, id)
            recruiting = find_recruiting(session, self._service.site).get(id)
            reviews = newest_reviews(session, [each.id for each in roster.again.items])
        told = {(each.patient, each.base) for each in roster.patients()}
        told |= {(each.patient, each.base) for each in news.items}
        accesses = [Access(patient, base, id) for patient, base in sorted(told)] or [Access(study=id)]
        self._service.audits.tell(visit.caller.name, "E", "page of a study", accesses)
        return self._pages.render(
            "study.html",
            **context,
            roster=roster,
            list=roster.worklist,
            news=[(each, say_change(each, study, self._service.catalogue, full=full)) for each in news.items],
            full=full,
            news_slice=news,
            reviews=reviews,
            refusals=refusals,
            responses=responses,
            recruiting=recruiting,
            overrides=OVERRIDES,
            days=NEWS.days,
            names={status.value: said for status, said in STATUSES.items()},
            persons=PERSON_STATUSES,
            presumed=PRESUMED,
            candidate=Status.CANDIDATE,
            links={part: _Links(query, part) for part in (*PARTS, "news")},
        )

    def log(self, visit: Visit, id: str) -> Response:
        """The screening log of a study, for a spreadsheet."""
        with self._service.database.reading() as session:
            if self._definitions.find(session, id) is None:
                raise HTTPException(404)
            seen = [Access(patient, base, id) for patient, base in find_patients(session, id)]
            full = visit.caller.sensitive_shown
            written = write_log(session, self._service.catalogue, id, full=full, marked=True)
        try:
            self._service.audits.tell(visit.caller.name, "E", "log", seen or [Access(study=id)])
        except BaseException:
            written.close()
            raise
        headers = {"Content-Disposition": f'attachment; filename="{name_log(id)}"'}
        return StreamingResponse(read_parts(written), media_type="text/csv; charset=utf-8", headers=headers)

    def _counts(
        self, session: Session, study: str, runs: Sequence[StoredRun], visit: Visit
    ) -> list[tuple[StoredRun, Attrition]]:
        """The attrition of each run that kept one."""
        found = []
        for run in runs:
            version = self._definitions.find(session, study, run.studies[study])
            counts = (
                counts_of(run, version, hidden=visit.caller.small_cells_hidden)
                if version is not None
                else None
            )
            if counts is not None:
                found.append((run, counts))
        return found

    def _roster(
        self,
        session: Session,
        study: Study,
        runs: Sequence[StoredRun],
        query: Mapping[str, str],
        *,
        full: bool,
    ) -> Roster:
        return make_roster(
            session,
            study,
            self._service.catalogue,
            last_day(runs, self._service.as_of().day),
            version=cache(lambda version: self._definitions.find(session, study.id, version)),
            pages={part: _number(query, part) for part in PARTS},
            size=SIZE,
            full=full,
        )

    def _news(self, session: Session, study: Study, query: Mapping[str, str]) -> Slice[StoredChange]:
        """What changed of late, newest first."""
        changes = list_changes(session, self._service.clock() - NEWS, study=study.id)
        return cut_slice(changes[::-1], _number(query, "news"), _NEWS_SIZE)


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "1")
    return min(int(text), _MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 7 else 1


class _Links:
    """The addresses of the other pages of one part, the other parts staying where they are."""

    def __init__(self, query: Mapping[str, str], part: str) -> None:
        self._kept = {name: _number(query, name) for name in (*PARTS, "news") if _number(query, name) > 1}
        self._part = part

    def to(self, page: int) -> str:
        """The address of a page."""
        wanted = {**self._kept, self._part: page}
        asked = "&".join(f"{name}={number}" for name, number in wanted.items() if number > 1)
        return f"?{asked}#{self._part}" if asked else f"?#{self._part}"
