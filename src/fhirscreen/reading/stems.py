"""The line above nested bullets: what it says of each of them, and whether that is all it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fhirscreen.criteria.studies import Kind
from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.items import Item, Role, words
from fhirscreen.reading.segments import kind_of

_ALTERNATIVES = re.compile(
    r"\b(?:one|two|three|at least|either|1|2|3)\b(?: or more)?[^.:]{0,40}\b(?:of|from)\b", re.IGNORECASE
)
_ALL = re.compile(
    r"\W*(?:\d+\W+)?(?:\w+ ){0,9}(?:if|must|should|who|have to|will|need to) "
    r"(?:they )?(?:meet|fulfil\w*|satisfy|comply with)(?:ing)? (?:all|each)(?: of)?(?: the)? "
    r"(?:following|(?:\w+ ){0,3}below)(?: \w+){0,3}\W*",
    re.IGNORECASE,
)
"""A line that only says that all below it is asked for."""
_BESIDE = re.compile(
    r"(?:\b(?:and|plus|along with|together with|in addition to|combined with|as well as)|,?\s\bwith)\s+"
    r"(?:at least |any |either |more than )?(?:any|either|one|two|three|1|2|3)\b(?: or more)?[^.:]{0,20}"
    r"\b(?:following|below|these)\b",
    re.IGNORECASE,
)
"""What is asked for beside those below: bone metastases and one of the following."""
_WHOSE = re.compile(r"(?:patient|subject|participant)s? with", re.IGNORECASE)
_EXCLUDED_IF = re.compile(
    r"\b(?:excluded|ineligible|not eligible)\b[^.;]{0,20}\bif\b[^.;]{0,60}:$", re.IGNORECASE
)
_LISTS = re.compile(r"\b(?:including|such as|following|e\.g\.|include)\b[^.;]{0,60}:$", re.IGNORECASE)
_PARTS = re.compile(r"\b(?:cohorts?|arms?|phases?|groups?|parts?|only|for)\b", re.IGNORECASE)
_TOPIC = re.compile(r"condition|illness|disease|problem|comorbid|inadequate", re.IGNORECASE)
_NEUTRAL = words(
    """
            condition | disease | disorder | event | illness | medical | parameter | finding |
            abnormality | below | above | organ | marrow | function | blood | lab | characteristic |
            comorbidity | situation | liver | kidney | bone | hematology | chemistry | range | count |
            reserve | test | assessment | coagulation | vital | exclusion | inclusion | reason | item |
            significantly | coexisting | co | specified | apply | adequately | include | abnormal |
            impaired | impairment | risk | factor | minimal | reasonable | specifically | affection |
            criterion | physical | examination | concurrently | obtained | day | cell | enzyme |
            electrolyte | done | performed | clinical | study | profile | indicated | evidenced |
            acceptable | baseline | status | serious | system | requirement | note | symptom |
            complication | exist | considered | entered | enrollment | ability | history | agent |
            medication | drug | therapy | substance | product | morbidity | follow | follows | period |
            affect | impact | fulfill | fulfil | evaluation | conducted | evidence | listed | described |
            meet | additional | intercurrent | interpretation | safety | data | integrity | value |
            guideline | protocol | consumption | medicine | supplement | procedure | definition | screen |
            respect | regarding | related | related to | concerning | category | type | sign | undergone |
            past | level | limit | result | specific | certain | various | variety | s | involving | any |
            addition | eligible | eligibility | subject | compromise | would
            """
)
"""What the line above nested bullets may name without changing what they ask for."""
_CARRIED = (Role.NO, Role.HISTORY, Role.ACTIVE, Role.RECEIVED, Role.WINDOW)


def read_stem(items: Sequence[Item], line: str, start: int, kind: Kind) -> tuple[list[Item], bool | None]:
    """What a stem lends to the criteria under it, and whether that is all it says; None: but for words.

    `line` is its text, which begins at `start`. The topic of what excludes ("uncontrolled cardiovascular
    disease, including") lends what narrows it.
    """
    if kind is Kind.INCLUSION and _ALL.fullmatch(line) is not None:
        return [], True
    barring = kind is Kind.EXCLUSION or any(item.role is Role.NO for item in items)
    sure: bool | None = True
    alternatives = _ALTERNATIVES.search(line) is not None or any(i.role is Role.OR for i in items)
    if kind is Kind.INCLUSION and not barring and alternatives:
        sure = False
    beside = _BESIDE.search(line)
    if beside is not None and any(i.concepts and i.start < start + beside.start() for i in items):
        sure = False
    lent: list[Item] = []
    unknown = False
    for item in items:
        if item.role in _CARRIED or (item.role is Role.BARRED and kind is Kind.INCLUSION):
            lent.append(item)
        elif item.role in (Role.NARROWING, Role.SEVERITY):
            if not barring and item.key == "place":
                continue  # hepatic, renal: what the values under it are of
            if not barring:
                unknown = True
            elif item.key not in ("place", "rest"):
                lent.append(replace(item, role=Role.NARROWING, key=""))
        elif item.role is Role.WORD:
            unknown = unknown or item.key not in _NEUTRAL
        elif not _is_topic(item, line, start, barring=barring):
            sure = False
    if unknown and sure is not False:
        apart = any(item.role is not Role.WINDOW for item in lent)
        sure = False if apart or _PARTS.search(line) else None
    return lent, sure


def _is_topic(item: Item, line: str, start: int, *, barring: bool) -> bool:
    """Whether it only says what the stem is about."""
    if item.role is Role.ENTITY:
        listed = _LISTS.search(line) is not None
        return barring and kind_of(item) is not None and (kind_of(item) is not ConceptKind.THERAPY or listed)
    if item.role is Role.MANUAL:
        return item.key == "judgement" and _TOPIC.search(line) is not None
    if item.role is Role.BOUND:  # one or more of the following
        return barring and item.range is not None and item.range.low == 1 and not item.range.unit
    if item.role is Role.IF and _EXCLUDED_IF.search(line):  # patients will be excluded if they have
        return True
    if item.role is Role.IF:  # patients with
        return _WHOSE.fullmatch(line, item.start - start, item.end - start) is not None
    if item.role is Role.SEX:  # what women must do is asked of nobody else
        return barring
    if item.role is Role.ALLOWED:
        return item.text.lower() == "acceptable"
    return item.role not in (Role.EXCEPT, Role.IF, Role.FRAGMENT)
