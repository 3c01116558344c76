"""The plan: what to fetch (Retrieve), what to make of it for one patient (Feature), what to ask (Predicate).

A plan is data: it carries every code it needs, knows no engine, no server and no index date. Equal
Features are equal objects by value, so engines compute each once however many criteria use it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhirscreen.criteria.bounds import Distinct, Limit, Staging, Which
from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, Source, Windows
from fhirscreen.values.codes import CodeSet
from fhirscreen.values.durations import Duration


@dataclass(frozen=True, slots=True)
class Retrieve:
    """A fetch of one resource type by code; the codes of every source that a concept has there."""

    resource: str
    codes: CodeSet


@dataclass(frozen=True, slots=True)
class Feature:
    """What predicates need of one patient: a concept's records, which of them, in which windows.

    `needs` are features that this one is anchored on, so that it is computed a level later: events that
    invalidate or unsettle its records, categories it can be derived from or is implied by, its sites,
    therapies that are shown with it.
    """

    concept: Concept
    which: Which = Which.LATEST
    windows: Windows = Windows(None, None)  # noqa: RUF009 - a frozen dataclass
    staging: Staging | None = None
    invalidated_by: tuple[Feature, ...] = ()
    unconfirmed_after: tuple[Feature, ...] = ()
    derived_from: tuple[Feature, ...] = ()
    implied_by: tuple[tuple[str, Feature], ...] = ()
    sites: Feature | None = None
    shown_with: tuple[Feature, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where its records are."""
        return self.concept.sources

    @property
    def needs(self) -> tuple[Feature, ...]:
        """The features that have to be computed before this one."""
        sites = () if self.sites is None else (self.sites,)
        implied = tuple(feature for _, feature in self.implied_by)
        before = (*self.invalidated_by, *self.unconfirmed_after, *self.derived_from)
        return (*before, *implied, *sites, *self.shown_with)

    @property
    def level(self) -> int:
        """0 for what stands alone, else one more than the highest level it needs."""
        return 1 + max((feature.level for feature in self.needs), default=-1)


@dataclass(frozen=True, slots=True)
class Edge:
    """A bound in the concept's canonical unit, or a multiple of a reference limit."""

    value: float
    inclusive: bool = True
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Between two edges; at least one is given."""

    low: Edge | None = None
    high: Edge | None = None


@dataclass(frozen=True, slots=True)
class AgeWithin:
    """Completed calendar years at the index date."""

    range: Range
    says: str


@dataclass(frozen=True, slots=True)
class SexIs:
    """Patient.gender."""

    code: str
    says: str


@dataclass(frozen=True, slots=True)
class ValueWithin:
    """The measured value that the feature picks lies in the range."""

    feature: Feature
    range: Range
    says: str


@dataclass(frozen=True, slots=True)
class ValueAmong:
    """The category's value is one of `values` (finer values included) and, where asked, only at `sites`.

    `spread` are the values to which the sites apply: those that say the cancer has spread.
    """

    feature: Feature
    values: frozenset[str]
    says: str
    sites: frozenset[str] = frozenset()
    spread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a therapy must have been given for: reasons by code, or the index cancer."""

    index_cancer: bool
    codes: CodeSet


@dataclass(frozen=True, slots=True)
class Occurred:
    """The diagnosis or therapy is on record, as asked."""

    feature: Feature
    says: str
    active: bool = False
    within: Duration | None = None
    severity: CodeSet | None = None
    purpose: Purpose | None = None
    routes: CodeSet | None = None
    minimum_duration: Duration | None = None


@dataclass(frozen=True, slots=True)
class FormulaWithin:
    """A derived quantity lies in the range; `inputs` in the order that the formula names them.

    `reported` is the same quantity as a laboratory reports it: it counts only where none can be computed, or
    (`newest`) decides unless what is computed is newer.
    """

    formula: str
    concept: Concept
    inputs: tuple[Feature, ...]
    range: Range
    says: str
    reported: Feature | None = None
    newest: bool = False


@dataclass(frozen=True, slots=True)
class ElapsedWithin:
    """Time since the first or latest occurrence: at least `low` and at most `high` ago."""

    since: Occurred | ValueAmong
    which: Which
    low: Duration | None
    low_inclusive: bool
    high: Duration | None
    high_inclusive: bool
    says: str


@dataclass(frozen=True, slots=True)
class FollowedBy:
    """`then` took place after `first`, no later than `within` after it."""

    first: Occurred
    then: Occurred | ValueAmong
    within: Duration | None
    says: str


@dataclass(frozen=True, slots=True)
class CountWithin:
    """The number of distinct occurrences lies in the range; a lower bound where not `complete`."""

    of: Occurred | ValueAmong | ValueWithin
    range: Range
    distinct: Distinct
    within: Duration | None
    complete: bool
    says: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """At least `needed` of the children: AND needs all, OR one."""

    needed: int
    children: tuple[Predicate, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT."""

    child: Predicate
    says: str


@dataclass(frozen=True, slots=True)
class Branch:
    """`then` where `when` holds, else `otherwise`; their common truth where `when` is UNKNOWN."""

    when: Predicate
    then: Predicate
    otherwise: Predicate
    says: str


@dataclass(frozen=True, slots=True)
class OnRecord:
    """TRUE where the child is TRUE, FALSE where no record says so."""

    child: Predicate
    says: str


@dataclass(frozen=True, slots=True)
class ForJudgement:
    """What is TRUE here is for the investigator."""

    child: Predicate
    says: str


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of an ambiguous protocol, none of them chosen yet."""

    question: str
    readings: tuple[tuple[str, Predicate], ...]
    says: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """Decides by itself."""

    value: bool
    says: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Asked in person."""

    says: str


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Eligibility text that nobody has mapped."""

    says: str


Atomic = (
    AgeWithin
    | SexIs
    | ValueWithin
    | ValueAmong
    | Occurred
    | FormulaWithin
    | ElapsedWithin
    | FollowedBy
    | CountWithin
)
Predicate = (
    Atomic | Threshold | Negation | Branch | OnRecord | ForJudgement | Readings | Fixed | Asked | Unmapped
)


@dataclass(frozen=True, slots=True)
class CriterionPlan:
    """A criterion and what decides it."""

    criterion: Criterion
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study, its population (None: everybody) and its criteria, in the study's order."""

    study: Study
    population: Feature | None
    criteria: tuple[CriterionPlan, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an engine needs. `malignancies` and `metastases` find any cancer and
    its spread, for linking records to the index cancer.

    `features` are distinct, ordered by level; `retrieves` one per resource type and code set, distinct.
    """

    studies: tuple[StudyPlan, ...]
    catalogue: Catalogue
    malignancies: Feature
    metastases: Feature
    features: tuple[Feature, ...]
    retrieves: tuple[Retrieve, ...]
