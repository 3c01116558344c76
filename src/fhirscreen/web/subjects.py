"""One patient and one study: where every criterion stands, why, and what people decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from fhirscreen.access.audits import Access
from fhirscreen.bootstrap.services import Service
from fhirscreen.criteria.studies import Study
from fhirscreen.exceptions import BadInput, Conflict
from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.outputs.attrition import near_miss
from fhirscreen.outputs.disclosures import is_sensitive
from fhirscreen.outputs.resources.vocabulary import OVERRIDES
from fhirscreen.outputs.wording import GATE_SOURCES, GATES, PERSON_STATUSES, STATUSES
from fhirscreen.screening.definitions import Definitions
from fhirscreen.screening.disclosures import tell_reason
from fhirscreen.screening.reviews import review, to_review_again
from fhirscreen.screening.rosters import recall_subject
from fhirscreen.screening.settlements import still_stands
from fhirscreen.store import cards
from fhirscreen.store.changes import list_changes
from fhirscreen.store.reviews import Decision, list_reviews
from fhirscreen.store.runs import find_run
from fhirscreen.store.standings import FORGOTTEN, NOT_IN_POPULATION, StoredSubject
from fhirscreen.store.subjects import find_subject, find_verdicts
from fhirscreen.verdicts.standings import Gate, Standing
from fhirscreen.web import tellings
from fhirscreen.web.overviews import SEES_PATIENTS
from fhirscreen.web.pages import Pages
from fhirscreen.web.security import Visit, visitor

MAY_DECIDE = "system/ResearchSubject.u"

LONGEST = 2000
"""The most characters of a reason."""

_CHOICES: dict[str, Decision] = {
    "suitable": "suitable",
    "not-suitable": "not-suitable",
    "reopened": "reopened",
}

_STALE = (
    "This patient's entry has changed since you opened the page: somebody decided, or new data came in. "
    "Nothing was saved. Look at it again; what you wrote stands below."
)
_OUTSIDE = "The record no longer shows the study's disease."


_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
_MOST_CHANGES = 20


class Draft(dict[str, Any]):
    """What somebody wrote into the form and that was not saved, with what is wrong."""


def router(service: Service, pages: Pages) -> APIRouter:
    """`/studies/{study}/subjects/{id}`, and a decision about it."""
    routes = APIRouter()
    file = _File(service, pages)
    path = "/studies/{study}/subjects/{id}"

    @routes.get(path, dependencies=[Depends(visitor(service, SEES_PATIENTS))])
    def subject(
        request: Request, study: str, id: str, card: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        awaited = file.awaited(request.state.visit, study, id, card) if card else None
        return awaited or file.show(request.state.visit, study, id)

    @routes.post(path, dependencies=[Depends(visitor(service, MAY_DECIDE))])
    def decide(
        request: Request,
        study: str,
        id: str,
        version: Annotated[int, Form(ge=1, le=2**62)],
        decision: Annotated[str, Form(max_length=20)] = "",
        because: Annotated[str, Form()] = "",
        criterion: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        draft = Draft(decision=decision, because=because, criteria=criterion or [], problem="", field="")
        return file.decide(request.state.visit, study, id, version, draft)

    return routes


class _File:
    """What is known of a subject."""

    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._pages = pages
        self._definitions = Definitions()
        self._servers = {server.url for server in service.settings.named_servers.values()}

    def show(
        self, visit: Visit, study: str, id: str, draft: Draft | None = None, status: int = 200
    ) -> Response:
        """The page; with a draft the form as it was sent."""
        visit.caller.check(SEES_PATIENTS)
        with self._service.database.reading() as session:
            stored = self._find(session, study, id)
            context = self._describe(session, visit, stored)
        access = Access(stored.patient, stored.base, stored.study)
        self._service.audits.tell(visit.caller.name, "R", "page of a subject", [access])
        given = draft or Draft(decision="", because="", criteria=[], problem="", field="")
        return self._pages.render("subject.html", status, visit=visit, draft=given, **context)

    def awaited(self, visit: Visit, study: str, id: str, card: str) -> Response | None:
        """The page of a patient whom a card named and no run has looked at yet; None where there is a better.

        It tells nothing of the patient.
        """
        visit.caller.check(SEES_PATIENTS)
        with self._service.database.reading() as session:
            shown = cards.find_card(session, card)
            if shown is None or study not in shown.studies:
                return None
            if subject_uuid(study, shown.base, shown.patient) != id or find_subject(session, id) is not None:
                return None
            found = self._definitions.find(session, study)
        if found is None:
            return None
        source = self._service.source
        coming = source in self._service.settings.named_servers and shown.base == self._service.base_of(
            source
        )
        return self._pages.render("awaited.html", 202, visit=visit, study=found, coming=coming)

    def decide(self, visit: Visit, study: str, id: str, version: int, draft: Draft) -> Response:
        """Stores a decision about the version that its author saw; else the page again, saying why not."""
        problem = _problem(draft)
        if problem is not None:
            return self.show(visit, study, id, Draft(draft | problem), 422)
        try:
            with self._service.database.begin() as session:
                stored = self._find(session, study, id)
                review(
                    session,
                    id,
                    _CHOICES[draft["decision"]],
                    because=draft["because"].strip(),
                    criteria=draft["criteria"],
                    by=visit.caller.name,
                    at=self._service.clock(),
                    expected=version,
                )
                access = Access(stored.patient, stored.base, stored.study)
                self._service.audits.tell(
                    visit.caller.name, "U", "page of a subject", [access], session=session
                )
                self._service.publish_soon(session, stored.base, stored.patient, visit.caller.name)
        except Conflict:
            return self.show(visit, study, id, Draft(draft, problem=_STALE, field=""), 409)
        except BadInput:
            problem = {"problem": "The study no longer has a criterion that you chose.", "field": "criteria"}
            return self.show(visit, study, id, Draft(draft | problem), 422)
        return RedirectResponse(f"/studies/{study}/subjects/{id}#decisions", 303)

    def _find(self, session: Session, study: str, id: str) -> StoredSubject:
        try:
            sound = str(UUID(id)) == id
        except ValueError:
            sound = False
        stored = find_subject(session, id) if sound else None
        if stored is None or stored.study != study:
            raise HTTPException(404)
        return stored

    def _describe(self, session: Session, visit: Visit, stored: StoredSubject) -> dict[str, Any]:
        catalogue, full = self._service.catalogue, visit.caller.sensitive_shown
        version = stored.study_version if stored.study_version != FORGOTTEN else None
        study = self._definitions.find(session, stored.study, version)
        if study is None:
            raise HTTPException(404)
        subject = recall_subject(stored, find_verdicts(session, stored.id), study)
        find = tellings.find_evidence(stored.base if stored.base in self._servers else None)
        told = {
            which: tellings.tell_standing(subject, which, study, catalogue, find, full=full)
            for which in (Standing.FAILED, Standing.OPEN, Standing.MET)
        }
        reviews = list_reviews(session, stored.id)[::-1]
        refusals = cards.find_refusals(session, stored.study, base=stored.base, patient=stored.patient)
        refusal = next(iter(refusals.values()), None)
        again = any(each.id == stored.id for each, _ in to_review_again(session, study=stored.study))
        newest = reviews[0] if reviews else None
        changes = list_changes(session, _BEGINNING, subject=stored.id)[::-1]
        return {
            "stored": stored,
            "study": study,
            "run": find_run(session, stored.run) if stored.run is not None else None,
            "stands_as": _status(stored),
            "near_miss": stored.current_status is None and near_miss(subject, study) is not None,
            "gate": _gate(stored.gate),
            "forgotten": stored.study_version == FORGOTTEN,
            "told": [(tellings.TITLES[which], which, found) for which, found in told.items()],
            "to_ask": tellings.to_ask(subject, catalogue, full=full),
            "choices": [(c.id, c.says) for c in study.criteria if full or not is_sensitive(c, catalogue)],
            "changes": [
                (each, tellings.say_change(each, study, catalogue, full=full))
                for each in changes[:_MOST_CHANGES]
            ],
            "since": newest,
            "reviews": [self._review(each, study, full=full) for each in reviews],
            "again": again,
            "rests": newest is not None
            and newest.decision == "not-suitable"
            and still_stands(session, stored, newest),
            "refusal": refusal,
            "overrides": OVERRIDES,
            "decided": stored.person_status is not None or refusal is not None,
            "full": full,
            "may_decide": visit.caller.may(MAY_DECIDE),
            "longest": LONGEST,
        }

    def _review(self, each: Any, study: Study, *, full: bool) -> dict[str, Any]:
        catalogue = self._service.catalogue
        return {
            "said": tellings.DECISIONS[each.decision],
            "because": tell_reason(each.because, full=full),
            "withheld": bool(each.because) and not full,
            "by": each.by,
            "at": each.at,
            "rests_on": tellings.say_criteria(each.bears_on, study, catalogue, full=full),
        }


def _problem(draft: Draft) -> dict[str, str] | None:
    """What is wrong with a form, and with which field; None where it can be stored."""
    if draft["decision"] not in _CHOICES:
        return {"problem": "Choose what you decided.", "field": "decision"}
    if draft["decision"] == "not-suitable" and not draft["because"].strip():
        return {
            "problem": "Say why the patient is not suitable: it tells when to look again.",
            "field": "because",
        }
    if len(draft["because"]) > LONGEST:
        return {"problem": f"The reason has more than {LONGEST} characters.", "field": "because"}
    return None


def _status(stored: StoredSubject) -> str:
    if stored.person_status is not None:
        return PERSON_STATUSES.get(stored.person_status, stored.person_status)
    named = {status.value: said for status, said in STATUSES.items()}
    return named.get(stored.status or "", "Not on the list")


def _gate(gate: str | None) -> tuple[str, str] | None:
    """What took the patient out before any criterion, and where that is read."""
    if gate is None:
        return None
    if gate == NOT_IN_POPULATION:
        return _OUTSIDE, ""
    return GATES[Gate(gate)], GATE_SOURCES[Gate(gate)]
