"""Heads that alternatives share ("hepatitis B or C"), and grades of severity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from fhirscreen.reading.categories import fits
from fhirscreen.reading.items import JOINS, Item, Role
from fhirscreen.reading.lexicon import Lexicon

_PLAIN = (Role.WORD, Role.NARROWING, Role.ANCHOR)
_NUMBERED = re.compile(r"(?:type|grade|class)?\s*(?:\d{1,2}|[IVX]{1,3})", re.IGNORECASE)
"""What counts kinds of one disease, and is a part of its name: type 1 or type 2 diabetes."""
_LONGEST = 3
_PAIR = 2
_KINDS = ("disorder", "diathesis", "syndrome", "disease")
"""Heads that alternatives share, each of which means something else without it: bleeding disorder."""
_SEVERITIES = ("mild", "moderate", "severe")
_PLACES = (
    "gastrointestinal",
    "gi ",
    "intracranial",
    "cerebral",
    "intestinal",
    "venous",
    "arterial",
    "pulmonary",
)
_ROMAN = re.compile(r"I{1,3}|IV|V")
_UNNAMED = (Role.FILLER, Role.WORD, Role.HISTORY, Role.KNOWN)
_MEANS = re.compile(
    r"(?:histo|cyto|histo-?patho|patho|cytopatho|clinicopatho)log(?:y|ic|ical|ically)|microscopically|"
    r"biops(?:y|ies)|biopsy[\s-]proven",
    re.IGNORECASE,
)
_PROVED = re.compile(
    r"(?:newly |previously )?(?:confirmed|proven|proved|verified|documented|diagnosed|established|"
    r"confirmation|documentation|verification|evidence|proof|diagnosis|biopsy[\s-]proven|(?:confirmed|established|"
    r"definitive|initial|primary) diagnosis of|new diagnosis of|have a diagnosis|confirmed by|documented by|"
    r"diagnosed by|documented diagnosis of|documented evidence of)",
    re.IGNORECASE,
)
_VERSIONS = ("v", "version", "ver")
_VALUES = (Role.NUMBER, Role.BOUND)


def share_heads(items: Sequence[Item], text: str, lexicon: Lexicon) -> list[Item]:
    """The items with a name wherever an alternative leaves out what it shares with its neighbour."""
    found = list(items)
    keys: dict[int, list[str]] = {}
    at = len(found) - 2
    while at > 0:
        if found[at].role in JOINS:
            step = at
            while step + 1 < len(found) and found[step + 1].role in JOINS:
                step += 1
            _share_last(found, at, step, text, lexicon, keys)
        at -= 1
    for at in range(len(found) - 1):
        if at < len(found) - 1 and found[at].role in JOINS and at:
            step = at
            while step + 1 < len(found) and found[step + 1].role in JOINS:
                step += 1
            _share_first(found, at, step, text, lexicon, keys)
    return found


def _may_be_named(item: Item, text: str) -> bool:
    """Whether it may be a part of a name."""
    if item.role in _PLAIN:
        return True
    said = text[item.start : item.end]
    return said.lower() == "type" or (
        item.role in (Role.NUMBER, Role.CATEGORY, Role.FILLER) and _NUMBERED.fullmatch(said) is not None
    )


def _keys(item: Item, text: str, lexicon: Lexicon, keys: dict[int, list[str]]) -> list[str]:
    known = keys.get(id(item))
    return lexicon.keys(text, item.start, item.end) if known is None else known


def _share_last(
    found: list[Item], at: int, step: int, text: str, lexicon: Lexicon, keys: dict[int, list[str]]
) -> None:
    """`liver or kidney dysfunction`: what stands before takes the end of the name that follows."""
    if step + 1 >= len(found) or found[step + 1].role is not Role.ENTITY:
        return
    whole = _keys(found[step + 1], text, lexicon, keys)
    if found[at - 1].role is Role.ENTITY and whole[-1] in _KINDS:  # bleeding or thrombotic disorders
        words = [*_keys(found[at - 1], text, lexicon, keys), whole[-1]]
        made = lexicon.name(words, found[at - 1].start, found[at - 1].end)
        led = at > 1 and found[at - 2].role in (Role.ACTIVE, Role.NARROWING, Role.SEVERITY)
        again = whole[0] == words[0] or led or len(words) != _PAIR
        if made is not None and not again and made.concepts != found[at - 1].concepts:
            keys[id(made)] = words
            found[at - 1] = made
        return
    if not _may_be_named(found[at - 1], text):
        return
    first = at - 1
    while first and at - first < _LONGEST and _may_be_named(found[first - 1], text):
        first -= 1
    for start in range(first, at):
        words = [key for item in found[start:at] for key in _keys(item, text, lexicon, keys)]
        for cut in range(1, len(whole)):
            made = lexicon.name(words + whole[cut:], found[start].start, found[at - 1].end)
            if made is not None:
                keys[id(made)] = words + whole[cut:]
                found[start:at] = [made]
                return


def _share_first(
    found: list[Item], at: int, step: int, text: str, lexicon: Lexicon, keys: dict[int, list[str]]
) -> None:
    """`hepatitis B or C`: what follows takes the beginning of the name before."""
    if step + 1 >= len(found) or found[at - 1].role is not Role.ENTITY:
        return
    whole = _keys(found[at - 1], text, lexicon, keys)
    if found[step + 1].role is Role.ENTITY and text[
        found[at - 1].start : found[at - 1].end
    ].lower().startswith(_PLACES):
        # gastrointestinal perforation or haemorrhage: a place governs both
        words = _keys(found[step + 1], text, lexicon, keys)
        made = lexicon.name(whole[:1] + words, found[step + 1].start, found[step + 1].end)
        if made is not None:
            keys[id(made)] = whole[:1] + words
            found[step + 1] = made
        return
    if not _may_be_named(found[step + 1], text):
        return
    last = step + 1
    while last + 1 < len(found) and last - step < _LONGEST and _may_be_named(found[last + 1], text):
        last += 1
    for end in range(last, step, -1):
        words = [key for item in found[step + 1 : end + 1] for key in _keys(item, text, lexicon, keys)]
        for cut in range(len(whole) - 1, 0, -1):
            for rest in ([], whole[cut + 1 :]):
                made = lexicon.name(whole[:cut] + words + rest, found[step + 1].start, found[end].end)
                if made is not None:
                    keys[id(made)] = whole[:cut] + words + rest
                    found[step + 1 : end + 1] = [made]
                    return


def narrow_clinically(items: Sequence[Item]) -> list[Item]:
    """The items, "clinically" before a name as what narrows it, as "clinically significant" does."""
    return [
        replace(item, role=Role.NARROWING, key="")
        if item.role is Role.FILLER
        and item.text.lower() == "clinically"
        and after is not None
        and after.role is Role.ENTITY
        else item
        for item, after in pairwise([*items, None])
        if item is not None
    ]


def join_severities(items: Sequence[Item]) -> list[Item]:
    """The items with severities that stand together as one: moderate/severe; mild, moderate or severe.

    Beside an "or" and what narrows otherwise (severe or uncontrolled), neither is asked for by itself: it
    narrows, which a person judges.
    """
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        step = at + 1
        while step < len(items) and _between_severities(items[step]):
            step += 1
        after = items[step] if at + 1 < step < len(items) else None
        if item.role is Role.SEVERITY and after is not None and after.role is Role.SEVERITY:
            wanted = {*item.key.split(), *after.key.split()}
            ranged = any(each.text.lower() == "to" for each in items[at + 1 : step])
            if ranged and {"mild", "severe"} <= wanted:
                wanted.add("moderate")
            key = " ".join(each for each in _SEVERITIES if each in wanted)
            items = [*items[:at], Item(Role.SEVERITY, item.start, after.end, key=key), *items[step + 1 :]]
            continue
        alternative = any(each.role in (Role.OR, Role.SLASH) for each in items[at + 1 : step])
        if after is not None and alternative and {item.role, after.role} == {Role.SEVERITY, Role.NARROWING}:
            made = Item(Role.NARROWING, item.start, after.end)
            items = [*items[:at], made, *items[step + 1 :]]
            continue
        found.append(item)
        at += 1
    return found


def _between_severities(item: Item) -> bool:
    return item.role in (*JOINS, Role.DASH) or item.text.lower() in ("to", "-")


def note_proof(items: Sequence[Item], text: str) -> list[Item]:
    """The items with how a diagnosis was proved as what narrows it: histologically confirmed.

    A diagnosis on record says not what it rests on, so that whoever has it is for the investigator.
    """
    found: list[Item] = []
    at = 0
    while at < len(items):
        end, means, proved = at, False, False
        last = at
        while end < len(items) and (items[end].role in JOINS or items[end].role in _UNNAMED):
            said = text[items[end].start : items[end].end].lower()
            told, shown = _MEANS.fullmatch(said) is not None, _PROVED.fullmatch(said) is not None
            if told or shown:
                means, proved, last = means or told, proved or shown, end + 1
            elif items[end].role not in JOINS and said not in (
                "of",
                "by",
                "a",
                "the",
                "has",
                "been",
                "and/or",
            ):
                break
            end += 1
        if means and proved and last > at and not _joins(items[at]):
            found.append(Item(Role.NARROWING, items[at].start, items[last - 1].end))
            at = last
            continue
        found.append(items[at])
        at += 1
    return found


def _joins(item: Item) -> bool:
    return item.role in JOINS


def read_grades(items: Sequence[Item]) -> list[Item]:
    """The items with grades (`grade ≥ 3`, `CTCAE grade 2 or higher`) as what narrows a diagnosis.

    No record holds the grade of a diagnosis: where the diagnosis is recorded, a person judges it.
    """
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        if item.role is Role.WORD and item.key in _VERSIONS and _is(items, at + 1, _VALUES):
            found.append(Item(Role.FILLER, item.start, items[at + 1].end, "version"))
            at += 2
            continue
        graded = item.key == "grade" and item.role is Role.WORD and not _is_low(items, at, found)
        end = _graded(items, at) if graded else at
        if end == at:
            found.append(item)
            at += 1
            continue
        start = item.start
        back = len(found)
        while back and len(found) - back < _LONGEST and found[back - 1].role in (Role.FILLER, Role.COMPARE):
            back -= 1
            if found[back].role is Role.COMPARE:
                start = found[back].start
                del found[back:]
        found.append(Item(Role.NARROWING, start, items[end - 1].end, key="grade"))
        at = end
    return found


def _is(items: Sequence[Item], at: int, roles: tuple[Role, ...]) -> bool:
    return at < len(items) and items[at].role in roles


def _is_low(items: Sequence[Item], at: int, found: Sequence[Item]) -> bool:
    """Whether a grade has no lower end: who has no such diagnosis at all is of grade 0."""
    near = [*found[-_LONGEST:], *items[at + 1 : at + 1 + _LONGEST]]
    for item in near:
        numbers = item.range
        if item.role in (Role.COMPARE, Role.COMPARE_AFTER) and item.key.startswith("<"):
            return True
        if numbers is not None and not numbers.unit and fits(0, numbers):
            return True
    return False


def _graded(items: Sequence[Item], at: int) -> int:
    """Where a grade ends: past its values and what joins them."""
    end = at + 1
    step = end
    while step < len(items):
        item = items[step]
        if (item.role in _VALUES and (item.range is None or not item.range.unit)) or _ROMAN.fullmatch(
            item.text
        ):
            step += 1
            end = step
        elif item.role is Role.COMPARE_AFTER and end > at + 1:
            return step + 1
        elif item.role in (*JOINS, Role.DASH, Role.COMPARE) or (item.role is Role.FILLER and step == at + 1):
            step += 1
        else:
            break
    return end if end > at + 1 else at
