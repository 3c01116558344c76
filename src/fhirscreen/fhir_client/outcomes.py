"""OperationOutcomes and HTTP statuses, as errors of ours.

A server's `diagnostics` and `details` may quote a patient's id or a value, so that none of their text is
kept: only the severity, the code of R4's value set issue-type, the number of HAPI's message, and an
`expression` that is a plain path of elements. That words are withheld is said, and where they are: in the
server's log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx

from fhirscreen.exceptions import Conflict, NotFhir, OutcomeError, ServerError, Unauthorised
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.types import RESOURCE_TYPES

_CODE = re.compile(r"[a-z][a-z-]{0,30}")
_HAPI = re.compile(r"\bHAPI-\d{4}\b")
_NAME = re.compile(r"[A-Z][A-Za-z]{0,60}")
_PATH = re.compile(r"([A-Z][A-Za-z]+)(?:\.[a-z][A-Za-z]{0,40}(?:\[\d{1,5}\])?){1,10}")
_FAILED = {"error", "fatal"}
_PARTIAL = {"incomplete", "suppressed", "throttled", "timeout", "too-costly", "transient"}
_HARMLESS = {"information", "success"}

_LASTING = {400, 401, 403, 404, 405, 406, 410, 413, 415, 422, 501}
"""Statuses (RFC 9110) that the same request meets again until a person has changed something."""

WITHHELD = "the server's words are withheld here, as they may name a patient: its own log has them"
"""What is said where a server gave more than its codes."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome: severity, code of issue-type, number of HAPI's message if any.

    `expression` is the path of the element where that names elements alone; `worded`: there is text that is
    not kept.
    """

    severity: str
    code: str
    hapi: str | None = None
    expression: str | None = None
    worded: bool = False

    @property
    def failed(self) -> bool:
        """Whether something was not done; otherwise a warning or information."""
        return self.severity in _FAILED or self.code == "incomplete"

    @property
    def partial(self) -> bool:
        """Whether results that this stands beside may not be all.

        A warning that something is not supported is about a parameter: too much is found, and not too little.
        """
        if self.severity in _HARMLESS or (self.severity == "warning" and self.code == "not-supported"):
            return self.code in _PARTIAL
        return True

    def __str__(self) -> str:
        said = self.code if self.severity == "error" else f"{self.severity} {self.code}"
        at = f" at {self.expression}" if self.expression else ""
        return f"{said}{at}, {self.hapi}" if self.hapi else f"{said}{at}"


def read_issues(outcome: object) -> tuple[Issue, ...]:
    """The issues of an OperationOutcome; of anything else, none."""
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return ()
    listed = outcome.get("issue")
    return (
        tuple(_read_issue(issue) for issue in listed if isinstance(issue, dict))
        if isinstance(listed, list)
        else ()
    )


def _read_issue(issue: dict[str, Any]) -> Issue:
    details = issue.get("details")
    texts = (issue.get("diagnostics"), details.get("text") if isinstance(details, dict) else None)
    number = next((found for text in texts if text and (found := _HAPI.search(str(text)))), None)
    paths = issue.get("expression")
    plain = next((path for path in paths if _is_plain(path)), None) if isinstance(paths, list) else None
    return Issue(
        _known_code(issue.get("severity")),
        _known_code(issue.get("code")),
        number.group() if number else None,
        plain,
        any(texts) or details is not None or (bool(paths) and plain is None),
    )


def _is_plain(path: object) -> bool:
    """Whether an expression names elements of a resource, and no value of one."""
    found = _PATH.fullmatch(path) if isinstance(path, str) else None
    return found is not None and found[1] in RESOURCE_TYPES


def _known_code(code: object) -> str:
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "unknown"


def type_of(body: object) -> str:
    """What a body says that it is, fit to be shown: its resourceType or `JSON without a resourceType`."""
    name = body.get("resourceType") if isinstance(body, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "JSON without a resourceType"


def error_of(status: int, body: Resource | None, where: str) -> ServerError:
    """The error for an answer that refuses, by its status and its OperationOutcome's codes."""
    told = read_issues(body)
    issues = [issue for issue in told if issue.failed]
    codes = sorted({str(issue) for issue in issues})
    error = _error_of(status, ", ".join([str(status), *codes]), bool(codes), where)
    # A 404 in words that are not FHIR's is a proxy's: the server behind it may be about to start.
    error.lasting = error.lasting or (status in _LASTING and (status != httpx.codes.NOT_FOUND or bool(told)))
    if any(issue.worded for issue in issues):
        error.remedy = f"{error.remedy}; {WITHHELD}"
    elif type(error) is OutcomeError:
        error.remedy = f"{error.remedy}; its own log says why"
    return error


def reported_error(status: int, issues: list[Issue], where: str) -> OutcomeError:
    """The error for an answer that succeeds by its status, and fails by its OperationOutcome."""
    remedy = "try again; if it stays, ask those who run the server"
    return OutcomeError(
        f"The server answers {status}, yet reports an error ({', '.join(map(str, issues))})",
        where=where,
        expected="an answer without issues of severity error or fatal",
        remedy=f"{remedy}; {WITHHELD}" if any(issue.worded for issue in issues) else remedy,
    )


def _error_of(status: int, said: str, coded: bool, where: str) -> ServerError:
    match status:
        case 401:
            return Unauthorised(
                f"The server does not know who is asking ({said})",
                where=where,
                expected="a token or a password that the server accepts",
                remedy="check the credentials (FHIRSCREEN_TOKEN, or FHIRSCREEN_USERNAME and "
                "FHIRSCREEN_PASSWORD); a token may have expired",
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
                expected="the version that was read, and a condition that fits one resource",
                remedy="read it again and decide again",
            )
        case 404 if not coded:
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
                expected="a server that has time for this",
                remedy="try again later, or with less concurrency (FHIRSCREEN_CONCURRENCY)",
            )
        case _:
            return OutcomeError(
                f"The server refused ({said})",
                where=where,
                expected="an answer (200)",
                remedy="`fhirscreen doctor` says what this server can do",
            )
