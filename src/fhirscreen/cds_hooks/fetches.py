"""What prefetch did not bring whole is searched for on the EHR's FHIR server; what stays missing is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import NamedTuple, TypeVar

from fhirscreen.cds_hooks.calls import is_id
from fhirscreen.cds_hooks.prefetches import Record, merged, replaced
from fhirscreen.cds_hooks.templates import COUNT, PATIENT, ROLE, Template, Templates
from fhirscreen.engines.evaluator.gates import DECLINED, ON_STUDY
from fhirscreen.exceptions import ServerError
from fhirscreen.fhir.entries import MEDICATIONS, Resource
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir.references import targets
from fhirscreen.fhir.subjects import is_as_written
from fhirscreen.fhir.types import longest_first
from fhirscreen.fhir_client import Client, escape, remaining
from fhirscreen.plan.queries import code_parameter

Item = TypeVar("Item")
Result = TypeVar("Result")


class Silent:
    """The servers that did not answer in time of late: the next calls do not wait for them again."""

    def __init__(self, seconds: float = 15.0) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def holds(self, base: str) -> bool:
        """Whether a server is left alone now."""
        return time.monotonic() < self._until.get(base, float("-inf"))

    def add(self, base: str) -> None:
        """A server did not answer in time."""
        self._until[base] = time.monotonic() + self._seconds


class _Asked(NamedTuple):
    """Templates that one search answers, and what it brought.

    `unserved`: the server lacks the type; `late`: it did not answer while somebody waited.
    """

    templates: tuple[Template, ...]
    resources: Sequence[Resource] = ()
    whole: bool = False
    unserved: bool = False
    late: bool = False


def needed(record: Record, reads: Collection[str]) -> frozenset[str]:
    """The types of which something is to be fetched, or of whose records something that they refer to is.

    `reads` are the types that matter: what nobody reads may be missing.
    """
    owners = {owner for ids in _referred(record, reads).values() for by in ids.values() for owner in by}
    return frozenset(reads) & record.unfetched | owners


def complete(
    record: Record, templates: Templates, client: Client | None, user: str, reads: Collection[str]
) -> None:
    """Fetches what a record lacks of `reads`, and what that refers to, where there is a server to ask.

    What cannot be had stays in `record.lacking`, as does what nobody reads. Raises nothing: a server that
    fails, or has not answered when time is up (`fhir_client.due`), leaves things unknown.
    """
    if client is not None and record.unfetched.intersection(reads):
        _fill(record, client, user, reads)
        found = () if record.person is None else tuple(replaced(record.person))
        if set(found) - set(record.ids):  # the Patient came only now, and has records under other ids too
            record.ids = (record.patient, *dict.fromkeys(id for id in found if id != record.patient))
            record.lacking = [each for each in templates.all if each.type not in (PATIENT, ROLE)]
            _fill(record, client, user, reads)
    _follow(record, templates, client, reads)
    if record.person is not None:
        record.lines += merged(record.person)


def _fill(record: Record, client: Client, user: str, reads: Collection[str]) -> None:
    lacking = [each for each in record.lacking if each.type in reads]
    record.lacking = [each for each in record.lacking if each.type not in reads]
    for asked in _spread(client, partial(_ask, client, record, user), _grouped(lacking)):
        record.hurried = record.hurried or asked.late
        if not asked.whole:
            record.lacking += asked.templates
        if asked.unserved:
            record.unserved.add(asked.templates[0].type)
        lines = [Line(f"{each.get('resourceType')}", each) for each in asked.resources if "id" in each]
        record.add(asked.templates[0], lines)


def _grouped(lacking: Sequence[Template]) -> list[tuple[Template, ...]]:
    """Templates of one type together: one search has room for all their codes."""
    found: dict[str, list[Template]] = {}
    for template in lacking:
        found.setdefault(template.type, []).append(template)
    return [tuple(templates) for templates in found.values()]


def _spread(
    client: Client, work: Callable[[tuple[Template, ...]], _Asked], items: Sequence[tuple[Template, ...]]
) -> Iterator[_Asked]:
    """Several searches at once, each of another type.

    What has not come when time is up is left, however slowly it trickles in.
    """
    by_type = {item[0].type: item for item in items}
    begun = {type: _begin(client, work, by_type[type]) for type in longest_first(by_type)}
    for item in items:
        asked = _wait(begun[item[0].type])
        yield _Asked(item, late=True) if asked is None else asked


def _begin(client: Client, work: Callable[[Item], Result], item: Item) -> Future[Result] | None:
    """The work under way; None where the client is closed."""
    try:
        return client.begin(work, item)
    except ServerError:
        return None


def _wait(future: Future[Result] | None) -> Result | None:
    """What it brings; None where that is not there in time, or was never begun."""
    if future is None:
        return None
    try:
        return future.result(remaining())
    except (TimeoutError, CancelledError):  # or all is closed
        future.cancel()
        return None


def _ask(client: Client, record: Record, user: str, templates: tuple[Template, ...]) -> _Asked:
    type = templates[0].type
    parameters = _parameters(client, record, user, templates)
    if parameters is None:
        return _Asked(templates)
    try:
        found = client.gather(type, [*parameters, ("_count", str(COUNT))])
    except ServerError:
        return _Asked(templates, unserved=_unserved(client, type), late=remaining() == 0)
    # What came of a part may still rule a study out.
    return _Asked(templates, found.matches, found.whole and (type != PATIENT or bool(found.matches)))


def _parameters(
    client: Client, record: Record, user: str, templates: tuple[Template, ...]
) -> list[tuple[str, str]] | None:
    type = templates[0].type
    if type == PATIENT:
        return [("_id", escape(record.patient))]
    if type == ROLE:
        kind, _, id = user.rpartition("/")
        if not is_id(id) or kind not in ("Practitioner", ROLE):
            return None
        name = "_id" if kind == ROLE else "practitioner"
        return [(name, escape(id if kind == ROLE else user))]
    parameters = [("patient", ",".join(escape(f"Patient/{id}") for id in record.ids))]
    codes = [code for template in templates for code in template.codes]
    name = code_parameter(type)
    # A result may be a component of a panel of any code: without `combo-code`, all of the type is asked for.
    if codes and all(template.codes for template in templates) and _searches(client, type, name):
        parameters.append((name, ",".join(map(escape, codes))))
    return parameters


def _searches(client: Client, type: str, name: str) -> bool:
    """Whether the server says that it searches the type so."""
    try:
        return client.capabilities.searches(type, name)
    except ServerError:
        return False


def _unserved(client: Client, type: str) -> bool:
    """Whether a search failed because the server does not have the type at all."""
    try:
        types = client.capabilities.types
    except ServerError:
        return False
    return bool(types) and type not in types


def _follow(record: Record, templates: Templates, client: Client | None, reads: Collection[str]) -> None:
    """Fetches what records refer to; where that cannot be had, the records say too little."""
    wanted = _referred(record, reads)
    asked = (
        [(type, _begin(client, partial(_by_id, client, type), sorted(ids))) for type, ids in wanted.items()]
        if (client is not None)
        else []
    )
    brought = {type: _wait(future) for type, future in asked}
    for type, ids in wanted.items():
        found = brought.get(type)
        record.lines += [Line(type, each) for each in found or ()]
        if found is None:
            owners = set().union(*ids.values())
            missing = {template.type for template in record.lacking}
            record.lacking += [each for each in templates.all if each.type in owners - missing]
            record.hurried = record.hurried or remaining() == 0


def _referred(record: Record, reads: Collection[str]) -> dict[str, dict[str, set[str]]]:
    """What records of the types that matter refer to and is not there: by type and id, whose records do."""
    referring = _REFERRING.intersection(reads)
    named = [
        (resource["resourceType"], reference)
        for line in record.lines
        if (resource := line.resource) is not None and resource["resourceType"] in referring
        for reference in targets(_named(resource))
    ]
    if not named:
        return {}
    known = {
        f"{line.resource.get('resourceType')}/{line.resource.get('id')}"
        for line in record.lines
        if line.resource is not None
    }
    wanted: dict[str, dict[str, set[str]]] = {}
    for owner, reference in named:
        if reference not in known:
            type, _, id = reference.partition("/")
            wanted.setdefault(type, {}).setdefault(id, set()).add(owner)
    return wanted


_REFERRING = frozenset((*MEDICATIONS, "ResearchSubject"))
"""The types whose records may say only by a reference what they are about."""


def _named(resource: Resource) -> object:
    """The reference without which a record does not say what it is about: a drug, or a study that counts."""
    kind = resource["resourceType"]
    if kind in MEDICATIONS:
        reference, wanted = resource.get("medicationReference"), "Medication/"
    elif (
        kind == "ResearchSubject"
        and resource.get("status") in ON_STUDY | DECLINED
        and not is_as_written(resource)
    ):
        reference, wanted = resource.get("study"), "ResearchStudy/"
    else:
        return []
    text = reference.get("reference") if isinstance(reference, dict) else None
    return reference if isinstance(text, str) and wanted in text else []


def _by_id(client: Client, type: str, ids: Sequence[str]) -> list[Resource] | None:
    """Those of a type that exist; None where it cannot be told."""
    try:
        found = client.gather(type, [("_id", ",".join(map(escape, ids))), ("_count", str(COUNT))])
    except ServerError:
        return None
    return found.matches if found.whole else None
