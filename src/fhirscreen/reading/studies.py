"""A study from a record: its identity, its population, and a criterion for each that was read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from fhirscreen.criteria.nodes import Question, Unread
from fhirscreen.criteria.studies import (
    Criterion,
    Kind,
    OpenQuestion,
    Population,
    ReadNote,
    Span,
    Study,
)
from fhirscreen.criteria.walk import walk
from fhirscreen.criteria.wire import write_criterion
from fhirscreen.mapping.concepts import Concept, ConceptKind, Role
from fhirscreen.reading.readings import Reading, Status

if TYPE_CHECKING:
    from fhirscreen.criteria.records import Record
    from fhirscreen.reading.reader import Reader
    from fhirscreen.values.codes import Coding

STATUSES = {
    "ACTIVE_NOT_RECRUITING": "closed-to-accrual",
    "APPROVED_FOR_MARKETING": "completed",
    "COMPLETED": "completed",
    "ENROLLING_BY_INVITATION": "active",
    "NOT_YET_RECRUITING": "approved",
    "RECRUITING": "active",
    "SUSPENDED": "temporarily-closed-to-accrual",
    "TERMINATED": "closed-to-accrual-and-intervention",
    "WITHDRAWN": "withdrawn",
}
"""The registry's overall status as FHIR's `research-study-status`; of any other word nothing is known."""

_NUMBER = re.compile(r"NCT[0-9]{8}")
_NOT_ID = re.compile(r"[^A-Za-z0-9]+")
_SMALL = {
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "for", "from", "had", "has", "have", "if", "in",
    "is", "of", "on", "or", "other", "patient", "patients", "per", "subject", "subjects", "that", "the",
    "their", "to", "was", "were", "which", "who", "with", "within",
}  # fmt: skip
_WORDS = 4
_DIGEST = 12


def make_study(record: Record, reader: Reader) -> Study:
    """The study that a record describes, as far as it was understood; nothing in it was seen by a person.

    What was not read stands in it as `unread`, so that nobody becomes a candidate by it. A population that
    the record's conditions do not name is `all`.
    """
    taken: set[str] = set()
    criteria = [
        _criterion(reading, taken)
        for reading in reader.read_record(record)
        if reading.status is not Status.HEADING
    ]
    return Study(
        id=_study_id(record.source),
        title=" ".join((record.title or record.source).split()),
        population=Population(find_population(record.conditions, reader)),
        questions=find_questions(criteria),
        criteria=tuple(sorted(criteria, key=lambda each: each.kind is Kind.EXCLUSION)),
        status=STATUSES.get(record.status or "", "active"),
        phase=record.phase,
        condition=", ".join(" ".join(each.split()) for each in record.conditions) or None,
        sponsor=record.sponsor,
        url=f"https://clinicaltrials.gov/study/{record.source}" if _NUMBER.fullmatch(record.source) else None,
        record=record,
    )


def find_questions(criteria: Iterable[Criterion]) -> tuple[OpenQuestion, ...]:
    """The questions that the criteria ask of the investigator, each once, in the words of its criterion."""
    asked: dict[str, OpenQuestion] = {}
    for criterion in criteria:
        for node in walk(criterion.expression):
            if isinstance(node, Question) and node.id not in asked:
                names = " or ".join(name for name, _ in node.readings)
                asked[node.id] = OpenQuestion(node.id, f"“{criterion.says}”: which is meant, {names}?")
    return tuple(asked.values())


def find_population(conditions: Iterable[str], reader: Reader) -> str | None:
    """The cancer that a record's conditions name: the widest concept of it. None where there is not one."""
    named = [concept for each in conditions for concept in reader.find_concepts(each)]
    cancers = {_widest(each, reader).id for each in named if _is_cancer(each)}
    return cancers.pop() if len(cancers) == 1 else None


def _is_cancer(concept: Concept) -> bool:
    return concept.kind is ConceptKind.DIAGNOSIS and concept.about_cancer and not concept.about_metastasis


def _widest(concept: Concept, reader: Reader) -> Concept:
    """The cancer of the site, where the concept is one histology of it: its coarser codes are that one's."""
    coarse = {
        code
        for source in concept.sources
        if source.role is Role.COARSER and source.body_site is None
        for code in source.codes.prefixes
    }
    wider = [
        each
        for each in reader.concepts
        if coarse and _is_cancer(each) and each is not concept and all(_covers(each, code) for code in coarse)
    ]
    return wider[0] if len(wider) == 1 else concept


def _covers(concept: Concept, code: Coding) -> bool:
    return any(
        source.plain and source.role is Role.MATCH and source.codes.matches(code.system, code.code)
        for source in concept.sources
    )


def _criterion(reading: Reading, taken: set[str]) -> Criterion:
    says = " ".join(reading.text.split()) or reading.text
    criterion = Criterion(
        id=_criterion_id(reading, taken),
        kind=reading.kind or Kind.INCLUSION,
        says=says,
        expression=reading.expression if reading.expression is not None else Unread(says),
        source=Span(reading.text, reading.start, reading.end),
    )
    note = ReadNote(
        reading.status.value,
        digest(criterion),
        tuple(dict.fromkeys(reading.rules)),
        tuple(dict.fromkeys(reading.warnings)),
        reading.group,
        reading.suggestions,
    )
    return replace(criterion, read=note)


def digest(criterion: Criterion) -> str:
    """12 hex digits of the SHA-256 of what a criterion says and asks, wherever it stands."""
    said = write_criterion(replace(criterion, source=None, read=None))
    said = {**said, "kind": criterion.kind.value}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:_DIGEST]


def is_edited(criterion: Criterion) -> bool:
    """Whether a person wrote the criterion, or changed it since it was read."""
    return criterion.read is None or criterion.read.digest != digest(criterion)


def _study_id(source: str) -> str:
    return _NOT_ID.sub("-", source).strip("-") or "study"


def _criterion_id(reading: Reading, taken: set[str]) -> str:
    concepts = list(dict.fromkeys(atom.concept for atom in reading.atoms if atom.concept))
    if concepts:
        name = "-or-".join(concepts[:2])
    else:
        words = [word for word in _NOT_ID.split(reading.text.lower()) if word and word not in _SMALL]
        name = "-".join(words[:_WORDS]) or "criterion"
    return unused(name, taken)


def unused(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken; it is taken from then on."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found
