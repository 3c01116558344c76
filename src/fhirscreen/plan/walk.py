"""Walks a plan: the children of a predicate, the features below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from fhirscreen.plan.nodes import (
    AgeWithin,
    Asked,
    Branch,
    CountWithin,
    ElapsedWithin,
    Feature,
    Fixed,
    FollowedBy,
    ForJudgement,
    FormulaWithin,
    Negation,
    Occurred,
    OnRecord,
    Predicate,
    Readings,
    SexIs,
    Threshold,
    Unmapped,
    ValueAmong,
    ValueWithin,
)


def children(predicate: Predicate) -> tuple[Predicate, ...]:
    """The predicates directly below one."""
    match predicate:
        case Threshold():
            return predicate.children
        case Negation() | OnRecord() | ForJudgement():
            return (predicate.child,)
        case Branch():
            return (predicate.when, predicate.then, predicate.otherwise)
        case Readings():
            return tuple(reading for _, reading in predicate.readings)
        case ElapsedWithin():
            return (predicate.since,)
        case FollowedBy():
            return (predicate.first, predicate.then)
        case CountWithin():
            return (predicate.of,)
        case (
            AgeWithin() | SexIs() | ValueWithin() | ValueAmong() | Occurred() | FormulaWithin()
            | Fixed() | Asked() | Unmapped()
        ):  # fmt: skip
            return ()
        case _:
            assert_never(predicate)


def below(predicate: Predicate) -> Iterator[Predicate]:
    """A predicate and all that is under it, with repeats."""
    yield predicate
    for child in children(predicate):
        yield from below(child)


def features(predicate: Predicate) -> Iterator[Feature]:
    """The features that a predicate asks for itself or through its children, with repeats."""
    match predicate:
        case ValueWithin() | ValueAmong() | Occurred():
            yield predicate.feature
        case FormulaWithin():
            yield from predicate.inputs
            if predicate.reported is not None:
                yield predicate.reported
        case _:
            pass
    for child in children(predicate):
        yield from features(child)


def closure(feature: Feature) -> Iterator[Feature]:
    """A feature after everything that it needs."""
    for needed in feature.needs:
        yield from closure(needed)
    yield feature
