"""A study from a record: its identity, its population, and a criterion for each that was read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from fhirscreen.criteria.nodes import AllOf, Condition, Expression, Judgement, Not, Question, Unread
from fhirscreen.criteria.studies import (
    Criterion,
    Kind,
    OpenQuestion,
    Population,
    ReadNote,
    Span,
    Study,
)
from fhirscreen.criteria.walk import children, walk
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
_SPREAD = ("C77", "C78", "C79", "C7B", "C800")
"""ICD-10's codes, and ICD-10-CM's, of a tumour that came from elsewhere or whose origin is not said."""
_WORDS = 4
_DIGEST = 12


def make_study(record: Record, reader: Reader) -> Study:
    """The study that a record describes, as far as it was understood; nothing in it was seen by a person.

    What was not read stands in it as `unread`, so that nobody becomes a candidate by it. The population is
    the cancer that the record's conditions name, or else the one that its criteria require; `all` where there
    is no such one.
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
        population=Population(_find_population(record, criteria, reader)),
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


def _find_population(record: Record, criteria: Iterable[Criterion], reader: Reader) -> str | None:
    """The widest concept of the one cancer that the conditions name, or that the criteria require."""
    named = [concept for each in record.conditions for concept in reader.find_concepts(each)]
    return _only_cancer(named, reader) or _only_cancer(_required(criteria, reader), reader)


def find_cancer(criteria: Iterable[Criterion], reader: Reader) -> str | None:
    """The one cancer of which the inclusion criteria speak, required or not; for a person to judge."""
    included = (each.expression for each in criteria if each.kind is Kind.INCLUSION)
    return _only_cancer(_named((node for each in included for node in _asked(each)), reader), reader)


def _required(criteria: Iterable[Criterion], reader: Reader) -> Iterator[Concept]:
    """What nobody may lack. Of what was read in part it is not sure: "if the cancer is …" requires none."""
    for each in criteria:
        if each.kind is Kind.INCLUSION and each.read is not None and each.read.status == Status.COMPUTED:
            yield from _named(_conjuncts(each.expression), reader)


def _named(nodes: Iterable[Expression], reader: Reader) -> Iterator[Concept]:
    known = {each.id: each for each in reader.concepts}
    return (known[node.concept] for node in nodes if isinstance(node, Condition) and node.concept in known)


def _asked(expression: Expression) -> Iterator[Expression]:
    """What an expression speaks of, but for what nobody may have."""
    yield expression
    if not isinstance(expression, Not):
        for child in children(expression):
            yield from _asked(child)


def _conjuncts(expression: Expression) -> Iterator[Expression]:
    match expression:
        case AllOf(of):
            for child in of:
                yield from _conjuncts(child)
        case Judgement(of):
            yield from _conjuncts(of)
        case _:
            yield expression


def _only_cancer(concepts: Iterable[Concept], reader: Reader) -> str | None:
    cancers = {_widest(each, reader).id for each in concepts if _is_cancer(each)}
    return cancers.pop() if len(cancers) == 1 else None


def _is_cancer(concept: Concept) -> bool:
    """Whether a concept is a cancer by which patients are found: none of its codes is of its spread."""
    if concept.kind is not ConceptKind.DIAGNOSIS or not concept.about_cancer:
        return False
    codes = [
        code.code for source in concept.sources if source.role is Role.MATCH for code in source.codes.prefixes
    ]
    return bool(codes) and not any(code.startswith(_SPREAD) for code in codes)


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
