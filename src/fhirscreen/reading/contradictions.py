"""What cannot be meant as it is written: it stands in the wrong list, or against the line above it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.arising import holds_for_men
from fhirscreen.reading.definitions import WORSE_HIGH, WORSE_LOW
from fhirscreen.reading.fragments import Atom
from fhirscreen.reading.statements import Built

_ADEQUATE = re.compile(
    r"\b(?:adequate(?:ly)?|normal|sufficient|acceptable|satisfactory|good|preserved|near[- ]normal)\b",
    re.IGNORECASE,
)
_POOR = re.compile(
    r"\b(?:inadequate|abnormal|insufficient|impaired|poor|unacceptable|dysfunction|insufficiency|impairment)\b",
    re.IGNORECASE,
)
_OF_AN_ORGAN = re.compile(
    r"\b(?:functions?|functioning|reserves?|parameters?|laborator\w+|labs?|values?|tests?|marrow|organs?|"
    r"h(?:a?ematologic|epatic|a?ematological|a?ematology)|renal|liver|kidney|blood|dysfunction|insufficiency|impairment)\b",
    re.IGNORECASE,
)
_CARRIERS = re.compile(r"hepatitis-.*|hiv-.*")


def find_contradiction(kind: Kind, built: Built, lines: Iterable[str]) -> str | None:
    """Why what was read cannot be what is meant; None where nothing speaks against it.

    `lines` are the criterion's own text and those of the lines above it.
    """
    if kind is Kind.EXCLUSION:
        if built.expression is not None and holds_for_men(built.expression):
            return "a negative pregnancy test under the exclusion criteria would exclude every man"
        if any(_is_carrier_free(atom) for atom in built.atoms):
            return "a negative test under the exclusion criteria: does it exclude, or is it a requirement?"
    wanted = _ADEQUATE if kind is Kind.INCLUSION else _POOR
    if not any(wanted.search(line) and _OF_AN_ORGAN.search(line) for line in lines):
        return None
    # "within normal limits" has two ends, each an atom
    measured = [atom.concept for atom in built.atoms]
    if any(
        measured.count(atom.concept) == 1 and _is_opposite(atom, worse=kind is Kind.EXCLUSION)
        for atom in built.atoms
    ):
        return "the bound says the opposite of the words beside it"
    return None


def _is_carrier_free(atom: Atom) -> bool:
    return (
        not atom.negated
        and atom.values == ("negative",)
        and _CARRIERS.fullmatch(atom.concept or "") is not None
    )


def _is_opposite(atom: Atom, *, worse: bool) -> bool:
    """Whether a value of one end asks for what is bad where good is meant, or for what is good for bad."""
    if (atom.low is None) == (atom.high is None) or atom.limit == "lln" or atom.values is not None:
        return False
    low = (atom.low is not None) != (atom.negated)
    if atom.limit == "uln" or atom.concept in WORSE_HIGH:
        return low != worse
    return atom.concept in WORSE_LOW and low == worse
