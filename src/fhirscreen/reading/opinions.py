"""Clauses in which somebody judges what stands before them: which, in the physician's opinion, may interfere.

Such a clause qualifies what it follows, and asks nothing by itself: its commas and its "or" join no criteria.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhirscreen.reading.items import JOINS, Item, Role

OPINION = 1.0
"""The value of an item that is such a clause."""

_OPENS = re.compile(
    r"\b(?:that|which|who)\b|"
    r"\bin (?:the |his |their |an? )?(?:[\w'’/-]+ ){0,3}(?:opinion|judge?ments?|view)\b|"
    r"\bin the (?:eyes|estimation) of\b|\b(?:at|upon|on) the (?:[\w'’/-]+ ){0,3}discretion\b|"
    r"\bas (?:judged|determined|assessed|deemed|considered|evaluated)\b|"
    r"\b(?:judged|deemed|considered|felt|thought|believed) (?:by|to)\b|"
    r"\b(?:according to|per) (?:the )?(?:\w+ )?(?:investigator|physician|clinician)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"(?:that|which|who)\b", re.IGNORECASE)
_JUDGES = re.compile(
    r"\b(?:opinion|judge?ments?|view|discretion|judged|determined|assessed|deemed|considered|felt|believed|"
    r"interfer\w*|compromis\w*|jeopardi[sz]\w*|confound\w*|preclud\w*|prohibit\w*|impair|affect|limit|hinder|prevent|risk|"
    r"unsafe|unsuitable|inappropriate|likely|contraindicat\w*|would|could|may|might)\b",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r"\b(?:investigators?|physicians?|clinicians?|doctors?|sponsor|pi|monitor)(?:['’]s?)?\b", re.IGNORECASE
)
_GOES_ON = re.compile(
    r"\W*(?:(?:and|or|sponsor|medical|monitor|designee|the|\w+ly)\W+)*"
    r"(?:would|could|may|might|makes?|is|are|will|should|preclude\w*|interfer\w*|likely|renders?|puts?|places?|"
    r"poses?|precluding|that|which|to be|to)\b",
    re.IGNORECASE,
)
_OBJECTS = re.compile(
    r"\b(?:requir\w*|need\w*|lead\w*|result\w*|caus\w*|increas\w*|worsen\w*|develop\w*|interpret\w*|"
    r"assess(?:ment|ing)|evaluat\w*|measur\w*)\b",
    re.IGNORECASE,
)
_STAYS = re.compile(
    r"\W*(?:(?:the|an?|its|his|her|their|of|any|in|by|for|with|and|or|otherwise|also|\w+ly|safe|study|trial|overall|"
    r"other|patients?|subjects?|participants?|medical|treating|principal)\b['’]?s?\W*)*"
    r"(?:safety|well-?being|welfare|rights?|interpret\w*|results?|participat\w*|data|integrity|assess\w*|abilit\w*|"
    r"complet\w*|evaluat\w*|efficacy|end-?points?|conduct|outcomes?|protocol|procedures?|visits?|analys\w*|"
    r"may|might|would|could|makes?|puts?|places?|poses?|limits?|impairs?|affects?|interfer\w*|compromis\w*|"
    r"confound\w*|prevent\w*|preclud\w*|risks?|is|are|was|adher\w*|complian\w*|comply|consent|increas\w*|"
    r"(?:understand|render|giv|sign|provid|comply|attend|complet)ing|jeopard\w*|prohibit\w*|likely|to|that|which|who|cannot|unable|opinion|judge?ment|view|investigators?|sponsor|"
    r"monitor|designee|physician|renders?|contraindicat\w*|obscur\w*|hinder\w*|inappropriate|unsuitable|unsafe|"
    r"discretion|enrol\w*|follow-?up|treatment|therapy)\b",
    re.IGNORECASE,
)
"""What goes on in such a clause behind a comma or an "or"."""
_CONDITIONAL = re.compile(r"\b(?:if|unless|except|when|where|provided|until)\W*$", re.IGNORECASE)
_SILENT = (Role.FILLER, Role.COMMA, Role.WORD, Role.MANUAL, Role.KNOWN, Role.COLON, Role.DASH)
_HEADS = (Role.ENTITY, Role.MANUAL, Role.WORD)


def fold_opinions(items: Sequence[Item], text: str) -> list[Item]:
    """The items with each such clause as one, beside what it qualifies, without the comma before it.

    Where what it needs or leads to may go on in a list, its end cannot be told: a doubt stands beside it.
    """
    found = _leading(list(items), text)
    at = 0
    while found and at < found[-1].end:
        opened = _next(found, at, text)
        if opened is None:
            break
        first, start, relative = opened
        end, doubtful = _end(found, first, start, text, relative=relative)
        clause = found[first:end]
        last = clause[-1].end
        word = Item(Role.MANUAL, start, last, text[start:last], "judgement", value=OPINION)
        made = [word, Item(Role.DOUBT, start, last)] if doubtful else [word]
        before = found[:first]
        while before and before[-1].role in (Role.COMMA, Role.DASH):
            before.pop()
        found = [*before, *made, *found[end:]]
        at = last
    return found


def _leading(items: list[Item], text: str) -> list[Item]:
    """An opinion that stands before what it qualifies: of which of several cannot be told."""
    first = next((i for i, item in enumerate(items) if item.role is not Role.FILLER), None)
    if first is None or first + 2 >= len(items) or items[first].role is not Role.MANUAL:
        return items
    word, after = items[first], items[first + 1]
    opened = _OPENS.search(text, items[0].start, word.end)
    if opened is None or _RELATIVE.match(opened[0]) is not None or after.role is not Role.COMMA:
        return items
    several = any(item.role in JOINS for item in items[first + 2 :])
    role = Role.DOUBT if several else Role.NARROWING
    return [Item(role, word.start, word.end, word.text), *items[first + 2 :]]


def _next(items: list[Item], at: int, text: str) -> tuple[int, int, bool] | None:
    """The first item of the next clause, where its words begin, and whether it is a relative one."""
    head = next((i for i, item in enumerate(items) if item.role in _HEADS), None)
    if head is None:
        return None
    begins = max(at, items[head].start)
    for match in _OPENS.finditer(text, begins, items[-1].end):
        start = match.start()
        first = next((i for i, item in enumerate(items) if item.end > start), None)
        if first is None or _depth(items[:first]) or _CONDITIONAL.search(text, begins, start):
            continue
        if first < head or (first == head and items[first].role is not Role.MANUAL):
            continue
        if items[first].role is Role.MANUAL and items[first].start < start:
            start = items[first].start  # any condition that
        elif items[first].role not in (Role.FILLER, Role.MANUAL, Role.WORD, Role.KNOWN, Role.NARROWING):
            continue
        relative = _RELATIVE.match(match[0]) is not None
        if _judges(items[first:], match.start(), text, relative=relative):
            return first, start, relative
    return None


def _judges(items: Sequence[Item], start: int, text: str, *, relative: bool) -> bool:
    """Whether somebody judges in what follows, before anything is named."""
    for item in items:
        if relative and item.role is Role.MANUAL and item.start < start:
            continue  # any condition that
        if item.role is Role.MANUAL and item.key == "judgement":
            return not relative or _JUDGES.search(text, start, item.end) is not None
        if item.role not in _SILENT:
            return False
    return False


def _end(items: list[Item], first: int, start: int, text: str, *, relative: bool) -> tuple[int, bool]:
    """Where the clause ends among the items, and whether that is in doubt."""
    somebody = _SOMEBODY.search(text, start, items[-1].end)
    if not relative and somebody is not None and items[first].role is not Role.WORD:
        rest = text[somebody.end() : items[-1].end]
        if _GOES_ON.match(rest) is None:
            end = next((i for i, item in enumerate(items) if item.start >= somebody.end()), len(items))
            return max(end, first + 1), False
    for index in range(first + 1, len(items)):
        if items[index].role in (Role.OPEN, Role.EXAMPLE):
            return index, False
        if items[index].role not in JOINS:
            continue
        rest = text[items[index].end : items[-1].end]
        if index + 1 < len(items) and (items[index + 1].role in JOINS or _STAYS.match(rest) is not None):
            continue
        objects = _OBJECTS.search(text, start, items[index].start) is not None
        return (len(items), True) if objects else (index, False)
    return len(items), False


def _depth(items: Sequence[Item]) -> int:
    return sum((item.role is Role.OPEN) - (item.role is Role.CLOSE) for item in items)
