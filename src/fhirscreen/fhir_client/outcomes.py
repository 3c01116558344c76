"""OperationOutcomes and HTTP statuses, as errors of ours.

A server's `diagnostics`, `details` and `expression` may quote a patient's id or a value, so that none of
their text is kept: only the codes of R4's value set issue-type and the numbers of HAPI's messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fhirscreen.exceptions import Conflict, NotFhir, OutcomeError, ServerError, Unauthorised
from fhirscreen.fhir.entries import Resource

_CODE = re.compile(r"[a-z][a-z-]{0,30}")
_HAPI = re.compile(r"\bHAPI-\d{4}\b")
_NAME = re.compile(r"[A-Z][A-Za-z]{0,60}")
_FAILED = {"error", "fatal"}


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome: severity, code of issue-type, number of HAPI's message if any."""

    severity: str
    code: str
    hapi: str | None = None

    @property
    def failed(self) -> bool:
        """Whether something was not done; otherwise a warning or information."""
        return self.severity in _FAILED or self.code == "incomplete"

    def __str__(self) -> str:
        return f"{self.code}, {self.hapi}" if self.hapi else self.code


def read_issues(outcome: object) -> tuple[Issue, ...]:
    """The issues of an OperationOutcome; of anything else, none."""
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return ()
    listed = outcome.get("issue")
    return tuple(_read_issue(issue) for issue in listed if isinstance(issue, dict)) if listed else ()


def _read_issue(issue: dict[str, Any]) -> Issue:
    details = issue.get("details")
    texts = (issue.get("diagnostics"), details.get("text") if isinstance(details, dict) else None)
    number = next((found for text in texts if text and (found := _HAPI.search(str(text)))), None)
    return Issue(
        _known_code(issue.get("severity")), _known_code(issue.get("code")), number.group() if number else None
    )


def _known_code(code: object) -> str:
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "unknown"


def type_of(body: object) -> str:
    """What a body says that it is, fit to be shown: its resourceType or `JSON without a resourceType`."""
    name = body.get("resourceType") if isinstance(body, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "JSON without a resourceType"


def error_of(status: int, body: Resource | None, where: str) -> ServerError:
    """The error for an answer that refuses, by its status and its OperationOutcome's codes."""
    codes = sorted({str(issue) for issue in read_issues(body) if issue.failed})
    said = ", ".join([str(status), *codes])
    match status:
        case 401:
            return Unauthorised(
                f"The server does not know who is asking ({said})",
                where=where,
                expected="a token or a password that the server accepts",
                remedy="check the credentials; a token may have expired",
            )
        case 403:
            return Unauthorised(
                f"The server does not allow this ({said})",
                where=where,
                expected="a user or client who may do this",
                remedy="ask for the scope or the role that may do this",
            )
        case 409 | 412:
            return Conflict(
                f"The resource was changed by someone else, or the condition fits several ({said})",
                where=where,
                remedy="read it again and decide again",
            )
        case 404 if not codes:
            return NotFhir(
                f"Nothing answers there ({said})",
                where=where,
                expected="a FHIR server",
                remedy="check the base URL: the server must answer /metadata under it",
            )
        case 429 | 502 | 503 | 504:
            return OutcomeError(
                f"The server is overloaded or away ({said})",
                where=where,
                remedy="try again later, or with less concurrency",
            )
        case _:
            return OutcomeError(
                f"The server refused ({said})",
                where=where,
                expected="an answer (200)",
                remedy="`fhirscreen doctor` says what this server can do; its own log says why it refused",
            )
