"""Names within longer ones (other cancer therapy), and names that leave out what they share (A or B pain)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.items import Item, Role
from fhirscreen.reading.lexicon import Lexicon
from fhirscreen.reading.segments import kind_of

_GIVEN = ("therapy", "treatment", "drug", "agent", "medication", "regimen", "vaccine")
_KINDS = tuple(
    frozenset(kinds.split())
    for kinds in (
        "acute subacute chronic", "benign malignant", "primary secondary", "ischemic hemorrhagic",
        "bacterial viral fungal parasitic", "active latent", "stable unstable", "congenital acquired",
        "obstructive restrictive", "cutaneous systemic", "superficial deep", "arterial venous",
    )
)  # fmt: skip
"""Words that tell kinds of one disease apart, as they are folded: what follows two of them is shared."""
_SHARED = ("disorder", "disease", "dysfunction", "failure", "insufficiency", "impairment")
_RISK = re.compile(r"\brisk", re.IGNORECASE)
_OF_WHAT = re.compile(r"\s+(?:for|of)\s", re.IGNORECASE)
_IMAGED = re.compile(
    r"\b(?:evidence|signs?|findings?|features?|suspicion) of\b[^.;,:()]{1,90}?"
    r"\b(?:on|by|in|at)\s+(?:(?:the|a|an|their|his)\s+)?"
    r"(?:baseline|screening|pre-?treatment|pre-?study|initial)\b[^.;,:()]{0,30}?"
    r"\b(?:ct|mri|pet|x-?rays?|imaging|scans?|radiographs?|tomography|ultrasound|ecg|ekg|electrocardiogram|"
    r"echocardiogram|spirometry)\b(?:\s*\([^()]{1,12}\))?(?:\s+(?:scans?|imaging))?",
    re.IGNORECASE,
)
"""What an examination of the study shows, which no record holds yet."""
_BEARING = re.compile(r"child-?\s?bearing|reproductive potential", re.IGNORECASE)


def keep_names_whole(items: Sequence[Item], text: str, lexicon: Lexicon) -> list[Item]:
    """The items with a diagnosis in the name of a therapy as that therapy.

    Where no therapy is called so, the diagnosis is none either: what is given for it decides nothing of it.
    """
    found: list[Item] = []
    for item in items:
        before = found[-1] if found else None
        given = item.key in _GIVEN or item.text.lower() in _GIVEN
        if (
            before is not None
            and given
            and item.role in (Role.RECEIVED, Role.WORD)
            and before.role is Role.ENTITY
            and kind_of(before) in (ConceptKind.DIAGNOSIS, ConceptKind.EVENT)
            and text[before.end : item.start].strip() in ("", "-")
        ):
            keys = lexicon.keys(text, before.start, item.end)
            for cut in range(len(keys) - 1):
                named = lexicon.name(keys[cut:], before.start, item.end)
                if named is not None and kind_of(named) is ConceptKind.THERAPY:
                    found[-1:] = [Item(Role.NARROWING, before.start, before.start)] if cut else []
                    found.append(named)
                    break
            else:
                found += [item, Item(Role.DOUBT, before.start, item.end)]
            continue
        found.append(item)
    return found


def name_elided(items: Sequence[Item], text: str, lexicon: Lexicon) -> list[Item]:
    """The items with what an alternative leaves out of a name: acute or chronic kidney disease.

    Where the rest of the name is none by itself (acute or chronic pain), what is meant is in doubt.
    """
    found = list(items)
    for at in range(len(found) - 2, 0, -1):
        ahead, join, item = found[at - 1], found[at], found[at + 1]
        if join.role not in (Role.OR, Role.SLASH, Role.AND) or item.role is not Role.ENTITY:
            continue
        keys = lexicon.keys(text, item.start, item.end)
        kind = lexicon.keys(text, ahead.start, ahead.end)[-1:]
        if (
            len(keys) > 1
            and kind
            and any({*kind, keys[0]} <= kinds for kinds in _KINDS)
            and kind[0] != keys[0]
        ):
            if ahead.role is Role.ENTITY or lexicon.name([*kind, *keys[1:]], 0, 0) is not None:
                continue
            rest = lexicon.name(keys[1:], ahead.start, ahead.end)
            if rest is None:
                found.insert(at, Item(Role.DOUBT, ahead.start, item.end))
            elif rest.concepts != item.concepts:
                found.insert(at, rest)
        elif (
            ahead.role is Role.ENTITY
            and len(keys) > 1
            and keys[-1] in _SHARED
            and _is_bare(ahead, lexicon, text)
        ):
            longer = [*lexicon.keys(text, ahead.start, ahead.end), keys[-1]]
            named = lexicon.name(longer, ahead.start, ahead.end)
            found[at - 1] = named if named is not None else ahead  # bleeding or thrombotic disorders
    return found


def _is_bare(item: Item, lexicon: Lexicon, text: str) -> bool:
    return (
        lexicon.keys(text, item.start, item.end)[-1:] != []
        and len(lexicon.keys(text, item.start, item.end)) == 1
    )


def doubt_risks(items: Sequence[Item], text: str) -> list[Item]:
    """The items with a risk of something as a doubt about it: at high risk for perforation or bleeding."""
    found: list[Item] = []
    for item in items:
        if (
            item.role is Role.NARROWING
            and _RISK.search(text, item.start, item.end) is not None
            and _OF_WHAT.match(text, item.end) is not None
        ):
            item = Item(Role.DOUBT, item.start, item.end)
        found.append(item)
    return found


def ask_findings(items: Sequence[Item], text: str) -> list[Item]:
    """The items with what an examination of the study shows as a question: a lesion on the screening CT."""
    if not items:
        return list(items)
    found = list(items)
    for match in _IMAGED.finditer(text, items[0].start, items[-1].end):
        inner = [i for i, item in enumerate(found) if item.start < match.end() and item.end > match.start()]
        if not inner or any(found[i].role in (Role.NO, Role.EXCEPT) for i in inner):
            continue
        if any(item.role is Role.NO for item in found[: inner[0]]):
            continue
        start, end = found[inner[0]].start, max(match.end(), found[inner[-1]].end)
        found[inner[0] : inner[-1] + 1] = [Item(Role.MANUAL, start, end, "", "finding")]
    return found


def ask_both_sexes(items: Sequence[Item], text: str) -> list[Item]:
    """The items with "men or women" in the question whether the women can bear a child."""
    found: list[Item] = []
    for item in items:
        if item.role is Role.MANUAL and _BEARING.search(text, item.start, item.end) is not None:
            back = len(found)
            while back and found[back - 1].role in (
                Role.FILLER,
                Role.WORD,
                Role.NO,
                Role.DASH,
                Role.NARROWING,
            ):
                back -= 1
            if back and found[back - 1].role is Role.SEX and found[back - 1].key == "any":
                item = Item(Role.MANUAL, found[back - 1].start, item.end, "", item.key)
                del found[back - 1 :]
        found.append(item)
    return found
