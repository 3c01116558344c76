"""The criteria of many studies, laid out for being asked in haste: what is the same is asked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from typing import NamedTuple

from fhirscreen.criteria.studies import Criterion, Kind, Weight
from fhirscreen.engines.evaluator.absence import elsewhere
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.compile import concepts_asked
from fhirscreen.plan.nodes import Plan, Predicate, ValueAmong, ValueWithin
from fhirscreen.plan.walk import closure, features
from fhirscreen.values.durations import AsOf, Duration
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth

_REMEMBERED = 64


class Step(NamedTuple):
    """A criterion by its number in its study; `predicate` is the same number wherever the same is asked.

    `reads` is the number of the resource types that it is decided by. `fails` is the truth by which it rules
    a patient out, `gate` whether being open does too. `costs`: open, it costs rank whatever else is open.
    """

    place: int
    criterion: Criterion
    predicate: int
    reads: int
    fails: Truth
    gate: bool
    costs: bool


class Outlook(NamedTuple):
    """What studies come to, by number, for want of records alone.

    `out` are ruled out; `least` has for each study how many criteria are open at least that cost rank.
    """

    out: Set[int]
    least: Sequence[int]


class _Group(NamedTuple):
    """The steps that depend on the records of some concepts, each with its study; `presumes_nothing`: those
    of them that are open without a record, whatever was fetched.
    """

    concepts: Set[str]
    reads: int
    steps: list[tuple[int, Step]]
    presumes_nothing: list[tuple[int, Step]]


class _Effect(NamedTuple):
    """What it does to studies that there is no record of a group: those that are `out`, and those of which it
    leaves a criterion open that costs rank, as often as it does.
    """

    out: tuple[int, ...]
    opens: tuple[int, ...]


Decide = Callable[[int, int], Truth]
"""The truth of a criterion, by its study's number and its own, for a patient who is looked at."""


class _Asked(NamedTuple):
    """What is the same wherever a predicate is asked; no `group` where it depends on more than records."""

    number: int
    reads: int
    group: _Group | None


class Steps:
    """For each study of a plan its criteria in the order in which they are soonest out: gates first.

    Those that are asked in person are left out. Any number of threads may share it.
    """

    def __init__(self, plan: Plan, context: Set[str]) -> None:
        """`context`: the types by which it is known whether a record is of the index cancer."""
        known: dict[Predicate, _Asked] = {}
        types: dict[Set[str], int] = {}
        groups: dict[tuple[Set[str], int], _Group] = {}
        durations: set[Duration] = set()

        def ask(predicate: Predicate) -> _Asked:
            reads = types.setdefault(types_of(predicate, context), len(types))
            found, group = concepts_asked(predicate), None
            if found is not None:
                durations.update(found[1])
                group = groups.setdefault((found[0], reads), _Group(found[0], reads, [], []))
            return _Asked(len(known), reads, group)

        studies = []
        for study, planned in enumerate(plan.studies):
            steps = []
            for place, each in enumerate(planned.criteria):
                if each.criterion.asks:
                    continue
                asked = known.get(each.predicate)
                if asked is None:
                    asked = known[each.predicate] = ask(each.predicate)
                steps.append(step := _step(place, each.criterion, asked))
                if asked.group is not None:
                    asked.group.steps.append((study, step))
                    if isinstance(each.predicate, ValueWithin | ValueAmong):
                        asked.group.presumes_nothing.append((study, step))
            studies.append(tuple(sorted(steps, key=lambda step: not step.gate)))
        self.studies: tuple[tuple[Step, ...], ...] = tuple(studies)
        self._types = tuple(types)
        self._groups = tuple(groups.values())
        self._durations = tuple(sorted(durations))
        self._uncertain = {
            number: _effect(group.presumes_nothing, lambda _study, _place: UNKNOWN)
            for number, group in enumerate(self._groups)
        }
        self._certain: dict[tuple[AsOf, tuple[bool, ...]], dict[int, _Effect]] = {}

    def reading(self, types: Set[str]) -> frozenset[int]:
        """The `reads` of steps that are decided by any of these types."""
        return frozenset(number for number, read in enumerate(self._types) if not types.isdisjoint(read))

    def outlook(self, case: Case, missing: Set[int], decide: Decide) -> Outlook:
        """What studies come to by that of which the case has no record.

        `missing` are the `reads` of which something may be missing: what they decide is left open. `decide`
        is asked where nobody was met before, on that day, who had no record either.
        """
        effects, present = self._effects(case), case.present
        out: set[int] = set()
        least = [0] * len(self.studies)
        for number, group in enumerate(self._groups):
            if group.reads in missing or not group.concepts.isdisjoint(present):
                continue
            effect = effects.get(number)
            if effect is None:
                effect = effects[number] = _effect(group.steps, decide)
            out.update(effect.out)
            for study in effect.opens:
                least[study] += 1
        return Outlook(out, least)

    def _effects(self, case: Case) -> dict[int, _Effect]:
        """By group; those of a case of which something may be missing hold for any."""
        if not case.sound:
            return self._uncertain
        key = (case.as_of, tuple([elsewhere(case, after) for after in self._durations]))
        found = self._certain.get(key)
        if found is None:
            if len(self._certain) >= _REMEMBERED:  # days have passed
                self._certain.clear()
            found = self._certain[key] = {}
        return found


def _effect(steps: Iterable[tuple[int, Step]], decide: Decide) -> _Effect:
    truths: dict[int, Truth] = {}
    out: list[int] = []
    opens: list[int] = []
    for study, step in steps:
        truth = truths.get(step.predicate)
        if truth is None:
            truth = truths[step.predicate] = decide(study, step.place)
        if truth is step.fails or (step.gate and truth is UNKNOWN):
            out.append(study)
        elif step.costs and truth is UNKNOWN:
            opens.append(study)
    return _Effect(tuple(out), tuple(opens))


def types_of(predicate: Predicate, context: Set[str]) -> frozenset[str]:
    """The resource types that a predicate is decided by; those of the context among them.

    What reads no record (age, sex) has none.
    """
    needed = {need for feature in features(predicate) for need in closure(feature)}
    found = frozenset(source.resource for feature in needed for source in feature.concept.sources)
    return found.union(context) if found else found


def _step(place: int, criterion: Criterion, asked: _Asked) -> Step:
    return Step(
        place,
        criterion,
        asked.number,
        asked.reads,
        FALSE if criterion.kind is Kind.INCLUSION else TRUE,
        criterion.weight is Weight.GATE,
        criterion.mirrors is None and criterion.ranked and not criterion.unread,
    )
