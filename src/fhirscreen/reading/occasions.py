"""Words that stand alone: an infection without a name, a cancer of the past, and when something is seen."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.durations import CALENDAR, iso, time_unit, whole
from fhirscreen.reading.items import JOINS, Item, Role
from fhirscreen.reading.lexicon import Lexicon
from fhirscreen.reading.segments import kind_of
from fhirscreen.reading.windows import OF_ITS_OWN

_ENDS = (
    Role.STOP, Role.AND, Role.OR, Role.COMMA, Role.WINDOW, Role.WITHIN, Role.BEFORE, Role.EXCEPT, Role.OPEN,
    Role.CLOSE, Role.EXAMPLE, Role.NARROWING, Role.SEVERITY, Role.BARRED,
)  # fmt: skip
_AHEAD = {
    "infection": (
        Role.AND, Role.OR, Role.COMMA, Role.NO, Role.NARROWING, Role.SEVERITY, Role.ACTIVE, Role.KNOWN,
        Role.FILLER, Role.STOP,
    ),
    "cancer": (Role.HISTORY,),
}  # fmt: skip
_SPREAD = (
    "locally advanced", "unresectable", "inoperable", "locally recurrent", "non resectable", "nonresectable",
    "advanced", "resectable",
)  # fmt: skip
_NAMED = {
    "infection": ("active", "infection"),
    "cancer": ("malignancy",),
    "disease": ("malignancy",),
    "tumor": ("malignancy",),
}
"""Words that name nothing beside others, and the concepts that they mean alone."""
_OCCASIONS = (
    "screening", "baseline", "randomisation", "randomization", "enrolment", "enrollment", "registration",
    "inclusion", "recruitment", "run-in",
)  # fmt: skip
_MARROW = ("bone", "marrow", "active", "skeleton", "functioning", "hematopoietic")
_OF_A_CANCER = ("disease", "tumor")
_BEFORE_A_VALUE = (
    Role.FILLER, Role.COMMA, Role.STOP, Role.OPEN, Role.OR, Role.AND, Role.IF, Role.COLON, Role.NARROWING,
)  # fmt: skip
_AT = ("at", "during", "on", "upon")


def name_alone(items: Sequence[Item], lexicon: Lexicon, text: str) -> list[Item]:
    """The items with an infection, or a cancer, that stands alone as the concept that it means."""
    found = list(items)
    for at, item in enumerate(found):
        if item.role is not Role.WORD or item.key not in _NAMED:
            continue
        before = at - 1
        if item.key in _OF_A_CANCER:
            said = text[found[before].start : found[before].end].lower().replace("-", " ") if at else ""
            following = found[at + 1].role if at + 1 < len(found) else Role.STOP
            if said in _SPREAD and following in _ENDS and not _names_a_disease(found):
                found[at] = lexicon.name(_NAMED[item.key], item.start, item.end) or item
            continue
        while (
            before >= 0 and found[before].role is Role.FILLER and found[before].text.lower() in ("a", "any")
        ):
            before -= 1
        if before >= 0 and found[before].role not in _AHEAD[item.key]:
            continue
        if before < 0 and item.key == "cancer":
            continue
        if at + 1 < len(found) and found[at + 1].role not in _ENDS:
            continue
        if before > 0 and found[before].role in JOINS and kind_of(found[before - 1]) is None:
            continue  # ear, nose and throat infection
        named = lexicon.name(_NAMED[item.key], item.start, item.end)
        found[at] = item if named is None else named
    return found


def _names_a_disease(items: Sequence[Item]) -> bool:
    """Whether some diagnosis other than a spread is named: an advanced disease may then be that one."""
    named = [concept for item in items for concept in item.concepts if kind_of(item) is ConceptKind.DIAGNOSIS]
    return any(not concept.about_cancer for concept in named)


def spell_longer_times(items: Sequence[Item]) -> list[Item]:
    """The items with the time of some drugs as alternatives: within 4 weeks (6 weeks for nitrosoureas)."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        end = _longer(items, at) if found and found[-1].role is Role.WINDOW else at
        window = _window(items[at + 1], found[-1]) if end > at else None
        if window is None:
            found.append(items[at])
            at += 1
            continue
        for item in items[at + 2 : end]:
            if item.role is Role.ENTITY:
                found += [Item(Role.OR, items[at].start, items[at].end), item, window]
        at = end + 1
    return found


def _longer(items: Sequence[Item], at: int) -> int:
    """Where a parenthesis that names a time and the drugs that it is for closes; `at` where it is none."""
    if items[at].role is not Role.OPEN or at + 3 >= len(items):
        return at
    end = next((i for i in range(at, len(items)) if items[i].role is Role.CLOSE), at)
    inner = items[at + 2 : end]
    told = bool(inner) and inner[0].role is Role.FILLER and inner[0].text.lower() in ("for", "if")
    drugs = [item for item in inner if item.role is Role.ENTITY]
    plain = all(
        item.role in (Role.FILLER, Role.ENTITY, *JOINS, Role.HISTORY, Role.RECEIVED) for item in inner
    )
    return end if told and plain and drugs and all(kind_of(i) is ConceptKind.THERAPY for i in drugs) else at


def _window(number: Item, before: Item) -> Item | None:
    """The window of that length, counted back as the one before."""
    numbers = number.range
    unit = time_unit(numbers.unit) if numbers is not None else None
    if numbers is None or number.role is not Role.NUMBER or before.key != "within" or unit not in CALENDAR:
        return None
    length = whole(numbers.values[0], unit) if len(numbers.values) == 1 else None
    if length is None:
        return None
    made = Item(Role.WINDOW, number.start, number.end, f"{length[0]} {length[1]}", "within", value=OF_ITS_OWN)
    made.parts = [Item(Role.ANCHOR, 0, 0, iso(*length))]
    return made


def merge_extents(items: Sequence[Item]) -> list[Item]:
    """The items with how much was treated as what narrows the treatment: to > 25 % of the bone marrow."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        numbers = item.range
        end = at + 1
        if item.role is Role.BOUND and numbers is not None and numbers.unit == "%":
            while end < len(items) and items[end].role is Role.FILLER and end < at + 4:
                end += 1
            first = end
            while end < len(items) and items[end].key in _MARROW and end < first + 4:
                end += 1
            if end > first and items[end - 1].key in ("marrow", "skeleton"):
                found.append(Item(Role.NARROWING, item.start, items[end - 1].end))
                at = end
                continue
        found.append(item)
        at += 1
    return found


def drop_occasions(items: Sequence[Item], text: str) -> list[Item]:
    """The items without the occasion at which a value is seen: a screening BMI, at screening or enrolment."""
    found = list(items)
    for at, item in enumerate(found):
        if item.role is not Role.ANCHOR or item.text.lower() not in _OCCASIONS:
            continue
        following = found[at + 1] if at + 1 < len(found) else None
        ahead = found[at - 1] if at else None
        of_a_value = (
            following is not None
            and following.role is Role.ENTITY
            and bool(following.concepts)
            and kind_of(following) is None
            and (ahead is None or ahead.role in _BEFORE_A_VALUE)
        )
        told = ahead is not None and ahead.text.lower() in _AT
        joined = (
            ahead is not None
            and ahead.role in (Role.OR, Role.AND)
            and at > 1
            and found[at - 2].role is Role.FILLER
            and text[found[at - 2].start : found[at - 2].end].lower().endswith(_OCCASIONS)
        )
        if joined:
            found[at - 1] = Item(Role.FILLER, found[at - 1].start, found[at - 1].end)
        if of_a_value or told or joined:
            found[at] = Item(Role.FILLER, item.start, item.end, item.text)
    return found
