"""Patients who were merged into one that is looked at alone: their subjects go at the same time."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from fhirscreen.engines.base import Gated
from fhirscreen.store.subjects import find_subjects
from fhirscreen.verdicts.standings import Gate


def absorbed(
    session: Session,
    base: str,
    survivors: Mapping[str, str],
    patients: Collection[str],
    studies: Collection[str],
) -> list[Gated]:
    """Who has a subject and was merged into one of the patients, as members whom that gate takes out.

    `survivors` leads from a merged patient to the one whom the records follow. A run of everybody finds them
    by itself.
    """
    merged = sorted(id for id, to in survivors.items() if to in patients and id not in patients)
    if not merged:
        return []
    known = find_subjects(session, base=base, patient=merged, study=studies)
    return [Gated(each.study, each.patient, Gate.MERGED) for each in known]
