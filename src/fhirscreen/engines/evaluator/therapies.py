"""What a therapy was given for, by which route and for how long; whether it, or a condition, goes on."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.engines.evaluator.cases import Case, clipped, has_any
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Entry, Resource, codings
from fhirscreen.fhir.references import read_targets
from fhirscreen.plan.nodes import Occurred, Purpose
from fhirscreen.values.codes import CodeSet, Coding
from fhirscreen.values.dates import Moment, local_dates
from fhirscreen.values.durations import Duration, days_after
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth
from fhirscreen.verdicts.reasons import Reason


def given_as_asked(case: Case, node: Occurred, entry: Entry) -> Iterator[tuple[Truth, Reason]]:
    """One check for each thing that the mapping or the criterion asks of a therapy."""
    concept = node.feature.concept
    found = routes(entry.resource, case)
    if concept.routes_not and has_any(concept.routes_not, found):
        yield FALSE, Reason.NO_VALUE
    if node.routes is not None:
        known = UNKNOWN if not found else TRUE if has_any(node.routes, found) else FALSE
        yield known, Reason.NO_VALUE
    yield _purpose(case, node, entry), Reason.AMBIGUOUS_FOCUS
    if node.active:
        yield current(entry, case.chart.end), Reason.IMPRECISE_DATE
    if node.minimum_duration is not None:
        yield _lasted(case, entry, node.minimum_duration), Reason.IMPRECISE_DATE


def routes(resource: Resource, case: Case) -> tuple[Coding, ...]:
    """The routes of a medication resource, wherever its type keeps them."""
    dosages: list[Resource] = []
    for element in ("dosage", "dosageInstruction"):
        value = resource.get(element)
        if value is None:
            continue
        if not isinstance(value, list | dict):
            raise DataError(f"{element} is not an object or a list of them", expected="the dosage of R4")
        dosages.extend(value if isinstance(value, list) else [value])
    short = case.chart.index.terms.short
    return tuple(coding for dosage in dosages for coding in codings(dosage.get("route"), short))


def reasons(case: Case, entry: Entry) -> tuple[tuple[Coding, ...], frozenset[str], bool]:
    """The codes of a therapy's reason, the conditions it refers to, and whether it gives a reason at all."""
    resource, short = entry.resource, case.chart.index.terms.short
    listed = resource.get("reasonCode") or []
    found = [coding for reason in listed for coding in codings(reason, short)]
    references = frozenset(read_targets(resource.get("reasonReference"), case.chart.aliases))
    for reference in sorted(references):
        condition = case.chart.find(reference)
        if condition is not None:
            found.extend(codings(condition.get("code"), short))
    return tuple(found), references, bool(listed or references)


def _purpose(case: Case, node: Occurred, entry: Entry) -> Truth:
    """Whether it was given for what the criterion asks, or for what makes a drug with several uses count."""
    concept, purpose = node.feature.concept, node.purpose
    shared = bool(concept.shared_use) and has_any(concept.shared_use, entry.codings)
    if purpose is None and not shared and not concept.not_for:
        return TRUE
    codes, references, stated = reasons(case, entry)
    if purpose is not None:
        return _for(case, entry, purpose, codes, references, stated=stated, shared=shared)
    if concept.not_for and has_any(concept.not_for, codes):
        return FALSE
    if not shared:
        return TRUE
    return _stated(concept.counts_for, codes, stated=stated)


def _stated(wanted: CodeSet, codes: tuple[Coding, ...], *, stated: bool) -> Truth:
    """A reason that is stated in codes decides; none, or one in words only, does not."""
    if has_any(wanted, codes):
        return TRUE
    return FALSE if stated and codes else UNKNOWN


def _for(
    case: Case,
    entry: Entry,
    purpose: Purpose,
    codes: tuple[Coding, ...],
    references: frozenset[str],
    *,
    stated: bool,
    shared: bool,
) -> Truth:
    if purpose.index_cancer and references & case.links.conditions:
        return TRUE
    told = _stated(purpose.codes, codes, stated=stated)
    if told is not UNKNOWN or not purpose.index_cancer or stated or shared:
        return told
    return TRUE if case.links.only_ever and not before_diagnosis(case, entry) else UNKNOWN


def before_diagnosis(case: Case, entry: Entry) -> bool:
    """Whether an entry began before the first record of the index cancer: it may be for an older one."""
    began, diagnosed = entry.began or entry.when, case.links.diagnosed
    return began is not None and diagnosed is not None and began.end <= diagnosed.start


def last_given(entry: Entry, end: int) -> Moment:
    """When a therapy was last given: its end, the index date where it goes on, else its only date."""
    if entry.ongoing:
        return Moment(end - 1, end)
    last = entry.ended if entry.ended is not None else entry.when
    moment = clipped(last, end)
    return moment if moment.start < end else Moment(end - 1, end)


def active(entry: Entry, end: int) -> Truth:
    """Whether a condition had not ended at the index date."""
    if entry.ongoing:
        return TRUE
    if entry.ended is not None and entry.ended.start >= end:
        return TRUE
    return FALSE


def current(entry: Entry, end: int) -> Truth:
    """Whether a therapy goes on at the index date."""
    if entry.ongoing:
        return TRUE
    if entry.ended is None:
        # A course without an end may go on; a single dose is over.
        return UNKNOWN if entry.when is not None and entry.when.end > end else FALSE
    if entry.ended.start >= end:
        return TRUE
    return FALSE if entry.ended.end < end else UNKNOWN


def _lasted(case: Case, entry: Entry, minimum: Duration) -> Truth:
    """Whether a course lasted at least so long; both ends must be known, or it goes on."""
    end = case.chart.end
    start = _start(entry)
    if start is None:
        return UNKNOWN
    last = Moment(end - 1, end) if entry.ongoing else entry.ended
    if last is None:
        return UNKNOWN
    zone = case.site.zone
    first_low, first_high = local_dates(start, zone)
    last_low, last_high = local_dates(last, zone)
    if last_low >= days_after(first_high, minimum):
        return TRUE
    return FALSE if last_high < days_after(first_low, minimum) else UNKNOWN


def _start(entry: Entry) -> Moment | None:
    """When a course began; None where only its end is known."""
    if entry.began is not None:
        return entry.began
    return None if entry.ended is not None else entry.when
