"""The routes of CDS Hooks 2.0: discovery, calls, feedback."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
import structlog
from anyio import to_thread
from fastapi import APIRouter, Request, Response

from fhirscreen.access.hooks import HookCaller, NotTrusted
from fhirscreen.api.guards.deadlines import DUE
from fhirscreen.api.outcomes import Refusal
from fhirscreen.bootstrap.clinics import make_clinic
from fhirscreen.bootstrap.services import Service
from fhirscreen.cds_hooks.calls import Call, CallError, MustAsk, NoSuchService, NothingKnown, read_call
from fhirscreen.cds_hooks.discovery import HOOKS, services
from fhirscreen.cds_hooks.feedback import take_feedback
from fhirscreen.cds_hooks.keeping import FOLDER, keep
from fhirscreen.cds_hooks.visits import TOO_LATE, Answer, Clinic, answer
from fhirscreen.exceptions import FhirscreenError, ServerBusy
from fhirscreen.fhir_client import due

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
        visit = _Visit(service, clinic, id, await request.body(), request.scope.get(DUE))
        header = request.headers.get("authorization")
        try:
            made = await to_thread.run_sync(_work, lambda: visit.begin(header))
        except MustAsk:
            made = await visit.ask()
        return Response(orjson.dumps(made), media_type="application/json")

    @routes.post(
        "/{id}/feedback", summary="What users made of cards", responses=_TOLD, openapi_extra=_FEEDBACK
    )
    async def feedback(id: str, request: Request) -> Response:
        body, header = await request.body(), request.headers.get("authorization")

        def take() -> int:
            issuer = service.authenticate_hook(header, f"{clinic.url}/cds-services/{id}/feedback").issuer
            return take_feedback(service.database, id, body, clinic.write, at=service.clock(), issuer=issuer)

        await to_thread.run_sync(_work, take)
        return Response(b"{}", media_type="application/json")

    return routes


class _Visit:
    """One call: answered by what it brings, else with what the FHIR server sends while there is time.

    `due`: when, by `time.monotonic`, the EHR is told that the answer takes too long.
    """

    def __init__(self, service: Service, clinic: Clinic, id: str, body: bytes, due: float | None) -> None:
        self._service, self._clinic, self._id, self._body = service, clinic, id, body
        self._due = due
        self._began = time.monotonic()
        self._caller: HookCaller
        self._call: Call

    def begin(self, header: str | None) -> dict[str, Any]:
        """The answer. Raises what `_work` tells, and MustAsk where it takes the FHIR server."""
        url = f"{self._clinic.url}/cds-services/{self._id}"
        self._caller = self._service.authenticate_hook.verify(header, url)

        def work() -> Answer:
            self._call = read_call(self._id, self._body)
            return self._answer(may_ask=False)

        return self._told(work)

    async def ask(self) -> dict[str, Any]:
        """The answer with what the FHIR server sends in time. Raises Refusal where too many wait for it."""
        seconds = self._service.settings.cds.seconds

        def work() -> Answer:
            with due(self._began + seconds):
                return self._answer()

        try:
            return await self._service.upstream.run(lambda: _work(lambda: self._told(work)), seconds / 2)
        except ServerBusy as error:
            self._count(type(error).__name__)
            raise

    def _answer(self, *, may_ask: bool = True) -> Answer:
        who = self._caller
        return answer(self._clinic, self._call, who.issuer, self._late, may_ask=may_ask, redeem=who.redeem)

    def _told(self, work: Callable[[], Answer]) -> dict[str, Any]:
        """What it gives; what came of the call is counted, logged and, where that is set, kept."""
        try:
            found = work()
        except FhirscreenError as error:
            self._count(TOO_LATE if self._late() else type(error).__name__)
            self._keep({"error": error.what})
            if isinstance(error, CallError | NoSuchService | NothingKnown):
                with self._service.database.begin() as session:  # such an answer uses the token up as well
                    self._caller.redeem(session)
            raise
        self._keep(found.body)
        self._count(found.outcome, found)
        return found.body

    def _late(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due

    def _count(self, outcome: str, found: Answer | None = None) -> None:
        hook = HOOKS.get(self._id, "none")
        self._service.metrics.cards.labels(hook, outcome).inc()
        seconds = round(time.monotonic() - self._began, 3)
        more: dict[str, Any] = {}
        if found is not None and found.unfetched:
            more = {"unfetched": found.unfetched, "asked": found.asked, "in_time": not found.hurried}
        log.info("cds", hook=hook, outcome=outcome, seconds=seconds, **more)

    def _keep(self, made: dict[str, Any]) -> None:
        if self._service.settings.cds.keep_calls:
            keep(FOLDER, self._id, self._body, made, self._service.clock())


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
    503: {"description": "Too many calls wait for a FHIR server", **_OUTCOME},
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
