"""From nodes to the wire: the inverse of the readers, defaults left out."""

from __future__ import annotations

from typing import assert_never

from fhirscreen.criteria.bounds import Distinct, Which
from fhirscreen.criteria.nodes import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
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
from fhirscreen.criteria.wire.amounts import write_bounds

Data = dict[str, object]


def present(**values: object) -> Data:
    """The keys whose value says something: not None, not empty, not False. A trailing `_` is dropped."""
    return {
        key.removesuffix("_"): list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
        if value is not None and value is not False and value != ()
    }


def write_which(which: Which) -> str | None:
    """Nothing for the default."""
    return None if which is Which.LATEST else which.value


def write_expression(expression: Expression) -> Data:
    """The expression as plain data with exactly one key; `read_expression` gives it back equal."""
    match expression:
        case Age(bounds):
            return {"age": write_bounds(bounds)}
        case Sex(code):
            return {"sex": code}
        case Measured(concept, bounds, which, within):
            rest = present(which=write_which(which), within=within)
            return {"measured": {"concept": concept, **write_bounds(bounds), **rest}}
        case Derived(quantity, bounds):
            return {"derived": {"quantity": quantity, **write_bounds(bounds)}}
        case Finding(concept, values, staging, which, within, sites):
            rest = present(in_=values, staging=staging and staging.value, which=write_which(which))
            return {"finding": {"concept": concept, **rest, **present(within=within, sites=sites)}}
        case Condition(concept, active, within, severity):
            return {"condition": present(concept=concept, active=active, within=within, severity=severity)}
        case Received(concept, within, given_for, routes, duration, current):
            body = present(concept=concept, within=within, for_=given_for, routes=routes)
            return {"received": {**body, **present(minimum_duration=duration, current=current)}}
        case Elapsed(since, bounds, which):
            body = {"since": write_expression(since), **present(which=write_which(which))}
            return {"elapsed": {**body, **write_bounds(bounds)}}
        case Sequence(first, then, within):
            ends = {"first": write_expression(first), "then": write_expression(then)}
            return {"sequence": {**ends, **present(within=within)}}
        case Count(of, bounds, distinct, within, complete):
            kind = None if distinct is Distinct.RECORD else distinct.value
            body = {"of": write_expression(of), **present(distinct=kind, within=within)}
            return {"count": {**body, **({} if complete else {"complete": False}), **write_bounds(bounds)}}
        case _:
            return _write_compound(expression)


def _write_compound(
    expression: AllOf | AnyOf | AtLeast | Not | Conditional | Recorded | Judgement | Question
    | Constant | Confirm | Unread,
) -> Data:  # fmt: skip
    match expression:
        case AllOf(of):
            return {"all": [write_expression(child) for child in of]}
        case AnyOf(of):
            return {"any": [write_expression(child) for child in of]}
        case AtLeast(n, of):
            return {"at_least": {"n": n, "of": [write_expression(child) for child in of]}}
        case Not(of):
            return {"not": write_expression(of)}
        case Conditional(when, then, otherwise):
            parts = {"when": when, "then": then, "otherwise": otherwise}
            return {"conditional": {key: write_expression(part) for key, part in parts.items()}}
        case Recorded(of):
            return {"recorded": write_expression(of)}
        case Judgement(of):
            return {"judgement": write_expression(of)}
        case Question(id, readings):
            return {"question": {"id": id, "readings": {name: write_expression(of) for name, of in readings}}}
        case Constant(value):
            return {"constant": value}
        case Confirm(ask):
            return {"confirm": ask}
        case Unread(text):
            return {"unread": text}
        case _:
            assert_never(expression)
