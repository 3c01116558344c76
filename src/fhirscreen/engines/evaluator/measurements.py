"""Measured values within bounds."""

from __future__ import annotations

from fhirscreen.criteria.bounds import Which
from fhirscreen.engines.evaluator.absence import no_value
from fhirscreen.engines.evaluator.cases import Case, date_text
from fhirscreen.engines.evaluator.items import Item, measurement_items
from fhirscreen.engines.evaluator.occurrences import event_times, occurrences
from fhirscreen.engines.evaluator.ranges import limit_of
from fhirscreen.engines.evaluator.selection import Decide, Placed, decide, latest, lone, place, shown_proof
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.nodes import Edge, Feature, Occurred, Range, ValueWithin
from fhirscreen.values.dates import local_dates, relation
from fhirscreen.values.durations import day_window
from fhirscreen.values.intervals import Interval, compare, is_above, is_at_least, is_at_most, is_below
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, conjunction
from fhirscreen.verdicts.proofs import Proof, threshold
from fhirscreen.verdicts.reasons import Reason

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_MINIMUM = Which.MINIMUM
_MAXIMUM = Which.MAXIMUM


def placed_items(case: Case, feature: Feature) -> Placed:
    """A measurement's records by window; those that a later event voids are only shown."""
    known: Placed | None = case.placed.get(id(feature))
    if known is None:
        voided = [time for event in feature.invalidated_by for time in event_times(case, event)]
        known = place(measurement_items(case, feature.concept), feature.windows, case.as_of, voided)
        case.placed[id(feature)] = known
    return known


def value_within(case: Case, node: ValueWithin) -> Proof:
    """The proof that the feature's value lies in the range."""
    feature, which = node.feature, node.feature.which
    if which is _MINIMUM or which is _MAXIMUM:
        placed = placed_items(case, feature)
        absent = no_value(case, feature, found=bool(placed.certain or placed.possible))
        return _extremum(case, node, placed, absent)
    items = measurement_items(case, feature.concept)
    only = lone(case, feature, items)
    if only is not None:
        truth, reason = _says(case, feature.concept, node.range, only)
        proof = shown_proof(truth, reason, items, node.says)
    else:
        placed = placed_items(case, feature)
        absent = no_value(case, feature, found=bool(placed.certain or placed.possible))
        proof = decide(placed, which, _judge(case, feature.concept, node.range), node.says, absent)
    for each in feature.shown_with:
        if each.concept.id in case.present:
            return with_therapies(case, feature, proof, placed_items(case, feature))
    return proof


def with_therapies(case: Case, feature: Feature, proof: Proof, placed: Placed) -> Proof:
    """The proof of a result, naming therapies that change it and that were given shortly before it."""
    if proof.truth is UNKNOWN:
        return proof
    items = [item for item in (*placed.certain, *placed.possible) if item.reference in proof.evidence]
    if not items:
        return proof
    measured, zone, said = latest(items).when, case.site.zone, [proof.because] if proof.because else []
    for each in feature.shown_with:
        window = day_window(local_dates(measured, zone)[1], each.windows.decides, zone)
        given = [
            o.when
            for o in occurrences(case, Occurred(each, ""))
            if o.truth is TRUE and o.entry.when is not None and relation(o.when, window) is not FALSE
            if o.when.start < measured.end
        ]
        if given:
            last = max(given, key=lambda moment: (moment.end, moment.start))
            said.append(f"after {each.concept.label}, {date_text(last, zone)[:10]}")
    return proof._replace(because="; ".join(said))


def _extremum(case: Case, node: ValueWithin, placed: Placed, absent: Proof) -> Proof:
    """A minimum is at least a bound when every value is, and at most a bound when any is."""
    low, high = node.range.low, node.range.high
    lowest = node.feature.which is _MINIMUM
    proofs = []
    for edge, bounds, every in ((low, Range(low=low), lowest), (high, Range(high=high), not lowest)):
        if edge is not None:
            which = Which.EVERY if every else Which.ANY
            judge = _judge(case, node.feature.concept, bounds)
            proofs.append(decide(placed, which, judge, node.says, absent))
    return proofs[0] if len(proofs) == 1 else threshold(2, proofs, node.says)._replace(children=())


def _judge(case: Case, concept: Concept, bounds: Range) -> Decide:
    return lambda item: _says(case, concept, bounds, item)


def _says(case: Case, concept: Concept, bounds: Range, item: Item) -> tuple[Truth, Reason | None]:
    """What one result says by itself."""
    if item.blocked is not None or item.interval is None:
        return UNKNOWN, item.blocked or Reason.NO_VALUE
    return compare_range(case, concept, item, bounds)


def compare_range(case: Case, concept: Concept, item: Item, bounds: Range) -> tuple[Truth, Reason | None]:
    """Whether one result lies in a range whose edges may be multiples of its own reference limits."""
    assert item.interval is not None  # noqa: S101 - narrowed by the caller
    truth = TRUE
    if bounds.low is not None:
        low = _number(case, concept, item, bounds.low)
        if low is None:
            return UNKNOWN, Reason.NO_REFERENCE_RANGE
        truth = against(item.interval, bounds.low, low, lower=True)
    if bounds.high is not None:
        high = _number(case, concept, item, bounds.high)
        if high is None:
            return UNKNOWN, Reason.NO_REFERENCE_RANGE
        upper = against(item.interval, bounds.high, high, lower=False)
        truth = upper if truth is TRUE else conjunction((truth, upper))
    return truth, (Reason.CENSORED_VALUE if truth is UNKNOWN else None)


def _number(case: Case, concept: Concept, item: Item, edge: Edge) -> float | None:
    """An edge as a number; None where it is a multiple of a limit that the result does not have."""
    if edge.limit is None:
        return edge.value
    limit = limit_of(case, concept, item, edge.limit)
    return None if limit is None else edge.value * limit


def against(interval: Interval, edge: Edge, number: float, *, lower: bool) -> Truth:
    """Whether an interval lies on the right side of one edge, whose number is given."""
    low, high, low_open, high_open = interval
    if low is not None and low == high and not (low_open or high_open):
        # One number, as nearly all are: a single comparison tells.
        order = compare(low, number) if lower else compare(number, low)
        return TRUE if order > 0 or (order == 0 and edge.inclusive) else FALSE
    if lower:
        return is_at_least(interval, number) if edge.inclusive else is_above(interval, number)
    return is_at_most(interval, number) if edge.inclusive else is_below(interval, number)


def in_range(interval: Interval, bounds: Range) -> Truth:
    """Whether an interval lies in a range of plain numbers."""
    truth = TRUE
    if bounds.low is not None:
        truth = against(interval, bounds.low, bounds.low.value, lower=True)
    if bounds.high is not None and truth is not FALSE:
        upper = against(interval, bounds.high, bounds.high.value, lower=False)
        truth = upper if truth is TRUE or upper is FALSE else truth
    return truth
