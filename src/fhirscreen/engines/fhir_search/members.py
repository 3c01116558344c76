"""Who may be a member: everybody with a record that a population's sources name, and whom it follows.

The evaluator decides later; here nobody may be lost, so status and value of a record are left aside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from fhirscreen.engines.evaluator.charts import SourceIndex
from fhirscreen.engines.evaluator.cohorts import last_survivor, survivors_of
from fhirscreen.engines.fhir_search.fetches import Fetcher, Pairs
from fhirscreen.engines.fhir_search.needs import need_of
from fhirscreen.exceptions import ServerError
from fhirscreen.fhir.entries import MEDICATIONS, Resource, code_elements
from fhirscreen.fhir.references import patient_of
from fhirscreen.fhir_client import escape
from fhirscreen.mapping.concepts import Role, Source
from fhirscreen.plan.nodes import Plan, Retrieve
from fhirscreen.values.codes import CodeSet

_ELEMENTS = {"AllergyIntolerance": "code,patient,reaction"} | dict.fromkeys(MEDICATIONS, "medication,subject")
"""What tells whether a record is one of a population, and of whom."""


@dataclass(slots=True)
class Candidates:
    """Patients who may be members; `survivors` leads from merged patients to those their records follow.

    `patients` is how many the server has. `records` holds, for types that were looked through whole, the ids
    of each patient's records that any source of the plan names: the others need not be fetched.
    """

    ids: set[str] = field(default_factory=set)
    records: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)
    patients: int = 0

    def families(self) -> list[list[str]]:
        """The candidates, each merged one beside its survivor; families sorted by the survivor's id."""
        found: dict[str, list[str]] = {}
        for id in sorted(self.ids):
            found.setdefault(last_survivor(id, self.survivors), []).append(id)
        return [found[survivor] for survivor in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Search:
    plan: Plan
    fetcher: Fetcher
    index: SourceIndex


def find_candidates(
    plan: Plan, fetcher: Fetcher, index: SourceIndex, wanted: Collection[str] | None
) -> Candidates:
    """Everybody who may be a member of a population, or just `wanted`. Raises ServerError."""
    candidates = Candidates(survivors=_survivors(fetcher))
    if wanted is not None:
        candidates.ids, candidates.patients = set(wanted), len(set(wanted))
        return candidates
    sources = _sources(plan)
    everybody = None
    if sources is None or (counted := fetcher.count("Patient")) is None:
        everybody = {str(patient["id"]) for patient in fetcher.everything("Patient", elements="active")}
        counted = len(everybody)
    candidates.patients = counted
    if sources is None:
        candidates.ids = everybody or set()
        return candidates
    for type in sorted(sources):
        _read(_Search(plan, fetcher, index), type, sources[type], candidates)
    return candidates


def _survivors(fetcher: Fetcher) -> dict[str, str]:
    """By the links of all patients who have one; a server that cannot tell them is asked for all patients."""
    try:
        linked = list(fetcher.everything("Patient", (("link:missing", "false"),), "link"))
    except ServerError:
        linked = list(fetcher.everything("Patient", elements="link"))
    return survivors_of(sorted(linked, key=lambda patient: str(patient["id"])))


def _sources(plan: Plan) -> dict[str, list[Source]] | None:
    """By type, the sources that make members; None where a study is for everybody."""
    found: dict[str, list[Source]] = {}
    for study in plan.studies:
        if study.population is None:
            return None
        for source in study.population.sources:
            if source.role in (Role.MATCH, Role.COARSER):
                found.setdefault(source.resource, []).append(source)
    return found


def _read(search: _Search, type: str, sources: list[Source], candidates: Candidates) -> None:
    """The patients of the records that one of the sources names."""
    fetcher = search.fetcher
    if not fetcher.offers(type):
        return
    codes = CodeSet().union(*(source.codes for source in sources))
    need = need_of(Retrieve(type, codes), search.plan.catalogue.systems)
    narrowed: Pairs = ()
    records: dict[str, set[str]] | None = None
    if need.codes is not None and fetcher.searches(type, "code"):
        narrowed = (("code", ",".join(sorted(escape(code) for code in need.codes))),)
    else:
        records = candidates.records.setdefault(type, {})
    for resource in fetcher.everything(type, narrowed, _ELEMENTS.get(type, "code,subject")):
        patient = patient_of(resource)
        if patient is None:
            continue
        named, member = _concerned(search, codes, resource)
        if member:
            candidates.ids |= {patient, last_survivor(patient, candidates.survivors)}
        if named and records is not None:
            records.setdefault(patient, set()).add(str(resource["id"]))


def _concerned(search: _Search, codes: CodeSet, resource: Resource) -> tuple[bool, bool]:
    """Whether any source of the plan names the record, and whether one of the population does.

    What cannot be read, or refers to its code, may be named by any.
    """
    named = member = "medicationReference" in resource
    short = search.plan.catalogue.systems.short
    try:
        for element in code_elements(resource):
            if element is None:
                continue
            for coding in element.get("coding", ()):  # type: ignore[attr-defined]
                system, code = coding.get("system") or "", coding.get("code") or ""
                named = named or bool(search.index.find(resource["resourceType"], system, code))
                member = member or codes.matches(short(system), code.strip())
    except (AttributeError, TypeError, KeyError):
        return True, True
    return named or member, member
