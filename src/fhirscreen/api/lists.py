"""What keeps lists true, and what is known of them: who recruits, what changed, the screening log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from fhirscreen.api.audits import Access, tell
from fhirscreen.api.outcomes import Refusal, documented
from fhirscreen.api.security import Caller, require
from fhirscreen.bootstrap.services import Service
from fhirscreen.cds_hooks.responses import count_responses
from fhirscreen.outputs.disclosures import FURTHER_REVIEW
from fhirscreen.screening.log_files import name_log, read_parts, write_log
from fhirscreen.screening.logs import hidden_ids
from fhirscreen.screening.settlements import held_decisions
from fhirscreen.store.changes import StoredChange, list_changes
from fhirscreen.store.studies import Recruiting, find_recruiting, find_study, list_open, set_recruiting
from fhirscreen.store.subjects import find_patients

_SEE, _CHANGE = "system/ResearchStudy.rs", "system/ResearchStudy.u"
_SUBJECTS = "system/ResearchSubject.rs"
StudyId = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]

_ERRORS = documented(400, 401, 403, 404, 422)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]", re.ASCII)


class Recruits(BaseModel):
    """Whether this site recruits for a study."""

    model_config = ConfigDict(extra="forbid")

    open: bool
    opens: date | None = None
    """The first day; none: from now on."""
    closes: date | None = None
    """The last day; none: no end."""
    slots: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """How many more subjects it can take; 0 closes it."""


def router(service: Service) -> APIRouter:
    """`/api/studies/[id]/recruiting`, `…/responses`, `…/log.csv` and `/api/changes`."""
    routes = APIRouter(prefix="/api", tags=["lists"])
    sees, changes_it, sees_subjects = (Depends(require(service, need)) for need in (_SEE, _CHANGE, _SUBJECTS))

    @routes.get(
        "/studies/{id}/recruiting",
        summary="Whether this site recruits for a study",
        dependencies=[sees],
        responses=_ERRORS,
    )
    def recruiting(id: StudyId) -> dict[str, Any]:
        with service.database.reading() as session:
            return _recruiting(service, session, id)

    @routes.put(
        "/studies/{id}/recruiting",
        summary="Say whether this site recruits for a study; what is closed is not screened",
        responses=_ERRORS,
    )
    def recruit(id: StudyId, given: Recruits, caller: Caller = changes_it) -> dict[str, Any]:
        if given.opens is not None and given.closes is not None and given.closes < given.opens:
            raise Refusal(422, "recruiting closes before it opens", where="closes", expected="a later day")
        said = Recruiting(id, service.site, given.open, given.opens, given.closes, given.slots)
        with service.database.begin() as session:
            _check_study(session, id)
            was_open = service.recruits(session, id)
            set_recruiting(session, said, by=caller.name, at=service.clock())
            service.follow_study(session, id, caller.name, was_open=was_open)
            tell(service, caller, "U", "recruiting", [Access(study=id)], session=session)
            return _recruiting(service, session, id)

    @routes.get("/changes", summary="What changed for whom, oldest first", responses=_ERRORS)
    def changes(
        since: Annotated[AwareDatetime, BeforeValidator(_written)],
        study: StudyId | None = None,
        after: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
        count: Annotated[int, Query(ge=1, le=1000)] = 200,
        caller: Caller = sees_subjects,
    ) -> dict[str, Any]:
        with service.database.reading() as session:
            found = list_changes(session, _utc(since), study=study, after=after, limit=count + 1)
            page, more = found[:count], len(found) > count
            data = list(_changes(service, session, page))
        tell(service, caller, "E", "changes", {Access(c.patient, c.base, c.study) for c in page})
        return {"changes": data, "after": page[-1].id if more else None}

    @routes.get(
        "/studies/{id}/responses",
        summary="What users made of the cards that named a study, in counts",
        responses=_ERRORS,
        dependencies=[sees_subjects],
    )
    def responses(id: StudyId) -> dict[str, Any]:
        with service.database.reading() as session:
            _check_study(session, id)
            found = count_responses(session, id)
        return {
            "study": id,
            "shown": found.shown,
            "accepted": found.accepted,
            "overridden": {code or "no-reason": number for code, number in found.overridden.items()},
            "other_study": found.other,
            "unanswered": found.unanswered,
        }

    @routes.get(
        "/studies/{id}/log.csv",
        summary="The screening log: who was screened, failed why, decided by whom",
        response_class=Response,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **_ERRORS},
    )
    def log(id: StudyId, caller: Caller = sees_subjects) -> Response:
        with service.database.reading() as session:
            _check_study(session, id)
            seen = [Access(patient, base, id) for patient, base in find_patients(session, id)]
            written = write_log(session, service.catalogue, id, full=caller.sensitive_shown)
        try:
            tell(service, caller, "E", "log", seen or [Access(study=id)])
        except BaseException:
            written.close()
            raise
        headers = {"Content-Disposition": f'attachment; filename="{name_log(id)}"'}
        return StreamingResponse(read_parts(written), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


def _written(text: object) -> object:
    if not isinstance(text, str) or _MOMENT.match(text) is None:
        # pydantic would take a number for seconds since 1970
        raise PydanticCustomError("moment", "a date and time is expected, like 2026-11-01T00:00:00Z")
    return text


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Refusal(422, "the moment is beyond the calendar", where="since") from None


def _check_study(session: Session, id: str) -> None:
    if find_study(session, id) is None:
        raise Refusal(404, "there is no such study", remedy="GET /fhir/ResearchStudy lists them")


def _recruiting(service: Service, session: Session, id: str) -> dict[str, Any]:
    _check_study(session, id)
    said = find_recruiting(session, service.site).get(id)
    today = service.as_of().day
    data: dict[str, Any] = {"study": id, "site": service.site, "said": said is not None}
    if said is not None:
        data |= {"open": said.open, "opens": said.opens, "closes": said.closes, "slots": said.slots}
    return data | {"recruits": any(each.id == id for each in list_open(session, service.site, today))}


def _changes(service: Service, session: Session, page: Iterable[StoredChange]) -> Iterator[dict[str, Any]]:
    page = list(page)
    names = {
        study: hidden_ids(session, study, service.catalogue) for study in {change.study for change in page}
    }
    held = held_decisions(session, {change.subject for change in page})
    for change in page:
        known = names[change.study]
        yield {
            "id": change.id,
            "at": change.at.isoformat(),
            "study": change.study,
            "subject": change.subject,
            "patient": change.patient,
            "before": change.before,
            "after": change.after,
            "criteria": list(dict.fromkeys(known.get(each, FURTHER_REVIEW) for each in change.criteria)),
            "run": change.run,
            "told_at": _instant(change.notified_at),
            "decision_holds_now": held.get(change.subject),
        }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
