"""Two numbers that belong together: blood pressure above 160/100, potassium below 3.3 or above 5.5 mmol/L."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.items import Item, Range, Role
from fhirscreen.reading.lexicon import Lexicon

_PRESSURE = re.compile(r"\b(?:blood[\s-]+pressures?|BP)\b[\s:,]*(?:is|was|of|are)?[\s:]*$", re.IGNORECASE)
_HYPERTENSION = "hypertension"
_SYSTOLIC, _DIASTOLIC = ("systolic", "blood", "pressure"), ("diastolic", "blood", "pressure")
_AHEAD = 40


def share_units(items: Sequence[Item]) -> list[Item]:
    """The items with the unit of the second of two open bounds for the first, which has none."""
    found = list(items)
    for at in range(len(found) - 2):
        first, second = found[at].range, found[at + 2].range
        if (
            found[at].role is Role.BOUND
            and found[at + 1].role is Role.OR
            and found[at + 2].role is Role.BOUND
            and first is not None
            and second is not None
            and not (first.unit or first.limit or first.older or second.limit)
            and second.unit
            and first.low is None
            and second.high is None
        ):
            found[at] = replace(found[at], range=replace(first, unit=second.unit))
    return found


def read_pressures(items: Sequence[Item], lexicon: Lexicon, text: str, kind: Kind) -> list[Item]:
    """The items with a blood pressure of two numbers as the systolic and the diastolic one.

    What excludes is a pressure of which either is above; what is asked for is one of which both are below.
    Of anything else it is not said which of the two counts.
    """
    denied = any(item.role is Role.NO for item in items)
    found: list[Item] = []
    at = 0
    while at < len(items):
        bounds = _bounds(items, at)
        start = _name_of(found, items[at], text) if bounds is not None else None
        if bounds is None or start is None:
            found.append(items[at])
            at += 1
            continue
        systolic = lexicon.name(_SYSTOLIC, items[at].start, items[at].start)
        diastolic = lexicon.name(_DIASTOLIC, items[at].start, items[at].start)
        if systolic is None or diastolic is None:
            return list(items)
        low = bounds[0].low is not None
        del found[start:]
        join = Role.OR if low else Role.AND
        second = items[at + 2]
        found += [
            systolic,
            replace(items[at], range=bounds[0]),
            Item(join, items[at + 1].start, items[at + 1].end),
            replace(diastolic, start=second.start, end=second.start),
            Item(Role.BOUND, second.start, second.end, range=bounds[1]),
        ]
        if low != (kind is Kind.EXCLUSION or denied):
            found.append(Item(Role.DOUBT, second.start, second.end))
        at += 3
    return found


def _bounds(items: Sequence[Item], at: int) -> tuple[Range, Range] | None:
    """The two bounds of `> 160/100 mmHg`."""
    if at + 2 >= len(items) or items[at].role is not Role.BOUND or items[at + 1].role is not Role.SLASH:
        return None
    first, second = items[at].range, items[at + 2].range
    if first is None or second is None or items[at + 2].role is not Role.NUMBER or len(second.values) != 1:
        return None
    if (first.low is None) == (first.high is None) or first.limit or second.limit or first.older:
        return None
    unit = second.unit or first.unit
    value = second.values[0]
    return (
        replace(first, unit=unit),
        replace(
            first,
            low=None if first.low is None else value,
            high=None if first.high is None else value,
            unit=unit,
        ),
    )


def _name_of(before: Sequence[Item], bound: Item, text: str) -> int | None:
    """Where the name before such a bound begins; hypertension is told by it, in parentheses."""
    opened = bool(before) and before[-1].role is Role.OPEN
    named = before[-2] if opened and len(before) > 1 else None
    if named is not None and any(concept.id == _HYPERTENSION for concept in named.concepts):
        return len(before)
    match = _PRESSURE.search(text, max(0, bound.start - _AHEAD), bound.start)
    if match is None:
        return None
    return next((i for i, item in enumerate(before) if item.end > match.start()), None)
