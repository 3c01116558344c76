"""Who may be a member: everybody with a record that a population's sources name, and whom it follows.

The evaluator decides later; here nobody may be lost, so status and value of a record are left aside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property, partial

from fhirscreen.engines.evaluator.cohorts import known_survivors, last_survivor, survivors_of
from fhirscreen.engines.evaluator.sources import SourceIndex
from fhirscreen.engines.fhir_search.fetches import Fetcher, is_nameless
from fhirscreen.engines.fhir_search.needs import Need, need_of
from fhirscreen.exceptions import DataError, ServerError
from fhirscreen.fhir.entries import MEDICATIONS, Resource, code_elements
from fhirscreen.fhir.references import patient_of
from fhirscreen.fhir_client import Client, escape
from fhirscreen.mapping.concepts import Role, Source
from fhirscreen.plan.nodes import Plan, Retrieve
from fhirscreen.plan.queries import code_parameter
from fhirscreen.values.codes import CodeSet

_ELEMENTS = {
    "AllergyIntolerance": "code,patient,reaction",
    "Observation": "code,component,subject",
} | dict.fromkeys(MEDICATIONS, "medication,subject")
"""What tells whether a record is one of a population, and of whom."""


_FEW = 20_000
"""So many Patient resources are listed whole and kept, of more only what links them; diagnoses likewise."""

_NAMED = ("Condition",)
"""Types whose code says all that makes a member: the others may refer to it, or say it in several places."""

_SLICE = 250
"""How many patients one search for members asks about."""


@dataclass(slots=True)
class Candidates:
    """Patients who may be members; `survivors` leads from merged patients to those their records follow.

    `patients` is how many the server has, `people` are these where they are few. `records` holds, by type
    and patient, the ids of the records that the plan reads, where all of the patient's were looked at: the
    others need not be fetched. `held` are those of them that came whole, by `Type/id`.
    """

    ids: set[str] = field(default_factory=set)
    records: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    held: dict[str, Resource] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)
    patients: int = 0
    people: dict[str, Resource] = field(default_factory=dict)

    def add(self, patient: str) -> None:
        """A candidate, and whom the records follow."""
        self.ids |= {patient, last_survivor(patient, self.survivors)}

    def families(self) -> list[list[str]]:
        """The candidates, each merged one beside its survivor; families sorted by the survivor's id."""
        found: dict[str, list[str]] = {}
        for id in sorted(self.ids):
            found.setdefault(last_survivor(id, self.survivors), []).append(id)
        return [found[survivor] for survivor in sorted(found)]


def find_candidates(
    plan: Plan, client: Client, fetcher: Fetcher, index: SourceIndex, wanted: Collection[str] | None
) -> Candidates:
    """Everybody who may be a member of a population, or just `wanted`. Raises ServerError."""
    if wanted is not None:
        return Candidates(set(wanted), survivors=_survivors(fetcher), patients=len(set(wanted)))
    sources = _sources(plan)
    looks = [
        _Look(plan, fetcher, index, type, named)
        for type, named in sorted((sources or {}).items())
        if fetcher.offers(type)
    ]
    # Nobody is looked at before everybody is listed: what needs no list is fetched meanwhile.
    found = [client.begin(_Look.find_named, look) for look in looks]
    count = fetcher.count("Patient")
    few = count is not None and count <= _FEW
    people = fetcher.everything("Patient", elements="" if few else "link")
    listed = {str(patient["id"]): patient for patient in people}
    everybody = sorted(listed)
    merged = survivors_of(listed[id] for id in everybody)
    survivors = known_survivors(merged, listed)
    fetcher.miss_survivors(len(merged) - len(survivors))
    candidates = Candidates(survivors=survivors, patients=len(listed), people=listed if few else {})
    if sources is None:
        candidates.ids = set(everybody)
    for look, whole in zip(looks, found, strict=True):
        look.add_to(candidates, client, everybody, whole.result())
    return candidates


def _survivors(fetcher: Fetcher) -> dict[str, str]:
    """By the links of all patients who have one; a server that cannot tell them is asked for all patients."""
    try:
        linked = list(fetcher.everything("Patient", (("link:missing", "false"),), "link"))
    except ServerError:
        linked = list(fetcher.everything("Patient", elements="link"))
    merged = survivors_of(sorted(linked, key=lambda patient: str(patient["id"])))
    known = {str(patient["id"]): patient for patient in linked}
    others = fetcher.by_id("Patient", sorted(set(merged.values()) - set(known)))
    known |= {str(patient["id"]): patient for patient in others.resources}
    return known_survivors(merged, known)


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


@dataclass(frozen=True)
class _Look:
    """Looks through the records of one type for those that a population's sources name."""

    plan: Plan
    fetcher: Fetcher
    index: SourceIndex
    type: str
    sources: list[Source]

    @cached_property
    def _codes(self) -> CodeSet:
        return CodeSet().union(*(source.codes for source in self.sources))

    @cached_property
    def _narrowing(self) -> frozenset[str] | None:
        """The codes by which the records can be searched for; None where all must be looked at."""
        need = need_of(Retrieve(self.type, self._codes))
        return need.codes if self.fetcher.searches(self.type, code_parameter(self.type)) else None

    @cached_property
    def _likely(self) -> str:
        """The codes that can be told beforehand: those listed, and prefixes with one digit more."""
        digits = [f"{dot}{digit}" for dot in (".", "") for digit in range(10)]
        below = {coding.code + digit for coding in self._codes.prefixes for digit in ("", *digits)}
        return ",".join(sorted(map(escape, below | {coding.code for coding in self._codes.exact})))

    def find_named(self) -> list[Resource] | None:
        """What is of the population by its code, whole, where the look can do without; else None.

        Of a patient who is looked at it would be fetched anyway, and is so once.
        """
        if self._narrowing is not None or self.type not in _NAMED:
            return None
        return self.fetcher.named(self.type, self._likely, _FEW)

    def add_to(
        self, candidates: Candidates, client: Client, everybody: list[str], whole: list[Resource] | None
    ) -> None:
        """By the codes where they can be searched for; else the records of all patients, many at a time.

        `whole` is what `find_named` found.
        """
        fetcher, codes = self.fetcher, self._codes
        elements = _ELEMENTS.get(self.type, "code,subject")
        name = code_parameter(self.type)
        if self._narrowing is not None:
            narrowed = ((name, ",".join(sorted(escape(code) for code in self._narrowing))),)
            for resource in fetcher.everything(self.type, narrowed, elements):
                patient = patient_of(resource)
                if patient is not None and self._concerned(codes, resource)[1]:
                    candidates.add(patient)
                elif is_nameless(resource):
                    fetcher.miss_member(self.type)
            return
        candidates.held |= {f"{self.type}/{resource['id']}": resource for resource in whole or ()}
        slices = [everybody[i : i + _SLICE] for i in range(0, len(everybody), _SLICE)]
        work = partial(
            fetcher.of_patients,
            Need(self.type),
            elements=elements,
            without="" if whole is None else self._likely,
        )
        seen = candidates.records.setdefault(self.type, {})
        unseen: set[str] = set()

        def look(resource: Resource) -> None:
            patient = patient_of(resource)
            named, member = self._concerned(codes, resource)
            if patient is not None and member:
                candidates.add(patient)
            if named and patient in seen:
                seen[patient].add(str(resource["id"]))

        for ids, fetched in zip(slices, client.spread(work, slices), strict=True):
            unseen |= fetched.missing
            seen |= {id: set() for id in ids if id not in fetched.missing}
            for resource in fetched.resources:
                look(resource)
        for resource in whole or ():
            if patient_of(resource) in seen:  # whose Patient is not there is found by no look
                look(resource)
        if unseen and len(unseen) == len(everybody):
            raise fetcher.failure(self.type)
        for id in unseen:  # may be members: nobody is lost
            candidates.add(id)

    def _concerned(self, codes: CodeSet, resource: Resource) -> tuple[bool, bool]:
        """Whether the plan reads the record, and whether one of the population's sources names it.

        The plan reads what any of its sources names and, where silence may be no, what no code tells of. What
        cannot be read, or refers to its code, may be named by any.
        """
        named = member = "medicationReference" in resource
        told = self.type not in self.index.presumed_types
        short = self.plan.catalogue.systems.short
        try:
            for element in code_elements(resource):
                if element is None:
                    continue
                for coding in element.get("coding", ()):  # type: ignore[attr-defined]
                    system, code = coding.get("system") or "", coding.get("code") or ""
                    named = named or bool(self.index.find(self.type, system, code))
                    told = told or self.index.tells(self.type, system, code)
                    member = member or codes.matches(short(system), code.strip())
        except (DataError, AttributeError, TypeError, KeyError):
            return True, True
        return named or member or not told, member
