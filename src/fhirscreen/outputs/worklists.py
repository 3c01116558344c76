"""The Worklist: one study's subjects as a coordinator reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from fhirscreen.criteria.nodes import Finding
from fhirscreen.criteria.studies import Criterion, OpenQuestion, Study, Weight
from fhirscreen.engines.base import Screened
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs import disclosures, wording
from fhirscreen.outputs.actions import next_action
from fhirscreen.outputs.attrition import near_miss
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import days_after, parse_duration
from fhirscreen.verdicts.proofs import facts
from fhirscreen.verdicts.reasons import Basis
from fhirscreen.verdicts.standings import Standing, Status, Subject, Verdict, ordered, resolvable, unmirrored


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that stands in the way: what is asked, why it is open or failed, what to do."""

    criterion: str
    says: str
    why: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """An item that most potential candidates have, `number` of them; a row names it by its letter."""

    letter: str
    item: Item
    number: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A listed subject. `rank` counts from 1; `evidence` are the findings that place a patient (T, N, M).

    `values` are what else was measured of what is met, with unit and date.
    `items` are open for this patient beside what is `shared`; `presumed` counts the criteria that are met
    because silence is taken as no.
    """

    rank: int
    patient: str
    status: Status
    diagnosed: str
    planned_start: str
    evidence: tuple[str, ...]
    values: tuple[str, ...]
    items: tuple[Item, ...]
    shared: tuple[Shared, ...]
    presumed: int
    action: str
    notes: tuple[str, ...]
    complete: bool

    @property
    def grouped(self) -> tuple[Item, ...]:
        """Her own items, those that are open for the same reason drawn together into one."""
        found: dict[str, list[Item]] = {}
        for number, item in enumerate(self.items):
            found.setdefault(item.why or str(number), []).append(item)
        return tuple(replace(each[0], says="; ".join(item.says for item in each)) for each in found.values())

    @property
    def open(self) -> tuple[Item, ...]:
        """Everything that is open for this patient: her own items, then the shared ones."""
        return (*self.items, *(each.item for each in self.shared))


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A patient whom one recoverable failure alone keeps off the list.

    `look_again`: the earliest date on which it may have changed; None where the study names none.
    """

    patient: str
    item: Item
    look_again: date | None
    open: int
    diagnosed: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Worklist:
    """One study's list. `to_ask` is asked of everybody in person; `unread` nobody has mapped.

    `shared` is what is open for most potential candidates for the same reason.
    """

    study: Study
    entries: tuple[Entry, ...]
    near_misses: tuple[NearMiss, ...]
    to_ask: tuple[str, ...]
    unread: tuple[Criterion, ...]
    shared: tuple[Shared, ...]
    questions: tuple[OpenQuestion, ...]
    numbers: Mapping[Status, int] | None = None
    """How many there are of each status, where `entries` are but some of them."""

    def number(self, status: Status) -> int:
        """How many entries have that status."""
        return len(self.of(status)) if self.numbers is None else self.numbers.get(status, 0)

    def of(self, status: Status) -> tuple[Entry, ...]:
        """The entries with that status, best first."""
        return tuple(entry for entry in self.entries if entry.status == status)

    @property
    def whom(self) -> str:
        """For whom the shared items are open: "everybody" where that is so of each, else "most patients"."""
        potential = self.number(Status.POTENTIAL_CANDIDATE)
        return "everybody" if all(each.number == potential for each in self.shared) else "most patients"

    def refer(self, entry: Entry) -> str:
        """What a row says beside its own items: "also A to D of what is open for everybody", or nothing."""
        if not entry.shared:
            unmapped = not entry.items and entry.status is Status.POTENTIAL_CANDIDATE
            return "only what is not known here" if unmapped else ""
        letters = wording.say_places([n for n, each in enumerate(self.shared) if each in entry.shared])
        return f"{'also' if entry.items else 'only'} {letters} of what is open for {self.whom}"

    def act(self, entry: Entry) -> str:
        """What to do next, as a row says it: an action that is said once is named by its letter."""
        if entry.items or not entry.shared:
            return entry.action
        first = next((each for each in entry.shared if each.item.action == entry.action), entry.shared[0])
        return f"Begin with {first.letter}"


def worklists(screened: Screened, plan: Plan, as_of: date, *, full: bool = False) -> tuple[Worklist, ...]:
    """One Worklist a study, in the order of the plan; `full`: sensitive criteria are named as the others are.

    That is for whoever may read the record: the files of a run hold it all beside the list.
    """
    return tuple(
        _worklist(
            each.study, [s for s in screened.subjects if s.study == each.study.id], plan, as_of, full=full
        )
        for each in plan.studies
    )


def _worklist(study: Study, subjects: Sequence[Subject], plan: Plan, as_of: date, *, full: bool) -> Worklist:
    catalogue = plan.catalogue
    missed = [(s, miss) for s in subjects if (miss := near_miss(s, study)) is not None]
    near = [make_near_miss(subject, miss, catalogue, as_of, full=full) for subject, miss in missed]
    listed = [(subject, status) for subject in ordered(subjects) if (status := subject.status) is not None]
    items = [open_items(subject, study, catalogue, full=full) for subject, _ in listed]
    potential = [
        each for (_, status), each in zip(listed, items, strict=True) if status is Status.POTENTIAL_CANDIDATE
    ]
    shared = share(Counter(item for each in potential for item in each), len(potential), study)
    entries = [
        make_entry(rank, subject, status, each, shared, catalogue)
        for rank, ((subject, status), each) in enumerate(zip(listed, items, strict=True), 1)
    ]
    near.sort(key=lambda each: (each.look_again or date.max, each.open, each.patient))
    return make_worklist(study, entries, near, shared)


def make_worklist(
    study: Study,
    entries: Iterable[Entry],
    near_misses: Iterable[NearMiss],
    shared: tuple[Shared, ...],
    numbers: Mapping[Status, int] | None = None,
) -> Worklist:
    """The list of these entries; with `numbers`, they are but some of so many."""
    return Worklist(
        study,
        tuple(entries),
        tuple(near_misses),
        tuple(wording.say_question(c) for c in study.criteria if c.asks),
        tuple(c for c in study.criteria if c.unread),
        shared,
        study.questions,
        numbers,
    )


def share(times: Mapping[Item, int], potential: int, study: Study) -> tuple[Shared, ...]:
    """What more than half of the potential candidates have open, the most frequent first.

    What equally many have stands in the order of a row: gates first, what costs no rank last.
    """
    order = sorted(study.criteria, key=lambda each: (each.weight is not Weight.GATE, not each.ranked))
    places = {each.id: place for place, each in enumerate(order)}
    most = [(item, number) for item, number in times.items() if number > max(1, potential / 2)]
    most.sort(key=lambda each: (-each[1], places.get(each[0].criterion, len(places)), each[0].why))
    return tuple(Shared(wording.letter(place), item, number) for place, (item, number) in enumerate(most))


def make_entry(
    rank: int,
    subject: Subject,
    status: Status,
    items: tuple[Item, ...],
    shared: tuple[Shared, ...],
    catalogue: Catalogue,
) -> Entry:
    """A row of the list; `items` are the subject's `open_items`."""
    known = {each.item for each in shared}
    own = tuple(item for item in items if item not in known)
    if items:
        action = (own or items)[0].action
    elif subject.open:
        action = "Check the criteria that are not known here"
    else:
        action = "Approach the patient"
    found = _facts(subject, catalogue)
    return Entry(
        rank,
        subject.patient,
        status,
        subject.diagnosed,
        subject.planned_start,
        tuple(_said((said, day) for place, said, day in found if place)),
        tuple(_said((said, day) for place, said, day in found if not place)),
        own,
        tuple(each for each in shared if each.item in items),
        sum(1 for v in subject.standing(Standing.MET) if v.proof.basis is Basis.PRESUMED),
        action,
        subject.notes,
        subject.complete,
    )


def open_items(
    subject: Subject, study: Study, catalogue: Catalogue, *, full: bool = False
) -> tuple[Item, ...]:
    """What is open for a subject, gates first, what costs no rank last; unless `full` sensitive ones as one.

    Criteria that nobody has mapped are open for everybody and stand in `Worklist.unread`; an exclusion that
    mirrors an inclusion that is open too is left out.
    """
    found = [v for v in unmirrored(subject.open) if not v.criterion.unread]
    plain, sensitive = (found, []) if full else disclosures.part(found, catalogue)
    plain.sort(key=lambda v: (v.criterion.weight is not Weight.GATE, not resolvable(v)))
    items = [_item(verdict, study, catalogue) for verdict in plain]
    if sensitive:
        items.append(further_review())
    return tuple(items)


def further_review() -> Item:
    """Stands for everything sensitive that is open."""
    return Item(
        disclosures.FURTHER_REVIEW,
        disclosures.FURTHER_REVIEW_SAYS,
        action="Review this patient's record in full",
    )


def _item(verdict: Verdict, study: Study, catalogue: Catalogue) -> Item:
    criterion, proof = verdict.criterion, verdict.proof
    return Item(
        criterion.id,
        criterion.says,
        wording.say_reason(proof, criterion, catalogue),
        next_action(proof, criterion, study, catalogue),
    )


def make_near_miss(
    subject: Subject, miss: Verdict, catalogue: Catalogue, as_of: date, *, full: bool = False
) -> NearMiss:
    """A row of the near misses; `miss` is the failure that alone stands in the way."""
    after = miss.criterion.recheck_after
    look_again = days_after(as_of, parse_duration(after)) if after is not None else None
    item = further_review()
    if full or not disclosures.tells_sensitive(miss, catalogue):
        why = wording.say_reason(miss.proof._replace(reason=None), miss.criterion, catalogue)
        item = Item(miss.criterion.id, miss.criterion.says, why)
    open_ = len(unmirrored(subject.open))
    return NearMiss(subject.patient, item, look_again, open_, subject.diagnosed, subject.notes)


def _facts(subject: Subject, catalogue: Catalogue) -> list[tuple[bool, str, str]]:
    """What was found or measured of what is met: whether it places a patient, what, and its date.

    That is staging, and what else is a gate. Age is left out: the date of birth is not for a list. So is
    what is sensitive and met, which nobody has to act on, and a denial that rests on silence.
    """
    found: dict[tuple[str, str], bool] = {}
    for verdict in subject.standing(Standing.MET):
        criterion, expression = verdict.criterion, verdict.criterion.expression
        silent = verdict.proof.basis is Basis.PRESUMED
        if criterion.mirrors or silent or disclosures.tells_sensitive(verdict, catalogue):
            continue
        staged = isinstance(expression, Finding) and expression.staging is not None
        for fact in facts(verdict.proof):
            if wording.valued(fact, criterion, catalogue) is None or fact.unit == "a":
                continue
            said = wording.brief(wording.name_value(fact, criterion, catalogue))
            key = (said, wording.fact_date(fact))
            found[key] = found.get(key, False) or staged or criterion.weight is Weight.GATE
    return [(place, said, day) for (said, day), place in found.items()]


def _said(facts: Iterable[tuple[str, str]]) -> list[str]:
    """Facts in words, those of one day together: "T3 N1 M0 (12 Oct 2026)"."""
    found: dict[str, list[str]] = {}
    for said, day in facts:
        found.setdefault(day, []).append(said)
    return [
        (" " if all(" " not in each for each in said) else ", ").join(said) + (f" ({day})" if day else "")
        for day, said in found.items()
    ]
