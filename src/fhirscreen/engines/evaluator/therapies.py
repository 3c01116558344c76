"""What a therapy was given for, by which route and for how long; whether it, or a condition, goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from fhirscreen.engines.evaluator.cases import Case, clipped, has_any
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Entry, Resource, State, codings
from fhirscreen.fhir.references import read_targets
from fhirscreen.mapping.concepts import Role, Source
from fhirscreen.plan.nodes import Occurred, Purpose
from fhirscreen.values.codes import CodeSet, Coding
from fhirscreen.values.dates import EVER, Moment, local_dates
from fhirscreen.values.durations import Duration, days_after
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth
from fhirscreen.verdicts.reasons import Reason


def given_as_asked(
    case: Case, node: Occurred, entry: Entry, *, visit: bool = False
) -> Iterator[tuple[Truth, Reason]]:
    """One check for each thing that the mapping or the criterion asks of a therapy.

    A `visit` for it is a dose of that day. While it is not ended, more of them may follow.
    """
    yield from _counts(case, node, entry)
    if visit:
        if node.active:
            yield (UNKNOWN if entry.ongoing else FALSE), Reason.IMPRECISE_DATE
        entry = as_dose(entry)
    elif node.active:
        yield current(entry, case.chart.end), Reason.IMPRECISE_DATE
    if node.minimum_duration is not None:
        yield _lasted(case, entry, node.minimum_duration), Reason.IMPRECISE_DATE


def _counts(case: Case, node: Occurred, entry: Entry) -> Iterator[tuple[Truth, Reason]]:
    """Whether it was given by a route and for a reason that count, whenever that was."""
    concept = node.feature.concept
    found = routes(entry.resource, case)
    if concept.routes_not and has_any(concept.routes_not, found):
        yield FALSE, Reason.NO_VALUE
    if node.routes is not None:
        known = UNKNOWN if not found else TRUE if has_any(node.routes, found) else FALSE
        yield known, Reason.NO_VALUE
    yield _purpose(case, node, entry), Reason.AMBIGUOUS_FOCUS


def as_dose(entry: Entry) -> Entry:
    """A diagnosis that gives a visit for a therapy, as the dose of that day."""
    return entry._replace(began=entry.when, ended=None, ongoing=False)


def in_courses(case: Case, node: Occurred, found: list[tuple[Source, Entry]]) -> list[tuple[Source, Entry]]:
    """The records of a therapy, those that make a course together with the bounds of the course.

    Doses and supplies make one as long as they lie no further apart than the mapping says (`doses_apart`); it
    goes on if the last one is no longer ago. A dose that stands alone, or that has no day, is left as it is.
    """
    apart = node.feature.concept.doses_apart
    if apart is None:
        return found
    zone = case.site.zone
    doses = []
    for number, (source, entry) in enumerate(found):
        days = _days(entry, zone)
        if (
            days is not None
            and source.role is Role.MATCH
            and entry.resource["resourceType"] in _GIVEN
            and entry.state is State.RECORDED
            and not entry.ongoing
            and all(truth is TRUE for truth, _ in _counts(case, node, entry))
        ):
            doses.append((*days, number))
    doses.sort()
    changed = list(found)
    for course in _courses(doses, apart):
        last = max(day for _, day, _ in course)
        if last == course[0][0]:
            continue
        began = found[course[0][2]][1].when
        final = found[max(course, key=lambda dose: (dose[1], dose[2]))[2]][1]
        goes_on = last <= case.as_of.day <= days_after(last, apart)
        ended = None if goes_on else final.ended or final.when
        for _, _, number in course:
            source, entry = found[number]
            changed[number] = source, entry._replace(began=began, ended=ended, ongoing=goes_on)
    return changed


_GIVEN = ("MedicationAdministration", "MedicationDispense")

_Dose = tuple[date, date, int]
"""The first and the last day of a dose or supply, and its place in the list."""


def _courses(doses: list[_Dose], apart: Duration) -> Iterator[list[_Dose]]:
    """Doses in the order of time, parted where more than `apart` lies between them."""
    course: list[_Dose] = []
    last = date.min
    for dose in doses:
        if course and dose[0] > days_after(last, apart):
            yield course
            course = []
        course.append(dose)
        last = max(last, dose[1])
    if course:
        yield course


def _days(entry: Entry, zone: ZoneInfo) -> tuple[date, date] | None:
    """The first and the last day of a dose or supply; None where they are not known to the day."""
    if entry.when is None:
        return None
    (first, same), (last, also) = (
        local_dates(each, zone) for each in (entry.when, entry.ended or entry.when)
    )
    return (first, last) if first == same and last == also else None


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


def last_given(entry: Entry, end: int, *, lasting: bool = False) -> Moment:
    """When a therapy was last given: its end, the index date where it goes on, else its only date.

    `lasting`: a Condition is its long-term use, which has ended some time after its date where it has ended.
    """
    if entry.ongoing:
        return Moment(end - 1, end)
    if lasting and entry.ended is None and entry.resource["resourceType"] == "Condition":
        return Moment(clipped(entry.when, end).start, end)
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
    if entry.resource["resourceType"] == "Condition" and entry.when is not None and not _has_onset(entry):
        return Moment(EVER.start, entry.when.end)  # a long-term use is noted some time after it began
    return None if entry.ended is not None else entry.when


def _has_onset(entry: Entry) -> bool:
    return any(element in entry.resource for element in ("onsetDateTime", "onsetPeriod"))
