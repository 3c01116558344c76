"""Whether a time is how long something is given, or how long ago it was."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.reading.items import Item, Role

_OVER = ("completed", "finished", "last", "last dose of", "off", "without", "free", "stopped")
"""What says that a therapy is over, beside the words that it was stopped."""


def is_use(item: Item) -> bool:
    """Whether it says that something is used: for how long, or how long ago, is not said by that."""
    return item.role is Role.RECEIVED and item.key == "use"


def is_lasting(before: Sequence[Item]) -> bool:
    """Whether a time is how long something is given: a stable dose for at least 6 weeks before screening.

    It is the time since something where that has been stopped, or must not have been given.
    """
    cut = max((i + 1 for i, item in enumerate(before) if item.role is Role.STOP), default=0)
    clause = before[cut:]
    if any(
        item.role in (Role.NO, Role.SINCE) or item.key == "stopped" or item.text.lower() in _OVER
        for item in clause
    ):
        return False
    given = any(item.role is Role.RECEIVED and item.key == "now" for item in clause)
    steady = any(item.key == "steady" for item in clause)
    return given or steady or (bool(clause) and clause[-1].text.lower() == "for")
