"""Who may be a member: everybody with a record that a population's sources name, and whom it follows.

The evaluator decides later; here nobody may be lost, so status and value of a record are left aside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

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

    `patients` is how many the server has.
    """

    ids: set[str] = field(default_factory=set)
    survivors: dict[str, str] = field(default_factory=dict)
    patients: int = 0

    def families(self) -> list[list[str]]:
        """The candidates, each merged one beside its survivor; families sorted by the survivor's id."""
        found: dict[str, list[str]] = {}
        for id in sorted(self.ids):
            found.setdefault(last_survivor(id, self.survivors), []).append(id)
        return [found[survivor] for survivor in sorted(found)]


def find_candidates(plan: Plan, fetcher: Fetcher, wanted: Collection[str] | None) -> Candidates:
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
        found = set(_named(plan, fetcher, type, sources[type]))
        candidates.ids |= found | {last_survivor(id, candidates.survivors) for id in found}
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


def _named(plan: Plan, fetcher: Fetcher, type: str, sources: list[Source]) -> Iterator[str]:
    """The patients of the records that one of the sources names."""
    if not fetcher.offers(type):
        return
    codes = CodeSet().union(*(source.codes for source in sources))
    need = need_of(Retrieve(type, codes), plan.catalogue.systems)
    narrowed: Pairs = ()
    if need.codes is not None and fetcher.searches(type, "code"):
        narrowed = (("code", ",".join(sorted(escape(code) for code in need.codes))),)
    for resource in fetcher.everything(type, narrowed, _ELEMENTS.get(type, "code,subject")):
        patient = patient_of(resource)
        if patient is not None and _may_match(plan, codes, resource):
            yield patient


def _may_match(plan: Plan, codes: CodeSet, resource: Resource) -> bool:
    """Whether the codes may say so; what cannot be read, or refers to its code, may."""
    short = plan.catalogue.systems.short
    try:
        for element in code_elements(resource):
            if element is None:
                continue
            for coding in element.get("coding", ()):  # type: ignore[attr-defined]
                if codes.matches(short(coding.get("system") or ""), (coding.get("code") or "").strip()):
                    return True
    except (AttributeError, TypeError, KeyError):
        return True
    return "medicationReference" in resource
