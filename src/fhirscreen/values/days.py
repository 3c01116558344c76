"""How many different days: of events whose days are ranges, the fewest and the most that are possible."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

Days = tuple[int, int]
"""The first and the last day on which something may have been, as ordinals."""


def fewest_days(ranges: Iterable[Days]) -> int:
    """The least number of different days on which all of it may have been."""
    count, last = 0, None
    for start, end in sorted(ranges, key=lambda each: each[1]):
        if last is None or start > last:
            count, last = count + 1, end
    return count


def most_days(ranges: Iterable[Days]) -> int:
    """The greatest number of different days on which it may have been: one range has one of its days."""
    todo = sorted(ranges, reverse=True)
    open_ends: list[int] = []
    count = day = 0
    while todo or open_ends:
        if not open_ends:
            day = max(day, todo[-1][0])
        while todo and todo[-1][0] <= day:
            heappush(open_ends, todo.pop()[1])
        # Of what may have been on this day, that which has the fewest other days takes it.
        if heappop(open_ends) >= day:
            count, day = count + 1, day + 1
    return count
