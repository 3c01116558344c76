"""The criteria of many studies, laid out for being asked in haste: what is the same is asked once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from typing import NamedTuple

from fhirscreen.criteria.studies import Criterion, Kind, Weight
from fhirscreen.engines.evaluator.absence import elsewhere
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.compile import concepts_asked
from fhirscreen.plan.nodes import Plan, Predicate, ValueAmong, ValueWithin
from fhirscreen.plan.walk import closure, features
from fhirscreen.values.durations import AsOf, Duration
from fhirscreen.values.truth import FALSE, TRUE, Truth

_NO_GROUP = -1
_REMEMBERED = 64


class Step(NamedTuple):
    """A criterion by its number in its study; `predicate` is the same number wherever the same is asked.

    `group` is the number of the concepts that it asks for; -1 where it depends on more than their records.
    `reads` is the number of the resource types that it is decided by. `fails` is the truth by which it rules
    a patient out, `gate` whether being open does too. `costs`: open, it costs rank whatever else is open.
    `open_without`: without a record it is open, whatever was not fetched.
    """

    place: int
    criterion: Criterion
    predicate: int
    group: int
    reads: int
    fails: Truth
    gate: bool
    costs: bool
    open_without: bool


class Silence(NamedTuple):
    """What a patient has no record of: `groups` by number.

    `truths` are those of predicates without a record, as far as they were met: the same for every such
    patient. None where something may be missing, so that no record does not mean the same.
    """

    groups: Collection[int]
    truths: dict[int, Truth] | None


class Steps:
    """For each study of a plan its criteria in the order in which they are soonest out: gates first.

    Those that are asked in person are left out. Any number of threads may share it.
    """

    def __init__(self, plan: Plan, context: Set[str]) -> None:
        """`context`: the types by which it is known whether a record is of the index cancer."""
        known: dict[Predicate, tuple[int, int, int]] = {}
        groups: dict[Set[str], int] = {}
        types: dict[Set[str], int] = {}
        durations: set[Duration] = set()

        def number(predicate: Predicate) -> tuple[int, int, int]:
            found = known.get(predicate)
            if found is None:
                group, asked = _NO_GROUP, concepts_asked(predicate)
                if asked is not None:
                    group = groups.setdefault(asked[0], len(groups))
                    durations.update(asked[1])
                read = types.setdefault(types_of(predicate, context), len(types))
                found = known[predicate] = len(known), group, read
            return found

        self.studies: tuple[tuple[Step, ...], ...] = tuple(
            _sorted(
                _step(place, each.criterion, each.predicate, *number(each.predicate))
                for place, each in enumerate(study.criteria)
                if not each.criterion.asks
            )
            for study in plan.studies
        )
        self._groups = tuple(groups)
        self._types = tuple(types)
        self._durations = tuple(sorted(durations))
        self._truths: dict[tuple[AsOf, tuple[bool, ...]], dict[int, Truth]] = {}

    def reading(self, types: Set[str]) -> frozenset[int]:
        """The `reads` of steps that are decided by any of these types."""
        return frozenset(number for number, read in enumerate(self._types) if not types.isdisjoint(read))

    def silence(self, case: Case) -> Silence:
        """What there is no record of."""
        present = case.present
        silent = frozenset(
            number for number, concepts in enumerate(self._groups) if concepts.isdisjoint(present)
        )
        if not case.sound:
            return Silence(silent, None)
        key = (case.as_of, tuple([elsewhere(case, after) for after in self._durations]))
        truths = self._truths.get(key)
        if truths is None:
            if len(self._truths) >= _REMEMBERED:  # days have passed
                self._truths.clear()
            truths = self._truths[key] = {}
        return Silence(silent, truths)


def types_of(predicate: Predicate, context: Set[str]) -> frozenset[str]:
    """The resource types that a predicate is decided by; those of the context among them.

    What reads no record (age, sex) has none.
    """
    needed = {need for feature in features(predicate) for need in closure(feature)}
    found = frozenset(source.resource for feature in needed for source in feature.concept.sources)
    return found.union(context) if found else found


def _step(
    place: int, criterion: Criterion, predicate: Predicate, number: int, group: int, reads: int
) -> Step:
    return Step(
        place,
        criterion,
        number,
        group,
        reads,
        FALSE if criterion.kind is Kind.INCLUSION else TRUE,
        criterion.weight is Weight.GATE,
        criterion.mirrors is None and criterion.ranked and not criterion.unread,
        group != _NO_GROUP and isinstance(predicate, ValueWithin | ValueAmong),
    )


def _sorted(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: not step.gate))
