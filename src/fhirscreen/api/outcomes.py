"""Every error as one OperationOutcome shape: what, where, expected, remedy, and the id of the request.

FHIR R4, OperationOutcome; RFC 9110 for the statuses. No outcome carries patient data: an unforeseen error is
told by its id alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from fhirscreen import exceptions as errors
from fhirscreen.bootstrap.logs import told
from fhirscreen.exceptions import FhirscreenError
from fhirscreen.fhir.entries import Resource

FHIR_JSON = "application/fhir+json"

log = structlog.get_logger(__name__)


class Issue(NamedTuple):
    """One thing that is wrong: an issue-type of FHIR R4, a text for a person, where in the request."""

    code: str
    diagnostics: str
    expression: str | None = None


class Refusal(FhirscreenError):
    """A request that is answered with an error status; raised by routes for what no other error says.

    `code` is an issue-type of FHIR R4 (`not-found`, `invalid`, `required`, `conflict`, …); without one, that
    of the status.
    """

    def __init__(
        self,
        status: int,
        what: str,
        *,
        code: str | None = None,
        where: str | None = None,
        expected: str | None = None,
        remedy: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(what, where=where, expected=expected, remedy=remedy)
        self.status = status
        self.code = code or code_of(status)
        self.headers = dict(headers or {})


_CODES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
    429: "throttled",
    501: "not-supported",
    502: "transient",
    503: "transient",
    504: "timeout",
    507: "no-store",
}

_STATUSES: dict[type[FhirscreenError], tuple[int, str]] = {
    errors.UsageError: (400, "invalid"),
    errors.BadInput: (422, "invalid"),
    errors.Conflict: (409, "conflict"),
    errors.Unreachable: (502, "transient"),
    errors.ServerBusy: (503, "throttled"),
    errors.Unauthorised: (502, "security"),
    errors.ServerError: (502, "exception"),
    errors.StoreError: (500, "exception"),
    errors.StoreUnreachable: (503, "transient"),
    errors.StoreBusy: (503, "transient"),
    errors.StoreFull: (507, "no-store"),
    errors.NotTrusted: (401, "login"),
    errors.NotAllowed: (403, "forbidden"),
    errors.Incomplete: (503, "incomplete"),
}

_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},  # without saying what was wrong: RFC 6750, 3.1 asks for no more
    503: {"Retry-After": "5"},
}

_WHAT = {
    401: "who asks is not known",
    403: "this is not allowed to who asks",
    404: "there is nothing at this address",
    405: "this method is not answered here",
    413: "the request is too large",
}


def code_of(status: int) -> str:
    """The issue-type that goes with a status."""
    return _CODES.get(status, "exception" if status >= 500 else "invalid")


def outcome(issues: list[Issue], request_id: str | None = None) -> Resource:
    """An OperationOutcome of errors."""
    listed: list[dict[str, Any]] = []
    for issue in issues:
        entry: dict[str, Any] = {"severity": "error", "code": issue.code, "diagnostics": issue.diagnostics}
        if issue.expression:
            entry["expression"] = [issue.expression]
        listed.append(entry)
    found: dict[str, Any] = {"resourceType": "OperationOutcome"}
    if request_id:
        found["id"] = request_id
    return found | {"issue": listed}


def answer(status: int, issues: list[Issue], headers: Mapping[str, str] | None = None) -> Response:
    """The response that tells what is wrong."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return Response(
        orjson.dumps(outcome(issues, request_id)), status, headers=dict(headers or {}), media_type=FHIR_JSON
    )


def say(error: FhirscreenError, *, hidden: bool = False) -> str:
    """What, where, expected and remedy of an error, as one text; `hidden` leaves out where."""
    labelled = (
        ("where", None if hidden else error.where),
        ("expected", error.expected),
        ("remedy", error.remedy),
    )
    return "; ".join([error.what, *(f"{label}: {text}" for label, text in labelled if text)])


def of_error(error: Exception) -> Response:
    """The response to whatever was raised; the unforeseen is logged without its text."""
    match error:
        case Refusal():
            return answer(error.status, [Issue(error.code, say(error))], error.headers)
        case FhirscreenError():
            kind = next((each for each in type(error).__mro__ if each in _STATUSES), errors.FhirscreenError)
            status, code = _STATUSES.get(kind, (500, "exception"))
            if status >= 500:
                log.error("refused", what=error.what, **told(error))
            hidden = isinstance(error, errors.StoreError)
            parts = error.each() if isinstance(error, errors.BadInput) else (error,)
            return answer(
                status, [Issue(code, say(part, hidden=hidden)) for part in parts], _HEADERS.get(status)
            )
        case HTTPException():
            what = _WHAT.get(error.status_code) or str(error.detail)
            return answer(error.status_code, [Issue(code_of(error.status_code), what)], error.headers)
        case RequestValidationError():
            return answer(400, [_invalid(each) for each in error.errors()])
    log.error("unforeseen", **told(error))
    what = "the service failed; its log says more under the id of this request"
    return answer(500, [Issue("exception", what)])


def _invalid(error: Mapping[str, Any]) -> Issue:
    """One finding of pydantic, without the value that it found."""
    code = "required" if error["type"] == "missing" else "invalid"
    place = ".".join(str(part) for part in error["loc"])
    return Issue(
        code, f"{place}: {error['msg']}" if error["type"] != "value_error" else f"{place} is not valid", place
    )


_NOT_ALLOWED = 405
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def _allowed(request: Request) -> str:
    """Every method that an address is answered for: each has a route of its own."""
    routes = request.app.routes

    def answered(method: str) -> bool:
        scope = {**request.scope, "method": "GET" if method == "HEAD" else method}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    return ", ".join(method for method in _METHODS if answered(method))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI documents errors with these statuses, of routes that are not FHIR's own."""
    says = {400: "The request cannot be read", 409: "Somebody else was faster", 422: "It cannot be done"}
    media = {FHIR_JSON: {"schema": {"type": "object", "required": ["resourceType", "issue"]}}}
    return {
        status: {"description": says.get(status) or _WHAT[status].capitalize(), "content": media}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answers every error of an application so."""

    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == _NOT_ALLOWED:
            return of_error(HTTPException(_NOT_ALLOWED, headers={"Allow": _allowed(request)}))
        return of_error(error)

    for kind in (FhirscreenError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, handle)
