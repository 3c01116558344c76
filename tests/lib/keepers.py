"""A Keeper: a searchable FHIR server that keeps what is published to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx
import orjson

from tests.lib.searchable import Searchable
from tests.lib.transport import bundle, form_of, outcome, reply

Resource = dict[str, Any]
_KEPT = ("Group", "ResearchStudy", "ResearchSubject", "List")


class Keeper(Searchable):
    """Takes resources under the ids that they are put with, and finds them by identifier and study."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.kept: dict[tuple[str, str], Resource] = {}
        self.deletes = True
        super().__init__(resources)
        self._types = [*self._types, "Group", "List"]

    def of(self, type: str) -> list[Resource]:
        return [resource for (kind, _), resource in self.kept.items() if kind == type]

    def state(self) -> dict[tuple[str, str], str]:
        """The version of everything that is kept."""
        return {key: resource["meta"]["versionId"] for key, resource in self.kept.items()}

    def put(self, resource: Resource) -> Resource:
        """Keeps it as the next version, with the tags and labels that it has."""
        key = (resource["resourceType"], resource["id"])
        before = self.kept.get(key, {}).get("meta", {}).get("versionId", "0")
        meta = {"versionId": str(int(before) + 1), "lastUpdated": "2026-11-01T12:00:00Z"}
        self.kept[key] = {**resource, "meta": resource.get("meta", {}) | meta}
        return self.kept[key]

    def patient(self, id: str) -> Resource:
        """A patient's own resource, to be changed."""
        return next(r for r in self._resources if r["resourceType"] == "Patient" and r["id"] == id)

    def _statement(self) -> Resource:
        statement = super()._statement()
        for each in statement["rest"][0]["resource"]:
            each["searchParam"] += [{"name": name} for name in ("identifier", "study")]
        return statement

    def _respond(self, request: httpx.Request) -> httpx.Response:
        type, _, id = request.url.path.partition("/r4/")[2].partition("/")
        if type not in _KEPT:
            return super()._respond(request)
        if request.method == "PUT":
            new = (type, id) not in self.kept
            made = self.put(orjson.loads(request.content))
            return reply(made, 201 if new else 200, etag=_tag(made))
        if request.method == "DELETE":
            gone = self.kept.pop((type, id), None) if self.deletes else None
            return httpx.Response(204) if gone is not None else outcome(405, "not-supported")
        if request.method == "GET" and id not in ("", "_search"):
            found = self.kept.get((type, id))
            return reply(found, etag=_tag(found)) if found is not None else outcome(404)
        form = form_of(request)
        matches = [] if form.get("_summary") == "count" else self._search(type, form)
        return reply(bundle(matches, total=len(self._search(type, form))))

    def _search(self, type: str, form: dict[str, str]) -> list[Resource]:
        def fits(resource: Resource) -> bool:
            values = {each["value"] for each in resource.get("identifier", ())}
            wanted = {token.rpartition("|")[2] for token in form.get("identifier", "").split(",")}
            return (
                ("identifier" not in form or bool(values & wanted))
                and ("study" not in form or resource["study"]["reference"] in form["study"].split(","))
                and (
                    "patient" not in form
                    or resource.get("individual", {}).get("reference") in form["patient"].split(",")
                )
                and ("_id" not in form or resource["id"] in form["_id"].split(","))
            )

        return [each for each in self.of(type) if fits(each)]


def _tag(resource: Resource) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'
