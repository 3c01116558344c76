"""A Case: one patient as one study's population sees them, with the links to the index cancer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from fhirscreen.engines.evaluator.charts import Chart
from fhirscreen.fhir.entries import Entry, Resource, State, codings
from fhirscreen.fhir.references import extension_references, read_targets
from fhirscreen.mapping.concepts import Concept, Role, Source
from fhirscreen.mapping.sites import Site
from fhirscreen.plan.nodes import Feature
from fhirscreen.values.codes import CodeSet, Coding
from fhirscreen.values.dates import EVER, Moment, local_dates, moment_text
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, known
from fhirscreen.verdicts.proofs import Proof

MEMBERSHIP = (Role.MATCH, Role.COARSER)
"""Roles of the sources that make a member."""

_INDEX = frozenset((*MEMBERSHIP, Role.HISTORY))
"""Roles of the sources that tell of the index cancer."""

_MORPHOLOGY = "histology-morphology-behavior"


def source_matches(source: Source, entry: Entry, chart: Chart) -> bool:
    """Whether an entry found by its code also has the component, value, site and morphology asked for."""
    if source.component is not None and component_of(entry.resource, source, chart) is None:
        return False
    if source.value is not None:
        value = codings(entry.resource.get("valueCodeableConcept"), chart.index.terms.short)
        if not has_any(source.value, value):
            return False
    if source.body_site is not None and not has_any(source.body_site, body_sites(entry, chart)):
        return False
    return source.morphology is None or has_any(source.morphology, morphology(entry, chart))


def component_of(resource: Resource, source: Source, chart: Chart) -> Resource | None:
    """The component that a source names; None where the resource has none such."""
    if source.component is None:
        return resource
    for component in resource.get("component", ()):
        found: Resource = component
        for coding in codings(found.get("code"), chart.index.terms.short):
            if source.component.matches(coding.system, coding.code):
                return found
    return None


def has_any(codes: CodeSet, found: tuple[Any, ...]) -> bool:
    """Whether one of the codings is in the set."""
    return any(codes.matches(coding.system, coding.code) for coding in found)


def body_sites(entry: Entry, chart: Chart) -> tuple[Coding, ...]:
    """The codings of bodySite, which is one in an Observation and several elsewhere."""
    site = entry.resource.get("bodySite") or []
    sites = site if isinstance(site, list) else [site]
    return tuple(c for each in sites for c in codings(each, chart.index.terms.short))


def morphology(entry: Entry, chart: Chart) -> tuple[Any, ...]:
    """A condition's further codings and those of its mCODE histology extension."""
    found = list(entry.codings)
    for extension in entry.resource.get("extension", ()):
        if str(extension.get("url", "")).endswith(_MORPHOLOGY):
            found.extend(codings(extension.get("valueCodeableConcept"), chart.index.terms.short))
    return tuple(found)


@dataclass(slots=True)
class Case:
    """A patient's chart for one study: what is linked to its index cancer, and what was computed already.

    `present` are the chart's concepts that have any entry; it is `whole` where nothing of it is known to be
    missing, and `sound` where besides every record says what it is of. `measured` are records of measurements
    by concept, `placed` records of a feature by window, `proofs` of what is asked more than once, each by
    what made it.
    """

    chart: Chart
    population: Feature | None
    malignancies: Feature
    metastases: Feature
    site: Site
    memory: dict[Any, Any] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    sound: bool = True
    whole: bool = True
    measured: dict[str, list[Any]] = field(default_factory=dict)
    placed: dict[int, Any] = field(default_factory=dict)
    proofs: dict[object, Proof] = field(default_factory=dict)
    _links: Links | None = None
    _members: list[Entry] | None = None

    def __post_init__(self) -> None:
        chart = self.chart
        self.present = chart.present
        self.whole = not (chart.unfetched or chart.touched)
        self.sound = self.whole and not chart.untold

    @property
    def as_of(self) -> AsOf:
        """The index date."""
        return self.chart.as_of

    def found(self, concept: Concept, *roles: Role) -> list[tuple[Source, Entry]]:
        """A concept's entries by source, in those roles, not after the index date; each resource once."""
        chart, end = self.chart, self.chart.end
        result: list[tuple[Source, Entry]] = []
        for source, plain, entries in chart.records.get(concept.id, ()):
            if source.role in roles:
                for entry in entries:
                    when = entry.when
                    if (when is None or when.start < end) and (plain or source_matches(source, entry, chart)):
                        result.append((source, entry))
        if len(result) < 2:
            return result
        seen: dict[tuple[str, int], tuple[Source, Entry]] = {}
        for each in result:  # of an Observation, each component that is read by itself
            seen.setdefault((each[1].reference, id(each[1].resource)), each)
        return list(seen.values())

    @property
    def links(self) -> Links:
        """The links to the index cancer, found once."""
        if self._links is None:
            self._links = find_links(self)
        return self._links

    def on_metastasis(self, entry: Entry) -> Truth:
        """Whether a record points to a metastasis; one that points to nothing is not about one."""
        key = "metastases"
        if key not in self.memory:
            found = self.found(self.metastases.concept, Role.MATCH)
            self.memory[key] = {e.reference for _, e in found if e.state is not State.DENIED}
        pointed = read_targets(entry.resource.get("focus"), self.chart.aliases)
        return known(any(reference in self.memory[key] for reference in pointed))

    def at_primary(self, concept: Concept, entry: Entry) -> Truth:
        """Whether a record that names a body site is about where the index cancer began.

        Sites of the cancer's own sources are there; those that the concept's `not_at` names are elsewhere, of
        all others it cannot be told. Where the cancer names no sites, only the latter keep it open.
        """
        if self.population is None:
            return TRUE
        own = self.chart.index.sites(self.population.concept)
        sites = body_sites(entry, self.chart)
        if has_any(own, sites):
            return TRUE
        elsewhere = has_any(self.chart.index.not_at.get(concept.id, CodeSet()), sites)
        if not own:
            return UNKNOWN if elsewhere else TRUE
        return FALSE if elsewhere else UNKNOWN

    def of_index_cancer(self, entry: Entry) -> Truth:
        """Whether a record is a diagnosis of the index cancer, or says that there was one.

        Where a study is for cancers of any kind, several records may be of one cancer or of several. What
        says another histology of the organ, or a former cancer of it, may be the index cancer in other words.
        """
        if self.population is None:
            return FALSE
        concept = self.population.concept
        key = "index cancer"
        if key not in self.memory:
            self.memory[key] = {each.reference: source.role for source, each in self.found(concept, *Role)}
        found: dict[str, Role] = self.memory[key]
        role = found.get(entry.reference)
        if role in _INDEX:
            several = sum(each in _INDEX for each in found.values()) > 1
            return UNKNOWN if several and not concept.about_cancer else TRUE
        return FALSE if role is None and not has_any(concept.same_organ, entry.codings) else UNKNOWN

    def member_evidence(self) -> list[Entry]:
        """What makes the patient a member: matching or coarser records of the cancer, not refuted."""
        if self.population is None:
            return []
        if self._members is None:
            found = self.found(self.population.concept, *MEMBERSHIP)
            self._members = [entry for _, entry in found if entry.state is not State.DENIED]
        return self._members


@dataclass(frozen=True, slots=True)
class Links:
    """Which records are about the index cancer (design: population and index cancer).

    `conditions` are the index cancer's own, `others` those of other cancers; `only_active`, `only_ever`: it
    is the only malignancy that is active, or on record at all; `assessments` are observations that its stages
    refer to, `elsewhere` those that another condition's stages refer to; `diagnosed` is the earliest date of
    the cancer, None unknown.
    """

    conditions: frozenset[str]
    only_active: bool
    only_ever: bool
    others: frozenset[str]
    assessments: frozenset[str]
    elsewhere: frozenset[str]
    specimens: frozenset[str]
    diagnosed: Moment | None

    def link(self, entry: Entry, chart: Chart) -> Truth:
        """Whether a record is about the index cancer: linked, linked elsewhere, or not to be told."""
        if entry.reference in self.conditions or entry.reference in self.assessments:
            return TRUE
        if entry.reference in self.elsewhere or entry.reference in self.others:
            return FALSE
        resource = entry.resource
        if "focus" in resource or "extension" in resource:
            named = list(read_targets(resource.get("focus"), chart.aliases))
            if "extension" in resource:
                named.extend(extension_references(resource, chart.aliases))
            pointed = [reference for reference in named if reference.startswith("Condition/")]
            if not self.conditions.isdisjoint(pointed):
                return TRUE
            if pointed:
                return FALSE
        if self.specimens and any(
            reference in self.specimens for reference in read_targets(resource.get("specimen"), chart.aliases)
        ):
            return TRUE
        # The only cancer on record leaves no doubt either, in remission as it may be.
        return TRUE if self.only_active or self.only_ever else UNKNOWN


def find_links(case: Case) -> Links:
    """The links of a case; for a population of everybody, every record is about the patient's only cancer."""
    chart = case.chart
    if case.population is None:
        return Links(frozenset(), True, True, frozenset(), frozenset(), frozenset(), frozenset(), None)
    members = [entry for entry in case.member_evidence() if entry.reference.startswith("Condition/")]
    conditions = frozenset(entry.reference for entry in members)
    # What only says that there was this cancer is no other one.
    own = {entry.reference for _, entry in case.found(case.population.concept, Role.HISTORY)}
    found = [
        (source, entry)
        for source, entry in case.found(case.malignancies.concept, Role.MATCH, Role.HISTORY)
        if entry.state is not State.DENIED and entry.reference not in conditions | own
    ]
    others = [entry for _, entry in found]
    active_others = any(entry.ongoing for source, entry in found if source.role is Role.MATCH)
    active = any(entry.ongoing for entry in members)
    # A cancer that was not fetched, or could not be read, may be another one.
    whole = chart.whole(case.malignancies.concept)
    assessments = frozenset(ref for entry in members for ref in _assessments(entry, chart))
    assessments |= _reached("hasMember", chart, conditions, assessments)
    elsewhere = frozenset(ref for entry in others for ref in _assessments(entry, chart)) - assessments
    starts = [entry.when for entry in members if entry.when is not None]
    diagnosed = min(starts) if starts and len(starts) == len(members) else None
    return Links(
        conditions,
        whole and active and not active_others,
        whole and bool(conditions) and not others,
        frozenset(entry.reference for entry in others),
        assessments,
        elsewhere,
        _reached("specimen", chart, conditions, assessments),
        diagnosed,
    )


def _assessments(entry: Entry, chart: Chart) -> list[str]:
    found: list[str] = []
    for stage in entry.resource.get("stage", ()):
        found.extend(read_targets(stage.get("assessment"), chart.aliases))
    return found


def _reached(
    element: str, chart: Chart, conditions: frozenset[str], assessments: frozenset[str]
) -> frozenset[str]:
    """What an element of those observations refers to that are linked to the index cancer by themselves."""
    found: set[str] = set()
    for entry in chart.pointing:
        if element in entry.resource and (
            entry.reference in assessments
            or any(ref in conditions for ref in read_targets(entry.resource.get("focus"), chart.aliases))
        ):
            found.update(read_targets(entry.resource[element], chart.aliases))
    return frozenset(found)


@lru_cache(maxsize=1 << 16)
def date_text(moment: Moment | None, zone: ZoneInfo) -> str:
    """A clinical time as text; empty where there is none.

    What has no beginning (a course of which only the end is known) is written as its last day.
    """
    if moment is None:
        return ""
    first, last = local_dates(moment, zone)
    if first > date.min:
        return moment_text(moment, zone)
    return "" if last == date.max else last.isoformat()


def clipped(moment: Moment | None, end: int) -> Moment:
    """A moment as far as it can lie before the index date ends; undated: any time before."""
    if moment is None:
        return Moment(EVER.start, end)
    return Moment(moment.start, end) if moment.end > end else moment
