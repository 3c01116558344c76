"""What an event on record says of a category: a distant metastasis is M1, and stands beside an M0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhirscreen.engines.evaluator.cases import Case, clipped, date_text
from fhirscreen.engines.evaluator.items import Item, focus_of
from fhirscreen.engines.evaluator.selection import Placed
from fhirscreen.engines.evaluator.therapies import before_diagnosis
from fhirscreen.fhir.entries import Entry, State, status_code
from fhirscreen.fhir.references import extension_references
from fhirscreen.mapping.concepts import Concept, Role
from fhirscreen.plan.nodes import Feature, ValueAmong
from fhirscreen.values.dates import Moment, local_dates, relation
from fhirscreen.values.durations import days_before
from fhirscreen.values.truth import FALSE, UNKNOWN
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason, first_reason

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_CONFLICTING = Reason.CONFLICTING
_MATCH = Role.MATCH
_UNCONFIRMED = State.UNCONFIRMED
_DENIED = State.DENIED


def beside_events(case: Case, feature: Feature, found: list[Item]) -> list[Item]:
    """A category's records beside the events that imply a value of it.

    Where a record decides, an event that is no older speaks against it. Where none does, the event says the
    value: one that goes on does so still, whenever it was noted.
    """
    implied = implied_items(case, feature)
    if not implied:
        return found
    concept, window = feature.concept, case.as_of.window(feature.windows.decides)
    standing = [item for item in found if not item.skipped]
    if any(relation(item.when, window) is not FALSE for item in standing):
        return [_contradicted(concept, item, implied) for item in found]
    now = Moment(case.chart.end - 1, case.chart.end)
    for each in implied:
        said = concept.below(tuple(each.values))
        if all(item.when.end <= each.when.end or item.values & said for item in standing):
            found.append(each._replace(when=now) if _goes_on(each) else each)
    return found


def beside_older_events(case: Case, node: ValueAmong, placed: Placed, proof: Proof) -> Proof:
    """A proof by a category, with the older events that go on and say another value: M0, and a metastasis.

    The newer category decides; what it contradicts is shown.
    """
    values = {name for each in placed for i in each if i.reference in proof.evidence for name in i.values}
    concept = node.feature.concept
    older = [
        item
        for item in implied_items(case, node.feature)
        if _goes_on(item)
        and item.blocked is not Reason.UNCONFIRMED
        and item.reference not in proof.evidence
        and not concept.below(tuple(item.values)) & values
    ]
    if not older:
        return proof
    evidence = tuple(sorted({*proof.evidence, *(item.reference for item in older)}))
    dates = sorted({item.date[:10] for item in older if item.date})
    of = f" (of {', '.join(dates)})" if dates else ""
    event = _name(node.feature.implied_by[0][1].concept)
    said = f"a {event}{of} is still on record as active"
    return proof._replace(evidence=evidence, because="; ".join(filter(None, (proof.because, said))))


def _goes_on(item: Item) -> bool:
    """Whether an event is on record as active; what nobody calls so may have ended long ago."""
    entry = item.entry
    return entry is not None and entry.ongoing and bool(status_code(entry.resource, "clinicalStatus"))


def implied_items(case: Case, feature: Feature) -> list[Item]:
    """Values that an event on record implies where there is no category (a distant metastasis is M1)."""
    key = ("implied", id(feature))
    found: list[Item] | None = case.memory.get(key)
    if found is None:
        found = case.memory[key] = list(_implied(case, feature))
    return found


def _implied(case: Case, feature: Feature) -> Iterator[Item]:
    end = case.chart.end
    for value, event in feature.implied_by:
        found = [
            each
            for each in case.found(event.concept, _MATCH)
            if focus_of(case, event.concept, each[1]) is not FALSE
        ]
        denials = [entry for _, entry in found if entry.state is _DENIED]
        for source, entry in found:
            if entry.state is _DENIED or source.role is not _MATCH:
                continue
            when = clipped(entry.when, end)
            against = [each for each in denials if clipped(each.when, end).end > when.start]
            if any(_takes_back(each, entry, end) for each in against):
                continue
            blocked = Reason.UNCONFIRMED if entry.state is _UNCONFIRMED else None
            if focus_of(case, event.concept, entry) is UNKNOWN or _of_an_older_one(
                case, event.concept, entry
            ):
                blocked = Reason.AMBIGUOUS_FOCUS
            if against:
                blocked = _CONFLICTING
            yield Item(
                when,
                entry.reference,
                date=date_text(entry.when, case.site.zone),
                entry=entry,
                values=frozenset((value,)),
                blocked=blocked,
                basis=Basis.DERIVED,
                value=value,
                staging="clinical",
                how=f"from {_name(event.concept)} on record",
                beside=True,
            )


def _takes_back(denial: Entry, entry: Entry, end: int) -> bool:
    """Whether a denial came later and is of the same: the older record no longer says that it is so."""
    same = not set(denial.codings).isdisjoint(entry.codings)
    return same and clipped(denial.when, end).start >= clipped(entry.when, end).end


def _of_an_older_one(case: Case, concept: Concept, entry: Entry) -> bool:
    """Whether an event that is linked to no cancer began before the index cancer and its work-up."""
    pointed = extension_references(entry.resource, case.chart.aliases)
    if not before_diagnosis(case, entry) or not case.links.conditions.isdisjoint(pointed):
        return False
    began, diagnosed, zone = entry.began or entry.when, case.links.diagnosed, case.site.zone
    if concept.work_up is None or began is None or diagnosed is None:
        return True
    return local_dates(began, zone)[0] < days_before(local_dates(diagnosed, zone)[0], concept.work_up)


def _name(concept: Concept) -> str:
    return concept.label.partition(" (")[0]


def _contradicted(concept: Concept, item: Item, implied: Sequence[Item]) -> Item:
    """A record that an event speaks against which came later, or may have: M0, and then a metastasis.

    One that is only suspected, or of whichever cancer, leaves it open, where nothing certain contradicts it.
    """
    if item.blocked is not None:
        return item
    doubts = [
        each.blocked or _CONFLICTING
        for each in implied
        if each.when.end >= item.when.end and not concept.below(tuple(each.values)) & item.values
    ]
    return item._replace(blocked=first_reason(doubts), doubted=True) if doubts else item
