"""Diagnoses that a measured value or a finding defines: hypertension, defined as a pressure above 160."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhirscreen.criteria.nodes import Condition, Judgement, Not
from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.fragments import Atom, Sort
from fhirscreen.reading.items import Item, Role
from fhirscreen.reading.segments import kind_of
from fhirscreen.reading.statements import Built, join, merge

_DEFINES = re.compile(r"(?:as )?defined (?:as|by)|i\.?e\.?|that is|namely", re.IGNORECASE)
_NAMES = (
    Role.ENTITY, Role.FILLER, Role.NARROWING, Role.SEVERITY, Role.ACTIVE, Role.HISTORY, Role.KNOWN,
    Role.COLON,
    Role.COMMA, Role.DASH, Role.OPEN, Role.RANGE,
)  # fmt: skip
_DEFINED_BY = (
    Role.FRAGMENT, Role.FILLER, Role.OR, Role.COMMA, Role.SLASH, Role.OPEN, Role.CLOSE, Role.COLON, Role.DASH,
    Role.STOP, Role.KNOWN, Role.RANGE,
)  # fmt: skip
_CLASSES = {"nyha-class": "heart-failure", "child-pugh-class": "cirrhosis"}
"""Classes that are of one diagnosis: with it they are one thing, and do not define it."""
_UNSAID = (
    Role.FILLER, Role.COLON, Role.DASH, Role.KNOWN, Role.RANGE, Role.STOP, Role.OPEN, Role.CLOSE,
)  # fmt: skip
_DIAGNOSES = (ConceptKind.DIAGNOSIS, ConceptKind.EVENT)


def _is_of(entity: Item, measured: Item) -> bool:
    named = {concept.id for concept in entity.concepts}
    atoms = measured.fragment.atoms if measured.fragment is not None else ()
    return any(_CLASSES.get(atom.concept or "") in named for atom in atoms)


_ABSENT = re.compile(r"[MN]0.*|negative|not-detected|not-pregnant", re.IGNORECASE)
_PRESENT = re.compile(r"M1.*|N[1-3].*|positive|detected|pregnant", re.IGNORECASE)
_EARLY = re.compile(r"(?:0|I|II|III)[A-D]?\d?")
_SPREAD = re.compile(r"IV[A-D]?")
_METASTASIS = re.compile(r".*metasta.*")
WORSE_LOW = frozenset(
    {"haemoglobin", "platelet-count", "neutrophil-count", "leukocyte-count", "lymphocyte-count", "albumin",
     "creatinine-clearance", "estimated-glomerular-filtration-rate", "left-ventricular-ejection-fraction",
     "oxygen-saturation"}
)  # fmt: skip
WORSE_HIGH = frozenset(
    {"creatinine", "total-bilirubin", "direct-bilirubin", "alanine-aminotransferase", "haemoglobin-a1c",
     "international-normalised-ratio",
     "aspartate-aminotransferase", "alkaline-phosphatase", "systolic-blood-pressure", "body-temperature",
     "diastolic-blood-pressure", "qtc-interval", "urine-protein", "urine-protein-24-hours",
     "urine-protein-creatinine-ratio", "urine-protein-dipstick"}
)  # fmt: skip
_LOW_NAMED = re.compile(r"hypo.*|.*penia|anaemia")
_HIGH_NAMED = re.compile(r"hyper.*|.*cytosis|fever")


def _says(named: frozenset[str], atom: Atom) -> bool | None:
    """Whether a value says that a diagnosis is there or is not; None where nobody can tell."""
    if atom.values is not None:
        values = set(atom.values)
        early, spread = _EARLY, _SPREAD
        if any(_METASTASIS.fullmatch(each) for each in named) and atom.concept == "stage-group":
            return _all(spread, values, True) if _all(early, values, False) is None else False
        return _all(_PRESENT, values, True) if _all(_ABSENT, values, False) is None else False
    if (atom.low is None) == (atom.high is None):
        return None
    low = any(_LOW_NAMED.fullmatch(each) for each in named)
    high = any(_HIGH_NAMED.fullmatch(each) for each in named)
    if low == high:
        low, high = atom.concept in WORSE_LOW, atom.concept in WORSE_HIGH or atom.limit == "uln"
    if low == high:
        return None
    return (atom.high is not None) == low


def says_absent(atom: Atom) -> bool:
    """Whether a value by itself says that there is nothing: M0, N0, negative."""
    return bool(atom.values) and _all(_ABSENT, set(atom.values or ()), True) is True


def _all(pattern: re.Pattern[str], values: set[str], answer: bool) -> bool | None:
    return answer if all(pattern.fullmatch(value) for value in values) else None


@dataclass(frozen=True, slots=True)
class Definition:
    """What is defined, by what, and whether the text says that it defines it; `negated` after a "no".

    `there`: what stands in parentheses says that the diagnosis is there (True: anaemia below 9 g/dL) or that
    it is not (False: M0); None where nobody can tell.
    """

    named: list[Item]
    by: list[Item]
    told: bool
    negated: bool
    there: bool | None


def find_definition(items: Sequence[Item], text: str) -> Definition | None:
    """The definition that a clause is; None where it is none."""
    if not any(item.role is Role.FRAGMENT for item in items):
        return None
    at = 0
    while at < len(items) and items[at].role is Role.FILLER:
        at += 1
    negated = at < len(items) and items[at].role is Role.NO
    first = at + 1 if negated else 0
    entity = next((i for i in range(first, len(items)) if kind_of(items[i]) in _DIAGNOSES), None)
    measured = next((i for i in range(first, len(items)) if items[i].role is Role.FRAGMENT), None)
    if entity is None or measured is None or measured < entity:
        return None
    if _is_of(items[entity], items[measured]):
        return None
    told = any(
        item.role is Role.FILLER and _DEFINES.fullmatch(text[item.start : item.end]) is not None
        for item in items[entity:measured]
    )
    opened = any(item.role is Role.OPEN for item in items[entity:measured])
    if not (told or opened):
        return None
    named, by = list(items[first:measured]), list(items[measured:])
    if any(item.role not in _NAMES for item in named) or any(item.role not in _DEFINED_BY for item in by):
        return None
    if sum(item.role is Role.ENTITY for item in named) != 1:
        return None
    if any(item.role is Role.STOP for item in by[:-1]):
        return None
    sorts = {item.fragment.sort for item in by if item.fragment is not None}
    if not sorts <= {Sort.MEASURE, Sort.CATEGORY}:
        return None
    bare = [item for item in named if item.role not in (*_UNSAID, Role.COMMA)]
    concepts = frozenset(concept.id for concept in items[entity].concepts)
    said = {_says(concepts, a) for item in by if item.fragment is not None for a in item.fragment.atoms}
    there = said.pop() if len(said) == 1 else None
    return Definition(bare, [item for item in by if item.role not in _UNSAID], told, negated, there)


def _judged(named: Built, by: Built) -> Judgement | None:
    """The diagnosis, for judgement; None where it, or what stands beside it, was not read whole."""
    inner = named.expression
    if not (named.complete and by.complete) or named.manual or by.manual:
        return None
    if not isinstance(inner, Condition | Judgement):
        return None
    return inner if isinstance(inner, Judgement) else Judgement(inner)


def require_other(named: Built, by: Built) -> Built | None:
    """No metastasis (M0): what stands in parentheses is asked for, and the diagnosis is for judgement.

    None where one of the two was not read whole.
    """
    judged = _judged(named, by)
    if judged is None or by.expression is None:
        return None
    made = merge([by, named], join([by.expression, Not(judged)], any_of=False))
    return replace(made, rules=(*made.rules, "definition"))


def define(named: Built, by: Built, *, told: bool) -> Built | None:
    """What excludes by a definition is what defines it; beside parentheses, the diagnosis is for judgement.

    None where one of the two was not read whole.
    """
    judged = _judged(named, by)
    if judged is None or by.expression is None:
        return None
    whole = by.expression if told else join([by.expression, judged], any_of=True)
    made = merge([by] if told else [by, named], whole)
    return replace(made, rules=(*made.rules, "definition"))
