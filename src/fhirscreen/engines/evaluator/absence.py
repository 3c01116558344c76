"""What no record means: not `no`, unless the site says that its sources are complete (design: absence)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from fhirscreen.criteria.amounts import say_length
from fhirscreen.engines.evaluator.cases import Case, clipped, date_text, has_any
from fhirscreen.engines.evaluator.therapies import active, current, last_given, routes
from fhirscreen.fhir.entries import Entry
from fhirscreen.mapping.concepts import Concept, ConceptKind, Role
from fhirscreen.mapping.sites import LIFELONG
from fhirscreen.plan.nodes import Feature
from fhirscreen.values.dates import relation, start_of_day
from fhirscreen.values.durations import Duration, days_before
from fhirscreen.values.truth import FALSE, UNKNOWN
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason

NO_RECORD = Proof(UNKNOWN, Basis.MISSING, Reason.NO_RECORD)
NOT_FETCHED = Proof(UNKNOWN, Basis.MISSING, Reason.NOT_FETCHED)
_SHOWN = 3
"""So many of the records that tell nothing are named, the latest ones."""
PRESUMED_NO = Proof(FALSE, Basis.PRESUMED, Reason.ABSENCE_PRESUMED)


def no_record(case: Case, concept: Concept) -> Proof:
    """No record of something that is never taken as absent: a measurement, a score, a stage."""
    return NO_RECORD if case.chart.whole(concept) else not_fetched(case, concept)


def not_fetched(case: Case, concept: Concept) -> Proof:
    """Something that could be a record of the concept was not fetched, or could not be read."""
    return NOT_FETCHED._replace(because=case.chart.unreadable(concept))


def no_value(case: Case, feature: Feature, *, found: bool) -> Proof:
    """What no deciding record of a value means; where records were `found`, they too decide only as long as
    every event was fetched and read that could speak against them.
    """
    if case.whole:
        return NO_RECORD
    chart = case.chart
    against = (*feature.invalidated_by, *feature.unconfirmed_after, *(each for _, each in feature.implied_by))
    lost = next((each.concept for each in against if not chart.whole(each.concept)), None) if found else None
    if lost is not None:
        return not_fetched(case, lost)
    return no_record(case, feature.concept)


def absent(case: Case, concept: Concept, since: Duration | None, *, ever: bool = True) -> Proof:
    """No record of a diagnosis or therapy: presumed FALSE where every source is complete, else UNKNOWN.

    `since` is the window asked about; None asks about *ever*, which only a lifelong source settles, or
    (`ever=False`) about now, which any source settles that is complete by the index date.
    """
    if not case.chart.whole(concept):
        return not_fetched(case, concept)
    if not concept.absence_by_site:
        return NO_RECORD
    complete, late = _complete(case, concept, since, ever=ever)
    if not complete:
        return NO_RECORD._replace(because=late) if late else NO_RECORD
    if untold := _untold(case, concept, since, ever=ever):
        return untold
    if elsewhere(case, concept.elsewhere_after):
        return NO_RECORD._replace(because=_diagnosed(concept.elsewhere_after))
    return PRESUMED_NO


def _diagnosed(after: Duration | None) -> str:
    """Why treatment elsewhere is likely."""
    limit = "long" if after is None else f"more than {say_length(after)}"
    return f"the cancer was diagnosed {limit} ago, or at no known date: it may have been treated elsewhere"


def _complete(case: Case, concept: Concept, since: Duration | None, *, ever: bool) -> tuple[bool, str]:
    """Whether the site declares every source complete for the time asked about, and which one too late."""
    late = ""
    start: date | None = None
    if since is not None:
        start = days_before(case.as_of.day, since)
    elif not ever:
        start = case.as_of.day
    # A source of what only judgement can find, or of a less specific code, is a source too.
    for resource in {source.resource for source in concept.sources if source.role is not Role.DISJOINT}:
        declared = case.site.complete_since(concept.id, resource)
        if declared is None:
            return False, ""
        if declared is not LIFELONG and (start is None or declared > start):
            late = late or f"{resource} is complete here only since {declared.isoformat()}, too late for it"
    return not late, late


def _untold(case: Case, concept: Concept, since: Duration | None, *, ever: bool) -> Proof | None:
    """What keeps silence from being no: records in the window of which no code says what they are about."""
    end, types = case.chart.end, case.chart.index.presumes(concept)
    therapy = concept.kind is ConceptKind.THERAPY
    window = None if since is None else case.as_of.window(since)
    found = []
    narrowed = case.chart.narrowed
    for entry in case.chart.untold:
        if concept.id not in narrowed.get(entry.reference, (concept.id,)):
            continue
        if concept.routes_not and has_any(concept.routes_not, routes(entry.resource, case)):
            continue
        if entry.resource["resourceType"] not in types or (entry.when and entry.when.start >= end):
            continue
        when = last_given(entry, end) if therapy else clipped(entry.when, end)
        if window is not None and relation(when, window) is FALSE:
            continue
        if ever or window is not None or (current if therapy else active)(entry, end) is not FALSE:
            found.append((when.end, when.start, entry))
    if not found:
        return None
    found.sort(key=lambda each: (each[0], each[1], each[2].reference))
    shown = [entry for _, _, entry in found[-_SHOWN:]]
    evidence = tuple(sorted(entry.reference for entry in shown))
    date = date_text(shown[-1].when, case.site.zone)
    because = "; ".join(f"{entry.reference} {_unnamed(entry)}" for entry in reversed(shown))
    return Proof(UNKNOWN, Basis.MISSING, Reason.COARSER_CODE, evidence, date=date, because=because)


def _unnamed(entry: Entry) -> str:
    """Why no code tells what a record is of; its words are not repeated, for they may say who it is of."""
    codes = [coding.code for coding in entry.codings if coding.code]
    return f"has no code known here ({', '.join(codes)})" if codes else "is in words alone"


def elsewhere(case: Case, after: Duration | None) -> bool:
    """Whether treatment elsewhere is likely: the cancer was diagnosed too long ago, or at no known date."""
    if after is None or case.population is None:
        return False
    diagnosed = case.links.diagnosed
    if diagnosed is None:
        return True
    return diagnosed.start < _first_day(case.as_of.day, after, case.site.zone)


@lru_cache(maxsize=256)
def _first_day(day: date, before: Duration, zone: ZoneInfo) -> int:
    return start_of_day(days_before(day, before), zone)
