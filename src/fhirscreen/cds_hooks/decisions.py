"""Which studies may be suggested at all: not those of other specialties, nor what a person has settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from fhirscreen.fhir.entries import Resource, codings
from fhirscreen.screening.panels import Panel
from fhirscreen.store import cards, reviews, subjects

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
    """The studies that were shown of late in another call, refused, or decided about by a person."""
    shown = cards.snoozed(session, base, patient, studies, at, days=days, besides=instance)
    return shown | cards.refused(session, base, patient) | _decided(session, base, patient)


def _decided(session: Session, base: str, patient: str) -> set[str]:
    """The studies about which a person has decided: by a status, or by a review that says no."""
    found = set()
    for stored in subjects.find_subjects(session, base=base, patient=patient):
        review = reviews.newest_review(session, stored.id)
        said_no = review is not None and review.decision == "not-suitable"
        if stored.person_status is not None or said_no:
            found.add(stored.study)
    return found
