"""Resolves studies against a catalogue: criteria become a Plan, or an error that names the criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from fhirscreen.criteria.bounds import Which
from fhirscreen.criteria.english import say
from fhirscreen.criteria.nodes import (
    INDEX_CANCER,
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Conditional,
    Confirm,
    Constant,
    Count,
    Derived,
    Elapsed,
    Expression,
    Finding,
    Judgement,
    Measured,
    Not,
    Question,
    Received,
    Recorded,
    Sex,
    Unread,
)
from fhirscreen.criteria.nodes import (
    Sequence as InOrder,
)
from fhirscreen.criteria.studies import Study
from fhirscreen.exceptions import BadInput, Faults, StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, ConceptKind, Role
from fhirscreen.plan.edges import resolve_counts, resolve_durations, resolve_range, resolve_years
from fhirscreen.plan.features import code_set, feature_of
from fhirscreen.plan.nodes import (
    AgeWithin,
    Asked,
    Branch,
    CountWithin,
    CriterionPlan,
    ElapsedWithin,
    Feature,
    Fixed,
    FollowedBy,
    ForJudgement,
    FormulaWithin,
    Negation,
    Occurred,
    OnRecord,
    Plan,
    Predicate,
    Purpose,
    Readings,
    Retrieve,
    SexIs,
    StudyPlan,
    Threshold,
    Unmapped,
    ValueAmong,
    ValueWithin,
)
from fhirscreen.plan.walk import closure, features
from fhirscreen.values.codes import CodeSet
from fhirscreen.values.durations import Duration, parse_duration

MALIGNANCY = "malignancy"
"""The concept that finds any malignant tumour: a patient with exactly one needs no link to it."""
METASTASIS = "distant-metastasis"
STAGE_GROUP = "stage-group"
HISTOLOGY = "histologic-type"


def resolve(studies: Sequence[Study], catalogue: Catalogue) -> Plan:
    """The plan of one or more studies for one site.

    Raises one StudyError, naming study and criterion, for every unknown concept, unit that does not fit and
    concept of the wrong kind.
    """
    known = _Known({}, {})
    plans = tuple(_Resolver(study, catalogue, known).study_plan() for study in studies)
    malignancies = feature_of(catalogue.concept(MALIGNANCY), catalogue)
    metastases = feature_of(catalogue.concept(METASTASIS), catalogue)
    distinct: dict[Feature, None] = {}
    for plan in plans:
        if plan.population is not None:
            distinct.update(dict.fromkeys(closure(plan.population)))
        for each in plan.criteria:
            for feature in features(each.predicate):
                if feature not in distinct:  # else what it needs is there too
                    distinct.update(dict.fromkeys(closure(feature)))
    distinct[malignancies] = None
    if any(feature.concept.about_metastasis for feature in distinct):
        distinct[metastases] = None
    if any(feature.staging is not None for feature in distinct) and catalogue.has(STAGE_GROUP):
        # A stage group links the categories that it has as members to its cancer: its records, and no more.
        distinct.setdefault(Feature(catalogue.concept(STAGE_GROUP)))
    if any(_in_specimens(feature.concept) for feature in distinct) and catalogue.has(HISTOLOGY):
        # A report of pathology links its specimen, and what else was found in that, to its cancer: whether a
        # criterion asks for the histology or not, the verdicts of the others are the same.
        distinct.setdefault(Feature(catalogue.concept(HISTOLOGY)))
    ordered = tuple(sorted(distinct, key=lambda f: (f.level, f.concept.id)))
    return Plan(plans, catalogue, malignancies, metastases, ordered, _retrieves(ordered))


def _in_specimens(concept: Concept) -> bool:
    """Whether observations of a cancer are its records, which may be linked to it by a specimen."""
    return concept.about_cancer and any(source.resource == "Observation" for source in concept.sources)


def _retrieves(ordered: Sequence[Feature]) -> tuple[Retrieve, ...]:
    found: dict[Retrieve, None] = {}
    of_concepts = {feature.concept.id: feature.sources for feature in ordered}  # whatever their windows
    for sources in of_concepts.values():
        for resource in sorted({source.resource for source in sources}):
            codes = CodeSet().union(*(s.codes for s in sources if s.resource == resource))
            found[Retrieve(resource, codes)] = None
    return tuple(found)


class _Known(NamedTuple):
    """The features so far, for all studies. Equal ones are one object: engines find by identity what they
    computed. `asked`: by how a criterion asks for them, most of which others ask for as well.
    """

    features: dict[Feature, Feature]
    asked: dict[tuple[object, ...], Feature]


@dataclass(slots=True)
class _Resolver:
    """Resolves the expressions of one study; `where` follows it through the criteria."""

    study: Study
    catalogue: Catalogue
    known: _Known
    where: str = ""

    def study_plan(self) -> StudyPlan:
        cancer = self.study.population.cancer
        self.where = f"{self.study.id}.population"
        population = None
        faults = Faults()
        with faults:
            population = None if cancer is None else self._feature(cancer, (ConceptKind.DIAGNOSIS,))
        found = []
        for criterion in self.study.criteria:
            self.where = f"{self.study.id}.{criterion.id}"
            with faults:
                found.append(CriterionPlan(criterion, self._named(criterion.expression)))
        faults.check()
        return StudyPlan(self.study, population, tuple(found))

    def _named(self, node: Expression) -> Predicate:
        try:
            return self.predicate(node)
        except StudyError:
            raise
        except BadInput as error:
            raise StudyError(
                error.what, where=self.where, expected=error.expected, remedy=error.remedy
            ) from None

    def predicate(self, node: Expression) -> Predicate:  # noqa: C901 - one case per node of the language
        says = say(node, self._label)
        match node:
            case Age():
                return AgeWithin(resolve_years(node.bounds, self.where), says)
            case Sex():
                return SexIs(node.code, says)
            case Measured():
                return self._measurement(node, says)
            case Derived():
                return self._derived(node, says)
            case Finding():
                return self._finding(node, says)
            case Condition() | Received():
                return self._occurred(node, says)
            case Elapsed():
                low, low_in, high, high_in = resolve_durations(node.bounds, self.where)
                return ElapsedWithin(self._event(node.since), node.which, low, low_in, high, high_in, says)
            case InOrder():
                first = self._occurred(node.first, say(node.first, self._label))
                return FollowedBy(first, self._event(node.then), self._duration(node.within), says)
            case Count():
                return self._count(node, says)
            case AllOf():
                return Threshold(len(node.of), tuple(self.predicate(child) for child in node.of), says)
            case AnyOf():
                return Threshold(1, tuple(self.predicate(child) for child in node.of), says)
            case AtLeast():
                return Threshold(node.n, tuple(self.predicate(child) for child in node.of), says)
            case Not():
                return Negation(self.predicate(node.of), says)
            case Conditional():
                return Branch(
                    self.predicate(node.when), self.predicate(node.then), self.predicate(node.otherwise), says
                )
            case Recorded():
                return OnRecord(self.predicate(node.of), says)
            case Judgement():
                return ForJudgement(self.predicate(node.of), says)
            case Question():
                return self._question(node, says)
            case Constant():
                return Fixed(node.value, says)
            case Confirm():
                return Asked(says)
            case Unread():
                return Unmapped(says)
            case _:
                assert_never(node)

    def _question(self, node: Question, says: str) -> Predicate:
        asked = next((q for q in self.study.questions if q.id == node.id), None)
        if asked is None:
            raise self._refuse(f"question {node.id!r} is not asked", "a question of the study's `questions`")
        readings = dict(node.readings)
        if asked.answer is None:
            return Readings(
                node.id, tuple((name, self.predicate(each)) for name, each in node.readings), says
            )
        chosen = readings.get(asked.answer.reading)
        if chosen is None:
            raise self._refuse(f"the answer to {node.id!r} is no reading of it", ", ".join(readings))
        return self.predicate(chosen)

    def _measurement(self, node: Measured, says: str) -> ValueWithin | FormulaWithin:
        """A measured value; where it can be computed too, whichever is newer."""
        measured = self._measured(node, says)
        concept, edges = measured.feature.concept, (measured.range.low, measured.range.high)
        limited = any(edge is not None and edge.limit is not None for edge in edges)
        if concept.computed_as is None or limited or node.which is not Which.LATEST:
            return measured
        quantity = self._concept(concept.computed_as, (ConceptKind.DERIVED,))
        inputs = tuple(
            self._feature(id, (ConceptKind.MEASUREMENT,), within=node.within) for id in quantity.inputs
        )
        bounds = resolve_range(node.bounds, quantity, self.catalogue, self.where)
        formula = quantity.formula or ""
        return FormulaWithin(formula, quantity, inputs, bounds, says, measured.feature, newest=True)

    def _measured(self, node: Measured, says: str) -> ValueWithin:
        feature = self._feature(
            node.concept, (ConceptKind.MEASUREMENT,), which=node.which, within=node.within
        )
        return ValueWithin(
            feature, resolve_range(node.bounds, feature.concept, self.catalogue, self.where), says
        )

    def _derived(self, node: Derived, says: str) -> FormulaWithin:
        concept = self._concept(node.quantity, (ConceptKind.DERIVED,))
        inputs = tuple(self._feature(id, (ConceptKind.MEASUREMENT,)) for id in concept.inputs)
        bounds = resolve_range(node.bounds, concept, self.catalogue, self.where)
        reported = None
        if concept.reported_as is not None:
            reported = self._feature(concept.reported_as, (ConceptKind.MEASUREMENT,))
        return FormulaWithin(concept.formula or "", concept, inputs, bounds, says, reported)

    def _finding(self, node: Finding, says: str) -> ValueAmong | Occurred:
        if not node.values:
            kinds = (ConceptKind.DIAGNOSIS, ConceptKind.EVENT)
            return Occurred(self._feature(node.concept, kinds), says, within=self._duration(node.within))
        feature = self._feature(
            node.concept, (ConceptKind.CATEGORY,), which=node.which, within=node.within, staging=node.staging
        )
        concept = feature.concept
        for value in node.values:
            if concept.value(value) is None:
                known = ", ".join(v.name for v in concept.values)
                raise self._refuse(f"{concept.id} has no value {value!r}", f"one of {known}")
        sites: frozenset[str] = frozenset()
        if node.sites:
            if feature.sites is None:
                raise self._refuse(f"{concept.id} has no sites", "a concept whose mapping names its sites")
            for site in node.sites:
                if feature.sites.concept.value(site) is None:
                    known = ", ".join(v.name for v in feature.sites.concept.values)
                    raise self._refuse(f"unknown site {site!r}", f"one of {known}")
            sites = feature.sites.concept.below(node.sites)
        spread = concept.below(tuple(value for value, _ in concept.implied_by))
        return ValueAmong(feature, concept.below(node.values), says, sites, spread)

    def _occurred(self, node: Condition | Received, says: str) -> Occurred:
        within = self._duration(node.within)
        if isinstance(node, Condition):
            feature = self._feature(node.concept, (ConceptKind.DIAGNOSIS, ConceptKind.EVENT))
            severity = self._coded(node.severity, self.catalogue.vocabulary.severities, "severity")
            return Occurred(feature, says, node.active, within, severity=severity)
        feature = self._feature(node.concept, (ConceptKind.THERAPY,))
        routes = self._coded(node.routes, self.catalogue.vocabulary.routes, "route")
        return Occurred(
            feature,
            says,
            active=node.current,
            within=within,
            purpose=self._purpose(node.given_for),
            routes=routes,
            minimum_duration=self._duration(node.minimum_duration),
        )

    def _coded(self, names: Sequence[str], known: Mapping[str, CodeSet], what: str) -> CodeSet | None:
        """The codes of names that a criterion gives; None where it gives none."""
        for name in names:
            if name not in known:
                raise self._refuse(f"unknown {what} {name!r}", ", ".join(known))
        return CodeSet().union(*(known[name] for name in names)) if names else None

    def _purpose(self, given_for: str | None) -> Purpose | None:
        if given_for is None:
            return None
        if given_for != INDEX_CANCER:
            return Purpose(False, code_set(self._concept(given_for, (ConceptKind.DIAGNOSIS,)), Role.MATCH))
        cancer = self.study.population.cancer
        if cancer is None:
            raise self._refuse("the study has no index cancer", "a population that names a cancer")
        return Purpose(True, code_set(self._concept(cancer, (ConceptKind.DIAGNOSIS,)), Role.MATCH))

    def _event(self, node: Condition | Received | Finding) -> Occurred | ValueAmong:
        says = say(node, self._label)
        return self._finding(node, says) if isinstance(node, Finding) else self._occurred(node, says)

    def _count(self, node: Count, says: str) -> CountWithin:
        of = (
            self._measured(node.of, say(node.of, self._label))
            if isinstance(node.of, Measured)
            else self._event(node.of)
        )
        bounds = resolve_counts(node.bounds, self.where)
        return CountWithin(of, bounds, node.distinct, self._duration(node.within), node.complete, says)

    def _concept(self, id: str, kinds: tuple[ConceptKind, ...]) -> Concept:
        concept = self.catalogue.concept(id, self.where)
        if concept.kind not in kinds:
            wanted = " or ".join(kind.value for kind in kinds)
            raise self._refuse(f"{id} is a {concept.kind.value}", f"a {wanted} concept here")
        return concept

    def _feature(self, id: str, kinds: tuple[ConceptKind, ...], **options: object) -> Feature:
        concept = self._concept(id, kinds)
        asked = (id, *options.items())
        found = self.known.asked.get(asked)
        if found is None:
            feature = feature_of(concept, self.catalogue, **options)  # type: ignore[arg-type]
            found = self.known.asked[asked] = self.known.features.setdefault(feature, feature)
        return found

    def _duration(self, text: str | None) -> Duration | None:
        return None if text is None else parse_duration(text)

    def _label(self, id: str) -> str:
        return self.catalogue.concept(id, self.where).label

    def _refuse(self, what: str, expected: str) -> StudyError:
        return StudyError(what, where=self.where, expected=expected)
