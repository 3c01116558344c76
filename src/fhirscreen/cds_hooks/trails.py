"""What a visit leaves behind: who saw what of whom in the audit trail, and who is to be screened for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.store.audits import Action
from fhirscreen.store.cards import StoredCard
from fhirscreen.store.subjects import find_subject


class Entry(NamedTuple):
    """Whose data, of which study; of a call that showed nothing of none."""

    patient: str
    base: str
    study: str | None = None


Write = Callable[[Session, str, Action, str, Sequence[Entry]], None]
"""Writes entries to the audit trail, in that transaction: who, with what action, by what."""

ScreenSoon = Callable[[Session, str], None]
"""Has a patient of our source screened before others."""


def tell_call(
    write: Write, session: Session, user: str, issuer: str, base: str, patient: str, studies: Sequence[str]
) -> None:
    """Writes down that a call was answered; `studies`: those that the card names."""
    entries = [Entry(patient, base, study) for study in studies] or [Entry(patient, base)]
    write(session, f"{user} {issuer}".strip(), "E", "cds-services", entries)


def tell_feedback(write: Write, session: Session, card: StoredCard, issuer: str) -> None:
    """Writes down that something was said of a card."""
    entries = [Entry(card.patient, card.base, study) for study in card.studies]
    write(session, f"{card.by} {issuer}".strip(), "U", "cds-services feedback", entries)


def follow(
    session: Session,
    screen_soon: ScreenSoon | None,
    own: str,
    base: str,
    patient: str,
    studies: Sequence[str],
) -> None:
    """A card leads to a page, and nothing of a call is kept: the patient is screened from our own source.

    `own` is the base of that source; of patients of another, and where none can be screened so, nothing.
    """
    if screen_soon is None or base != own:
        return
    if any(find_subject(session, subject_uuid(study, base, patient)) is None for study in studies):
        screen_soon(session, patient)
