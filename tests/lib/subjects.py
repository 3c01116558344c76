"""Subjects and gated members as an engine gives them, made of a word a criterion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirscreen.criteria.nodes import Finding
from fhirscreen.criteria.studies import Criterion, Kind, Population, Study
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Subject, Verdict

STUDY = "NCT00000001"
BASE = "http://hospital.test/fhir"


def criterion(id: str) -> Criterion:
    """An inclusion; one whose id begins with `no-` is an exclusion."""
    kind = Kind.EXCLUSION if id.startswith("no-") else Kind.INCLUSION
    return Criterion(id, kind, f"Says {id}", Finding(concept="oesophageal-cancer"))


def study(id: str = STUDY, *criteria: str, **others: Any) -> Study:
    """A study of such criteria."""
    asked = tuple(criterion(each) for each in criteria or ("stage", "platelets"))
    return Study(id, f"Study {id}", Population("oesophageal-cancer"), asked, **others)


def proof(word: str, value: str = "") -> Proof:
    """`true`, `false`, or a reason to be open; a recorded one rests on an Observation."""
    if word in ("true", "false"):
        return Proof(
            Truth(word), Basis.RECORDED, None, (f"Observation/{word}-{value}",), value, "", "2026-05-01"
        )
    return Proof(Truth.UNKNOWN, Basis.MISSING, Reason(word))


def subject(
    patient: str, verdicts: Mapping[str, str | tuple[str, str]], *, of: str = STUDY, **others: Any
) -> Subject:
    """A member; `verdicts` holds a word a criterion, or a word and a value."""
    made = [
        Verdict(of, patient, criterion(id), proof(*((said,) if isinstance(said, str) else said)))
        for id, said in verdicts.items()
    ]
    return Subject(of, patient, tuple(made), **others)
