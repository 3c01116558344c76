"""A changed record read again: what the reader wrote follows the record, what a person wrote stays.

Three states are compared, as when branches are merged: what the record said when it was read (base), what the
study file says (ours), and what the record says now (theirs). The base is read again from the record that
the file keeps; whether a person changed a criterion since is told by its digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fhirscreen.criteria.english import say
from fhirscreen.criteria.studies import Criterion, Kind, Study
from fhirscreen.exceptions import StudyError
from fhirscreen.reading.studies import digest, find_questions, is_edited, make_study, unused

if TYPE_CHECKING:
    from fhirscreen.criteria.records import Record
    from fhirscreen.reading.reader import Reader

_ALIKE = 0.6
"""From this share of equal letters (difflib's ratio) on, a line is the old one in other words."""

_HEAD = ("title", "status", "phase", "condition", "sponsor", "url")


class What(StrEnum):
    """What became of a criterion, or of a field of the study."""

    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"
    READ_ANEW = "read anew"
    KEPT = "kept"
    LEFT_OUT = "left out"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, its sides in words; None is a side on which it is not there.

    KEPT: a person's, and the record reads otherwise, as it did before. LEFT_OUT: a person took out what the
    record says as it did before. CONFLICT: a person changed what the record has changed since; the person's
    stays, and what a person took out returns, with a warning that asks to look at it.
    """

    where: str
    what: What
    base: str | None
    ours: str | None
    theirs: str | None


@dataclass(frozen=True, slots=True)
class Update:
    """A study brought up to its record, and how it differs from what it was."""

    study: Study
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A criterion of the file with what the record said of it, and says now."""

    ours: Criterion | None
    base: Criterion | None
    theirs: Criterion | None


def update_study(study: Study, record: Record, reader: Reader) -> Update:
    """The study with the record as it is now; questions and what a person wrote stay.

    Raises StudyError where the study was not read from a record, or from that of another trial.
    """
    if study.record is None:
        raise StudyError(
            "the study keeps no record that it was read from",
            where=study.id,
            expected="a study file that `fhirscreen read RECORD -o STUDY.yaml` wrote",
            remedy="read the record into a new file and carry your criteria over",
        )
    if study.record.source != record.source:
        raise StudyError(
            f"the record is of {record.source}, the study of {study.record.source}",
            where=study.id,
            expected="a later state of the same record",
        )
    base, theirs = make_study(study.record, reader), make_study(record, reader)
    changes: list[Change] = []
    head: dict[str, Any] = {name: _merge_field(name, study, base, theirs, changes) for name in _HEAD}
    population = study.population
    if study.population == base.population and study.population != theirs.population:
        population = theirs.population
        said = [each.population.cancer or "all" for each in (base, study, theirs)]
        changes.append(Change("population", What.REWORDED, *said))
    taken = {criterion.id for criterion in study.criteria}
    criteria: list[Criterion] = []
    for pair in _pairs(study, base, theirs):
        kept, change = _merge(pair, taken)
        if kept is not None:
            criteria.append(kept)
        if change is not None:
            changes.append(change)
    found = {criterion.id for criterion in criteria}
    asked = {question.id for question in study.questions}
    new = tuple(each for each in find_questions(criteria) if each.id not in asked)
    updated = replace(
        replace(study, **head),
        questions=(*study.questions, *new),
        criteria=tuple(each if each.mirrors in found else replace(each, mirrors=None) for each in criteria),
        record=record,
        population=population,
    )
    return Update(_numbered(study, updated), tuple(changes))


def _numbered(before: Study, after: Study) -> Study:
    """With the next version, where it is a number and something changed."""
    return replace(after, version=str(int(before.version) + 1)) if (
        after != before and before.version.isdecimal()
    ) else after  # fmt: skip


def _merge_field(name: str, ours: Study, base: Study, theirs: Study, changes: list[Change]) -> str | None:
    said, was, now = (getattr(each, name) for each in (ours, base, theirs))
    if was == now or said == now:
        return said  # type: ignore[no-any-return]
    what = What.REWORDED if said == was else What.CONFLICT
    changes.append(Change(name, what, was, said, now))
    return now if said == was else said  # type: ignore[no-any-return]


def _merge(pair: _Pair, taken: set[str]) -> tuple[Criterion | None, Change | None]:
    ours, base, theirs = pair.ours, pair.base, pair.theirs
    if ours is None:
        if theirs is None:
            return None, None
        if base is not None and _words(base) == _words(theirs):
            return None, _change(What.LEFT_OUT, theirs, base, None, theirs)
        added = _renamed(theirs, unused(theirs.id, taken))
        if base is None:
            return added, _change(What.ADDED, added, None, None, theirs)
        added = _warned(added, f"the record has changed this, which a person had taken out: “{_words(base)}”")
        return added, _change(What.CONFLICT, added, base, None, theirs)
    if ours.read is None:
        return ours, None  # a person's own
    edited = is_edited(ours)
    if theirs is None:
        if not edited:
            return None, _change(What.REMOVED, ours, base, ours, None)
        kept = _warned(ours, "the record says this no longer; it stays, for a person changed it")
        return kept, _change(What.CONFLICT, ours, base, ours, None)
    reworded = _words(ours) != _words(theirs)
    if not edited:
        fresh = _renamed(theirs, ours.id)
        if reworded:
            return fresh, _change(What.REWORDED, ours, base, ours, theirs)
        other = ours.expression != theirs.expression
        return fresh, _change(What.READ_ANEW, ours, base, ours, theirs) if other else None
    kept = replace(ours, source=theirs.source)
    if reworded:
        kept = _warned(kept, f"the record now says otherwise; before: “{_words(ours)}”")
        return kept, _change(What.CONFLICT, ours, base, ours, theirs)
    if ours.expression != theirs.expression:
        return kept, _change(What.KEPT, ours, base, ours, theirs)
    return kept, None


def _renamed(theirs: Criterion, id: str) -> Criterion:
    """What is read now under the id that the file gave it."""
    named = replace(theirs, id=id)
    return named if named.read is None else replace(named, read=replace(named.read, digest=digest(named)))


def _warned(criterion: Criterion, warning: str) -> Criterion:
    note = criterion.read
    if note is None or warning in note.warnings:
        return criterion
    return replace(criterion, read=replace(note, warnings=(*note.warnings, warning)))


def _change(
    what: What, at: Criterion, base: Criterion | None, ours: Criterion | None, theirs: Criterion | None
) -> Change:
    return Change(f"{at.kind.value}.{at.id}", what, *(_said(each) for each in (base, ours, theirs)))


def _said(criterion: Criterion | None) -> str | None:
    return None if criterion is None else f"{criterion.says} → {say(criterion.expression)}"


def _words(criterion: Criterion | None) -> str:
    """The text that a criterion was read from, whatever its white space."""
    return "" if criterion is None or criterion.source is None else " ".join(criterion.source.text.split())


def _pairs(study: Study, base: Study, theirs: Study) -> Iterator[_Pair]:
    """Every criterion of the file and of the record, in the record's order, then what it lacks."""
    for kind in Kind:
        ours = [each for each in study.criteria if each.kind is kind]
        old = [each for each in base.criteria if each.kind is kind]
        new = [each for each in theirs.criteria if each.kind is kind]
        read = [index for index, each in enumerate(ours) if each.read is not None]
        now = dict(zip(read, _match([ours[i] for i in read], new), strict=True))
        then = dict(zip(read, _match([ours[i] for i in read], old), strict=True))
        partner = {place: index for index, place in now.items() if place is not None}
        gone: list[list[int]] = [[] for _ in range(len(new) + 1)]  # those that follow the n-th of the record
        last = 0
        for index in range(len(ours)):
            place = now.get(index)
            if place is None:
                gone[last].append(index)
            else:
                last = place + 1
        for index in gone[0]:
            yield _Pair(ours[index], _at(old, then.get(index)), None)
        before = _match(new, old)
        spoken_for = {place for place in then.values() if place is not None}
        for at, theirs_now in enumerate(new):
            mine = partner.get(at)
            if mine is None:
                was = before[at]
                yield _Pair(None, _at(old, None if was in spoken_for else was), theirs_now)
            else:
                yield _Pair(ours[mine], _at(old, then[mine]), theirs_now)
            for index in gone[at + 1]:
                yield _Pair(ours[index], _at(old, then.get(index)), None)


def _at(criteria: Sequence[Criterion], index: int | None) -> Criterion | None:
    return None if index is None else criteria[index]


def _match(ours: Sequence[Criterion], theirs: Sequence[Criterion]) -> list[int | None]:
    """For each of ours the place of theirs: the same words first, then the most alike, each taken once."""
    found: list[int | None] = [None] * len(ours)
    free: dict[str, list[int]] = {}
    for at, each in enumerate(theirs):
        free.setdefault(_words(each), []).append(at)
    for index, each in enumerate(ours):
        if places := free.get(_words(each)):
            found[index] = places.pop(0)
    left = sorted(at for places in free.values() for at in places)
    alike: list[tuple[float, int, int]] = []
    for index, each in enumerate(ours):
        if found[index] is None:
            for at in left:
                matcher = SequenceMatcher(None, _words(each), _words(theirs[at]), autojunk=False)
                if matcher.quick_ratio() >= _ALIKE and (ratio := matcher.ratio()) >= _ALIKE:
                    alike.append((-ratio, index, at))
    taken: set[int] = set()
    for _, index, at in sorted(alike):
        if found[index] is None and at not in taken:
            found[index] = at
            taken.add(at)
    return found
