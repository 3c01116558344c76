"""List: the screening list of each study over each source, as the store has it now."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Response
from sqlalchemy.orm import Session

from fhirscreen.api.audits import Access
from fhirscreen.api.fhir.bundles import cut, fits_token, searchset
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import SearchParameter
from fhirscreen.api.fhir.directory import Directory
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.fhir.queries import Asked, Term
from fhirscreen.api.outcomes import Refusal
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import group_uuid, list_uuid
from fhirscreen.outputs.resources.vocabulary import identifier_of
from fhirscreen.screening.listings import list_resource
from fhirscreen.store.subjects import find_bases

TYPE = "List"

PARAMETERS = (
    SearchParameter("_id", "token", "The id of the resource", "3c1f8f4e-7f0d-5ad5-8b1c-9c2b4f2a1d33"),
    SearchParameter("identifier", "token", "Its identifier", "urn:uuid:3c1f8f4e-7f0d-5ad5-8b1c-9c2b4f2a1d33"),
    SearchParameter(
        "subject", "reference", "The Group of the study", "Group/8a0f5a3e-62a5-5a63-a4d1-5b0e4bb6a7a2"
    ),
    SearchParameter("status", "token", "The status of the list", "current", codes=("current", "retired")),
)


class Lists:
    """The routes of List."""

    def __init__(self, facade: Facade, directory: Directory) -> None:
        self._service = facade.service
        self._directory = directory
        facade.resource(
            TYPE,
            "The screening list of each study, best first: one for each server or folder that was screened. "
            "Whom a person took off it, or on study, is not on it.",
        )
        facade.read(TYPE, "A screening list", self.read)
        facade.search(TYPE, "Screening lists", PARAMETERS, self.search)

    def read(self, call: Call, id: str) -> Response:
        """`List/id`."""
        with self._service.database.reading() as session:
            for study, base in self._places(session):
                if list_uuid(study, base) == id and (made := self._make(session, study, base)) is not None:
                    break
            else:
                raise Refusal(404, "there is no such list", remedy="screen the study first: $screen")
        call.tell("R", [Access(base=base, study=study)])
        return call.read(made)

    def search(self, call: Call, asked: Asked) -> Response:
        """`List?…`."""
        found: dict[str, tuple[Resource, Access]] = {}
        with self._service.database.reading() as session:
            for study, base in self._places(session):
                # Making one costs more than telling whether it is meant.
                if all(_fits(list_uuid(study, base), group_uuid(study), term) for term in asked.terms):
                    made = self._make(session, study, base)
                    if made is not None and _has_status(made, asked):
                        found[str(made["id"])] = (made, Access(base=base, study=study))
        page, more = cut([made for made, _ in found.values()], asked)
        call.tell("E", [found[str(each["id"])][1] for each in page])
        return call.reply(searchset(call, TYPE, asked, page, len(found), more))

    def _places(self, session: Session) -> Iterator[tuple[str, str]]:
        """Every study with every base that may have been screened for it."""
        places = dict.fromkeys(find_bases(session))
        bases = self._service.bases()
        for study in self._directory.entries(session):
            places |= dict.fromkeys((study, base) for base in bases)
        return iter(places)

    def _make(self, session: Session, study: str, base: str) -> Resource | None:
        entry = self._directory.entries(session).get(study)
        if entry is None:
            return None
        service = self._service
        recruits = service.panel().recruits(study)
        return list_resource(session, entry.study, base, service.catalogue.site.zone, recruits=recruits)


def _fits(id: str, group: str, term: Term) -> bool:
    match term.name:
        case "_id":
            return id in term.values
        case "identifier":
            return fits_token({"identifier": identifier_of(id)}, term.values)
        case "subject":
            return group in {value.rsplit("/", 1)[-1] for value in term.values}
    return True  # the status is known when it is made


def _has_status(made: Resource, asked: Asked) -> bool:
    return all(made["status"] in term.values for term in asked.terms if term.name == "status")
