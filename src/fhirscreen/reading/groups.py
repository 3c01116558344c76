"""Lines that limit what stands under them to a group: a cohort, an arm, healthy volunteers, women.

Whoever is not of the group is asked for nothing there, and no record says who is of a cohort or an arm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.headings import heading_kind, is_title
from fhirscreen.reading.pieces import Piece

_PEOPLE = (
    r"(?:subjects?|patients?|participants?|volunteers?|individuals?|persons?|people|donors?|adults?|"
    r"controls?)"
)
_GROUP = re.compile(
    r"\b(?:cohorts?|sub-?cohorts?|arms?|sub-?stud(?:y|ies)|sub-?groups?)\b(?!\s+(?:study|circumference))|"
    rf"\b(?:healthy|normal)\s+(?:\w+\s+)?{_PEOPLE}\b|\bcontrols?\s*:|\bcontrol\s+{_PEOPLE}|"
    r"\b(?:control|treatment|intervention|placebo|experimental|observation\w*|comparison|patient|case|study)\s+"
    r"groups?\b|\bgroups?\s+(?:\d+|[A-Z]|[IVX]+)\b|"
    r"\b(?:phase|part|step)\s+(?:\d+|[IVX]+|[A-Z])[ab]?\b(?!\s+(?:clinical|study|trial))|"
    r"\bphase\s+(?:\d|[IVX]+)[ab]?\s+(?:portion|part|stage|only)\b|"
    rf"(?:^|\bcriteria\s+|\bappl\w+\s+)(?:for|to|in)\s+(?:the\s+)?(?:{_PEOPLE}|those|children|infants)\s+"
    r"(?:with|who|receiving|undergoing|aged|in|entering|enrol\w+|treated|without|on)\b|"
    r"\bfor\s+(?:the\s+)?(?:\w+\s+)?(?:children|infants|adolescents|adults|parents|caregivers|partners|mothers)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\W*(?:(?:the|for|eligible|study|informal|family)\s+)*"
    r"(?:donors?|siblings?|spouses?|partners?|caregivers?|carers?|parents?|mothers?|fathers?|relatives?|"
    r"family\s+members?|informants?|clinicians?|providers?)"
    r"(?:\s+(?:criteria|eligibility|characteristics|requirements?|selection|inclusion|exclusion|must|should|be|are|"
    r"eligible|if|they|only))*\W*",
    re.IGNORECASE,
)
"""Lines above what is asked of somebody else than the patient."""
_TIMED = re.compile(r"\bwithin\b[^.;]{0,30}\b(?:days?|weeks?|months?|hours?)\b", re.IGNORECASE)
_SOME = re.compile(
    r"\b(?:one|two|three|at least|either|any|[1-9])\b(?: or more)?[^.:]{0,40}\b(?:of|from)\b", re.IGNORECASE
)
_COUNTED = re.compile(r"\(?\d{1,2}[.)]")
_VALUES = re.compile(
    r"\b(?:lab\w*|blood|h(?:a?e)mato\w*|values?|functions?|parameters?|tests?)\b", re.IGNORECASE
)
_SEXES = re.compile(r"\b(fe)?males?\b|\b(wo)?m[ae]n\b", re.IGNORECASE)
_EVERYBODY = re.compile(
    r"\b(?:all|both|each|any|either|every)\s+(?:of\s+the\s+)?(?:\w+\s+){0,2}"
    rf"(?:{_PEOPLE}|groups?|cohorts?|arms?|phases?|parts?)\b",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\bonly\b", re.IGNORECASE)
_BARE = re.compile(
    r"(?:(?:cohort|arm|group|part)\s+(?:\d+|[A-Z]|[IVX]+)|(?:\w+\s+){1,2}(?:cohort|arm))(?:\s+only)?",
    re.IGNORECASE,
)
_APPLIES = re.compile(r"\bappl(?:y|ies)\b[^.;]{0,20}$", re.IGNORECASE)
_LONGEST = 200


def limits(line: str) -> bool:
    """Whether a line above criteria names a group that they hold for."""
    if len(line) > _LONGEST or _EVERYBODY.search(line) is not None:
        return False
    if _GROUP.search(line) is not None or _OTHERS.fullmatch(line) is not None:
        return True
    sexes = {bool(match[1] or match[2]) for match in _SEXES.finditer(line)}
    return len(sexes) == 1


def _goes_past(above: str, line: str) -> bool:
    """Whether a line is none of those that the one above announces: no value, or the next of its numbers."""
    if _COUNTED.match(above) is not None and _COUNTED.match(line) is not None:
        return True
    return _VALUES.search(above) is not None and not any(letter.isdigit() for letter in line)


def find_limits(pieces: Sequence[Piece], text: str) -> list[Piece]:
    """The pieces, each criterion marked that stands under such a line.

    The heading of a section limits it where another heading of its kind stands beside it, or where it says
    "only". A line among the criteria that ends with a colon limits those that follow it; so it does where it
    names a time ("laboratory values within 7 days:"), or asks for some of them.
    """
    lines = [" ".join(text[p.start : p.end].split()) for p in pieces]
    kinds = [heading_kind(line) if p.heading else None for p, line in zip(pieces, lines, strict=True)]
    beside: dict[Kind, set[str]] = {}
    for line, of in zip(lines, kinds, strict=True):
        if of is not None:
            beside.setdefault(of, set()).add(line.lower())
    found: list[Piece] = []
    stems: dict[tuple[int, int], bool] = {}  # a line above is above many
    limited, above = False, None  # above: a line that names a time, or asks for some
    for piece, line, kind in zip(pieces, lines, kinds, strict=True):
        if piece.heading or (above is not None and _goes_past(above, line)):
            above = None
        if kind is not None:
            limited = limits(line) and (len(beside[kind]) > 1 or _ONLY.search(line) is not None)
        elif piece.heading:
            limited = limits(line) if is_title(line) else limited
        elif line.endswith(":") or _APPLIES.search(line) is not None:
            some = piece.kind is Kind.INCLUSION and _SOME.search(line) is not None
            above = line if some or _TIMED.search(line) is not None else None
            limited = limits(line) or (limited and _EVERYBODY.search(line) is None)
        elif _BARE.fullmatch(line) is not None:
            limited = True
        else:
            for start, end in piece.stems:
                if (start, end) not in stems:
                    stems[start, end] = limits(" ".join(text[start:end].split()))
            if limited or above is not None or any(stems[stem] for stem in piece.stems):
                found.append(replace(piece, limited=True))
                continue
        found.append(piece)
    return found
