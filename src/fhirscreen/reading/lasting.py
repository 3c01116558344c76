"""How long a disease or a treatment has gone on: asthma for at least 2 years, a stable dose for 8 weeks.

A record says when something began and not that it went on since: the time narrows it, as its course does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.bounds import skip_anchor
from fhirscreen.reading.courses import happens_at_once
from fhirscreen.reading.durations import CALENDAR, iso, time_unit, whole
from fhirscreen.reading.items import JOINS, Item, Role
from fhirscreen.reading.segments import HEADS, kind_of

_LASTING = (ConceptKind.DIAGNOSIS, ConceptKind.THERAPY)
_LEADS = ("for", "over")
_BACK = (Role.FILLER, Role.OPEN, Role.CLOSE, Role.NARROWING, Role.KNOWN, Role.RECEIVED, Role.DASH)
_UNDER = (*_BACK, Role.ENTITY, Role.HISTORY, Role.ACTIVE, Role.SEVERITY, *JOINS)
_ENDS = (Role.STOP, Role.CLOSE, Role.COMMA, Role.AND, Role.OR)
_OVER = re.compile(
    r"\b(?:no|not|off|without|never|free|withdr\w+|stop\w*|discontinu\w+|ceas\w+)\b", re.IGNORECASE
)
"""What says that it is over: a time beside it says since when."""
_MODAL = re.compile(r"\b(?:must|should|shall|has to|have to|needs? to)\b", re.IGNORECASE)
_STABLE = re.compile(r"\b(?:stabl[ey]|unchanged|constant)\b", re.IGNORECASE)
_DURATION = "duration"
_NEAR = 8
LENGTH = "length"
"""The key of a length of time that narrows what it stands beside."""


def note_lengths(items: Sequence[Item], text: str) -> list[Item]:
    """The items with such a length of time as what narrows the name before it.

    Not of what happens at once, nor of what is over: there a time says how long ago it was.
    """
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        end = _length(items, at, found, text) if item.role in (Role.BOUND, Role.NUMBER) else at
        if end == at and item.role in (Role.BOUND, Role.NUMBER):
            window, end = _free(items, at, found)
            if window is not None:
                found.append(window)
                at = end
                continue
        if end > at:
            while found and found[-1].role is Role.FILLER and found[-1].text.lower() in _LEADS:
                item = found.pop()
            found.append(Item(Role.NARROWING, item.start, items[end - 1].end, key=LENGTH))
            if _MODAL.search(text, _name(found).end, item.start) is not None:  # any use must be stable for
                found.append(Item(Role.DOUBT, item.start, items[end - 1].end))
            at = end
            continue
        found.append(item)
        at += 1
    return found


def _length(items: Sequence[Item], at: int, before: Sequence[Item], text: str) -> int:
    """Past a length of time that says how long what stands before has gone on; `at` where it is none."""
    numbers = items[at].range
    if numbers is None or numbers.older or not before or time_unit(numbers.unit) not in CALENDAR:
        return at
    end = at + 1
    while end < len(items) and items[end].role is Role.FILLER and items[end].text.lower() in ("in", "of"):
        end += 1
    told = end < len(items) and items[end].key == _DURATION
    end = end + 1 if told else at + 1
    led = before[-1].role is Role.FILLER and before[-1].text.lower() in _LEADS
    open_ended = numbers.low is not None and numbers.high is None
    told = told or (open_ended and _goes_on(before, text, items[at].start))
    aside = before[-1].role is Role.OPEN and open_ended and time_unit(numbers.unit) != "a"  # no age
    if not (led or told or aside):
        return at
    name = _name(before)
    if kind_of(name) not in _LASTING or happens_at_once(name):
        return at
    if _OVER.search(text, before[0].start, items[at].start) is not None:
        return at
    last = skip_anchor(items, end)
    if last > end and kind_of(name) is ConceptKind.THERAPY:
        return at  # before the study: a window says whether it is over
    return last if last >= len(items) or items[last].role in _ENDS else at


def _name(before: Sequence[Item]) -> Item:
    """What stands before with no more between than what qualifies it."""
    step = len(before) - 1
    while (
        step > 0 and len(before) - step <= _NEAR and (before[step].role in _BACK or before[step].key in HEADS)
    ):
        step -= 1
    return before[step]


def _goes_on(before: Sequence[Item], text: str, end: int) -> bool:
    """Whether what stands before in the clause is said to be taken now: a stable dose of, on, receiving."""
    step = len(before)
    while step and before[step - 1].role not in (Role.STOP, Role.COMMA):
        step -= 1
    clause = before[step:]
    now = any(item.role is Role.RECEIVED and item.key == "now" for item in clause)
    return bool(clause) and (now or _STABLE.search(text, clause[0].start, end) is not None)


def _free(items: Sequence[Item], at: int, before: Sequence[Item]) -> tuple[Item | None, int]:
    """`no seizures for at least 6 months` as a window: none of them was in it. With where it ends."""
    numbers = items[at].range
    unit = time_unit(numbers.unit) if numbers is not None else None
    if numbers is None or numbers.older or unit not in CALENDAR or not before:
        return None, at
    end = skip_anchor(items, at + 1)
    least = numbers.low is not None and numbers.high is None and numbers.low_inclusive
    exact = len(numbers.values) == 1 and numbers.low is None and end > at + 1
    if not (least or exact) or before[-1].role is not Role.FILLER or before[-1].text.lower() not in _LEADS:
        return None, at
    if end < len(items) and items[end].role not in _ENDS:
        return None, at
    step = len(before) - 1
    named = False
    while step >= 0 and (before[step].role in _UNDER or before[step].key in HEADS):
        named = named or kind_of(before[step]) is not None
        step -= 1
    length = whole(numbers.low if numbers.low is not None else numbers.values[0], unit)
    if step < 0 or before[step].role is not Role.NO or not named or length is None:
        return None, at
    window = Item(Role.WINDOW, before[-1].start, items[end - 1].end, f"{length[0]} {length[1]}", "within")
    window.parts = [Item(Role.ANCHOR, 0, 0, iso(*length))]
    return window, end
