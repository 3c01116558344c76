"""What a plan needs of a server: for each criterion, the records it is decided by; for all, how to get them.

A code narrows a search only where resources without it cannot matter (design: the law of search), which
`plan.queries` decides, and how it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fhirscreen.fhir.entries import CLINICAL_TYPES
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.nodes import Feature, Plan, Predicate, Retrieve
from fhirscreen.plan.queries import queries
from fhirscreen.plan.walk import closure, features
from fhirscreen.values.codes import CodeSet

Place = tuple[int, int]
"""A criterion of a plan: the number of its study, its own number there."""


class Need(NamedTuple):
    """Records of one type: those with any of the codes, or (None) all."""

    type: str
    codes: frozenset[str] | None = None


PATIENT = Need("Patient")


class Needs:
    """The needs of a plan: `of` each criterion, the `context` that every criterion is seen in, and `all`.

    The context is what tells members, and which records are about the index cancer. Types in `whole` are
    not narrowed by code: it would save too little.
    """

    def __init__(self, plan: Plan, whole: frozenset[str] = frozenset()) -> None:
        self._plan = plan
        self._known: dict[Concept, frozenset[Need]] = {}
        self._whole = whole | {need.type for need in self._found(plan.features) if need.codes is None}
        self.all = self._of(plan.features)
        links = (plan.malignancies, plan.metastases)
        populations = [study.population for study in plan.studies if study.population is not None]
        self.context = self._of(need for feature in (*populations, *links) for need in closure(feature))
        self.of: dict[Place, frozenset[Need]] = {
            (number, place): self._criterion(each.predicate)
            for number, study in enumerate(plan.studies)
            for place, each in enumerate(study.criteria)
        }
        self.about_cancer: frozenset[Place] = frozenset(
            (number, place)
            for number, study in enumerate(plan.studies)
            for place, each in enumerate(study.criteria)
            if any(feature.concept.about_cancer for feature in _features(each.predicate))
        )
        self.observations = frozenset(need for need in self.all if need.type == "Observation")

    def _criterion(self, predicate: Predicate) -> frozenset[Need]:
        found = self._of(_features(predicate))
        return found | self.context | {PATIENT} if found else frozenset({PATIENT})

    def _of(self, found: Iterable[Feature]) -> frozenset[Need]:
        """One need a concept and type; where any concept asks for a whole type, all do."""
        return frozenset(Need(need.type) if need.type in self._whole else need for need in self._found(found))

    def _found(self, found: Iterable[Feature]) -> frozenset[Need]:
        known = self._known
        concepts = {feature.concept for feature in found}
        for concept in concepts - known.keys():
            known[concept] = frozenset(self._of_concept(concept))
        return frozenset().union(*(known[concept] for concept in concepts))

    def _of_concept(self, concept: Concept) -> Iterator[Need]:
        presumed = self._plan.catalogue.presumes(concept)
        for type in {source.resource for source in concept.sources}:
            if type in presumed:
                # A record without a code that tells what it is about keeps silence from being no.
                yield Need(type)
                continue
            codes = CodeSet().union(*(s.codes for s in concept.sources if s.resource == type))
            yield need_of(Retrieve(type, codes))


def _features(predicate: Predicate) -> Iterator[Feature]:
    for feature in features(predicate):
        yield from closure(feature)


def need_of(retrieve: Retrieve) -> Need:
    """How a Retrieve is searched for: by its codes, or whole where codes would lose something."""
    (query,) = queries(retrieve)
    return Need(retrieve.resource, frozenset(query.codes) or None)


def merged(needs: Iterable[Need]) -> list[Need]:
    """One need a type, in the order of the types."""
    codes: dict[str, frozenset[str] | None] = {}
    for need in needs:
        known = codes.get(need.type, frozenset())
        codes[need.type] = None if known is None or need.codes is None else known | need.codes
    return [Need(type, codes[type]) for type in sorted(codes)]


def clinical_types(plan: Plan) -> frozenset[str]:
    """The clinical types that the sources of a plan name."""
    named = {source.resource for feature in plan.features for source in feature.sources}
    return frozenset(named & set(CLINICAL_TYPES))
