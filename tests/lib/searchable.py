"""A FHIR server in a function that answers the engine's searches, and can be made to misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from fhirscreen.fhir.references import patient_of
from tests.lib.transport import BASE, Server, bundle, form_of, outcome, reply

Resource = dict[str, Any]
TYPES = (
    *(
        "AllergyIntolerance",
        "Condition",
        "Consent",
        "Encounter",
        "Flag",
        "Medication",
        "MedicationAdministration",
    ),
    *("MedicationDispense", "MedicationRequest", "MedicationStatement", "Observation", "Patient"),
    *("Procedure", "ResearchStudy", "ResearchSubject"),
)
_NARROWING = ("_id", "patient", "code", "code:not", "combo-code", "link", "link:missing", "_lastUpdated")


class Searchable(Server):
    """Holds resources and searches them.

    `limit` ends paging after so many resources without an error, as a HAPI with a fetch limit does;
    `refuse` says of a search (type, form) whether it fails with 403; `lacks` are types and search parameters
    that it does not have; `overcount` is added to every total; `backwards` turns the order of what is found;
    `mixed` finds by `:not` what has any other code, and not what has none.
    """

    def __init__(
        self,
        resources: Iterable[Resource],
        *,
        limit: int | None = None,
        refuse: Callable[[str, dict[str, str]], bool] = lambda _type, _form: False,
        lacks: Sequence[str] = (),
        overcount: int = 0,
        backwards: bool = False,
        mixed: bool = False,
    ) -> None:
        self._resources = sorted(
            (_stamped(number, each) for number, each in enumerate(resources)),
            key=lambda each: str(each["id"]),
            reverse=backwards,
        )
        self._lacks = lacks
        self._mixed = mixed
        self._limit, self._refuse, self._overcount = limit, refuse, overcount
        self._types = [type for type in TYPES if type not in lacks]
        super().__init__(self._respond)

    @property
    def searches(self) -> list[tuple[str, dict[str, str]]]:
        """The searches that came, pages left out."""
        posted = [request for request in self.requests if request.method == "POST"]
        return [(_type_of(request), form_of(request)) for request in posted]

    def _respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/metadata"):
            return reply(self._statement())
        if path.endswith("smart-configuration"):
            return outcome(404)
        type, form = _type_of(request), form_of(request)
        if self._refuse(type, form):
            return outcome(403, "forbidden")
        found = [each for each in self._resources if each["resourceType"] == type and self._fits(each, form)]
        total = len(found) + self._overcount
        if form.get("_summary") == "count":
            return reply(bundle(total=total))
        start, count = int(form.get("start", 0)), int(form["_count"])
        given = found[: self._limit]
        page = [_subset(each, form.get("_elements")) for each in given[start : start + count]]
        query = str(httpx.QueryParams({**form, "start": str(start + count)}))
        onward = f"{BASE}/{type}?{query}" if start + count < len(given) else None
        return reply(bundle(page, total=total, onward=onward, itself=f"{BASE}/{type}"))

    def _fits(self, resource: Resource, form: dict[str, str]) -> bool:
        if self._mixed and (values := form.get("code:not")) is not None:
            found = {coding.get("code") for coding in (resource.get("code") or {}).get("coding", ())}
            return bool(found - set(values.split(",")))
        return all(_matches(resource, name, form[name]) for name in _NARROWING if name in form)

    def _statement(self) -> Resource:
        parameters = [{"name": name} for name in _NARROWING if ":" not in name and name not in self._lacks]
        types = [{"type": type, "searchParam": parameters} for type in self._types]
        return {
            "resourceType": "CapabilityStatement",
            "fhirVersion": "4.0.1",
            "rest": [{"mode": "server", "resource": types}],
        }


def _type_of(request: httpx.Request) -> str:
    steps = urlsplit(str(request.url)).path.removesuffix("/_search").split("/")
    return steps[-1]


def _stamped(number: int, resource: Resource) -> Resource:
    moment = f"2026-01-01T00:{number // 60000 % 60:02}:{number // 1000 % 60:02}.{number % 1000:03}+00:00"
    return resource | {"meta": {"versionId": "1", "lastUpdated": moment}}


def _matches(resource: Resource, name: str, text: str) -> bool:
    values = text.split(",")
    match name:
        case "_id":
            return resource["id"] in values
        case "patient":
            subject = resource.get("subject") or {}
            named = patient_of(resource) or (subject.get("identifier") or {}).get("value")
            return f"Patient/{named}" in values
        case "link":
            return any(link["other"]["reference"] in values for link in resource.get("link", ()))
        case "code:not":
            return not _matches(resource, "code", text)
        case "link:missing":
            return ("link" not in resource) == (text == "true")
        case "_lastUpdated":
            moment = resource["meta"]["lastUpdated"]
            return bool(moment < text[2:] if text.startswith("lt") else moment >= text[2:])
        case _:
            codings = list((resource.get("code") or {}).get("coding", ()))
            for component in resource.get("component", ()) if name == "combo-code" else ():
                codings += component["code"]["coding"]
            return any(coding.get("code") in values for coding in codings)


def _subset(resource: Resource, elements: str | None) -> Resource:
    if elements is None:
        return resource
    kept = {"resourceType", "id", "meta", *elements.split(",")}
    return {name: value for name, value in resource.items() if name in kept}
