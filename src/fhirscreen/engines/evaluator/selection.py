"""Which record decides: windows, staleness, ties and partial dates (design: which value)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fhirscreen.criteria.amounts import say_unit
from fhirscreen.criteria.bounds import Which
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.items import Item
from fhirscreen.fhir.entries import modified
from fhirscreen.fhir.shapes import UNKNOWN_MODIFIER
from fhirscreen.mapping.concepts import Windows
from fhirscreen.plan.nodes import Feature
from fhirscreen.values.dates import Moment, relation
from fhirscreen.values.durations import AsOf, day_window
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, conjunction, disjunction
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason, first_reason, weakest

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_NOT_FETCHED = Reason.NOT_FETCHED
_COARSER_CODE = Reason.COARSER_CODE
_UNCONFIRMED = Reason.UNCONFIRMED

_new = tuple.__new__
_UNREAD = "recorded in words, or in a code, that are not known here"

Decide = Callable[[Item], tuple[Truth, Reason | None]]
"""What one record says: a truth, and the reason where it is UNKNOWN."""


class Placed(NamedTuple):
    """Records by where they lie: those that decide (and may only possibly lie in the window), those shown.

    `empty` hold no value and are in the window; `past` are older than is shown.
    """

    certain: list[Item]
    possible: list[Item]
    stale: list[Item]
    empty: list[Item]
    past: Sequence[Item] = ()


def place(items: Sequence[Item], windows: Windows, as_of: AsOf, voided: Sequence[Moment] = ()) -> Placed:
    """Sorts records by the windows; what an event in `voided` came after is only shown.

    A record before such an event decides no longer; one that may be before it only possibly decides.
    """
    decides = as_of.window(windows.decides)
    certain: list[Item] = []
    possible: list[Item] = []
    stale: list[Item] = []
    empty: list[Item] = []
    past: list[Item] = []
    for item in items:
        inside = relation(item.when, decides)
        for event in voided:
            if item.when.end <= event.start:
                inside = FALSE
            elif item.when.start < event.end - 1 and inside is TRUE:
                inside = UNKNOWN
        if inside is FALSE:
            if not item.skipped:
                shown = relation(item.when, as_of.window(windows.shows)) is not FALSE
                (stale if shown else past).append(item)
        elif item.skipped:
            empty.append(item)
        elif inside is TRUE:
            certain.append(item)
        else:
            possible.append(item)
    return Placed(certain, possible, stale, empty, past)


def lone(case: Case, feature: Feature, items: Sequence[Item]) -> Item | None:
    """The record that decides, where there is one alone and nothing can keep it from that.

    It surely lies in the window, no event on record can have voided it, and nothing is known to be missing:
    what it says is the answer, whichever record is asked for.
    """
    if len(items) != 1 or not case.whole:
        return None
    item = items[0]
    for event in feature.invalidated_by:
        if event.concept.id in case.present:
            return None
    as_of, when = case.chart.as_of, item.when
    start, end = day_window(as_of.day, feature.windows.decides, as_of.zone)
    return None if item.skipped or when.start < start or when.end > end else item


def decide(placed: Placed, which: Which, judge: Decide, says: str, absent: Proof) -> Proof:
    """The proof of a predicate over records: `judge` says what each one would decide.

    `absent` is the proof where there is no record to show.
    """
    certain = placed.certain
    if len(certain) == 1 and not placed.possible and absent.reason is not _NOT_FETCHED:
        # One record that surely lies in the window: nothing to choose.
        truth, reason = judge(certain[0])
        return shown_proof(truth, reason, certain, says)
    if not certain and not placed.possible:
        return _nothing(placed, says, absent)
    lasting: Truth | None = None
    match which:
        case Which.LATEST | Which.FIRST:
            proof = _extreme(placed, which, judge, says)
        case Which.ANY | Which.EVERY:
            proof = _quantified(placed, which, judge, says)
            lasting = TRUE if which is Which.ANY else FALSE
        case _:
            raise AssertionError("a minimum or maximum is decided edge by edge")
    if absent.reason is _NOT_FETCHED and proof.truth is not lasting:
        # A record that was not fetched, or could not be read, may be the one that decides.
        return proof._replace(truth=UNKNOWN, reason=_NOT_FETCHED, because=absent.because)
    return proof


def _nothing(placed: Placed, says: str, absent: Proof) -> Proof:
    shown, reason = placed.stale, Reason.STALE
    if not shown:
        shown, reason = placed.empty, Reason.NO_VALUE
    if not shown:
        old = placed.past if absent.reason is Reason.NO_RECORD else ()
        return absent._replace(says=says, because=_past(old) if old else absent.because)
    proof = shown_proof(UNKNOWN, reason, [latest(shown)], says)
    if absent.reason is _NOT_FETCHED:
        return proof._replace(reason=_NOT_FETCHED, because=absent.because)
    return proof


def _past(items: Sequence[Item]) -> str:
    """What the latest record says that is too old even to be shown as the last one known."""
    last = latest(items)
    value = " ".join(part for part in (last.value, last.unit and say_unit(last.unit)) if part)
    found = f"the last one ({value})" if value else "the last one"
    return f"{found} is of {last.date[:10]}, too long ago" if last.date else f"{found} has no date"


def latest(items: Sequence[Item]) -> Item:
    """The latest record, in a total order, so that every engine shows the same one."""
    return max(items, key=lambda item: (item.when.end, item.when.start, item.reference))


def shown_proof(truth: Truth, reason: Reason | None, items: Sequence[Item], says: str) -> Proof:
    """A proof that rests on these records; it shows the latest one's value."""
    if len(items) == 1:
        best = items[0]
        basis = best.basis
        evidence: tuple[str, ...] = (best.reference,)
    else:
        best = latest(items)
        basis = weakest([item.basis for item in items])
        evidence = tuple(sorted({item.reference for item in items}))
    # What is open says with `because` what is wrong; what is not, how it was found.
    how = "" if truth is UNKNOWN else best.how
    proof = _new(Proof, (truth, basis, reason, evidence, best.value, best.unit, best.date, says, (), how))
    if reason is None:
        return proof
    if reason is _COARSER_CODE and any(item.blocked is reason and item.unread for item in items):
        return proof._replace(because=_UNREAD)
    if reason is _UNCONFIRMED and any(i.entry is not None and modified(i.entry.resource) for i in items):
        return proof._replace(because=UNKNOWN_MODIFIER)
    return proof


def candidates(placed: Placed, which: Which) -> list[Item]:
    """The records that may be the latest (or first) one, partial dates considered."""
    usable = placed.certain + placed.possible
    if len(usable) == 1:
        return usable
    if which is Which.LATEST:
        floor = max((item.when.start for item in placed.certain), default=None)
        if floor is None:
            return usable
        return [item for item in usable if item.when.end > floor]
    ceiling = min((item.when.end for item in placed.certain), default=None)
    if ceiling is None:
        return usable
    return [item for item in usable if item.when.start < ceiling]


def _extreme(placed: Placed, which: Which, judge: Decide, says: str) -> Proof:
    """Every record that may be the latest is tried: the same truth decides."""
    tried = candidates(placed, which)
    if len(tried) == 1 and placed.certain:
        truth, reason = judge(tried[0])
        return shown_proof(truth, reason, tried, says)
    judged = [(item, *judge(item)) for item in tried]
    truths = {truth for _, truth, _ in judged}
    reasons = [reason for _, _, reason in judged if reason is not None]
    if len(truths) == 1 and (placed.certain or UNKNOWN in truths):
        return shown_proof(truths.pop(), first_reason(reasons), tried, says)
    if {TRUE, FALSE} <= truths:
        same_time = len({item.when for item in tried}) == 1
        reasons.append(Reason.CONFLICTING if same_time and len(tried) > 1 else Reason.IMPRECISE_DATE)
    elif len(truths) == 1:
        # All records that could decide may just as well lie before the window.
        reasons.append(Reason.IMPRECISE_DATE)
    proof = shown_proof(UNKNOWN, first_reason(reasons), tried, says)
    return proof._replace(because=_versus(tried)) if proof.reason is Reason.CONFLICTING else proof


def _versus(items: Sequence[Item]) -> str:
    """What records that contradict each other say: "0 and 2, 2026-10-25"."""
    said = {
        " ".join(part for part in (item.value, item.unit and say_unit(item.unit)) if part): None
        for item in items
    }
    if len(said) < 2 or "" in said:
        return ""
    days = {item.date[:10] for item in items}
    *others, last = sorted(said)
    found = f"{', '.join(others)} and {last}"
    return f"{found}, {days.pop()}" if len(days) == 1 else found


def _quantified(placed: Placed, which: Which, judge: Decide, says: str) -> Proof:
    """Any or every record in the window; one that may lie outside cannot decide by itself."""
    wanted = TRUE if which is Which.ANY else FALSE
    judged = [(item, *judge(item)) for item in placed.certain]
    for item in placed.possible:
        truth, reason = judge(item)
        if truth is wanted:
            truth, reason = UNKNOWN, Reason.IMPRECISE_DATE
        judged.append((item, truth, reason))
    truths = [truth for _, truth, _ in judged]
    truth = disjunction(truths) if which is Which.ANY else conjunction(truths)
    if not placed.certain and truth is not UNKNOWN:
        # Perhaps nothing lies in the window at all.
        items = [item for item, _, _ in judged]
        return shown_proof(UNKNOWN, Reason.IMPRECISE_DATE, items, says)
    deciding = [(item, reason) for item, each, reason in judged if each is truth]
    reasons = [reason for _, reason in deciding if reason is not None]
    proof = shown_proof(truth, first_reason(reasons), [item for item, _ in deciding], says)
    if len(deciding) > 1 and truth is wanted:
        strongest = min((item for item, _ in deciding), key=lambda item: item.basis is not Basis.RECORDED)
        return proof._replace(basis=strongest.basis)
    return proof
