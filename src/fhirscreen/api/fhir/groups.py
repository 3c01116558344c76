"""Group: the criteria of each study, read and searched."""

from __future__ import annotations

from fastapi import Response

from fhirscreen.api.fhir.bundles import cut, fits_token, searchset
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import SearchParameter
from fhirscreen.api.fhir.directory import Directory
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.fhir.queries import Asked

TYPE = "Group"

PARAMETERS = (
    SearchParameter("_id", "token", "The id of the resource", "8a0f5a3e-62a5-5a63-a4d1-5b0e4bb6a7a2"),
    SearchParameter("identifier", "token", "Its identifier", "urn:uuid:8a0f5a3e-62a5-5a63-a4d1-5b0e4bb6a7a2"),
)


class Groups:
    """The routes of Group."""

    def __init__(self, facade: Facade, directory: Directory) -> None:
        self._service = facade.service
        self._directory = directory
        facade.resource(TYPE, "The criteria of each study, one characteristic a criterion; no patients.")
        facade.read(TYPE, "The criteria of a study", self.read)
        facade.search(TYPE, "Criteria of studies", PARAMETERS, self.search)

    def read(self, call: Call, id: str) -> Response:
        """`Group/id`."""
        with self._service.database.reading() as session:
            return call.read(self._directory.group(session, id).group)

    def search(self, call: Call, asked: Asked) -> Response:
        """`Group?…`."""
        with self._service.database.reading() as session:
            groups = [entry.group for entry in self._directory.entries(session).values()]
        for term in asked.terms:
            if term.name == "_id":
                groups = [group for group in groups if group["id"] in term.values]
            else:
                groups = [group for group in groups if fits_token(group, term.values)]
        page, more = cut(groups, asked)
        return call.reply(searchset(call, TYPE, asked, page, len(groups), more))
