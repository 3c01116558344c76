"""Stretches of a criterion that no concept names, each looked up whole: a name, and never a part of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhirscreen.criteria.suggestions import Suggestion
from fhirscreen.reading.items import Item, Role
from fhirscreen.reading.lookups import MOST, Lookup
from fhirscreen.reading.lookups.names import LONGEST

_NAMES = (Role.WORD, Role.ENTITY)
"""What a name may not be cut out from: the word beside it may narrow it, or be its head."""
_ENDS = (
    Role.COMMA, Role.STOP, Role.OPEN, Role.CLOSE, Role.COLON, Role.SLASH, Role.NUMBER, Role.COMPARE,
    Role.LIMIT, Role.CATEGORY, Role.NO, Role.EXCEPT, Role.IF, Role.EXAMPLE,
)  # fmt: skip
"""What stands in no name."""
_BEGINS = (*_NAMES, Role.NARROWING, Role.SEVERITY)
"""What a name begins with; it ends with what it may not be cut out from."""


def suggest(
    text: str, items: Sequence[Item], spans: Sequence[tuple[int, int]], lookups: Sequence[Lookup]
) -> tuple[Suggestion, ...]:
    """What the lookups have for the stretches of the items that reach into `spans`, in the text's order.

    The longest that is a name counts; what lies in it is looked up no more. What has no word
    that is unknown, such as the name of a concept, is not looked up.
    """
    found: list[Suggestion] = []
    for run in _runs(items):
        at = 0
        while at < len(run):
            end, suggestion = _longest(text, run, at, spans, lookups)
            if suggestion is not None:
                found.append(suggestion)
            at = end
    return tuple(found)


def _runs(items: Sequence[Item]) -> Iterator[list[Item]]:
    run: list[Item] = []
    for item in items:
        if item.role in _ENDS:
            if run:
                yield run
            run = []
        else:
            run.append(item)
    if run:
        yield run


def _longest(
    text: str, run: list[Item], at: int, spans: Sequence[tuple[int, int]], lookups: Sequence[Lookup]
) -> tuple[int, Suggestion | None]:
    if run[at].role not in _BEGINS or (at and run[at - 1].role in _NAMES):
        return at + 1, None
    for end in range(min(len(run), at + LONGEST), at, -1):
        part = run[at:end]
        if part[-1].role not in _NAMES or (end < len(run) and run[end].role in _NAMES):
            continue
        start, stop = part[0].start, part[-1].end
        unknown = any(item.role is Role.WORD for item in part)
        if not unknown or not any(a < stop and start < b for a, b in spans):
            continue
        phrase = text[start:stop]
        candidates = tuple(each for lookup in lookups for each in tuple(lookup.find(phrase))[:MOST])
        if candidates:
            return end, Suggestion(" ".join(phrase.split()), start, stop, candidates)
    return at + 1, None
