"""What is a heading of eligibility text, and what it says of the criteria below it."""

from __future__ import annotations

import re

from fhirscreen.criteria.studies import Kind

_LEAD = (
    r"(?:(?:key|main|major|general|specific|additional|other|principal|primary|important|core|"
    r"basic|study|trial|protocol|subject|patient|participant|population|clinical|detailed|overall|"
    r"common|further|the|brief|summary|of|for|disease|part|phase|cohort|group|arm|step|stage|"
    r"module|control|healthy|volunteers?|patients?|participants?|subjects?|cases?|controls?|[A-Z]|"
    r"\d{1,2}|[ivx]{1,4})[\s.:)/&,-]*(?:and\s+)?){0,6}"
)
_TAIL = (
    r"(?:\s*(?:\(|for\b|of\b|in\b|at\b|to\b|are\b|include|will\b|-|–|/|,|#|\d|part|phase|cohort|"
    r"group|arm|step|stage|module|during|applicable|specific|[A-Z]\b)[^\n:;.]{0,120})?"
)
_INCLUSION = re.compile(
    rf"{_LEAD}(?:inclusion|inclusionary|eligibility)(?:\s+and\s+exclusion)?(?:\s*(?:criteria|"
    rf"criterion|criterias|requirements?|characteristics))?{_TAIL}\s*[:.\-]*",
    re.IGNORECASE,
)
_EXCLUSION = re.compile(
    rf"{_LEAD}(?:exclusion|exclusionary|non-?inclusion|ineligibility|"
    rf"non-?eligibility)(?:\s*(?:criteria|criterion|criterias|requirements?|"
    rf"characteristics))?{_TAIL}\s*[:.\-]*",
    re.IGNORECASE,
)
_EXCLUDED = re.compile(
    r"[^.;]{0,160}\b(?:(?:are|is|be|were)\s+(?:excluded|ineligible|not\s+eligible|not\s+included)|"
    r"exclusions?|not\s+be\s+(?:eligible|enrolled|included)|(?:cannot|can\s+not|may\s+not|"
    r"must\s+not)\s+(?:be\s+included|participate|take\s+part|enter)|reasons\s+for\s+exclusion|"
    r"exclude)\b[^.;]{0,160}:",
    re.IGNORECASE,
)
_INCLUDED = re.compile(
    r"[^.;]{0,160}\b(?:(?:are|is|be|were)\s+(?:included|eligible|enrolled)|to\s+be\s+eligible|"
    r"inclusion|must\s+meet|must\s+fulfil\w*|eligible\s+(?:patients|subjects|"
    r"participants))\b[^.;]{0,160}:",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"\s*(?:(?:key|main|major|general)\s+)?(?P<kind>inclusion|exclusion|"
    r"non-?inclusion)(?:\s+criteria|\s+criterion)?\s*(?:\([^)\n]{0,60}\))?\s*[:]\s*",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"[A-Z][A-Z /&,()-]{4,80}:\s*")
INNER = re.compile(
    r"(?<![^\s.;,:])(?P<heading>(?:(?:DISEASE|PATIENT)\s+CHARACTERISTICS|"
    r"PRIOR[/ ]+CONCURRENT\s+THERAPY|PROTOCOL\s+ENTRY\s+CRITERIA|"
    r"Age|Sex|Menopausal status|Performance status|Life expectancy|Hemato?poietic|Haemato?poietic|"
    r"Hematologic|Hepatic|Renal|Cardiovascular|Cardiac|Pulmonary|"
    r"Immunologic|Metabolic|Neurologic|Gastrointestinal|Ophthalmic|Other|Biologic therapy|"
    r"Chemotherapy|Endocrine therapy|Radiotherapy|Surgery|"
    r"Inclusion criteria|Exclusion criteria|INCLUSION CRITERIA|EXCLUSION CRITERIA|"
    r"Inclusion Criteria|Exclusion Criteria)\s*:)(?=\s)"
)
"""Headings of registries that stand in the middle of a line."""


def heading_kind(line: str) -> Kind | None:
    """What criteria a heading opens; None where it opens none."""
    low = line.lower()
    if "clusion" not in low and "ligib" not in low:
        return None
    if _EXCLUSION.fullmatch(line):
        return Kind.EXCLUSION
    if _INCLUSION.fullmatch(line):
        return Kind.INCLUSION
    return None


def stem_kind(line: str) -> Kind | None:
    """Likewise of a sentence that ends with a colon: "Patients are excluded if they have any of:"."""
    if not line.endswith(":") or len(line) > 400:
        return None
    if _EXCLUDED.fullmatch(line):
        return Kind.EXCLUSION
    return Kind.INCLUSION if _INCLUDED.fullmatch(line) else None


def prefix(text: str, start: int, end: int) -> tuple[int, Kind] | None:
    """Where a heading before a criterion on the same line ends, and what it opens."""
    match = _PREFIX.match(text, start, end)
    if match is None or match.end() >= end:
        return None
    kind = Kind.INCLUSION if match["kind"].lower() == "inclusion" else Kind.EXCLUSION
    return match.end(), kind


def is_title(line: str) -> bool:
    """Whether a line is a heading of another kind: capitals and a colon."""
    return _CAPITALS.fullmatch(line) is not None
