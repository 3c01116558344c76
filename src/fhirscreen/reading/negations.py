"""Negations under the exclusion criteria: which of them can mean one thing alone.

"No brain metastases" there may exclude those without, or be a requirement in the wrong list. What must not
be, and who is described as being without something, can only be read in one way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.items import JOINS, Item, Role
from fhirscreen.reading.segments import kind_of

_MODAL = re.compile(
    r"\b(?:must|should|shall|cannot|can\s+not|may)\b(?!.*\b(?:must|should|may)\b)", re.IGNORECASE
)
_RELATIVE = re.compile(r"\b(?:who|that|which|whom|whose)\b", re.IGNORECASE)
_DESCRIBES = re.compile(
    r"\b(?:who|that|which|whom)\s+(?:(?:have|has|had|are|is|were|was|do|does|did)\s+)?$", re.IGNORECASE
)
_LACKS = re.compile(r"(?:lack of|absence of)", re.IGNORECASE)
_WITHOUT = re.compile(r"without", re.IGNORECASE)
_SUBJECT = re.compile(
    r"\W*(?:\d{1,2}[.)]\s*)?(?:the\s+)?(?:(?:eligible|all|any|such)\s+)?(?:adult\s+)?"
    r"(?:(?:patient|subject|participant|individual|volunteer|female|male|women|woman|men|man)s?\s*){0,2}",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"(?:un(?:willing|able)|in(?:ability|capable)|refus|declin|not|cannot|(?:lack|absence) of)", re.IGNORECASE
)
_VERB = re.compile(
    r"\W*(?:(?:and|or|to|also|then|fully|otherwise|be|safely|regularly)\W+)*(?:"
    r"comply|adhere|attend|follow|understand|agree|accept|consent|give|provide|sign|complete|return|participate|"
    r"abstain|refrain|use|undergo|swallow|take|cooperate|co-operate|commit|keep|maintain|travel|remain|stay|"
    r"discontinue|stop|read|write|speak|perform|tolerate|receive|answer|fill|communicate|willing|able|continue|"
    r"avoid|practi[cs]e|have|make|come|wear|absorb|retain|lie|hold|visit|report|respond|work|cease|delay|limit)\b",
    re.IGNORECASE,
)
"""What goes on after an inability: unable to swallow or retain."""
_BETWEEN = (Role.WORD, Role.RECEIVED, Role.ACTIVE, Role.NARROWING, Role.FILLER, Role.HISTORY, Role.MANUAL)


_ANY = re.compile(r"\b(?:any|all|every|other|another)\b(?!.*\b(?:and|or|who)\b)", re.IGNORECASE | re.DOTALL)
"""What takes in more than is meant, so that "but" names what it is not: any other liver disease but."""
_STATES = ("pregnancy", "lactation")


class Sense(Enum):
    """What a negation under the exclusion criteria means."""

    BARS = auto()  # must not have A: who has A is excluded
    LACKS = auto()  # lack of A, patients who have no A: who has no A is excluded
    UNSURE = auto()


def sense_of(word: Item, before: Sequence[Item], text: str, start: int) -> Sense:
    """What the negation at `word` means there, after the items `before` of a clause begun at `start`."""
    said = text[word.start : word.end]
    ahead = text[start : word.start]
    bare = not before and _SUBJECT.fullmatch(ahead.strip(" \n-*•")) is not None
    if bare and _RELATIVE.search(ahead) is None and _MODAL.match(said):
        return Sense.BARS
    modal = _MODAL.search(ahead)
    if (
        not before
        and modal is not None
        and _RELATIVE.search(ahead) is None
        and _SUBJECT.fullmatch(ahead[: modal.start()].strip(" \n-*•")) is not None
        and len(ahead) - modal.end() < len("  have ever been ")
    ):
        return Sense.BARS
    if _DESCRIBES.search(ahead) is not None and _MODAL.match(said) is None:
        return Sense.LACKS
    if not before and _LACKS.fullmatch(said):
        return Sense.LACKS
    joined = bool(before) and before[-1].role in JOINS
    if before and not joined and _WITHOUT.fullmatch(said):
        return Sense.LACKS
    return Sense.UNSURE


def read_prefixes(items: Sequence[Item]) -> list[Item]:
    """The items with a prefix that denies a state as a negation: non-pregnant, non-lactating."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        step = at + 1
        while step < len(items) and items[step].role is Role.DASH and step < at + 2:
            step += 1
        if (
            item.role is Role.WORD
            and item.key == "non"
            and step < len(items)
            and any(concept.id in _STATES for concept in items[step].concepts)
        ):
            found.append(Item(Role.NO, item.start, item.end, item.text))
            at = step
            continue
        found.append(item)
        at += 1
    return found


def except_but(items: Sequence[Item], text: str) -> list[Item]:
    """The items with the "but" of an exception as one: any other liver disease but hepatitis B."""
    found: list[Item] = []
    for index, item in enumerate(items):
        if item.role is Role.AND and text[item.start : item.end].lower() == "but":
            named = index + 1 < len(items) and items[index + 1].role in (Role.ENTITY, Role.EXEMPT)
            if index and named and _ANY.search(text, items[0].start, item.start) is not None:
                item = Item(Role.EXCEPT, item.start, item.end, item.text)
        found.append(item)
    return found


def excepts_last(main: Sequence[Item], exception: Sequence[Item], word: Item, text: str) -> int | None:
    """What joins the last of a list, where an exception is of it alone: stroke, anaemia other than …"""
    if text[word.start : word.end].lower() != "other than":
        return None
    cut = next((i for i in reversed(range(len(main))) if main[i].role in (Role.OR, Role.COMMA)), None)
    if cut is None or any(i.role in (Role.OPEN, Role.WINDOW, Role.NO) for i in (*main, *exception)):
        return None
    first, last, spared = (
        [i for i in each if i.role is Role.ENTITY] for each in (main[:cut], main[cut + 1 :], exception)
    )
    if not first or len(last) != 1 or len(spared) != 1:
        return None
    diagnoses = all(kind_of(i) is ConceptKind.DIAGNOSIS for i in (*first, *last, *spared))
    return cut if diagnoses and all(i.concepts != last[0].concepts for i in first) else None


def ask_whole(items: Sequence[Item], text: str) -> list[Item]:
    """The items with a negation of what is asked in person as part of the question (not willing)."""
    found: list[Item] = []
    for index, item in enumerate(items):
        if item.role is Role.NO:
            step = index + 1
            while step < len(items) and items[step].role in _BETWEEN and items[step].role is not Role.MANUAL:
                step += 1
            if step < len(items) and items[step].role is Role.MANUAL and items[step].key != "judgement":
                asked = items[step]
                item = Item(Role.MANUAL, item.start, item.end, item.text, asked.key)
        found.append(item)
    return _ask_together(found, text)


def _ask_together(items: Sequence[Item], text: str) -> list[Item]:
    """The items with each verb that an inability or a refusal goes on to in the same question.

    Who is "unwilling to attend visits and comply with the diet" is not asked whether they comply.
    """
    found: list[Item] = []
    refused = False
    for index, item in enumerate(items):
        if item.role in (Role.STOP, Role.ENTITY, Role.FRAGMENT):
            refused = False
        elif item.role in (Role.MANUAL, Role.NO, Role.WORD):
            refused = refused or _REFUSES.match(text, item.start, item.end) is not None
        elif refused and item.role in JOINS:
            following = next((i for i in items[index + 1 :] if i.role not in JOINS), None)
            if following is not None and _VERB.match(text, item.end) is not None:
                continue
        found.append(item)
    return found
