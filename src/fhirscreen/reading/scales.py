"""What a class, a stage or a treatment beside a diagnosis says of it: stage IV is a spread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fhirscreen.criteria.nodes import AnyOf, Condition
from fhirscreen.reading.courses import judge
from fhirscreen.reading.fragments import Fragment, Sort
from fhirscreen.reading.segments import FITTING, Segment

_STAGE = "stage-group"
_SPREAD = Condition("distant-metastasis")
_OF_VIRUSES = re.compile(r"\banti-?\s?(?:retro-?)?viral", re.IGNORECASE)


def told_apart(made: Sequence[Fragment], segment: Segment) -> list[Fragment]:
    """The fragments with a stage IV that is called metastatic as either, and without a class of the past.

    The class on record is the last one: of who was once of class IV, the diagnosis is for the investigator.
    """
    found = list(made)
    if segment.metastatic and is_of_stage_four(segment):
        found = [
            replace(each, expression=AnyOf((each.expression, _SPREAD)))
            if each.expression is not None and _is_of(each, (_STAGE,))
            else each
            for each in found
        ]
    classed = any(_is_of(each, tuple(FITTING)) for each in found)
    if segment.history and classed and any(each.sort is Sort.CONDITION for each in found):
        found = [
            replace(each, expression=None)
            if _is_of(each, tuple(FITTING))
            else replace(each, expression=judge(each.expression))
            if each.sort is Sort.CONDITION and each.expression is not None
            else each
            for each in found
        ]
    return found


def is_of_stage_four(segment: Segment) -> bool:
    """Whether a stage beside its name is the fourth and no other: stage IV (metastatic) breast cancer."""
    atoms = [a for item in segment.fragments if item.fragment is not None for a in item.fragment.atoms]
    values = [value for atom in atoms if atom.concept == _STAGE for value in atom.values or ()]
    return bool(values) and all(value.startswith("IV") for value in values)


def may_be_another_infection(segment: Segment, text: str) -> bool:
    """Whether an infection is narrowed by antivirals: HIV and hepatitis are outside of the codes of any."""
    infected = any(concept.id == "active-infection" for item in segment.entities for concept in item.concepts)
    return infected and any(_OF_VIRUSES.search(text, m.start, m.end) for m in segment.modifiers)


def _is_of(fragment: Fragment, concepts: Sequence[str]) -> bool:
    return bool(fragment.atoms) and all(atom.concept in concepts for atom in fragment.atoms)


def say_the_same(made: Sequence[Fragment]) -> bool:
    """Whether two ways to say the same stand side by side: ECOG ≤ 2 (Karnofsky ≥ 60)."""
    atoms = [a for f in made for a in f.atoms]
    named = sorted(atom.concept or "" for atom in atoms)
    if named == [_SPREAD.concept, "m-category"]:  # distant metastasis (M1)
        return all(atom.values is None or set(atom.values) <= {"M1"} for atom in atoms)
    return named == ["ecog-performance-status", "karnofsky-performance-status"]


def is_of_an_age(made: Sequence[Fragment]) -> bool:
    """Whether an age follows a value and says whose: Karnofsky ≥ 50 (for patients above 10 years)."""
    sorts = [fragment.sort for fragment in made]
    if Sort.AGE not in sorts:
        return False
    return bool({Sort.MEASURE, Sort.CATEGORY} & set(sorts[: sorts.index(Sort.AGE)]))
