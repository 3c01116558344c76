"""What people decide about subjects: taken down with its reason, and whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from fhirscreen.api.audits import Access, tell
from fhirscreen.api.outcomes import Refusal, documented
from fhirscreen.api.security import Caller, require
from fhirscreen.bootstrap.services import Service
from fhirscreen.screening.disclosures import tell_criteria, tell_reason
from fhirscreen.screening.logs import hidden_ids
from fhirscreen.screening.reviews import review, to_review_again
from fhirscreen.screening.settlements import still_stands
from fhirscreen.store.cards import StoredRefusal, find_refusals
from fhirscreen.store.reviews import StoredReview, list_reviews
from fhirscreen.store.subjects import StoredSubject, find_subject

Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
StudyId = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
SubjectId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


class Review(BaseModel):
    """A decision about a subject."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["suitable", "not-suitable", "reopened"]
    because: Text = ""
    """Why; needed where the decision is against."""
    criteria: Annotated[list[Text], Field(max_length=500)] = []
    """The criteria that it rests on; without any, those that are open or failed now."""
    version: int | None = None
    """The version of the subject that the person saw: where it is not the newest, 409."""


_READ, _WRITE = "system/ResearchSubject.rs", "system/ResearchSubject.u"


_ERRORS = documented(400, 401, 403, 404, 409, 422)


def router(service: Service) -> APIRouter:
    """`/api/subjects/[id]/reviews` and `/api/reviews`."""
    routes = APIRouter(prefix="/api", tags=["reviews"])
    sees, decides = (Depends(require(service, need)) for need in (_READ, _WRITE))

    @routes.get(
        "/subjects/{id}/reviews",
        summary="What people decided about a subject, oldest first",
        responses=_ERRORS,
    )
    def reviews(id: SubjectId, caller: Caller = sees) -> dict[str, Any]:
        with service.database.reading() as session:
            subject = _find(session, id)
            said = list_reviews(session, id)
            tells = _Telling(service, session, caller)
            found = [tells.data(each, subject.study) for each in said]
            latest = said[-1:]
            standing = still_stands(session, subject, latest[0]) if latest else None
            refusals = find_refusals(session, subject.study, base=subject.base, patient=subject.patient)
        tell(service, caller, "R", "reviews", [_access(subject)])
        refused = next(map(_refused, refusals.values()), None)
        return {
            "subject": id,
            "version": subject.version,
            "holds": standing,
            "reviews": found,
            "refused": refused,
        }

    @routes.post(
        "/subjects/{id}/reviews",
        summary="Decide about a subject: the status stands until somebody reopens it",
        status_code=201,
        responses=_ERRORS,
    )
    def decide(id: SubjectId, given: Review, caller: Caller = decides) -> dict[str, Any]:
        with service.database.begin() as session:
            subject = _find(session, id)
            made = review(
                session,
                id,
                given.decision,
                because=given.because,
                criteria=given.criteria,
                by=caller.name,
                at=service.clock(),
                expected=given.version,
            )
            tell(service, caller, "U", "reviews", [_access(subject)], session=session)
            service.publish_soon(session, subject.base, subject.patient, caller.name)
            after = _find(session, id)
            told = _Telling(service, session, caller).data(made, after.study)
        return told | {
            "subject": id,
            "status": after.current_status,
            "person_status": after.person_status,
            "version": after.version,
        }

    @routes.get(
        "/reviews",
        summary="Whom to look at again: decided against, listed, and what that rested on has changed",
        responses=_ERRORS,
    )
    def again(study: StudyId | None = None, caller: Caller = sees) -> dict[str, Any]:
        with service.database.reading() as session:
            found = to_review_again(session, study=study)
            tells = _Telling(service, session, caller)
            told = [tells.data(said, subject.study) for subject, said in found]
        tell(service, caller, "E", "reviews", [_access(subject) for subject, _ in found])
        return {
            "again": [
                {
                    "subject": subject.id,
                    "study": subject.study,
                    "patient": subject.patient,
                    "status": subject.status,
                    "review": review,
                }
                for (subject, _), review in zip(found, told, strict=True)
            ]
        }

    return routes


def _find(session: Session, id: str) -> StoredSubject:
    found = find_subject(session, id)
    if found is None:
        raise Refusal(404, "there is no such subject", remedy="search ResearchSubject by study or patient")
    return found


def _access(subject: StoredSubject) -> Access:
    return Access(subject.patient, subject.base, subject.study)


def _refused(refusal: StoredRefusal) -> dict[str, str]:
    """That the study was turned down at a visit, and is not suggested until somebody reopens it."""
    return {"reason": refusal.reason, "by": refusal.by, "at": refusal.at.isoformat()}


class _Telling:
    """Decisions as they may be told to a caller."""

    def __init__(self, service: Service, session: Session, caller: Caller) -> None:
        self._service = service
        self._session = session
        self._full = caller.sensitive_shown
        self._names: dict[str, Mapping[str, str]] = {}

    def data(self, said: StoredReview, study: str) -> dict[str, Any]:
        """A decision about a subject of a study."""
        if study not in self._names:
            self._names[study] = hidden_ids(self._session, study, self._service.catalogue)
        because = tell_reason(said.because, full=self._full)
        return {
            "id": said.id,
            "decision": said.decision,
            "because": because,
            "by": said.by,
            "at": said.at.isoformat(),
            "rests_on": tell_criteria(said.bears_on, self._names[study], full=self._full),
        }
