"""Diagnoses that a measured value or a finding defines: hypertension, defined as a pressure above 160."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhirscreen.criteria.nodes import Condition, Judgement
from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.fragments import Sort
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


@dataclass(frozen=True, slots=True)
class Definition:
    """What is defined, by what, and whether the text says that it defines it; `negated` after a "no"."""

    named: list[Item]
    by: list[Item]
    told: bool
    negated: bool


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
    return Definition(bare, [item for item in by if item.role not in _UNSAID], told, negated)


def define(named: Built, by: Built, *, told: bool) -> Built | None:
    """What excludes by a definition is what defines it; beside parentheses, the diagnosis is for judgement.

    None where one of the two was not read whole.
    """
    inner = named.expression
    if not (named.complete and by.complete) or named.manual or by.manual or by.expression is None:
        return None
    if not isinstance(inner, Condition | Judgement):
        return None
    judged = inner if isinstance(inner, Judgement) else Judgement(inner)
    whole = by.expression if told else join([by.expression, judged], any_of=True)
    made = merge([by] if told else [by, named], whole)
    return replace(made, rules=(*made.rules, "definition"))
