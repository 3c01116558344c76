"""Events in time: how long ago, what came after what, how many."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from fhirscreen.criteria.bounds import Distinct, Which
from fhirscreen.engines.evaluator.absence import NO_RECORD, absent, no_record
from fhirscreen.engines.evaluator.cases import Case, clipped, date_text
from fhirscreen.engines.evaluator.categories import value_times
from fhirscreen.engines.evaluator.findings import finest, say_leaves
from fhirscreen.engines.evaluator.items import Item, measurement_items
from fhirscreen.engines.evaluator.measurements import compare_range, in_range
from fhirscreen.engines.evaluator.occurrences import SAYING, occurrences
from fhirscreen.fhir.entries import Entry, State, codings
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.nodes import CountWithin, ElapsedWithin, FollowedBy, Occurred, ValueAmong, ValueWithin
from fhirscreen.values.dates import Moment, after, local_dates, relation
from fhirscreen.values.days import Days, fewest_days, most_days
from fhirscreen.values.durations import Duration, days_after, days_before
from fhirscreen.values.intervals import Interval
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, conjunction, known
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason, first_reason


class Event(NamedTuple):
    """A record that may be an event: whether it is one, when it was last so, and when it `began`.

    `record` tells records apart: components of one Observation share its reference.
    """

    truth: Truth
    reason: Reason | None
    when: Moment
    dated: bool
    reference: str
    name: str
    began: Moment
    record: object
    item: Item | None = None


def events(case: Case, of: Occurred | ValueAmong | ValueWithin) -> list[Event]:
    """The records of an event, true and possible ones, in the order of time."""
    if isinstance(of, Occurred):
        found = [
            Event(
                o.truth,
                o.reason,
                o.when,
                o.entry.when is not None,
                o.entry.reference,
                _name(o.entry),
                clipped(o.entry.began or o.entry.when, case.as_of.end),
                _record(o.entry, o.entry.reference),
            )
            for o in occurrences(case, of)
            if o.role in SAYING and o.entry.state is not State.DENIED
        ]
    elif isinstance(of, ValueAmong):
        found = [
            Event(
                truth,
                reason,
                when,
                bool(item.date),
                item.reference,
                _place(item),
                when,
                _record(item.entry, item.reference),
            )
            for when, truth, reason, item in value_times(case, of)
        ]
    else:
        found = []
        for item in measurement_items(case, of.feature.concept):
            if item.skipped:
                continue
            if item.blocked is not None or item.interval is None:
                truth, reason = UNKNOWN, item.blocked or Reason.NO_VALUE
            else:
                truth, why = compare_range(case, of.feature.concept, item, of.range)
                reason = why or Reason.CENSORED_VALUE
            found.append(
                Event(
                    truth,
                    reason if truth is UNKNOWN else None,
                    item.when,
                    bool(item.date),
                    item.reference,
                    item.value,
                    item.when,
                    _record(item.entry, item.reference),
                    item,
                )
            )
    return sorted(found, key=lambda e: (e.when.start, e.when.end, e.reference))


def _record(entry: Entry | None, reference: str) -> object:
    return reference if entry is None else (reference, id(entry.resource))


def _name(entry: Entry) -> str:
    """What tells one occurrence from another of the same concept: its code and its site."""
    code = entry.codings[0].code if entry.codings else ""
    return " ".join((code, *_sites(entry)))


def _place(item: Item) -> str:
    """Likewise for a category's value."""
    return " ".join((*sorted(item.values), *(_sites(item.entry) if item.entry is not None else ())))


def _sites(entry: Entry) -> tuple[str, ...]:
    site = entry.resource.get("bodySite") or []
    sites = site if isinstance(site, list) else [site]
    return tuple(sorted({coding.code for each in sites for coding in codings(each, str)}))


def nothing(case: Case, of: Occurred | ValueAmong | ValueWithin, since: Duration | None = None) -> Proof:
    """What no record of the event means."""
    if isinstance(of, Occurred):
        return absent(case, of.feature.concept, since or of.within, ever=not of.active)
    return no_record(case, of.feature.concept)


def elapsed_within(case: Case, node: ElapsedWithin) -> Proof:
    """Time since the first or latest occurrence; one that never was is infinitely long ago."""
    found = [event for event in events(case, node.since) if event.truth is not FALSE]
    never = nothing(case, node.since)
    if not found:
        if never.truth is FALSE:
            return never._replace(truth=known(node.high is None), says=node.says)
        return never._replace(says=node.says)
    true = [event for event in found if event.truth is TRUE]
    if not true:
        reasons = [event.reason for event in found if event.reason is not None]
        return _shown(case, UNKNOWN, first_reason(reasons), found, node.says)
    latest = node.which is Which.LATEST
    if latest:
        floor = max(event.when.start for event in true)
        tried = [event for event in found if event.when.end > floor]
    else:
        ceiling = min(event.when.end for event in true)
        tried = [event for event in found if event.when.start < ceiling]
    truths = {_apart(case, node, event.when) for event in tried}
    if len(truths) == 1 and UNKNOWN not in truths:
        # Whichever of them it was, it was as long ago.
        truth = truths.pop()
        if never.reason is Reason.NOT_FETCHED and truth is not _lasting(node):
            return _unread(_shown(case, UNKNOWN, None, tried, node.says), never)
        return _shown(case, truth, None, tried, node.says)
    reasons = [event.reason for event in tried if event.reason is not None] or [Reason.IMPRECISE_DATE]
    return _shown(case, UNKNOWN, first_reason(reasons), tried, node.says)


def _lasting(node: ElapsedWithin) -> Truth | None:
    """The truth that one more occurrence, which was not fetched or could not be read, cannot change."""
    latest = node.which is Which.LATEST
    if node.low is None:
        return known(latest)
    return known(not latest) if node.high is None else None


def _unread(proof: Proof, lost: Proof) -> Proof:
    """A proof that what was not fetched, or could not be read, may change."""
    return proof._replace(truth=UNKNOWN, reason=Reason.NOT_FETCHED, because=lost.because)


def _apart(case: Case, node: ElapsedWithin, when: Moment) -> Truth:
    """Whether an event lies as long ago as asked: days are whole, ends are included where the bound is."""
    day = case.as_of.day
    first, last = local_dates(when, case.site.zone)
    truths = []
    if node.low is not None:
        limit = days_before(day, node.low)
        early, late = (first <= limit, last <= limit) if node.low_inclusive else (first < limit, last < limit)
        truths.append(known(late) if early == late else UNKNOWN)
    if node.high is not None:
        limit = days_before(day, node.high)
        early, late = (
            (first >= limit, last >= limit) if node.high_inclusive else (first > limit, last > limit)
        )
        truths.append(known(late) if early == late else UNKNOWN)
    return conjunction(truths)


def followed_by(case: Case, node: FollowedBy) -> Proof:
    """`then` after `first`: TRUE with one certain pair; without `first`, what its absence means."""
    firsts = [event for event in events(case, node.first) if event.truth is not FALSE]
    if not firsts:
        return nothing(case, node.first)._replace(says=node.says)
    all_thens = events(case, node.then)
    thens = [event for event in all_thens if event.truth is not FALSE]
    possible: list[tuple[Event, Event, Reason]] = []
    for first in firsts:
        for then in thens:
            order = _follows(case, node, first, then)
            truth = conjunction((first.truth, then.truth, order))
            if truth is TRUE:
                return _shown(case, TRUE, None, [first, then], node.says)
            if truth is UNKNOWN:
                reasons = [r for r in (first.reason, then.reason) if r is not None]
                possible.append((first, then, first_reason(reasons) or Reason.IMPRECISE_DATE))
    if possible:
        involved = [event for first, then, _ in possible for event in (first, then)]
        reason = first_reason([why for _, _, why in possible])
        return _shown(case, UNKNOWN, reason, involved, node.says)
    # An observation after the exposure that says otherwise answers; silence does not.
    answered = [
        event
        for event in all_thens
        if event.truth is FALSE and any(after(event.when, f.began) is TRUE for f in firsts if f.truth is TRUE)
    ]
    missing = nothing(case, node.then)
    if answered:
        proof = _shown(case, FALSE, None, [*firsts, *answered], node.says)
        lost = missing if missing.reason is Reason.NOT_FETCHED else nothing(case, node.first)
        return _unread(proof, lost) if lost.reason is Reason.NOT_FETCHED else proof
    if missing.truth is FALSE:
        return missing._replace(says=node.says)
    unsure = [event.reason for event in firsts if event.reason is not None]
    sure = any(event.truth is TRUE for event in firsts)
    reason = missing.reason if sure else first_reason([*unsure, Reason.NO_RECORD])
    proof = _shown(case, UNKNOWN, reason, firsts, node.says)
    return proof._replace(basis=Basis.MISSING) if sure else proof


def _follows(case: Case, node: FollowedBy, first: Event, then: Event) -> Truth:
    # What comes under a treatment that goes on comes after it began; a limit counts from the last dose.
    order = after(then.when, first.began)
    if node.within is None or order is FALSE:
        return order
    zone = case.site.zone
    (low, high), (then_low, then_high) = local_dates(first.when, zone), local_dates(then.when, zone)
    late = known(then_high <= days_after(low, node.within))
    if late is FALSE and then_low <= days_after(high, node.within):
        late = UNKNOWN
    return conjunction((order, late))


def count_within(case: Case, node: CountWithin) -> Proof:
    """How many distinct occurrences: from those certain to those possible, or to any number.

    The upper end is open to any number where records are only a lower bound of the truth, or where no site
    says that its sources are complete.
    """
    found = [event for event in events(case, node.of) if event.truth is not FALSE]
    if node.within is not None:
        window = case.as_of.window(node.within)
        found = [
            event._replace(truth=conjunction((event.truth, relation(event.when, window))))
            for event in found
            if relation(event.when, window) is not FALSE
        ]
    certain = [event for event in found if event.truth is TRUE]
    low, more = _numbers(case, node.of, node.distinct, certain)
    missing = nothing(case, node.of, node.within)
    closed = node.complete and (missing.truth is FALSE or isinstance(node.of, ValueWithin))
    high = float(_numbers(case, node.of, node.distinct, found)[1]) if closed else None
    truth = in_range(Interval(float(low), high), node.range)
    if not found:
        return _none_counted(case, node, missing)
    reason: Reason | None = None
    if truth is UNKNOWN:
        unsure = [event.reason or Reason.IMPRECISE_DATE for event in found if event.truth is UNKNOWN]
        if low < more:
            unsure.append(Reason.IMPRECISE_DATE)
        reason = first_reason(unsure) or Reason.CENSORED_VALUE
        if not certain and missing.reason is Reason.NOT_FETCHED:
            reason = Reason.NOT_FETCHED
    proof = _shown(case, truth, reason, found, node.says)
    decided_by_absence = closed and truth is not in_range(Interval(float(low), None), node.range)
    if truth is not UNKNOWN and decided_by_absence and missing.basis is Basis.PRESUMED:
        proof = proof._replace(basis=Basis.PRESUMED, reason=Reason.ABSENCE_PRESUMED)
    if reason is Reason.COARSER_CODE and isinstance(node.of, ValueAmong):
        proof = proof._replace(because=_less_precise(node.of.feature.concept, found))
    if truth is FALSE and node.range.high is not None and node.range.high.value == 0:
        # Where there may be none, what there is tells more than how many.
        return _told(node, proof, certain)
    return proof._replace(value=str(low), unit="")


def _told(node: CountWithin, proof: Proof, certain: list[Event]) -> Proof:
    """The count of what there may be none of, with the value that lies furthest beyond the bound."""
    measured = [each.item for each in certain if each.item is not None and each.item.interval is not None]
    if not measured or not isinstance(node.of, ValueWithin):
        return proof._replace(value=str(len(certain)), unit="")
    above = node.of.range.low is not None
    shown = max(measured, key=lambda item: (_furthest(item, above=above), item.reference))
    return proof._replace(value=shown.value, unit=shown.unit, date=shown.date)


def _furthest(item: Item, *, above: bool) -> float:
    low, high = (item.interval.low, item.interval.high) if item.interval is not None else (None, None)
    if above:
        return inf if high is None else high
    return inf if low is None else -low


def _less_precise(concept: Concept, found: list[Event]) -> str:
    """What the values may be that keep a count open."""
    names = {name for event in found if event.reason is Reason.COARSER_CODE for name in event.name.split()}
    said = [say_leaves(concept, name) for name in sorted(names) if concept.value(name) is not None]
    told = "; ".join(each for each in said if each)
    return f"recorded less precisely than the criterion asks: {told}" if told else ""


def _none_counted(case: Case, node: CountWithin, missing: Proof) -> Proof:
    """Nothing counts: what the records say that speak against it, else what silence means.

    Measurements count as they are recorded, but none at all is not a number of them.
    """
    others = events(case, node.of)
    if others and not node.complete:
        # What is on record is on the right side, and a lower bound of the truth.
        return _shown(case, UNKNOWN, Reason.CENSORED_VALUE, others, node.says)._replace(value="0")
    window = case.as_of.window(node.within)
    inside = [event for event in others if relation(event.when, window) is not FALSE]
    none = in_range(Interval(0.0, 0.0), node.range)
    if inside and isinstance(node.of, ValueWithin):
        return _shown(case, none, None, inside, node.says)._replace(value="0")
    if missing.truth is FALSE:
        return (missing._replace(truth=none) if node.complete else NO_RECORD)._replace(says=node.says)
    return missing._replace(says=node.says)


def _numbers(
    case: Case, of: Occurred | ValueAmong | ValueWithin, distinct: Distinct, found: list[Event]
) -> tuple[int, int]:
    """The least and the greatest number that the events may be: where they are days, some may be the same."""
    if distinct is Distinct.DAY:
        ranges = [_days(case, event) for event in found]
        return fewest_days(ranges), most_days(ranges)
    if distinct is not Distinct.VALUE:
        number = len({event.record for event in found})
    elif isinstance(of, ValueAmong):
        number = _places(of.feature.concept, found)
    else:
        number = len({event.name for event in found})
    return number, number


def _places(concept: Concept, found: list[Event]) -> int:
    """How many values, and places of each, the events surely differ in.

    A value that a finer one among them may be is no other one; nor is one without a place beside one that has
    one.
    """
    places: dict[str, set[str]] = {}
    for event in found:
        value, *sites = event.name.split()
        places.setdefault(value, set()).add(" ".join(sites))
    return sum(max(1, len(places[value] - {""})) for value in finest(concept, frozenset(places)))


def _days(case: Case, event: Event) -> Days:
    """The days on which an event may have been: of a course the last, or the first where that is surer."""
    when = min(event.when, event.began, key=lambda moment: moment.end - moment.start)
    first, last = local_dates(when, case.site.zone)
    return first.toordinal(), last.toordinal()


def _shown(case: Case, truth: Truth, reason: Reason | None, found: list[Event], says: str) -> Proof:
    dated = [event for event in found if event.dated]
    last = max(dated, key=lambda e: (e.when.end, e.reference), default=None)
    date = date_text(None if last is None else last.when, case.site.zone)
    evidence = tuple(sorted({event.reference for event in found}))
    return Proof(truth, Basis.RECORDED, reason, evidence, "", "", date, says)
