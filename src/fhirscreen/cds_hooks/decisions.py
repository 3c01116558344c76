"""Which studies a card may name: never one that a criterion, a gate, a person or a refusal forbids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Weight
from fhirscreen.fhir.entries import Resource, codings
from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.screening.panels import Panel
from fhirscreen.store import cards, reviews, subjects
from fhirscreen.verdicts.standings import Subject, ordered

MOST = 2
"""So many studies at most in a card."""

ANY = "*"


def by_specialty(
    panel: Panel, specialties: Sequence[str], roles: Iterable[Resource]
) -> Collection[str] | None:
    """The studies that the user's specialty treats; None for all of them.

    `specialties` are codes, each alone (for every study) or after the number of a study, or the concept of
    its population, and `=`: `oesophageal-cancer=394593009`. Without any, everybody is shown everything. Of a
    user whose specialty is not known it cannot be told what he or she treats: nothing.
    """
    if not specialties:
        return None
    asked: dict[str, set[str]] = {}
    for entry in specialties:
        whose, mark, code = entry.rpartition("=")
        asked.setdefault(whose if mark else ANY, set()).add(code)
    held = {coding for role in roles if role.get("active") is not False for coding in _specialties(role)}
    return {
        study.id
        for study in panel.studies
        if any(held & asked.get(name, set()) for name in (ANY, study.id, study.population.cancer or ANY))
    }


def _specialties(role: Resource) -> Iterator[str]:
    listed = role.get("specialty")
    for concept in listed if isinstance(listed, list) else ():
        if isinstance(concept, dict):
            yield from (coding.code for coding in codings(concept, str))


def suppressed(
    session: Session,
    base: str,
    patient: str,
    studies: Collection[str],
    at: datetime,
    *,
    days: int,
    instance: str,
) -> set[str]:
    """The studies that were shown of late in another call, or refused for this patient."""
    shown = cards.snoozed(session, base, patient, studies, at, days=days, besides=instance)
    return shown | cards.refused(session, base, patient)


def suggested(session: Session, base: str, found: Iterable[Subject]) -> list[Subject]:
    """The best subjects, at most `MOST`: no criterion failed, no gate open, no person against it."""
    chosen: list[Subject] = []
    for subject in ordered([each for each in found if not _gate_open(each)]):
        if _decided(session, subject_uuid(subject.study, base, subject.patient)):
            continue
        chosen.append(subject)
        if len(chosen) == MOST:
            break
    return chosen


def _gate_open(subject: Subject) -> bool:
    return any(verdict.criterion.weight is Weight.GATE for verdict in subject.open)


def _decided(session: Session, id: str) -> bool:
    """Whether a person has already decided about a subject: by a status, or by a review that says no."""
    stored = subjects.find_subject(session, id)
    if stored is None:
        return False
    if stored.person_status is not None:
        return True
    review = reviews.newest_review(session, id)
    return review is not None and review.decision == "not-suitable"
