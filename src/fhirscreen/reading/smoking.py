"""Smokers and non-smokers, by the smoking status on record."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.criteria.nodes import Finding
from fhirscreen.reading.fragments import Atom, Fragment, Sort
from fhirscreen.reading.items import JOINS, Item, Role

_STATUS = "tobacco-smoking-status"
_SMOKES = ("smoker", "smoking")
_NON = "non"
_ENDS = (Role.STOP, Role.CLOSE, Role.FILLER, *JOINS)
_BEFORE = (Role.STOP, Role.OPEN, Role.FILLER, Role.NO, Role.COLON, Role.KNOWN, *JOINS)


def read_smokers(items: Sequence[Item], text: str) -> list[Item]:
    """The items with "current smoker" and "non-smoker" as findings, where no more is said of the smoking.

    How much, since when and for how long is no status.
    """
    found: list[Item] = []
    for at, item in enumerate(items):
        named = any(concept.id == _STATUS for concept in item.concepts)
        said = text[item.start : item.end].lower().rstrip("s").split()
        after = items[at + 1].role if at + 1 < len(items) else Role.STOP
        if not named or not said or said[-1] not in _SMOKES or after not in _ENDS:
            found.append(item)
            continue
        kept = len(found)
        if kept and found[-1].role is Role.DASH:
            kept -= 1
        denied = bool(kept) and found[kept - 1].key == _NON
        if denied or (kept and found[kept - 1].role is Role.ACTIVE):
            kept -= 1
        if kept and found[kept - 1].role not in _BEFORE:
            found.append(item)
            continue
        start = found[kept].start if kept < len(found) else item.start
        del found[kept:]
        values = ("never", "former") if denied else ("current",)
        atom = Atom(_STATUS, text[item.start : item.end], start, item.end, values=values)
        made = Fragment(Sort.CATEGORY, Finding(_STATUS, values), (atom,), ("smoking",))
        found.append(Item(Role.FRAGMENT, start, item.end, fragment=made))
    return found
