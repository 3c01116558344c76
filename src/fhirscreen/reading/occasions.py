"""Words that stand alone: an infection without a name, a cancer of the past, and when something is seen."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.reading.items import Item, Role
from fhirscreen.reading.lexicon import Lexicon
from fhirscreen.reading.segments import kind_of

_JOINS = (Role.AND, Role.OR, Role.COMMA, Role.SLASH)
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
_NAMED = {"infection": ("active", "infection"), "cancer": ("malignancy",)}
"""Words that name nothing beside others, and the concepts that they mean alone."""
_OCCASIONS = (
    "screening", "baseline", "randomisation", "randomization", "enrolment", "enrollment", "registration",
    "inclusion", "recruitment", "run-in",
)  # fmt: skip
_AT = ("at", "during", "on", "upon")


def name_alone(items: Sequence[Item], lexicon: Lexicon) -> list[Item]:
    """The items with an infection, or a cancer of the past, that stands alone as the concept that it means."""
    found = list(items)
    for at, item in enumerate(found):
        if item.role is not Role.WORD or item.key not in _NAMED:
            continue
        before = at - 1
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
        if before > 0 and found[before].role in _JOINS and kind_of(found[before - 1]) is None:
            continue  # ear, nose and throat infection
        named = lexicon.name(_NAMED[item.key], item.start, item.end)
        found[at] = item if named is None else named
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
            and (ahead is None or ahead.role in (Role.FILLER, Role.COMMA, Role.STOP))
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
