"""Going through expressions: children, everything below, atoms, concepts, replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import assert_never

from fhirscreen.criteria.nodes import (
    INDEX_CANCER,
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Atom,
    Condition,
    Conditional,
    Confirm,
    Constant,
    Count,
    Derived,
    Elapsed,
    Expression,
    Finding,
    Judgement,
    Measured,
    Not,
    Question,
    Received,
    Recorded,
    Sequence,
    Sex,
    Unread,
)

Step = tuple[str, Expression]
"""A child and how its parent reaches it, as on the wire: `any[2]`, `conditional.when`, `elapsed.since`."""


def name_children(expression: Expression) -> tuple[Step, ...]:
    """The expressions directly inside one, each with its path on the wire."""
    match expression:
        case AllOf(of):
            return _listed("all", of)
        case AnyOf(of):
            return _listed("any", of)
        case AtLeast(_, of):
            return _listed("at_least.of", of)
        case Not(of):
            return (("not", of),)
        case Conditional(when, then, otherwise):
            return (
                ("conditional.when", when),
                ("conditional.then", then),
                ("conditional.otherwise", otherwise),
            )
        case Recorded(of):
            return (("recorded", of),)
        case Judgement(of):
            return (("judgement", of),)
        case Question(_, readings):
            return tuple((f"question.readings.{name}", of) for name, of in readings)
        case Elapsed(since):
            return (("elapsed.since", since),)
        case Sequence(first, then):
            return (("sequence.first", first), ("sequence.then", then))
        case Count(of):
            return (("count.of", of),)
        case Age() | Sex() | Measured() | Derived() | Finding() | Condition() | Received():
            return ()
        case Constant() | Confirm() | Unread():
            return ()
        case _:
            assert_never(expression)


def _listed(key: str, of: tuple[Expression, ...]) -> tuple[Step, ...]:
    return tuple((f"{key}[{index}]", child) for index, child in enumerate(of))


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside one; also the events inside Elapsed, Sequence and Count."""
    return tuple(child for _, child in name_children(expression))


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything below it, parents first, in the order of the file."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def walk_paths(expression: Expression, path: str = "") -> Iterator[Step]:
    """As `walk`, each with its path below `path`."""
    yield path, expression
    for step, child in name_children(expression):
        yield from walk_paths(child, f"{path}.{step}" if path else step)


def atoms(expression: Expression) -> Iterator[Atom]:
    """The atoms that are evaluated. The event inside an Elapsed, Sequence or Count is part of that atom."""
    if isinstance(expression, Atom):
        yield expression
        return
    for child in children(expression):
        yield from atoms(child)


@lru_cache(maxsize=1024)
def concepts(expression: Expression) -> tuple[str, ...]:
    """The ids of the concepts that an expression names, each once, in order."""
    found: dict[str, None] = {}
    for node in walk(expression):
        match node:
            case Measured(concept) | Finding(concept) | Condition(concept):
                found[concept] = None
            case Derived(quantity):
                found[quantity] = None
            case Received(concept, _, given_for):
                found[concept] = None
                if given_for is not None and given_for != INDEX_CANCER:
                    found[given_for] = None
            case _:
                pass
    return tuple(found)


def transform(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The expression with `change` applied to every node, children first. Events inside atoms stay.

    A node whose children are all unchanged is handed to `change` as it is.
    """
    return change(_rebuild(expression, change))


def _rebuild(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    match expression:
        case AllOf(of) | AnyOf(of) | AtLeast(_, of):
            changed = tuple(transform(child, change) for child in of)
            return expression if changed == of else replace(expression, of=changed)
        case Not(child) | Recorded(child) | Judgement(child):
            other = transform(child, change)
            return expression if other == child else replace(expression, of=other)
        case Conditional(when, then, otherwise):
            return Conditional(*(transform(child, change) for child in (when, then, otherwise)))
        case Question(id, readings):
            return Question(id, tuple((name, transform(child, change)) for name, child in readings))
        case _:
            return expression
