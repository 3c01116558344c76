"""Lines that limit what stands under them to a group: a cohort, an arm, healthy volunteers, women.

Whoever is not of the group is asked for nothing there, and no record says who is of a cohort or an arm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

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
    r"\bregimens?\s+(?:\d+|[A-Z])\b|"
    r"\bphase\s+(?:\d|[IVX]+)[ab]?\s+(?:portion|part|stage|only)\b|"
    rf"(?:^|\bcriteria\s+|\bappl\w+\s+)(?:for|to|in)\s+(?:the\s+)?(?:{_PEOPLE}|those|children|infants)\s+"
    r"(?:with|who|receiving|undergoing|aged|in|entering|enrol\w+|treated|without|on)\b|"
    r"\bfor\s+(?:the\s+)?(?:\w+\s+)?(?:children|infants|adolescents|adults|parents|caregivers|partners|mothers)\b|"
    r"\((?!(?:same\s+)?age\b)(?:[\w/+-]+\s+){1,3}groups?(?:\s+only)?\)",
    re.IGNORECASE,
)
_OTHERS = (
    r"(?:donors?|care\s?-?givers?|carers?|parents?|mothers?|fathers?|infants?|newborns?|neonates?|partners?|"
    r"spouses?|siblings?|relatives?|family\s+members?|physicians?|clinicians?|providers?|nurses?|dyads?)"
)
_OF_OTHERS = re.compile(
    rf"\W*(?:the\s+|potential\s+|eligible\s+)*(?:[\w-]+\s+){{0,2}}{_OTHERS}\W*|"
    rf"\W*(?:for\s+)?(?:the\s+)?(?:[\w-]+\s+){{0,2}}{_OTHERS}(?:['’]s?)?\s+(?:\w+\s+)?(?:inclusion|exclusion|eligibility|"
    r"selection|criteria|requirements?|characteristics|must|should|will|who|are|is|has|have)\b.*|"
    rf".*\b(?:criteria|requirements?|eligibility|characteristics)\s+(?:for|of)\s+(?:the\s+)?(?:[\w-]+\s+){{0,2}}"
    rf"{_OTHERS}\b.*|"
    rf"\W*for\s+(?:the\s+)?(?:[\w-]+\s+){{0,2}}{_OTHERS}\b.*",
    re.IGNORECASE,
)
"""Lines of what is asked of somebody else than the patient: donor: ; criteria for caregivers."""
_TIMED = re.compile(r"\bwithin\b[^.;]{0,30}\b(?:days?|weeks?|months?|hours?)\b", re.IGNORECASE)
_SOME = re.compile(
    r"\b(?:one|two|three|at least|either|any|[1-9])\b(?: or more)?[^.:]{0,40}\b(?:of|from)\b", re.IGNORECASE
)
_COUNTED = re.compile(r"\(?\d{1,2}[.)]")
_VALUES = re.compile(
    r"\b(?:lab\w*|blood|h(?:a?e)mato\w*|values?|functions?|parameters?|tests?)\b", re.IGNORECASE
)
_CHOICE = re.compile(
    r"(?P<before>.*?)\b(?:(?:at least|any|either) )?(?P<number>any|either|one|two|three|four|[1-4])\b"
    r"(?: or (?:more|both))?(?: \(\w+\))?(?: or more)?(?: of)?(?: the| these)? (?:\w+ ){0,2}"
    r"(?:following|below)(?: [\w-]+){0,3}(?: \([^()]*\))?\W*",
    re.IGNORECASE,
)
"""A line of which the alternatives stand below it, on its own level: at least one of the following."""
_ONE = ("any", "either", "one", "1")
_TOGETHER = re.compile(
    r"(?<!patients )(?<!subjects )(?<!participants )(?<!those )(?<!women )(?<!history )\b"
    r"(?:and|plus|with|along with|in addition to)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
"""What is asked beside one of them: metastases and one of the following."""
_OF_VALUES = re.compile(
    r"(?!.*\b(?:pregnan\w+|transfus\w+|donat\w+|negative|positive|scans?|imaging|biops\w+)\b)"
    r"(?=.*\b(?:laborator\w+|labs?|organ|functions?|ha?emato\w+|chemistry|blood counts?|marrow)\b)"
    r"(?=.*\b(?:within|in the|(?:no|not) (?:more|longer|greater|older) than|up to)\b.*"
    r"\b(?:hours?|days?|weeks?|months?)\b)[^<>≤≥=;]*",
    re.IGNORECASE,
)
"""A line that says when the values below it are of, on its own level: laboratory values within 7 days."""
_VALUE = re.compile(
    r"(?=.*\d).*(?:[<>≤≥≦≧]|\b(?:at least|at most|(?:less|greater|more|higher|lower|fewer) than|"
    r"ULN|LLN|between)\b)",
    re.IGNORECASE | re.DOTALL,
)
_SEXES = re.compile(r"\b(fe)?males?\b|\b(wo)?m[ae]n\b", re.IGNORECASE)
_EVERYBODY = re.compile(
    r"\b(?:all|both|each|any|either|every)\s+(?:of\s+the\s+)?(?:\w+\s+){0,2}"
    rf"(?:{_PEOPLE}|groups?|cohorts?|arms?|phases?|parts?)\b",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\bonly\b", re.IGNORECASE)
_BARE = re.compile(
    r"(?:(?:cohort|arm|group|part|phase)\s+(?:\d+|[A-Z]|[IVX]+)[ab]?|(?:[\w-]+\s+){1,2}(?:cohort|arm)|"
    r"(?:dose[\s-]|safety\s+)?(?:escalation|expansion|extension|maintenance|treatment|run-?in|lead-?in|open[\s-]label|"
    r"double[\s-]blind|randomi[sz]ed)(?:\s+(?:phase|part|portion|period|stage)))"
    r"(?:\s+only)?(?:\s*\([^()]*\))?",
    re.IGNORECASE,
)
_AT_END = re.compile(
    r"\((?:for\s+)?(?:the\s+)?(?:cohort|arm|group|part|phase)s?\s+(?:\d+|[A-Z]|[IVX]+)[ab]?"
    r"(?:\s*(?:,|and|&|or)\s*(?:\d+|[A-Z]|[IVX]+)[ab]?)*(?:\s+only)?\)\W*",
    re.IGNORECASE,
)
"""What ends a bullet and limits all of its sentences: (cohort 1)."""
_PERSONS = re.compile(
    rf"(?:healthy\s+|normal\s+|diabetic\s+)?{_PEOPLE}(?:\s+(?:with|without|receiving|undergoing|on|in|aged|who)\b.*)?"
    rf"|(?:[\w-]+\s+){{1,3}}{_PEOPLE}",
    re.IGNORECASE,
)
"""A line without a bullet or a colon above bullets: participants with gout."""
_APPLIES = re.compile(r"\bappl(?:y|ies)\b[^.;]{0,20}$", re.IGNORECASE)
_LONGEST = 200


def limits(line: str) -> bool:
    """Whether a line above criteria names a group that they hold for."""
    if len(line) > _LONGEST or _EVERYBODY.search(line) is not None:
        return False
    if _GROUP.search(line) is not None or is_of_others(line):
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
    pieces = _lend_times(list(pieces), lines)
    kinds = [heading_kind(line) if p.heading else None for p, line in zip(pieces, lines, strict=True)]
    beside: dict[Kind, set[str]] = {}
    for line, of in zip(lines, kinds, strict=True):
        if of is not None:
            beside.setdefault(of, set()).add(line.lower())
    found: list[Piece] = []
    chosen = -1  # how deep the line stands that leaves a choice

    @cache  # a line above is above many
    def limits_below(start: int, end: int) -> bool:
        return limits(" ".join(text[start:end].split()))

    limited, above = False, None  # above: a line that names a time, or asks for some
    alone = _stand_alone(pieces, lines, text)
    for at, (piece, line, kind) in enumerate(zip(pieces, lines, kinds, strict=True)):
        if piece.heading or (above is not None and _goes_past(above, line)):
            above = None
        if kind is not None:
            apart = len(beside[kind]) > 1 or _ONLY.search(line) is not None
            limited, chosen = (limits(line) and apart) or is_of_others(line), -1
        elif piece.heading:
            limited, chosen = (limits(line), -1) if is_title(line) else (limited, chosen)
        elif _leaves_choice(line, piece.kind):
            chosen = _depth(text, piece)
        elif line.endswith(":") or _APPLIES.search(line) is not None:
            some = piece.kind is Kind.INCLUSION and _SOME.search(line) is not None
            above = line if some or _TIMED.search(line) is not None else None
            limited = limits(line) or (limited and _EVERYBODY.search(line) is None)
        elif _BARE.fullmatch(line) is not None:
            limited = True
        elif at in alone:
            limited = True
            piece = replace(piece, limited=True)
        else:
            chosen = -1 if chosen > _depth(text, piece) else chosen
            some = above is not None or chosen >= 0
            piece = replace(
                piece, limited=limited or some or any(limits_below(*stem) for stem in piece.stems)
            )
        found.append(piece)
    return _limit_sentences(found, text)


def _stand_alone(pieces: Sequence[Piece], lines: Sequence[str], text: str) -> frozenset[int]:
    """The lines that name people and stand without a bullet between lists of bullets of one section."""
    found: set[int] = set()
    bulleted = False
    for at, (piece, line) in enumerate(zip(pieces, lines, strict=True)):
        if piece.heading:
            bulleted = bulleted and heading_kind(line) is None
            continue
        begins = text[text.rfind("\n", 0, piece.start) + 1 : piece.start]
        marked = bool(begins.strip())
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        below = after is not None and text[text.rfind("\n", 0, after.start) + 1 : after.start].strip() != ""
        if (
            bulleted
            and not marked
            and below
            and len(line) <= _LONGEST
            and _PERSONS.fullmatch(line) is not None
        ):
            found.add(at)
        bulleted = bulleted or marked
    return frozenset(found)


def _limit_sentences(pieces: list[Piece], text: str) -> list[Piece]:
    """The pieces, the sentences of one bullet limited where the group is named behind the last of them."""
    found = list(pieces)
    limited = False
    after = len(text)
    for at, piece in reversed(list(enumerate(pieces))):
        said = text[piece.start : after if at + 1 < len(pieces) else len(text)]
        gap = text[piece.end : after]
        goes_on = limited and not gap.strip() and "\n\n" not in gap
        own = said.rfind("(")
        limited = not piece.heading and (goes_on or (own >= 0 and _AT_END.fullmatch(said, own) is not None))
        found[at] = replace(piece, limited=piece.limited or limited)
        after = piece.start
    return found


def is_of_others(line: str) -> bool:
    """Whether a line says that what stands below is asked of somebody else than the patient."""
    return len(line) <= _LONGEST and _OF_OTHERS.fullmatch(line) is not None


def _leaves_choice(line: str, kind: Kind | None) -> bool:
    """Whether not each criterion below a line counts by itself: one of several is enough, or not enough."""
    found = _CHOICE.fullmatch(line) if len(line) <= _LONGEST else None
    if found is None:
        return False
    several = found["number"].lower() not in _ONE
    return kind is not Kind.EXCLUSION or several or _TOGETHER.search(found["before"]) is not None


def _depth(text: str, piece: Piece) -> int:
    """How deep in the text its line stands."""
    start = text.rfind("\n", 0, piece.start) + 1
    line = text[start : piece.start]
    return len(line) - len(line.lstrip())


def _lend_times(pieces: list[Piece], lines: Sequence[str]) -> list[Piece]:
    """The pieces, the values that follow such a line on its own level with it as the line above them."""
    found = list(pieces)
    above: tuple[int, int] | None = None
    for at, (piece, line) in enumerate(zip(pieces, lines, strict=True)):
        if piece.heading:
            above = None
            continue
        value = _VALUE.match(line) is not None
        if above is not None and value:
            found[at] = replace(piece, stems=(*piece.stems, above))
            continue
        above = None
        timed = len(line) <= _LONGEST and not value and _OF_VALUES.fullmatch(line) is not None
        following = pieces[at + 1] if timed and at + 1 < len(pieces) else None
        if (
            following is None
            or following.heading
            or (following.kind, following.stems) != (piece.kind, piece.stems)
        ):
            continue
        if _VALUE.match(lines[at + 1]) is not None:
            above = piece.start, piece.end
            found[at] = replace(piece, heading=True)
    return found
