"""ResearchStudy: read, search, versions, and a study file that is put."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response
from sqlalchemy.orm import Session

from fhirscreen.api.fhir import documents
from fhirscreen.api.fhir.bundles import cut, fits_token, searchset
from fhirscreen.api.fhir.calls import Call, versions_of
from fhirscreen.api.fhir.declarations import SearchParameter
from fhirscreen.api.fhir.directory import Directory, Entry
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.fhir.negotiation import JSON, check_body_type
from fhirscreen.api.fhir.queries import Asked, Term
from fhirscreen.api.outcomes import Issue, Refusal, answer, say
from fhirscreen.criteria.checks import Lint, Severity
from fhirscreen.criteria.studies import STATUSES, Study
from fhirscreen.criteria.wire import parse_json, parse_yaml, read_study
from fhirscreen.exceptions import Conflict, StudyError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import study_uuid
from fhirscreen.screening.checks import check
from fhirscreen.store.studies import find_recruiting, put_study

TYPE = "ResearchStudy"
_WHERE = "the body"

PARAMETERS = (
    SearchParameter("_id", "token", "The id of the resource", "6f1f6f0a-3b0f-5c57-8d0c-0a8d9f0d6c11"),
    SearchParameter("identifier", "token", "The registration number", "NCT06907602"),
    SearchParameter("status", "token", "The status of the study", "active", codes=STATUSES),
    SearchParameter(
        "title", "string", "How the title begins", "Neoadjuvant", modifiers=("contains", "exact")
    ),
)

Reader = Callable[[str, str], object]
READERS: Mapping[str, Reader] = {JSON: parse_json, **dict.fromkeys(documents.YAML, parse_yaml)}
"""How a body becomes the data of a study file. What reads a registration ends in `keep` as these do."""


class Studies:
    """The routes of ResearchStudy."""

    def __init__(self, facade: Facade, directory: Directory) -> None:
        self._service = facade.service
        self._directory = directory
        facade.resource(
            TYPE,
            "The studies; `status` is that at this site. A study file (application/yaml, or "
            "application/json) is put to ResearchStudy/id: the id of the resource, or the number. A "
            "ResearchStudy itself says too little to be screened, and cannot be put.",
        )
        facade.read(TYPE, "A study, by its id or number", self.read)
        facade.vread(TYPE, "A version of a study", self.vread)
        facade.search(TYPE, "Studies", PARAMETERS, self.search)
        facade.put(TYPE, "Put a study file", self.put, documents.putting_study())

    def read(self, call: Call, id: str) -> Response:
        """`ResearchStudy/id`."""
        with self._service.database.reading() as session:
            entry = self._directory.find(session, id)
            # What is said of recruiting makes no new version, and changes with the day.
            said = entry.study.id in find_recruiting(session, self._service.site)
            return call.read(self._here(session, entry), lasting=not said)

    def vread(self, call: Call, id: str, version: str) -> Response:
        """`ResearchStudy/id/_history/version`."""
        number = int(version) if version.isdecimal() and len(version) < _DIGITS else 0
        with self._service.database.reading() as session:
            return call.read(self._directory.version(session, id, number).resource)

    def search(self, call: Call, asked: Asked) -> Response:
        """`ResearchStudy?…`."""
        with self._service.database.reading() as session:
            entries = self._directory.entries(session)
            stated = [self._here(session, each) for each in entries.values()]
        found = [each for each in stated if all(_fits(each, term) for term in asked.terms)]
        page, more = cut(found, asked)
        return call.reply(searchset(call, TYPE, asked, page, len(found), more))

    def _here(self, session: Session, entry: Entry) -> Resource:
        """The ResearchStudy with its status at this site."""
        return {**entry.resource, "status": self._service.study_status(session, entry.study)}

    def put(self, call: Call, id: str, body: bytes) -> Response:
        """A study file: read, checked, and stored as a new version where it says something new."""
        kind = check_body_type(call.request, documents.YAML[0], JSON, *documents.YAML[1:])
        text = _text(body)
        study = _read(READERS[kind](text, _WHERE))
        if id not in (study.id, study_uuid(study.id)):
            raise Refusal(
                422,
                "the address is that of another study",
                where=f"study: {study.id}",
                expected=f"PUT {TYPE}/{study.id} or {TYPE}/{study_uuid(study.id)}",
            )
        return self.keep(call, study, text)

    def keep(self, call: Call, study: Study, text: str) -> Response:
        """Checks a study and stores it: whatever it was read from ends here."""
        lints = check(study, self._service.catalogue)
        if wrong := [lint for lint in lints if lint.severity is Severity.ERROR]:
            return answer(422, [Issue("business-rule", _say(lint), lint.where or None) for lint in wrong])
        expected = call.expected()
        try:
            with self._service.database.begin() as session:
                stored, fresh = put_study(
                    session,
                    study,
                    text=text,
                    by=call.caller.name,
                    at=self._service.clock(),
                    expected=expected,
                )
                if fresh:
                    self._service.follow_study(session, study.id, call.caller.name, was_open=False)
        except Conflict as conflict:
            raise Refusal(412, say(conflict)) from None
        with self._service.database.reading() as session:
            entry = self._directory.version(session, study.id, stored.version)
            entry = entry._replace(resource=self._here(session, entry))
        return self._kept(call, entry, lints, new=fresh and stored.version == 1)

    def _kept(self, call: Call, entry: Entry, lints: tuple[Lint, ...], *, new: bool) -> Response:
        here = f"{call.base}/{TYPE}/{entry.resource['id']}/_history/{entry.version}"
        headers = {**versions_of(entry.resource), "Location" if new else "Content-Location": here}
        status = 201 if new else 200
        match call.preferences.get("return"):
            case "minimal":
                return Response(status_code=status, headers=headers)
            case "OperationOutcome":
                return call.reply(_outcome(lints), status, headers)
        return call.reply(entry.resource, status, headers)


_DIGITS = 9


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Refusal(400, "the body is not UTF-8 text", expected="UTF-8") from None


def _read(data: object) -> Study:
    if isinstance(data, dict) and "resourceType" in data:
        raise StudyError(
            f"a FHIR {TYPE} does not say what is asked of a patient" if data["resourceType"] == TYPE
            else "this is a FHIR resource, and no study file",
            where=_WHERE,
            expected="a study file",
            remedy="see docs/how-to/write-a-study.md",
        )  # fmt: skip
    return read_study(data, _WHERE)


def _say(lint: Lint) -> str:
    return f"{lint.what}; remedy: {lint.remedy}"


def _outcome(lints: tuple[Lint, ...]) -> Resource:
    issues: list[dict[str, Any]] = [
        {"severity": "warning", "code": "business-rule", "diagnostics": _say(lint)}
        | ({"expression": [lint.where]} if lint.where else {})
        for lint in lints
    ]
    none = {"severity": "information", "code": "informational", "diagnostics": "nothing to remark"}
    return {"resourceType": "OperationOutcome", "issue": issues or [none]}


def _fits(resource: Resource, term: Term) -> bool:
    match term.name:
        case "_id":
            return resource["id"] in term.values
        case "status":
            return resource["status"] in term.values
        case "identifier":
            return fits_token(resource, term.values)
    title = str(resource["title"])
    if term.modifier == "exact":
        return title in term.values
    folded = title.casefold()
    if term.modifier == "contains":
        return any(value.casefold() in folded for value in term.values)
    return any(folded.startswith(value.casefold()) for value in term.values)
