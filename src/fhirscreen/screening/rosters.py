"""A Roster: a study's list as the store has it now, a page of each part; the words are the report's."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.attrition import near_miss
from fhirscreen.outputs.disclosures import is_sensitive
from fhirscreen.outputs.worklists import (
    Entry,
    Item,
    NearMiss,
    Shared,
    Worklist,
    further_review,
    make_entry,
    make_near_miss,
    make_worklist,
    open_items,
    share,
)
from fhirscreen.screening.reviews import to_review_again
from fhirscreen.store.outlines import (
    Failure,
    Outline,
    count_open,
    find_failures,
    outline,
    read_subjects,
    tally_open,
)
from fhirscreen.store.standings import StoredSubject, StoredVerdict
from fhirscreen.values.durations import days_after, parse_duration
from fhirscreen.verdicts.proofs import read_proof
from fhirscreen.verdicts.standings import Status, Subject, Verdict

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Slice(Generic[Part]):
    """One page of a part of the list: the `page`th of `pages`, of `total` in all; `first` counts from 1."""

    items: Sequence[Part]
    page: int
    pages: int
    total: int
    first: int


class Listed(NamedTuple):
    """Somebody on the list; `failed` criteria of whom not all data could be read, who is kept there."""

    stored: StoredSubject
    entry: Entry
    failed: int


class Missed(NamedTuple):
    """Somebody whom one failure alone keeps off the list."""

    stored: StoredSubject
    near: NearMiss


@dataclass(frozen=True, slots=True)
class Roster:
    """The parts of a study's list.

    `again`: whom a person found unsuitable for a reason that has changed since; they are in no other part.
    `worklist` holds what is said once for all, and the page's entries.
    """

    worklist: Worklist
    candidates: Slice[Listed]
    potential: Slice[Listed]
    near_misses: Slice[Missed]
    again: Slice[StoredSubject]
    decided: Slice[StoredSubject]

    def patients(self) -> list[StoredSubject]:
        """Everybody who is on the page."""
        rows = [row.stored for part in (self.candidates, self.potential) for row in part.items]
        missed = [row.stored for row in self.near_misses.items]
        return [*rows, *missed, *self.again.items, *self.decided.items]


PARTS = ("candidates", "potential", "near", "again", "decided")
"""The parts that have pages of their own."""


def make_roster(
    session: Session,
    study: Study,
    catalogue: Catalogue,
    as_of: date,
    *,
    version: Callable[[int], Study | None],
    pages: Mapping[str, int],
    size: int,
    full: bool = False,
) -> Roster:
    """The list of a study; `pages` counts from 1 for each of PARTS, `size` is how many a page holds.

    `version` gives the version of the study that a subject's verdicts are of. `full`: sensitive criteria are
    named as the others are, for those who care for a study's patients.
    """
    everybody = outline(session, study.id)
    unsettled = {subject.id for subject, _ in to_review_again(session, study=study.id)}
    of = {status: [each for each in everybody if each.listed == status] for status in _ON_LIST}
    numbers = {status: len(found) for status, found in of.items()}
    ranks = {each.id: rank for rank, each in enumerate((e for e in everybody if e.listed), 1)}
    shared = _shared(session, study, catalogue, numbers[Status.POTENTIAL_CANDIDATE], version, full=full)

    def cut(part: str, found: Sequence[Part]) -> Slice[Part]:
        return cut_slice(found, pages.get(part, 1), size)

    def listed(part: str, status: Status) -> Slice[Listed]:
        def rows(found: Sequence[Outline]) -> list[Listed]:
            recalled = _recall(session, [each.id for each in found], study, version)
            return [
                Listed(
                    stored,
                    make_entry(
                        ranks[stored.id],
                        subject,
                        status,
                        open_items(subject, its, catalogue, full=full),
                        shared,
                        catalogue,
                    ),
                    len(subject.failed),
                )
                for stored, subject, its in recalled
            ]

        return _filled(cut(part, of[status]), rows)

    def stored(found: Sequence[Outline]) -> list[StoredSubject]:
        return [subject for subject, _ in read_subjects(session, [each.id for each in found])]

    def missed(found: Sequence[Failure]) -> list[Missed]:
        recalled = _recall(session, [each.id for each in found], study, version)
        return [
            Missed(each, make_near_miss(subject, miss, catalogue, as_of, full=full))
            for each, subject, its in recalled
            if (miss := near_miss(subject, its)) is not None
        ]

    taken = [each for each in everybody if each.person_status is not None and each.listed is None]
    candidates = listed("candidates", Status.CANDIDATE)
    potential = listed("potential", Status.POTENTIAL_CANDIDATE)
    near = _filled(cut("near", _near_misses(session, study, as_of)), missed)
    entries = [row.entry for part in (candidates, potential) for row in part.items]
    return Roster(
        make_worklist(study, entries, [row.near for row in near.items], shared, numbers),
        candidates,
        potential,
        near,
        _filled(cut("again", [each for each in taken if each.id in unsettled]), stored),
        _filled(cut("decided", [each for each in taken if each.id not in unsettled]), stored),
    )


_ON_LIST = (Status.CANDIDATE, Status.POTENTIAL_CANDIDATE)


def recall_subject(stored: StoredSubject, verdicts: Sequence[StoredVerdict], study: Study) -> Subject:
    """The subject as it was evaluated, without criteria that this version of the study does not have."""
    found = []
    for each in verdicts:
        try:
            criterion = study.criterion(each.criterion)
        except StudyError:
            continue
        found.append(Verdict(stored.study, stored.patient, criterion, read_proof(each.proof)))
    return Subject(
        stored.study,
        stored.patient,
        tuple(found),
        stored.complete,
        stored.notes,
        stored.diagnosed,
        stored.planned_start,
    )


def cut_slice(found: Sequence[Part], page: int, size: int) -> Slice[Part]:
    """The page of that number, or the last one where there are fewer."""
    pages = max(1, math.ceil(len(found) / size))
    page = min(max(page, 1), pages)
    begin = (page - 1) * size
    return Slice(found[begin : begin + size], page, pages, len(found), begin + 1)


Row = TypeVar("Row")


def _filled(cut: Slice[Part], fill: Callable[[Sequence[Part]], Sequence[Row]]) -> Slice[Row]:
    return Slice(fill(cut.items), cut.page, cut.pages, cut.total, cut.first)


def _recall(
    session: Session, ids: Collection[str], study: Study, version: Callable[[int], Study | None]
) -> list[tuple[StoredSubject, Subject, Study]]:
    found = []
    for stored, verdicts in read_subjects(session, ids):
        its = version(stored.study_version) or study
        found.append((stored, recall_subject(stored, verdicts, its), its))
    return found


def _shared(
    session: Session,
    study: Study,
    catalogue: Catalogue,
    potential: int,
    version: Callable[[int], Study | None],
    *,
    full: bool,
) -> tuple[Shared, ...]:
    """What most potential candidates have open, from counts instead of from everybody's verdicts."""
    sensitive = [each.id for each in study.criteria if not full and is_sensitive(each, catalogue)]
    tallies = [
        each
        for each in tally_open(session, study.id, max(1, potential / 2))
        if each.criterion not in sensitive
    ]
    examples = {
        stored.id: {item.criterion: item for item in open_items(subject, its, catalogue, full=full)}
        for stored, subject, its in _recall(session, {each.subject for each in tallies}, study, version)
    }
    times: Counter[Item] = Counter()
    for each in tallies:
        if (item := examples.get(each.subject, {}).get(each.criterion)) is not None:
            times[item] += each.number
    if sensitive:
        times[further_review()] = count_open(session, study.id, sensitive)
    return share(times, potential, study)


def _near_misses(session: Session, study: Study, as_of: date) -> list[Failure]:
    """Whom one recoverable failure alone keeps off the list: who is to be looked at first, first."""
    recoverable = {each.id: each for each in study.criteria if each.recoverable}
    mirrors = {each.id for each in study.criteria if each.mirrors in recoverable}
    found = find_failures(
        session, study.id, recoverable.keys() | mirrors, most=2, decided=len(study.criteria)
    )

    def one(failure: Failure) -> Criterion | None:
        """The failure, those that mirror it left out."""
        failed = set(failure.criteria)
        alone = [id for id in failed if study.criterion(id).mirrors not in failed]
        return recoverable.get(alone[0]) if len(alone) == 1 else None

    def look_again(criterion: Criterion) -> date:
        after = criterion.recheck_after
        return days_after(as_of, parse_duration(after)) if after is not None else date.max

    misses = [(failure, miss) for failure in found if (miss := one(failure)) is not None]
    misses.sort(key=lambda each: (look_again(each[1]), each[0].open, each[0].patient))
    return [failure for failure, _ in misses]
