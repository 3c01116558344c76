"""Every node says itself in plain English: deterministic, and nothing that decides is left out.

Concepts are said by a `label` function that is handed in (`platelet-count` → "platelet count"), so that
this room needs no mappings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from fhirscreen.criteria.amounts import say_bounds, say_duration, say_window
from fhirscreen.criteria.bounds import Distinct, Staging, Which
from fhirscreen.criteria.nodes import (
    INDEX_CANCER,
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

Label = Callable[[str], str]
"""The English of a concept id: singular, lower case unless a name."""

_STAGED = {
    Staging.CLINICAL: "assessed clinically",
    Staging.PATHOLOGICAL: "assessed by pathology",
    Staging.POST_THERAPY: "assessed after therapy",
    Staging.ANY: "however assessed",
}
_PICKED = {
    Which.LATEST: "",
    Which.FIRST: "first value",
    Which.ANY: "any value",
    Which.EVERY: "every value",
    Which.MINIMUM: "lowest value",
    Which.MAXIMUM: "highest value",
}
_COUNTED = {
    Distinct.RECORD: "records of",
    Distinct.DAY: "different days with",
    Distinct.VALUE: "different values of",
}


def spell_id(id: str) -> str:
    """An id as words, where there is no label: `platelet-count` → "platelet count". Codes stay."""
    return id.replace("-", " ") if id.islower() and ":" not in id else id


def join_words(words: tuple[str, ...] | list[str], last: str) -> str:
    """`a, b or c`."""
    *others, final = words
    return f"{', '.join(others)} {last} {final}" if others else final


def say(expression: Expression, label: Label = spell_id) -> str:
    """The expression as an English phrase, without capital or full stop."""
    match expression:
        case Age(bounds):
            return f"age {say_bounds(bounds)}"
        case Sex(code):
            return f"{code} sex"
        case Measured(concept, bounds, which, within):
            details = _aside(_PICKED[which], say_window(within))
            return f"{label(concept)} {say_bounds(bounds)}{details}"
        case Derived(quantity, bounds):
            return f"{label(quantity)} {say_bounds(bounds)}"
        case Elapsed(since, bounds, which):
            return f"{say_bounds(bounds)} since the {which.value} {_name_event(since, label)}"
        case Sequence(first, then, within):
            limit = f", within {say_duration(within)}" if within else ""
            return f"{_name_event(then, label)} after {_name_event(first, label)}{limit}"
        case Count(of, bounds, distinct, within, complete):
            partial = "" if complete else "records are a lower bound"
            counted = f"{_COUNTED[distinct]} {_bracket(of, label)}"
            return f"{say_bounds(bounds)} {counted}{_aside(say_window(within), partial)}"
        case Finding() | Condition() | Received():
            return _say_event(expression, label)
        case Constant(value):
            return "always" if value else "never"
        case Confirm(ask):
            return f"asked in person: {ask}"
        case Unread(text):
            return f"not yet read: “{text}”"
        case _:
            return _say_compound(expression, label)


def say_sentence(expression: Expression, label: Label = spell_id) -> str:
    """The expression as an English sentence, without full stop."""
    phrase = say(expression, label)
    return phrase[:1].upper() + phrase[1:]


def _say_compound(
    expression: AllOf | AnyOf | AtLeast | Not | Conditional | Recorded | Judgement | Question, label: Label
) -> str:
    match expression:
        case AllOf(of):
            return " and ".join(_bracket(child, label) for child in of)
        case AnyOf(of):
            return " or ".join(_bracket(child, label) for child in of)
        case AtLeast(n, of):
            return f"at least {n} of: " + "; ".join(_bracket(child, label) for child in of)
        case Not(of):
            plain = isinstance(of, Condition | Received) or (isinstance(of, Finding) and not of.values)
            return f"no {say(of, label)}" if plain else f"not ({say(of, label)})"
        case Conditional(when, then, otherwise):
            parts = (_bracket(part, label) for part in (when, then, otherwise))
            return "if {}, then {}, otherwise {}".format(*parts)
        case Recorded(of):
            return f"{_bracket(of, label)} is on record"
        case Judgement(of):
            return f"{_bracket(of, label)}, for the investigator to judge"
        case Question(id, readings):
            said = "; ".join(f"{spell_id(name)}: {say(of, label)}" for name, of in readings)
            return f"depending on the answer to “{spell_id(id)}” ({said})"
        case _:
            assert_never(expression)


def _say_event(event: Finding | Condition | Received, label: Label) -> str:
    match event:
        case Finding(concept, values, staging, which, within, sites):
            said = (
                f"{label(concept)} {join_words([*map(spell_id, values)], 'or')}" if values else label(concept)
            )
            only = f"at no other site than {join_words([*map(spell_id, sites)], 'or')}" if sites else ""
            staged = "" if staging is None else _STAGED[staging]
            return said + _aside(staged, _PICKED[which], say_window(within), only)
        case Condition(concept, active, within, severity):
            said = f"{join_words(severity, 'or')} {label(concept)}" if severity else label(concept)
            when = "at present" if active else "" if within else "at any time"
            return " ".join(part for part in (said, when, say_window(within)) if part)
        case Received(concept, within, _, _, _, current):
            when = "at present" if current else "" if within else "at any time"
            named = _name_event(event, label, window=False)
            return " ".join(part for part in (named, "received", when, say_window(within)) if part)
        case _:
            assert_never(event)


def _name_event(event: Finding | Condition | Received, label: Label, *, window: bool = True) -> str:
    """An event as a noun: what the phrase "since the last ..." or "after ..." needs."""
    if not isinstance(event, Received):
        return _say_event(event, label) if event != Condition(event.concept) else label(event.concept)
    purpose = None if event.given_for is None else _say_purpose(event.given_for, label)
    details = _aside(
        f"by {join_words([*map(spell_id, event.routes)], 'or')} route" if event.routes else "",
        f"for at least {say_duration(event.minimum_duration)}" if event.minimum_duration else "",
        "ongoing" if window and event.current else "",
        say_window(event.within) if window else "",
    )
    return label(event.concept) + (f" for {purpose}" if purpose else "") + details


def _say_purpose(given_for: str, label: Label) -> str:
    return "the cancer under study" if given_for == INDEX_CANCER else label(given_for)


def _bracket(expression: Expression, label: Label) -> str:
    """In brackets where a reader could otherwise join the parts wrongly."""
    said = say(expression, label)
    closed = isinstance(
        expression, Age | Sex | Measured | Derived | Finding | Condition | Received | Constant
    )
    return said if closed else f"({said})"


def _aside(*parts: str) -> str:
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""
