"""Where a sentence may mean the other thing: how far a "no" reaches, and what another clause takes back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.fragments import Sort
from fhirscreen.reading.items import JOINS, Item, Role
from fhirscreen.reading.segments import Segment
from fhirscreen.reading.spans import hangs_together
from fhirscreen.reading.statements import Built

_OPPOSED = re.compile(r"\bbut\b|\bpresence of\b|\bor with\b|\band with\b|, with\b", re.IGNORECASE)
"""Where a "no" ends: no diabetes but hypertension."""
_REQUIRED = re.compile(r"\s*(?:(?:is|are|must be)\s+)?(?:required|mandatory)\b", re.IGNORECASE)
"""What is asked for after all: no chemotherapy, and prior surgery required."""
_NOT_REQUIRED = re.compile(
    r"(?<!have )(?<!has )(?<!had )(?<!did )(?<!does )(?<!who )\bnot\s+(?:be\s+)?(?:strictly\s+)?"
    r"(?:required|mandatory|necessary|needed|obligatory)\b"
    r"(?=\s*(?:$|[.;,:)\n]|(?:at|for|prior|before|to|in|by|if|unless|as|but|and)\b))",
    re.IGNORECASE,
)
"""What nobody asks for: measurable disease is not required."""
_ALONE = re.compile(
    r"\balone\s+or\s+(?:together\s+|in\s+(?:combination|association)\s+)?with\b", re.IGNORECASE
)
"""Where a second name is no alternative: A alone or with B."""
_KEPT = re.compile(
    r"(?<!\w)(?:any|all|use|doses?|concomitant|concurrent)\s+(?:(?!(?:who|patients?|subjects?|participants?)\b)[\w-]+\s+){1,6}"
    r"(?:must|should|has to|have to)\s+(?:be|remain|have\s+(?:been|remained))\s+(?:kept\s+)?"
    r"(?:stable|constant|unchanged)\b",
    re.IGNORECASE,
)
"""What has to be so where it is there at all: any use of insulin must be stable."""
_SENTENCE_ENDS = re.compile(r"[.;\n]")
_LAST_ARM = re.compile(r"\bor\b.*\b(?:without|with no|with absence of)$", re.IGNORECASE | re.DOTALL)


def is_opposed(text: str, items: Sequence[Item]) -> bool:
    """Whether what follows a "no" turns to what is there."""
    if not items:
        return False
    end = _SENTENCE_ENDS.search(text, items[-1].end)
    return (
        _OPPOSED.search(text, items[0].start, items[-1].end) is not None
        or _REQUIRED.match(text, items[-1].end, end.start() if end else len(text)) is not None
    )


def leaves_doubt(
    kind: Kind, text: str, clause: tuple[list[Item], Built], beside: tuple[list[Item], Built]
) -> bool:
    """Whether a clause leaves the one beside it in doubt: "A; treated A is allowed", "no A; B"."""
    (items, made), (others, _) = clause, beside
    if "permission" in made.rules:
        allowed = {concept.id for item in items for concept in item.concepts}
        return bool(allowed & {concept.id for item in others for concept in item.concepts})
    bare = all(item.role in (Role.ENTITY, Role.FILLER, Role.STOP, *JOINS) for item in items)
    ahead = text[others[-1].end : items[0].start] if others[-1].end <= items[0].start else "."
    denied = any(item.role is Role.NO for item in others)
    return kind is Kind.INCLUSION and bare and denied and ahead.strip() in ("", ";")


def asks_nothing(kind: Kind, text: str, items: Sequence[Item]) -> bool:
    """Whether a requirement says that something is not required, or how it has to be where it is there.

    So does what is named "alone or with" another thing, which by itself is not meant.
    """
    if not items:
        return False
    start, end = items[0].start, items[-1].end
    if (alone := _ALONE.search(text, start, end)) is not None:
        return text.count("(", start, alone.start()) == text.count(")", start, alone.start())
    if kind is not Kind.INCLUSION:
        return False
    end = min((match.start() for match in _SENTENCE_ENDS.finditer(text, end)), default=len(text))
    return any(
        text.count("(", start, match.start()) == text.count(")", start, match.start())
        for match in (_NOT_REQUIRED.search(text, start, end), _KEPT.search(text, start, end))
        if match is not None
    )


def doubt_negatives(segments: Sequence[Segment]) -> None:
    """Where one of a list is said to be negative, so may the others be: HIV, HBV and HCV negative."""
    if any(segment.negative is not None for segment in segments):
        for segment in segments:
            if segment.entities and segment.negative is None:
                segment.doubtful = True


def reach(made: Built, scope: Built, after: Sequence[Item]) -> Built:
    """What was negated, in doubt where a measured value stands beside something else under the "no"."""
    several = len(scope.sorts) > 1 or len(scope.atoms) > 1
    if not (scope.sorts & {Sort.MEASURE, Sort.CATEGORY, Sort.AGE} and several):
        return made
    if scope.complete and hangs_together(after) and Sort.AGE not in scope.sorts:
        return made
    note = "how far the negation reaches is not sure"
    return replace(made, complete=False, sure=False, warnings=(*made.warnings, note))


def restrict(made: Built, ahead: str) -> Built:
    """A restriction, in doubt where alternatives stand `ahead` of it: IIIA or IIIB without an effusion."""
    if _LAST_ARM.search(ahead) is None:
        return made
    note = "whether this is asked of each alternative or of the last alone is not sure"
    return replace(made, complete=False, sure=False, warnings=(*made.warnings, note))
