"""What the grammar makes of a stretch of text: an expression with its atoms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirscreen.criteria.nodes import Expression


@dataclass(frozen=True, slots=True)
class Atom:
    """One constraint on one concept, with the numbers of the text, unconverted.

    `concept` is `age`, `sex`, an id of the mappings, or None where they do not know the measure `name`.
    `unit` is UCUM; `limit` is `uln` or `lln`; `window` is ISO 8601 with its anchor. `start` and `end` are
    code points of the eligibility text.
    """

    concept: str | None
    name: str
    start: int
    end: int
    low: float | None = None
    low_inclusive: bool | None = None
    high: float | None = None
    high_inclusive: bool | None = None
    unit: str | None = None
    limit: str | None = None
    values: tuple[str, ...] | None = None
    negated: bool = False
    window: str | None = None


class Sort(Enum):
    """What a fragment is about: what may be joined with what depends on it."""

    AGE = auto()
    SEX = auto()
    MEASURE = auto()
    CATEGORY = auto()
    CONDITION = auto()
    THERAPY = auto()
    ASK = auto()
    MIXED = auto()


@dataclass(frozen=True, slots=True)
class Fragment:
    """An expression and the atoms in it. `expression` is None where only the atoms could be made of the text.

    `rules` name the productions that read it; `warnings` are for the person who checks the study.
    `about_cancer`: what is found belongs to one cancer (a stage, a marker).
    """

    sort: Sort
    expression: Expression | None
    atoms: tuple[Atom, ...] = ()
    rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = True
    about_cancer: bool = False

    def negated(self) -> tuple[Atom, ...]:
        """Its atoms, negated."""
        return tuple(replace(atom, negated=not atom.negated) for atom in self.atoms)
