"""What a study asks of FHIR: each criterion in English, its concepts, its searches, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhirscreen.criteria.english import say_sentence
from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.criteria.wire import write_expression
from fhirscreen.engines.evaluator.gates import gate_types
from fhirscreen.engines.evaluator.notes import ENCOUNTER_ELEMENTS
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, Role
from fhirscreen.plan.nodes import Feature, Plan, Predicate, Readings, Retrieve, StudyPlan
from fhirscreen.plan.queries import Query, merged, queries
from fhirscreen.plan.resolve import resolve
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
class Fetch:
    """One resource type, as it is fetched of members for all criteria of a study together.

    `codes`: how many narrow it; none where `because` says why the type is fetched whole. `criteria`: how
    many criteria are decided by it. `every` and `coded`: how many resources a server counts of the type, and
    with these codes; None where it was not asked or does not say.
    """

    resource: str
    codes: int
    because: str
    criteria: int
    every: int | None = None
    coded: int | None = None


@dataclass(frozen=True, slots=True)
class StudyExplained:
    """A study: how its population is found, what is fetched of members, and its criteria in their order.

    `patients`: how many a server has; None where it was not asked or does not say. `beside` are the searches
    that no criterion makes: of members for the gates, of whoever a list shows for the notes.
    """

    study: Study
    population: Concept | None
    costs: tuple[Cost, ...]
    fetches: tuple[Fetch, ...]
    criteria: tuple[CriterionExplained, ...]
    patients: int | None = None
    beside: tuple[Query, ...] = ()


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
        asked = searches(features(each.predicate))
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
    found = (Query("Patient"),) if plan.population is None else member_searches(plan.population)
    costs = tuple(Cost(query, count(query) if count else None) for query in found)
    concept = None if plan.population is None else plan.population.concept
    patients = count(Query("Patient")) if count else None
    return StudyExplained(
        plan.study,
        concept,
        costs,
        _fetches(resolve([plan.study], catalogue), explained, count),
        tuple(explained),
        patients,
        _beside(catalogue),
    )


def _beside(catalogue: Catalogue) -> tuple[Query, ...]:
    gates = [Query(type, unfiltered="of members, for the gates") for type in gate_types(catalogue.site)]
    elements = (("_elements", ",".join(ENCOUNTER_ELEMENTS)),)
    return (*gates, Query("Encounter", elements, "of whoever a list shows: who was transferred out"))


def _fetches(plan: Plan, explained: Sequence[CriterionExplained], count: Count | None) -> tuple[Fetch, ...]:
    """What is fetched of members: also what links records to the index cancer."""
    uses = Counter(resource for each in explained for resource in {query.resource for query in each.queries})
    found = []
    for retrieve in merged(plan.retrieves):
        for query in queries(retrieve):
            every = coded = None
            if count is not None:
                every = count(Query(query.resource))
                coded = count(query) if query.codes else None
            used = uses[query.resource]
            found.append(Fetch(query.resource, len(query.codes), query.unfiltered, used, every, coded))
    return tuple(found)


def searches(wanted: Iterable[Feature]) -> tuple[Query, ...]:
    """The searches that find all records of some features and of what they are anchored on."""
    found: list[Retrieve] = []
    for feature in wanted:
        for needed in closure(feature):
            for resource in sorted({source.resource for source in needed.sources}):
                of_type = (source.codes for source in needed.sources if source.resource == resource)
                found.append(Retrieve(resource, CodeSet().union(*of_type)))
    return tuple(query for retrieve in merged(found) for query in queries(retrieve))


def member_searches(population: Feature) -> tuple[Query, ...]:
    """The searches that find everybody who may be a member: matching or coarser evidence."""
    codes: dict[str, CodeSet] = {}
    for source in population.sources:
        if source.role in (Role.MATCH, Role.COARSER):
            codes[source.resource] = codes.get(source.resource, CodeSet()).union(source.codes)
    return tuple(
        query for resource in sorted(codes) for query in queries(Retrieve(resource, codes[resource]))
    )


def open_questions(predicate: Predicate) -> Iterator[str]:
    """The questions to the investigator that a criterion waits for."""
    if isinstance(predicate, Readings):
        yield predicate.question
    for child in children(predicate):
        yield from open_questions(child)
