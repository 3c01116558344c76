"""Kinds of one thing: bacterial or viral infection; type 1 or 2 diabetes; stages of a kidney disease."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhirscreen.reading.items import JOINS, NARROWER, Item, Role
from fhirscreen.reading.lexicon import Lexicon

_INFECTIONS = (
    "bacterial", "viral", "fungal", "parasitic", "mycobacterial", "protozoal", "mycotic", "opportunistic",
)  # fmt: skip
_INFECTION = ("active", "infection")
_HEAD = "infection"
_TYPE = "type"
_ENZYMES = "transaminase"
_OF_THE_LIVER = ("hepatic", "liver", "serum", "elevated")
_NEAR = 8
_KIDNEY = ("chronic-kidney-disease", "kidney-dysfunction")
_ONE_STAGE = r"(?:[1-5][ab]?|I{1,3}|IV|V)"
_STAGE = (
    rf"stages?\s*(?:≥|>=?|=|<=?|≤)?\s*{_ONE_STAGE}(?:\s*(?:,|or|and|to|through|-|–|/)+\s*(?:stage\s*)?{_ONE_STAGE}\b)*"
    r"(?:\s*(?:or|and)\s+(?:higher|greater|above|worse|more))?"
)
_STAGED = re.compile(r"\bstage", re.IGNORECASE)
_STAGE_AFTER = re.compile(rf"[\s,(]*(?:\bof\s+)?\b(?P<stage>{_STAGE}\b)", re.IGNORECASE)
_STAGE_BEFORE = re.compile(rf"\b(?P<stage>{_STAGE})\s*$", re.IGNORECASE)


def name_infections(items: Sequence[Item], lexicon: Lexicon, text: str) -> list[Item]:
    """The items with infections by several kinds of germs as one name.

    They are most of what infections are: the concept of them all, for judgement.
    """
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        end = _germs(items, at, text) if item.role in (Role.NARROWING, Role.WORD) else at
        named = lexicon.name(_INFECTION, item.start, items[end - 1].end) if end > at else None
        if named is None:
            found.append(item)
            at += 1
            continue
        named.key = NARROWER
        found.append(named)
        at = end
    return found


def name_kinds(items: Sequence[Item], lexicon: Lexicon, text: str) -> list[Item]:
    """The items with types of a disease, and with the transaminases, each by its name."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        if item.key == _ENZYMES and (both := _enzymes(items, at, lexicon)):
            while found and _said(found[-1], text) in _OF_THE_LIVER:
                found.pop()
            found += both
            at += 1
            continue
        made, end = _types(items, at, lexicon, text) if item.role is Role.NUMBER else ([], at)
        if made:
            while found and found[-1].role is Role.FILLER and found[-1].text.lower() == _TYPE:
                found.pop()
            found += made
            at = end
            continue
        found.append(item)
        at += 1
    return found


def note_stages(items: Sequence[Item], text: str) -> list[Item]:
    """The items with the stage of a chronic kidney disease as what narrows it."""
    found = list(items)
    if not found or _STAGED.search(text, found[0].start, found[-1].end) is None:
        return found
    at = 0
    while at < len(found):
        if any(concept.id in _KIDNEY for concept in found[at].concepts):
            after = _STAGE_AFTER.match(text, found[at].end, found[-1].end)
            before = _STAGE_BEFORE.search(text, found[0].start, found[at].start)
            for match in (after, before):
                if match is not None:
                    _narrow(found, match.start("stage"), match.end())
                    break
        at += 1
    return found


def _narrow(items: list[Item], start: int, end: int) -> None:
    first = next((i for i, item in enumerate(items) if item.start >= start), len(items))
    last = next((i for i, item in enumerate(items) if item.start >= end), len(items))
    if first < last and items[last - 1].end <= end:
        items[first:last] = [Item(Role.NARROWING, items[first].start, items[last - 1].end)]


def _enzymes(items: Sequence[Item], at: int, lexicon: Lexicon) -> list[Item]:
    """ALT and AST for the transaminases: either of them is above a bound, both are below it."""
    item = items[at]
    bound = next((i for i in items[at + 1 : at + _NEAR] if i.role in (Role.BOUND, Role.NORMAL)), None)
    first = lexicon.name(("alt",), item.start, item.end)
    second = lexicon.name(("ast",), item.start, item.end)
    if bound is None or first is None or second is None:
        return []
    above = bound.range is not None and bound.range.low is not None
    return [first, Item(Role.OR if above else Role.AND, item.start, item.end), second]


def _said(item: Item, text: str) -> str:
    return text[item.start : item.end].lower()


def _germs(items: Sequence[Item], at: int, text: str) -> int:
    """Where `bacterial, viral or fungal infections` ends that begins at an item; `at` where none does."""
    end, kinds = at, 0
    while end < len(items):
        words = _said(items[end], text).split()
        if len(words) == 2 and words[0] in _INFECTIONS and words[1].rstrip("s") == _HEAD:
            return end + 1 if kinds else at
        if words and words[0] in _INFECTIONS and len(words) == 1:
            kinds += 1
        elif items[end].role not in JOINS:
            break
        end += 1
    ends = end < len(items) and _said(items[end], text).rstrip("s") == _HEAD
    return end + 1 if ends and kinds > 1 and items[end - 1].role not in JOINS else at


def _types(items: Sequence[Item], at: int, lexicon: Lexicon, text: str) -> tuple[list[Item], int]:
    """`type 1 or 2 diabetes` and `type 1 or type 2 diabetes`, each by its name; where they end."""
    number = items[at]
    numbers = number.range
    if (
        not at
        or _said(items[at - 1], text) != _TYPE
        or numbers is None
        or numbers.unit
        or at + 1 >= len(items)
    ):
        return [], at
    first = items[at + 1]
    if len(numbers.values) == 2 and first.role is Role.ENTITY:
        keys = lexicon.keys(text, first.start, first.end)
        named = [
            lexicon.name([_TYPE, f"{value:g}", *keys], items[at - 1].start, first.end)
            for value in numbers.values
        ]
        if named[0] is not None and named[1] is not None:
            return [named[0], Item(Role.OR, number.start, number.end), named[1]], at + 2
    if len(numbers.values) == 1 and first.role in JOINS and at + 2 < len(items):
        last = items[at + 2]
        keys = lexicon.keys(text, last.start, last.end) if last.role is Role.ENTITY else []
        if keys[:1] == [_TYPE] and len(keys) > 2:
            one = lexicon.name([_TYPE, f"{numbers.values[0]:g}", *keys[2:]], items[at - 1].start, last.end)
            if one is not None:
                return [one, first, last], at + 3
    return [], at
