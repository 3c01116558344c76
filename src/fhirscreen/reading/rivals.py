"""Lines that name one disease each and nothing else: whether all of them are asked for is not said."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from fhirscreen.criteria.nodes import AnyOf, Condition, Expression, Judgement, Unread
from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.readings import Reading, Status

_NOTE = "it names a disease as the line beside it does: one of them, or each? it is not said"
_MORE = "the line below it says on what condition another value is asked for"
_CONDITION = re.compile(
    r"\W*(?:\d+[.)]\s*|\w[.)]\s*)?(?:if|when|where|in case|"
    r"(?:for |in )?(?:patients|subjects|participants|those) with|with)\b"
    r"[^,;.]*",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"[<>≤≥]|\b(?:above|below|exceed\w*|(?:greater|more|higher|less|lower) than|elevated|abnormal)\b"
)
_SPREAD = ("metastasis", "metastatic-disease", "disseminated-disease", "malignancy")
"""What a cancer beside it is asked for together with."""


def doubt_rivals(readings: Sequence[Reading], cancers: Collection[str]) -> list[Reading]:
    """The readings, where those of neighbours that ask for one disease each decide nothing.

    Persons with: stroke; multiple sclerosis. Nobody has to have both, or who has to is not told from these
    words. Who must not have them must have neither, so exclusions are as they were. A cancer
    of `cancers` that is named twice is one, and may have to have another disease beside it.
    """
    found = list(readings)
    for first in range(len(readings) - 1):
        second = first + 1
        named, others = _rival(readings[first]), _rival(readings[second])
        if not named or not others or readings[first].group != readings[second].group:
            continue
        of_cancer = [name in cancers for name in (*named, *others)]
        if (all(of_cancer) and set(named) != set(others)) or not any(of_cancer):
            for each in (first, second):
                found[each] = _doubted(found[each])
    return found


def doubt_unconditional(readings: Sequence[Reading]) -> list[Reading]:
    """The readings, where a value that the next line goes on ("if creatinine is above …") decides nothing."""
    found = list(readings)
    for at, (first, second) in enumerate(pairwise(readings)):
        condition = _CONDITION.match(second.text)
        if (
            condition is None
            or first.status is not Status.COMPUTED
            or (first.kind, first.group) != (second.kind, second.group)
            or len(first.atoms) != 1
            or (first.atoms[0].low is None) == (first.atoms[0].high is None)
        ):
            continue
        atom, said = first.atoms[0], condition[0].lower()
        names = (atom.name.lower(), (atom.concept or atom.name).replace("-", " "))
        if any(name in said for name in names) and _BOUND.search(said):
            found[at] = _doubted(first, _MORE)
    return found


def _rival(reading: Reading) -> tuple[str, ...]:
    """The diseases of an inclusion that asks for one of them and for nothing else; a spread is none."""
    if reading.kind is not Kind.INCLUSION or reading.status is not Status.COMPUTED:
        return ()
    named = _diseases(reading.expression)
    return () if any(each.endswith(_SPREAD) for each in named) else named


def _diseases(expression: Expression | None) -> tuple[str, ...]:
    """The diseases that it asks for, where it asks for nothing else, and for one of them."""
    match expression:
        case Condition(concept):
            return (concept,)
        case Judgement(of):
            return _diseases(of)
        case AnyOf(of):
            each = [_diseases(part) for part in of]
            return tuple(name for names in each for name in names) if all(each) else ()
        case _:
            return ()


def _doubted(reading: Reading, note: str = _NOTE) -> Reading:
    if note in reading.warnings:
        return reading
    return replace(
        reading,
        status=Status.PARTIAL,
        expression=Unread(" ".join(reading.text.split()) or reading.text),
        warnings=(*reading.warnings, note),
    )
