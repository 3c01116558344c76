"""What is asked for news: the types and codes that the open studies read, and which news cannot wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fhirscreen.engines.evaluator.gates import gate_types
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource, code_elements, codings
from fhirscreen.fhir.references import patient_of, targets
from fhirscreen.fhir.subjects import is_as_written
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import ConceptKind, Role
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.queries import code_parameter, merged, queries
from fhirscreen.screening.panels import Panel
from fhirscreen.values.codes import CodeSet

DIAGNOSIS = "Condition"
ORDER = "MedicationRequest"
URGENT_TYPES = (DIAGNOSIS, ORDER)
"""The types whose news may be a new diagnosis of a study's cancer, or an oncology order."""

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)  # R4, datatypes: id

_ELEMENTS = {
    "Patient": "link",
    "Consent": "patient",
    "AllergyIntolerance": "patient",
    "ResearchSubject": "individual,status,extension",
    DIAGNOSIS: "subject,code",
    ORDER: "",  # how servers name the elements of a choice (medication[x]) differs
}
"""What is needed of each resource; of others the subject. Empty asks for all of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One search for news: a resource type, and the codes that narrow it (none: all of it)."""

    type: str
    codes: tuple[str, ...] = ()

    def parameters(self, searches: Callable[[str, str], bool]) -> dict[str, str]:
        """The parameters of the search, but for the time.

        `searches`: whether the server has a type's parameter; without it, all of the type is asked for.
        """
        elements, name = _ELEMENTS.get(self.type, "subject"), code_parameter(self.type)
        found = {"_elements": elements} if elements else {}
        narrowed = {name: ",".join(self.codes)} if self.codes and searches(self.type, name) else {}
        return found | narrowed | {"_count": "500"}


@dataclass(frozen=True)
class Questions:
    """The questions of a panel, by type, and what of their answers is urgent."""

    by_type: dict[str, Question]
    _catalogue: Catalogue
    _cancers: CodeSet = field(repr=False)
    _drugs: CodeSet = field(repr=False)

    def patients(self, resource: Resource) -> Iterator[str]:
        """The ids of the patients whom a resource is news of.

        A Patient who was merged is news of whoever their records went to. What we wrote is none.
        """
        kind = resource.get("resourceType")
        if kind == "ResearchSubject" and is_as_written(resource):
            return
        named = [patient_of(resource)]
        if kind == "Patient":
            links = resource.get("link") or ()
            others = [each.get("other") for each in links if isinstance(each, dict)]
            named += [found[8:] for found in targets(others) if found.startswith("Patient/")]
        yield from (id for id in named if id is not None and _ID.fullmatch(id))

    def urgent(self, resource: Resource) -> bool:
        """Whether it may be a diagnosis of a study's cancer, or an order against cancer.

        An order that names its drug by reference may be one.
        """
        kind = resource.get("resourceType")
        if kind not in URGENT_TYPES:
            return False
        short = self._catalogue.systems.short
        try:
            found = [each for element in code_elements(resource) for each in codings(element, short)]
        except DataError:
            return False
        if kind == ORDER:
            return not found or any(self._drugs.matches(each.system, each.code) for each in found)
        return any(self._cancers.matches(each.system, each.code) for each in found)


def make_questions(panel: Panel) -> Questions:
    """The questions for the studies of a panel.

    Observations are asked for by the codes that the studies read; other types whole, for a record without
    a code that we know may matter there.
    """
    plan = panel.plan
    asked: dict[str, Question] = {}
    for retrieve in merged(plan.retrieves) if plan.studies else ():
        (query,) = queries(retrieve)
        asked[query.resource] = Question(
            query.resource, query.codes if query.resource == "Observation" else ()
        )
    if plan.studies:
        for kind in ("Patient", *gate_types(plan.catalogue.site)):
            asked[kind] = Question(kind)
    return Questions(asked, plan.catalogue, _cancers(plan), _drugs(plan.catalogue))


def _cancers(plan: Plan) -> CodeSet:
    """What makes somebody a member of an open study: its disease, or a coarser code."""
    return CodeSet().union(
        *(
            source.codes
            for study in plan.studies
            if study.population is not None
            for source in study.population.sources
            if source.resource == DIAGNOSIS and source.role in (Role.MATCH, Role.COARSER)
        )
    )


def _drugs(catalogue: Catalogue) -> CodeSet:
    """Every drug of the mappings that is given against something in particular: against cancer."""
    return CodeSet().union(
        *(
            source.codes
            for concept in catalogue
            if concept.kind is ConceptKind.THERAPY and concept.counts_for
            for source in concept.sources
            if source.resource == ORDER and source.role is Role.MATCH
        )
    )
