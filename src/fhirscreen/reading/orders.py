"""Better and worse on a scale: ECOG 1 or better is 0 or 1, Karnofsky 70 or better is 70 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fhirscreen.reading.definitions import WORSE_HIGH, WORSE_LOW
from fhirscreen.reading.items import Item, Role

_ORDER = ">=order"
"""The key of words that say better or worse, until the scale is known."""
_GOOD_LOW = WORSE_HIGH | {"ecog-performance-status", "nyha-class", "child-pugh-class"}
_GOOD_HIGH = WORSE_LOW | {"karnofsky-performance-status", "lansky-performance-status"}
_GRADES = ("grade", "gr", "stage")


def read_orders(items: Sequence[Item], text: str) -> list[Item]:
    """The items with better and worse as at least or at most; unread where no scale is named beside it."""
    found = list(items)
    for at, item in enumerate(items):
        if item.role is not Role.COMPARE_AFTER or item.key != _ORDER:
            continue
        better = text[item.start : item.end].lower().endswith("better")
        lower_is_good = _lower_is_good(items, at, text)
        if lower_is_good is None:
            found[at] = Item(Role.WORD, item.start, item.end, text[item.start : item.end])
            continue
        at_most = better == lower_is_good
        found[at] = replace(item, key="<=" if at_most else ">=")
    return found


def _lower_is_good(items: Sequence[Item], at: int, text: str) -> bool | None:
    """Of the scale that is named last before a word, or else first after it."""
    for item in [*reversed(items[:at]), *items[at + 1 :]]:
        if text[item.start : item.end].lower() in _GRADES:
            return True
        for concept in item.concepts:
            if concept.id in _GOOD_LOW:
                return True
            if concept.id in _GOOD_HIGH:
                return False
        if item.concepts:
            return None
    return None
