"""ResearchSubject: who is listed for a study, read, searched, and decided about by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Response
from sqlalchemy.orm import Session

from fhirscreen.api.audits import Access
from fhirscreen.api.fhir import documents
from fhirscreen.api.fhir.bundles import searchset
from fhirscreen.api.fhir.calls import Call, versions_of
from fhirscreen.api.fhir.declarations import SearchParameter
from fhirscreen.api.fhir.directory import Directory
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.fhir.inputs import another_server
from fhirscreen.api.fhir.negotiation import JSON, check_body_type
from fhirscreen.api.fhir.queries import Asked
from fhirscreen.api.outcomes import FHIR_JSON, Refusal, say
from fhirscreen.exceptions import Conflict
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.models import model_fault
from fhirscreen.fhir.references import target, whole
from fhirscreen.fhir.subjects import CANONICAL, DECISION_EXTENSION
from fhirscreen.screening.decisions import DECISIONS, decide
from fhirscreen.screening.listings import subject_resource
from fhirscreen.store.reviews import newest_review
from fhirscreen.store.subjects import (
    StoredSubject,
    count_subjects,
    find_bases,
    find_subject,
    find_subjects,
    find_verdicts,
)

TYPE = "ResearchSubject"

_STUDY = "ResearchStudy/6f1f6f0a-3b0f-5c57-8d0c-0a8d9f0d6c11"
_ID = "0f4c0e7a-2d0b-5f2e-9a53-4a1d5b9c7e10"
PARAMETERS = (
    SearchParameter("_id", "token", "The id of the resource", _ID),
    SearchParameter("identifier", "token", "Its identifier", f"urn:uuid:{_ID}"),
    SearchParameter("study", "reference", "The study, by its resource or its number", _STUDY),
    SearchParameter("patient", "reference", "The patient", "Patient/123", single=True),
    SearchParameter("individual", "reference", "The patient", "Patient/123", single=True),
    SearchParameter("status", "token", "Where the subject stands", "candidate", codes=tuple(DECISIONS)),
)
_OWN = {"resourceType", "id", "meta", "implicitRules", "language", "text", "extension", "status"}
"""Elements that may differ from what is stored: ours to write, or what a person sets."""


@dataclass(slots=True)
class _Filter:
    """A search as the store takes it; `nothing` where no subject can fit."""

    studies: set[str] | None = None
    statuses: set[str] | None = None
    ids: set[str] | None = None
    patient: str | None = None
    base: str | None = None
    nothing: bool = False


class Subjects:
    """The routes of ResearchSubject."""

    def __init__(self, facade: Facade, directory: Directory) -> None:
        self._service = facade.service
        self._directory = directory
        facade.resource(
            TYPE,
            "Everybody who is, or was, on a list: with what is open or failed, in extensions. An update sets "
            "the status and the reason for it, nothing else; the status is then a person's and stays.",
            "versioned-update",
        )
        facade.read(TYPE, "A subject", self.read)
        facade.search(TYPE, "Subjects, by study in the order of its list", PARAMETERS, self.search)
        facade.update(TYPE, "Decide about a subject", self.put, documents.putting_subject(tuple(DECISIONS)))

    # --- reading

    def read(self, call: Call, id: str) -> Response:
        """`ResearchSubject/id`."""
        with self._service.database.reading() as session:
            stored = self._find(session, id)
            resource = self._render(session, call, stored)
        call.tell("R", [_access(stored)])
        return call.read(resource)

    def search(self, call: Call, asked: Asked) -> Response:
        """`ResearchSubject?…`."""
        with self._service.database.reading() as session:
            wanted = self._filter(session, call, asked)
            page, total, more = self._page(session, wanted, asked)
            resources = [self._render(session, call, each) for each in page]
        call.tell("E", map(_access, page))
        return call.reply(searchset(call, TYPE, asked, resources, total, more))

    def _find(self, session: Session, id: str) -> StoredSubject:
        stored = find_subject(session, id)
        if stored is None or stored.current_status is None:
            raise Refusal(404, "there is no such subject", remedy="search by study or patient")
        return stored

    def _render(self, session: Session, call: Call, stored: StoredSubject) -> Resource:
        return render(session, self._directory, call, stored)

    def _page(self, session: Session, wanted: _Filter, asked: Asked) -> tuple[list[StoredSubject], int, bool]:
        if wanted.nothing:
            return [], 0, False
        terms: dict[str, Any] = {
            "study": sorted(wanted.studies) if wanted.studies is not None else None,
            "status": sorted(wanted.statuses) if wanted.statuses is not None else list(DECISIONS),
            "patient": wanted.patient,
            "base": wanted.base,
        }
        if wanted.ids is not None:
            return self._by_id(session, wanted, asked, terms)
        total = count_subjects(session, **terms)
        if asked.counts_only:
            return [], total, False
        found = find_subjects(session, **terms, after=asked.after, limit=asked.count + 1)
        return found[: asked.count], total, len(found) > asked.count

    def _by_id(
        self, session: Session, wanted: _Filter, asked: Asked, terms: Mapping[str, Any]
    ) -> tuple[list[StoredSubject], int, bool]:
        """A few named ones, in the order of their ids."""
        found = []
        for id in sorted(wanted.ids or ()):
            each = find_subject(session, id)
            if each is not None and _fits(each, terms):
                found.append(each)
        rest = [each for each in found if asked.after is None or each.id > asked.after]
        page = [] if asked.counts_only else rest[: asked.count]
        return page, len(found), bool(page) and len(rest) > len(page)

    def _filter(self, session: Session, call: Call, asked: Asked) -> _Filter:
        wanted = _Filter()
        if asked.same and asked.after is not None:
            anchor = find_subject(session, asked.after)
            if anchor is None:
                raise Refusal(410, "the page before is gone", remedy="begin with the search itself")
            wanted.patient = anchor.patient
            wanted.base = anchor.base if asked.same == "whole" else None
        for term in asked.terms:
            values = term.values
            match term.name:
                case "_id":
                    wanted.ids = _both(wanted.ids, values)
                case "identifier":
                    wanted.ids = _both(
                        wanted.ids, [v.rpartition("|")[2].removeprefix("urn:uuid:") for v in values]
                    )
                case "status":
                    wanted.statuses = _both(wanted.statuses, values)
                case "study":
                    known = [self._directory.named(session, value) for value in values]
                    wanted.studies = _both(wanted.studies, [each for each in known if each is not None])
                case _:
                    self._patient(session, call, wanted, values[0])
        empty = (wanted.studies, wanted.statuses, wanted.ids)
        wanted.nothing = wanted.nothing or any(each is not None and not each for each in empty)
        return wanted

    def _patient(self, session: Session, call: Call, wanted: _Filter, reference: str) -> None:
        """A patient by id, `Patient/id`, or the whole address on the server that she is on.

        Raises Refusal (422) for a server that nobody is known of: nothing found would say that she fits none.
        """
        base, named = whole(reference)
        type, _, id = named.rpartition("/")
        if type not in ("", "Patient") or (wanted.patient is not None and wanted.patient != id):
            wanted.nothing = True
        wanted.patient = id
        if base in ("", call.base):
            return
        if base not in self._bases(session):
            raise another_server("patient")
        wanted.base = base

    def _bases(self, session: Session) -> set[str]:
        """The bases of all sources, as they are set and as the store has them."""
        return {base for _, base in find_bases(session)} | set(self._service.bases())

    # --- deciding

    def put(self, call: Call, id: str, body: bytes) -> Response:
        """A person's status and reason."""
        check_body_type(call.request, FHIR_JSON, JSON)
        given = _read(body, id)
        expected = call.expected()
        if expected is None:
            raise Refusal(
                428, "If-Match is missing", expected='the ETag that was read, like W/"3"', code="required"
            )
        if expected == 0:
            raise Refusal(
                412,
                "the subject is there already: a decision is about one that is",
                where="If-None-Match",
                expected='If-Match with the ETag that was read, like W/"3"',
            )
        because, criteria = _decision(given)
        service = self._service
        try:
            with service.database.begin() as session:
                stored = self._find(session, id)
                _check_same(given, self._render(session, call, stored), (stored.base, call.base))
                decided = decide(
                    session,
                    id,
                    str(given["status"]),
                    because=because,
                    criteria=criteria,
                    by=call.caller.name,
                    at=service.clock(),
                    expected=expected,
                )
                resource = self._render(session, call, decided)
                call.tell("U", [_access(stored)], session)
                service.publish_soon(session, stored.base, stored.patient, call.caller.name)
        except Conflict as conflict:
            raise Refusal(412, say(conflict)) from None
        return call.reply(resource, headers=versions_of(resource))


def render(session: Session, directory: Directory, call: Call, stored: StoredSubject) -> Resource:
    """A stored subject who has a status, as whoever calls may see it."""
    study = directory.study(session, stored.study, stored.study_version)
    verdicts, full = find_verdicts(session, stored.id), call.caller.sensitive_shown
    said = newest_review(session, stored.id) if stored.person_status is not None else None
    return subject_resource(stored, verdicts, study, directory.catalogue, said, full=full)


def _access(stored: StoredSubject) -> Access:
    return Access(stored.patient, stored.base, stored.study)


def _both(known: set[str] | None, values: Sequence[str]) -> set[str]:
    return set(values) if known is None else known & set(values)


def _fits(stored: StoredSubject, terms: Mapping[str, Any]) -> bool:
    return (
        (terms["study"] is None or stored.study in terms["study"])
        and stored.current_status in terms["status"]
        and terms["patient"] in (None, stored.patient)
        and terms["base"] in (None, stored.base)
    )


def _read(body: bytes, id: str) -> Resource:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(400, "the body is not JSON", expected="a ResearchSubject") from None
    if not isinstance(data, dict) or data.get("resourceType") != TYPE:
        raise Refusal(400, "the body is another resource", expected=f"a {TYPE}")
    if (fault := model_fault(data)) is not None:
        raise Refusal(422, "the body is not valid FHIR R4", where=fault, code="structure")
    if data.get("id") != id:
        raise Refusal(400, "the body has another id than the address", where="id")
    return data


def _check_same(given: Resource, stored: Resource, bases: Sequence[str]) -> None:
    """Raises where anything else than status and reason would change; `bases` may stand in references."""
    for name in sorted(given.keys() - _OWN):
        if name in _REFERENCES and _base_of(given[name]) not in ("", *bases):
            raise another_server(f"{TYPE}.{name}")
        if _comparable(name, given[name]) != _comparable(name, stored.get(name)):
            raise Refusal(
                422,
                "only the status and its reason can be set",
                where=f"{TYPE}.{name}",
                expected="what was read",
                code="business-rule",
            )
    for extension in given.get("extension", ()):
        if not str(extension.get("url")).startswith(f"{CANONICAL}/"):
            what = "an extension that is not kept here"
            raise Refusal(422, what, where=f"{TYPE}.extension", expected=DECISION_EXTENSION, code="extension")


def _comparable(name: str, value: object) -> object:
    return target(value) if name in _REFERENCES else value


_REFERENCES = ("study", "individual")


def _base_of(reference: object) -> str:
    text = reference.get("reference") if isinstance(reference, dict) else None
    return whole(text.partition("/_history/")[0])[0] if isinstance(text, str) else ""


def _decision(given: Resource) -> tuple[str, list[str]]:
    """The reason and the criteria of the extension person-decision; who and when are ours to say.

    Raises Refusal (422) for one of which a part was withheld when it was read: that part would be lost.
    """
    because, criteria = "", []
    for extension in given.get("extension", ()):
        if extension.get("url") == DECISION_EXTENSION:
            for part in extension.get("extension", ()):
                if part.get("url") == "withheld":
                    raise Refusal(
                        422,
                        "part of this decision was withheld when it was read, and would be lost",
                        code="business-rule",
                        where=f"{TYPE}.extension",
                        remedy="leave the extension person-decision out, or write one of your own",
                    )
                if part.get("url") == "because":
                    because = str(part.get("valueString", ""))
                elif part.get("url") == "criterion":
                    criteria.append(str(part.get("valueString", "")))
    return because, criteria
