"""The routes of CDS Hooks 2.0: discovery, calls, feedback."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson
import structlog
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from fhirscreen.access.audits import Access
from fhirscreen.access.hooks import NotTrusted
from fhirscreen.api.guards.deadlines import DUE
from fhirscreen.api.outcomes import Refusal
from fhirscreen.bootstrap.services import Service
from fhirscreen.cds_hooks.calls import Call, CallError, NoSuchService, NothingKnown, read_call
from fhirscreen.cds_hooks.discovery import HOOKS, services
from fhirscreen.cds_hooks.feedback import take_feedback
from fhirscreen.cds_hooks.keeping import FOLDER, keep
from fhirscreen.cds_hooks.templates import make_templates
from fhirscreen.cds_hooks.visits import Answer, Clinic, answer
from fhirscreen.exceptions import FhirscreenError
from fhirscreen.fhir.subjects import FILES_BASE, subject_uuid
from fhirscreen.jobs.updates import enqueue
from fhirscreen.store.cards import StoredCard
from fhirscreen.store.subjects import find_subject

Result = TypeVar("Result")

log = structlog.get_logger(__name__)

_STATUSES: tuple[tuple[type[FhirscreenError], int, str], ...] = (
    (NotTrusted, 401, "login"),
    (NoSuchService, 404, "not-found"),
    (NothingKnown, 412, "incomplete"),
    (CallError, 400, "invalid"),
)


def router(service: Service) -> APIRouter:
    """`/cds-services`, a call of each service, and its feedback."""
    routes = APIRouter(prefix="/cds-services", tags=["CDS Hooks"])
    clinic = make_clinic(service)
    discovery = orjson.dumps(services(clinic.templates.prefetch))

    @routes.get("", summary="The services that an EHR may call")
    async def discover() -> Response:
        return Response(discovery, media_type="application/json")

    @routes.post("/{id}", summary="Which studies may this patient fit?", responses=_TOLD, openapi_extra=_CALL)
    async def call(id: str, request: Request) -> Response:
        body, header = await request.body(), request.headers.get("authorization")
        due = request.scope.get(DUE)

        def late() -> bool:
            return due is not None and time.monotonic() >= due

        made = await to_thread.run_sync(_work, lambda: _answer(service, clinic, id, header, body, late))
        return Response(orjson.dumps(made), media_type="application/json")

    @routes.post(
        "/{id}/feedback", summary="What users made of cards", responses=_TOLD, openapi_extra=_FEEDBACK
    )
    async def feedback(id: str, request: Request) -> Response:
        body, header = await request.body(), request.headers.get("authorization")

        def take() -> int:
            caller = service.authenticate_hook(header, f"{clinic.url}/cds-services/{id}/feedback")

            def tell(session: Session, card: StoredCard) -> None:
                who, what = f"{card.by} {caller.issuer}".strip(), "cds-services feedback"
                accesses = [Access(card.patient, card.base, study) for study in card.studies]
                service.audits.tell(who, "U", what, accesses, session=session)

            return take_feedback(service.database, id, body, tell, at=service.clock(), issuer=caller.issuer)

        await to_thread.run_sync(_work, take)
        return Response(b"{}", media_type="application/json")

    return routes


def make_clinic(service: Service) -> Clinic:
    """What answering takes, from the service."""
    settings = service.settings
    source = service.source

    def tell(session: Session, who: str, base: str, patient: str, studies: Sequence[str]) -> None:
        accesses = [Access(patient, base, study) for study in studies] or [Access(patient, base)]
        service.audits.tell(who, "E", "cds-services", accesses, session=session)

    named = source is not None and (source in settings.folders or source in settings.named_servers)
    own = service.base_of(str(source)) if named else FILES_BASE

    def follow(session: Session, base: str, patient: str, studies: Sequence[str]) -> None:
        """A card leads to a page, and nothing of a call is kept: the patient is screened from our source."""
        if source not in settings.named_servers or base != own:
            return
        if any(find_subject(session, subject_uuid(study, base, patient)) is None for study in studies):
            enqueue(session, str(source), [patient], urgent=True, by="visit", at=service.clock())

    return Clinic(
        settings.cds,
        make_templates(service.catalogue, roles=bool(settings.cds.specialties)),
        service.catalogue,
        service.database,
        service.panel,
        service.as_of,
        service.clock,
        service.lending.lend,
        tell,
        follow,
        own,
        settings.url,
        settings.site_name or "",
        settings.publish,
    )


def _answer(
    service: Service, clinic: Clinic, id: str, header: str | None, body: bytes, late: Callable[[], bool]
) -> dict[str, Any]:
    caller = service.authenticate_hook(header, f"{clinic.url}/cds-services/{id}")
    hook = HOOKS.get(id, "none")
    counted = service.metrics.cards
    try:
        call: Call = read_call(id, body)
        found: Answer = answer(clinic, call, caller.issuer, late)
    except FhirscreenError as error:
        counted.labels(hook, type(error).__name__).inc()
        if service.settings.cds.keep_calls:
            keep(FOLDER, id, body, {"error": error.what}, service.clock())
        raise
    if service.settings.cds.keep_calls:
        keep(FOLDER, id, body, found.body, service.clock())
    counted.labels(hook, found.outcome).inc()
    log.info("cds", hook=hook, outcome=found.outcome)
    return found.body


def _work(work: Callable[[], Result]) -> Result:
    """Does it, errors of calls told with the statuses that CDS Hooks has for them."""
    try:
        return work()
    except FhirscreenError as error:
        for kind, status, code in _STATUSES:
            if isinstance(error, kind):
                headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
                raise Refusal(
                    status,
                    error.what,
                    code=code,
                    where=error.where,
                    expected=error.expected,
                    remedy=error.remedy,
                    headers=headers,
                ) from None
        raise


_OUTCOME = {"content": {"application/fhir+json": {"schema": {"type": "object"}}}}
_TOLD: dict[int | str, dict[str, Any]] = {
    400: {"description": "No call of CDS Hooks, or one about two patients", **_OUTCOME},
    401: {"description": "Who calls is not known", **_OUTCOME},
    404: {"description": "No such service, or no such card", **_OUTCOME},
    412: {"description": "There is nothing to decide with", **_OUTCOME},
}


def _body(required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_CALL = _body(
    ["hook", "hookInstance", "context"],
    {
        "hook": {"type": "string"},
        "hookInstance": {"type": "string"},
        "context": {
            "type": "object",
            "required": ["patientId", "userId"],
            "properties": {"patientId": {"type": "string"}, "userId": {"type": "string"}},
        },
        "fhirServer": {"type": "string"},
        "fhirAuthorization": {"type": "object"},
        "prefetch": {"type": "object"},
    },
)
_FEEDBACK = _body(["feedback"], {"feedback": {"type": "array", "items": {"type": "object"}}})
