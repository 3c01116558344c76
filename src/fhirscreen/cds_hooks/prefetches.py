"""Prefetch as it came: what it holds, and of what it is not all (CDS Hooks 2.0, Prefetch).

A missing key, a null and an OperationOutcome tell nothing; an empty Bundle tells that there is nothing. A
Bundle is not all where it has a next page, as many matches as `_count`, or fewer than its `total`; where an
entry lacks its resource, or the server warns. What is only included is no match.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fhirscreen.cds_hooks.calls import CallError, other_patient
from fhirscreen.cds_hooks.templates import COUNT, PATIENT, ROLE, Template, Templates
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.folders import Line, unbundled
from fhirscreen.fhir.references import patient_of, targets
from fhirscreen.fhir_client.entries import read_entries


@dataclass(slots=True)
class Record:
    """What is known of one patient so far.

    `lacking` are the templates of which something is, or may be, missing; `unserved` the types that the
    server does not have by its CapabilityStatement; `ids` every id under which the patient's records stand;
    `hurried`: something lacks because the server had not sent it when time was up; `asked`: the server was
    asked for it.
    """

    patient: str
    ids: tuple[str, ...]
    lines: list[Line] = field(default_factory=list)
    lacking: list[Template] = field(default_factory=list)
    unserved: set[str] = field(default_factory=set)
    person: Resource | None = None
    roles: list[Resource] = field(default_factory=list)
    hurried: bool = False
    asked: bool = False

    @property
    def unfetched(self) -> frozenset[str]:
        """The types of which something is, or may be, missing."""
        return frozenset(template.type for template in self.lacking)

    def add(self, template: Template, lines: Collection[Line]) -> None:
        """Takes in what came for a template."""
        if template.type == ROLE:
            self.roles += [line.resource for line in lines if line.resource is not None]
            return
        if template.type == PATIENT:
            found = [line.resource for line in lines if line.resource is not None]
            self.person = next((each for each in found if each.get("id") == self.patient), None)
        self.lines += lines


def read_prefetch(patient: str, prefetch: Mapping[str, Any], templates: Templates) -> Record:
    """What a call brought. Raises CallError where a part is no FHIR, or about another patient."""
    key = next((each.key for each in templates.all if each.type == PATIENT), "patient")
    record = Record(patient, _ids(patient, prefetch.get(key)))
    allowed = set(record.ids)
    for template in templates.all:
        lines, whole = _read(template, prefetch.get(template.key), record)
        whole = _check(template, lines, allowed) and whole
        record.add(template, lines)
        if not whole or (template.type not in (PATIENT, ROLE) and len(record.ids) > 1):
            record.lacking.append(template)
    return record


def replaced(person: object) -> Iterator[str]:
    """The ids of the patients whose records were merged into this one (R4, Patient.link `replaces`)."""
    links = person.get("link") if isinstance(person, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("type") == "replaces":
            for other in targets(link.get("other")):
                if other.startswith("Patient/"):
                    yield other.removeprefix("Patient/")


def is_replaced(person: Resource) -> bool:
    """Whether the records of this patient follow another."""
    links = person.get("link")
    return isinstance(links, list) and any(
        isinstance(link, dict) and link.get("type") == "replaced-by" for link in links
    )


def merged(person: Resource) -> list[Line]:
    """The patients who were merged into this one, as far as evaluation needs to know them."""
    other = {"reference": f"Patient/{person['id']}"}
    return [
        Line(
            "Patient.link",
            {"resourceType": PATIENT, "id": id, "link": [{"type": "replaced-by", "other": other}]},
        )
        for id in replaced(person)
    ]


def _ids(patient: str, person: object) -> tuple[str, ...]:
    return (patient, *(id for id in dict.fromkeys(replaced(person)) if id != patient))


_OUTCOME = "OperationOutcome"


def _read(template: Template, found: object, record: Record) -> tuple[list[Line], bool]:
    """The resources under a key, and whether they are all."""
    where = f"prefetch.{template.key}"
    if found is None:
        return [], False
    kind = found.get("resourceType") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(kind, str):
        raise CallError("a part of prefetch is no resource", where=where, expected="a resource of FHIR R4")
    if kind == _OUTCOME:
        # Not even `not-supported` is believed: the EHR's own words on a query, and not what a server is.
        return [], False
    matches = None if template.type == PATIENT else _matches(found, template.type, where)
    if matches is not None:
        return [line for line, _ in matches], _is_all(found, [id for _, id in matches])
    every = list(unbundled(found, where))
    if kind != "Bundle":
        return every, template.type in (PATIENT, ROLE) and kind == template.type
    lines = [line for line in every if line.resource is None or line.resource["resourceType"] != _OUTCOME]
    if template.type == PATIENT:
        return lines, any(_kind(line) == PATIENT for line in lines)
    return lines, _is_whole(found, template.type)


def _matches(bundle: Resource, type: str, where: str) -> list[tuple[Line, str]] | None:
    """The entries of a searchset that holds sound matches and nothing else, as nearly all do, with their ids.

    None for any other.
    """
    entries = bundle.get("entry", [])
    if (bundle.get("resourceType"), bundle.get("type")) != ("Bundle", "searchset") or not isinstance(
        entries, list
    ):
        return None
    lines = []
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or resource.get("resourceType") != type:
            return None
        id = resource.get("id")
        url, search = entry.get("fullUrl"), entry.get("search")
        if not isinstance(id, str) or not (url is None or isinstance(url, str)):
            return None
        if isinstance(search, dict) and search.get("mode") != "match":
            return None
        lines.append((Line(f"{where}:entry[{number}]", resource, "", "", url), id))
    return lines


def _kind(line: Line) -> str | None:
    return line.resource.get("resourceType") if line.resource is not None else None


def _is_whole(bundle: Resource, type: str) -> bool:
    """Whether a Bundle holds everything that its search found, as far as it can be told."""
    entries = bundle.get("entry")
    found = read_entries(
        (e for e in entries if isinstance(e, dict)) if isinstance(entries, list) else (), type
    )
    if found.partial or any(each.get("resourceType") == "Bundle" for each in found.included):
        return False
    return _is_all(bundle, [each["id"] for each in found.matches])


def _is_all(bundle: Resource, ids: Sequence[str]) -> bool:
    """Whether the matches, which have these ids, are as many as the search found."""
    links = bundle.get("link")
    most = COUNT
    for link in links if isinstance(links, list) else ():
        relation, url = (link.get("relation"), link.get("url")) if isinstance(link, dict) else (None, None)
        if relation == "next":
            return False
        if relation == "self" and isinstance(url, str):
            most = min(most, _count(url))
    total = bundle.get("total")
    if isinstance(total, int) and not isinstance(total, bool) and total > len(set(ids)):
        return False
    return len(ids) < most


def _count(url: str) -> int:
    """`_count` of the search that a self link repeats."""
    try:
        texts = parse_qs(urlsplit(url).query).get("_count", ())
    except ValueError:
        return COUNT
    numbers = [int(text) for text in texts if text.isdecimal() and int(text) > 0]
    return min(numbers, default=COUNT)


def _check(template: Template, lines: Collection[Line], allowed: set[str]) -> bool:
    """Whether every record can be read, and says about whom it is: else something is not known.

    Raises CallError where anything is about another patient.
    """
    sound = True
    for line in lines:
        resource = line.resource
        if resource is None:
            sound = False
            continue
        named = patient_of(resource)
        if named is None:
            sound = sound and (template.type == ROLE or resource.get("resourceType") != template.type)
        elif named not in allowed:
            raise other_patient(f"prefetch.{template.key}")
    return sound
