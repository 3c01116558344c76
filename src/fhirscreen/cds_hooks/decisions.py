"""Which studies may be suggested at all: not those of other specialties, nor what a person has settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from fhirscreen.fhir.entries import Resource, codings
from fhirscreen.screening.panels import Panel
from fhirscreen.screening.settlements import settled
from fhirscreen.store import cards
from fhirscreen.store.patients import is_known

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
    patients: Collection[str],
    studies: Collection[str],
    at: datetime,
    *,
    days: int,
    instance: str,
) -> set[str]:
    """The studies that were shown of late in another call, refused, or decided about by a person.

    `patients` are the ids of one patient, the first as it is now. A person who has decided is not asked again
    by a card, even where what that rests on has changed: the lists do that.
    """
    if not is_known(session, base, patients):
        return set()
    shown = cards.snoozed(session, base, patients, studies, at, days=days, besides=instance)
    return shown | {study for study, each in settled(session, base, patients).items() if any(each)}
