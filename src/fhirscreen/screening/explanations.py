"""What a study asks of FHIR: each criterion in English, its concepts, its searches, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fhirscreen.criteria.english import say_sentence
from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.criteria.wire import write_expression
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, Role
from fhirscreen.plan.nodes import Feature, Plan, Predicate, Readings, Retrieve, StudyPlan
from fhirscreen.plan.queries import Query, merged, queries
from fhirscreen.plan.walk import children, closure, features
from fhirscreen.values.codes import CodeSet

Count = Callable[[Query], int | None]
"""How many resources a server counts for a search; None where it does not say."""


@dataclass(frozen=True, slots=True)
class CriterionExplained:
    """One criterion: what it says, what it is made of, and the searches that find its data.

    `lacking` is what the server has no means for, empty where no server was asked.
    """

    criterion: Criterion
    english: str
    expression: dict[str, Any]
    concepts: tuple[Concept, ...]
    queries: tuple[Query, ...]
    open_questions: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """A search of the population, and how many resources a server counts for it; None where it does not."""

    query: Query
    resources: int | None = None


@dataclass(frozen=True, slots=True)
class StudyExplained:
    """A study: how its population is found, what that costs, and its criteria in their order."""

    study: Study
    population: Concept | None
    costs: tuple[Cost, ...]
    criteria: tuple[CriterionExplained, ...]


def explain(
    plan: Plan, *, count: Count | None = None, lacks: Callable[[Query], Iterable[str]] | None = None
) -> list[StudyExplained]:
    """Every study of a plan explained; with `count` and `lacks`, also for one server."""
    return [_explain_study(study, plan.catalogue, count, lacks) for study in plan.studies]


def _explain_study(
    plan: StudyPlan,
    catalogue: Catalogue,
    count: Count | None,
    lacks: Callable[[Query], Iterable[str]] | None,
) -> StudyExplained:
    def label(id: str) -> str:
        return catalogue.concept(id).label

    explained = []
    for each in plan.criteria:
        asked = searches(features(each.predicate), catalogue)
        missing = sorted({lack for query in asked for lack in (lacks(query) if lacks else ())})
        explained.append(
            CriterionExplained(
                each.criterion,
                say_sentence(each.criterion.expression, label),
                write_expression(each.criterion.expression),
                tuple({f.concept.id: f.concept for f in features(each.predicate)}.values()),
                asked,
                tuple(sorted(set(open_questions(each.predicate)))),
                tuple(missing),
            )
        )
    found = (Query("Patient"),) if plan.population is None else member_searches(plan.population, catalogue)
    costs = tuple(Cost(query, count(query) if count else None) for query in found)
    concept = None if plan.population is None else plan.population.concept
    return StudyExplained(plan.study, concept, costs, tuple(explained))


def searches(wanted: Iterable[Feature], catalogue: Catalogue) -> tuple[Query, ...]:
    """The searches that find all records of some features and of what they are anchored on."""
    found: list[Retrieve] = []
    for feature in wanted:
        for needed in closure(feature):
            for resource in sorted({source.resource for source in needed.sources}):
                of_type = (source.codes for source in needed.sources if source.resource == resource)
                found.append(Retrieve(resource, CodeSet().union(*of_type)))
    return tuple(query for retrieve in merged(found) for query in queries(retrieve, catalogue.systems))


def member_searches(population: Feature, catalogue: Catalogue) -> tuple[Query, ...]:
    """The searches that find everybody who may be a member: matching or coarser evidence."""
    codes: dict[str, CodeSet] = {}
    for source in population.sources:
        if source.role in (Role.MATCH, Role.COARSER):
            codes[source.resource] = codes.get(source.resource, CodeSet()).union(source.codes)
    return tuple(
        query
        for resource in sorted(codes)
        for query in queries(Retrieve(resource, codes[resource]), catalogue.systems)
    )


def open_questions(predicate: Predicate) -> Iterator[str]:
    """The questions to the investigator that a criterion waits for."""
    if isinstance(predicate, Readings):
        yield predicate.question
    for child in children(predicate):
        yield from open_questions(child)
