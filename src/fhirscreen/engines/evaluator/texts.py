"""Texts: the value of a category that words say, and only where they say one without doubt."""

from __future__ import annotations

import re

from fhirscreen.mapping.concepts import Concept

_NOTHING: frozenset[str] = frozenset()

_OR = r"\d?\s*(?:[-\u2013\u2014/]|\b(?:or|vs|versus|to|and/or|bis|oder)\b\.?)\s*(?:stage\s*)?(?:yc|yp|c|p)?"
_NEXT = {
    "T": r"T?(?:[0-4X]|is)|[a-d]\b",
    "N": r"N?[0-3X]|[a-c]\b",
    "M": r"M?[01X]|[a-d]\b",
    "I": r"I?[IVX]+[A-D]?\b|[A-D]\b",
    "0": r"[IVX]+[A-D]?\b",
    "A": r"[ABC]\d{0,2}\b",
}
_ALTERNATIVES = {first: re.compile(f"{_OR}(?:{after})", re.IGNORECASE) for first, after in _NEXT.items()}
"""By how a value begins: how another one follows that may hold as well (T2-3, II or III, A/B)."""
_FAMILIES = {"B": "A", "C": "A"}

_OTHER = re.compile(r"(?:yc|yp|c|p)?[TNM][0-4X+]", re.IGNORECASE)
"""Where the next category begins: what is doubtful there leaves this one as it is."""
_DOUBT = re.compile(
    r"^\s*\(?\?|\b(?:excluded|unlikely|possibl[ey]|probabl[ey]|suspected|suspicious|susp|doubtful|versus|vs|"
    r"rul(?:e|ed|ing) out)\b",
    re.IGNORECASE,
)


def read_text(concept: Concept, text: str) -> frozenset[str]:
    """The value that a concept's pattern reads in a text; none where it is in doubt, or may be another."""
    match = concept.pattern.search(text) if concept.pattern is not None and text else None
    if match is None:
        return _NOTHING
    # A pattern with several spellings of a value names its groups by the values.
    group = match.lastgroup or 1
    wanted = (match.lastgroup or match[1]).lower()
    found = frozenset(value.name for value in concept.values if value.name.lower() == wanted)
    return _NOTHING if found and _doubtful(match[group], text[match.end(group) :]) else found


def _doubtful(value: str, rest: str) -> bool:
    first = value[0].upper()
    alternative = _ALTERNATIVES.get(_FAMILIES.get(first, first))
    if alternative is not None and alternative.match(rest):
        return True
    other = _OTHER.search(rest)
    return _DOUBT.search(rest[: other.start()] if other else rest) is not None


def names_value(concept: Concept, text: str) -> bool:
    """Whether a text holds the name of a value, so that it says something, unread as it may be."""
    names = "|".join(re.escape(value.name) for value in concept.values)
    return (
        bool(names)
        and re.search(rf"(?<![a-z\d])(?:yc|yp|[cpra])?(?:{names})(?![a-z])", text, re.IGNORECASE) is not None
    )
