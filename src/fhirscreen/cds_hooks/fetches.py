"""What prefetch did not bring whole is searched for on the EHR's FHIR server; what stays missing is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from typing import NamedTuple

from fhirscreen.cds_hooks.calls import is_id
from fhirscreen.cds_hooks.prefetches import Record, merged, replaced
from fhirscreen.cds_hooks.templates import COUNT, PATIENT, ROLE, Template, Templates
from fhirscreen.engines.evaluator.gates import DECLINED, ON_STUDY
from fhirscreen.exceptions import ServerError
from fhirscreen.fhir.entries import MEDICATIONS, Resource
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir.references import targets
from fhirscreen.fhir.subjects import is_as_written
from fhirscreen.fhir_client import Client, escape


class _Asked(NamedTuple):
    """Templates that one search answers, and what it brought. `unserved`: the server lacks the type."""

    templates: tuple[Template, ...]
    resources: Sequence[Resource] = ()
    whole: bool = False
    unserved: bool = False


def complete(record: Record, templates: Templates, client: Client | None, user: str) -> None:
    """Fetches what a record lacks, and what it refers to, where there is a server to ask.

    What cannot be had stays in `record.lacking`. Raises nothing: a server that fails leaves things unknown.
    """
    if client is not None and record.lacking:
        _fill(record, client, user)
        found = () if record.person is None else tuple(replaced(record.person))
        if set(found) - set(record.ids):  # the Patient came only now, and has records under other ids too
            record.ids = (record.patient, *dict.fromkeys(id for id in found if id != record.patient))
            record.lacking = [each for each in templates.all if each.type not in (PATIENT, ROLE)]
            _fill(record, client, user)
    _follow(record, templates, client)
    if record.person is not None:
        record.lines += merged(record.person)


def _fill(record: Record, client: Client, user: str) -> None:
    lacking, record.lacking = record.lacking, []
    for asked in _spread(client, partial(_ask, client, record, user), _grouped(lacking)):
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
) -> list[_Asked]:
    """Several searches at once, each with the token that this call lends."""
    if len(items) == 1:
        return [work(items[0])]
    contexts = [(copy_context(), item) for item in items]  # one context cannot be entered twice at a time
    return list(client.spread(lambda each: each[0].run(work, each[1]), contexts))


def _ask(client: Client, record: Record, user: str, templates: tuple[Template, ...]) -> _Asked:
    type = templates[0].type
    parameters = _parameters(record, user, templates)
    if parameters is None:
        return _Asked(templates)
    try:
        found = client.gather(type, [*parameters, ("_count", str(COUNT))])
    except ServerError:
        return _Asked(templates, unserved=_unserved(client, type))
    # What came of a part may still rule a study out.
    return _Asked(templates, found.matches, found.whole and (type != PATIENT or bool(found.matches)))


def _parameters(record: Record, user: str, templates: tuple[Template, ...]) -> list[tuple[str, str]] | None:
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
    if codes and all(template.codes for template in templates):
        parameters.append(("code", ",".join(map(escape, codes))))
    return parameters


def _unserved(client: Client, type: str) -> bool:
    """Whether a search failed because the server does not have the type at all."""
    try:
        types = client.capabilities.types
    except ServerError:
        return False
    return bool(types) and type not in types


def _follow(record: Record, templates: Templates, client: Client | None) -> None:
    """Fetches what records refer to; where that cannot be had, the records say too little."""
    known = {
        f"{line.resource.get('resourceType')}/{line.resource.get('id')}"
        for line in record.lines
        if line.resource is not None
    }
    wanted: dict[str, dict[str, set[str]]] = {}
    for line in record.lines:
        if line.resource is None:
            continue
        for reference in targets(_named(line.resource)):
            if reference not in known:
                type, _, id = reference.partition("/")
                wanted.setdefault(type, {}).setdefault(id, set()).add(line.resource["resourceType"])
    for type, ids in wanted.items():
        found = _by_id(client, type, sorted(ids)) if client is not None else None
        record.lines += [Line(type, each) for each in found or ()]
        if found is None:
            owners = set().union(*ids.values())
            missing = {template.type for template in record.lacking}
            record.lacking += [each for each in templates.all if each.type in owners - missing]


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
