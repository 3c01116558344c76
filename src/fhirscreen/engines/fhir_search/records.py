"""One patient's whole record, type by type at once: for a question about her and not about everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import NamedTuple

from fhirscreen.engines.evaluator.cohorts import survivors_of
from fhirscreen.engines.evaluator.gates import gate_types
from fhirscreen.engines.fhir_search.completeness import Completeness
from fhirscreen.engines.fhir_search.fetches import PAGE, Fetched, Fetcher
from fhirscreen.engines.fhir_search.needs import Need, clinical_types
from fhirscreen.engines.fhir_search.parts import REFERRING
from fhirscreen.exceptions import DataError, ServerError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir.references import targets
from fhirscreen.fhir.types import longest_first
from fhirscreen.fhir_client import Client, escape
from fhirscreen.plan.nodes import Plan


class Record(NamedTuple):
    """What a server holds of one patient. `unfetched`: the types that did not come whole; `gaps` say why."""

    lines: tuple[Line, ...]
    unfetched: frozenset[str]
    gaps: tuple[str, ...]


def fetch_record(client: Client, plan: Plan, patient: str) -> Record:
    """The patient, what the sources of a plan and the gates read of her, and what that refers to.

    Merged patients come along: those whose records follow hers, and the one that hers follow. Raises
    DataError where the server has no such patient, ServerError where nothing could be fetched.
    """
    completeness = Completeness()
    fetcher = Fetcher(client, completeness)
    clinical = clinical_types(plan)
    wanted = sorted({*clinical, *gate_types(plan.catalogue.site), "Encounter"})
    offered = [type for type in wanted if fetcher.offers(type)]
    unfetched = set(clinical) - set(offered)

    def fetch_types(ids: Sequence[str]) -> list[Fetched]:
        first = longest_first(offered)
        found = client.spread(lambda type: fetcher.of_patients(Need(type), ids), first)
        by_type = dict(zip(first, found, strict=True))
        return [by_type[type] for type in offered]

    # Somebody waits, and few patients were merged: who was is asked beside the rest, and not before it.
    with ThreadPoolExecutor(1) as beside:
        alone = beside.submit(copy_context().run, fetch_types, [patient])
        people = _family(fetcher, client, completeness, patient)
        found = alone.result()
    if patient not in people:
        asked = all(type != "Patient" for type, _ in completeness.missing)
        if completeness.first_error is not None and not asked:
            raise completeness.first_error
        raise DataError("the patient who was asked for is not on the server", expected="the id of a Patient")
    ids = _followed(people, patient)
    resources = list(people.values())
    for type, fetched in zip(offered, found if ids == [patient] else fetch_types(ids), strict=True):
        resources += fetched.resources
        if fetched.missing and type != "Encounter":  # they make notes alone
            unfetched.add(type)
    unfetched |= _follow(fetcher, client, resources)
    if completeness.first_error is not None and not completeness.succeeded:
        raise completeness.first_error
    lines = tuple(Line(f"{each['resourceType']}/{each['id']}", each) for each in resources)
    return Record(lines, frozenset(unfetched), tuple(completeness.gaps()))


def _family(
    fetcher: Fetcher, client: Client, completeness: Completeness, patient: str
) -> dict[str, Resource]:
    """The patient with everybody who is linked to her, by id."""
    found = {str(each["id"]): each for each in fetcher.by_id("Patient", [patient]).resources}
    if patient in found and fetcher.searches("Patient", "link"):
        form = (("link", f"Patient/{escape(patient)}"), ("_count", PAGE))
        try:
            linked = client.gather("Patient", form)
        except ServerError:
            completeness.remark("who was merged into the patient could not be searched for")
        else:
            found |= {str(each["id"]): each for each in linked.matches if patient in set(_linked(each))}
    named = {id for each in found.values() for id in _linked(each)} - set(found)
    return found | {str(each["id"]): each for each in fetcher.by_id("Patient", sorted(named)).resources}


def _linked(person: Resource) -> Iterator[str]:
    links = person.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("type") in ("replaced-by", "replaces"):
            yield from (each.removeprefix("Patient/") for each in targets(link.get("other")))


def _followed(people: dict[str, Resource], patient: str) -> list[str]:
    """The patient, and those whose records follow hers."""
    survivors = survivors_of(people[id] for id in sorted(people))
    return [patient, *sorted(id for id, to in survivors.items() if to == patient and id != patient)]


def _follow(fetcher: Fetcher, client: Client, resources: list[Resource]) -> set[str]:
    """Adds what the resources refer to and is not among them; gives the types that refer to what is lost."""
    known = {f"{each['resourceType']}/{each['id']}" for each in resources}
    referred: dict[str, dict[str, set[str]]] = {}
    for each in resources:
        for reference in _references(each):
            if reference not in known:
                kind, _, id = reference.partition("/")
                referred.setdefault(kind, {}).setdefault(id, set()).add(str(each["resourceType"]))
    lost: set[str] = set()
    kinds = [kind for kind in sorted(referred) if fetcher.offers(kind)]
    for kind, fetched in zip(
        kinds, client.spread(lambda kind: fetcher.by_id(kind, sorted(referred[kind])), kinds), strict=True
    ):
        resources += fetched.resources
        lost |= {type for id in fetched.missing for type in referred[kind][id]}
    return lost


def _references(resource: Resource) -> Sequence[str]:
    elements = REFERRING.get(str(resource["resourceType"]), ())
    return [each for element in elements for each in targets(resource.get(element) or [])]
