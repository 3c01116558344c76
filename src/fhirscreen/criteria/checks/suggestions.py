"""What was probably meant: a concept by id, label, synonym or abbreviation; a unit by what it converts to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Protocol

from fhirscreen.values.quantities import UnitTable

_SHOWN = 3
_CLOSE = 0.75
_CALLED = 1.0
_SHORT = 5
_WORD = re.compile(r"[a-z]+|\d+")


class Titled(Protocol):
    """What a concept is called."""

    @property
    def label(self) -> str:
        """Its name in a sentence."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """Synonyms and abbreviations."""
        ...


class Measurable(Protocol):
    """What a concept is measured in."""

    @property
    def unit(self) -> str | None:
        """Its canonical UCUM unit."""
        ...

    @property
    def molar_mass(self) -> float | None:
        """In g/mol, where labs send mass and moles."""
        ...

    @property
    def valence(self) -> int | None:
        """Where labs send equivalents and moles."""
        ...


def nearest_concepts(asked: str, concepts: Mapping[str, Titled]) -> tuple[str, ...]:
    """The ids of at most three concepts that may be meant, the likeliest first.

    A concept that is called so comes before one whose name has all the words asked for, and that before one
    that is spelt much alike.
    """
    words = _words(asked)
    if not words:
        return ()
    ranked: list[tuple[float, int, str]] = []
    for id, concept in concepts.items():
        rank = max(_likeness(words, name) for name in (id, concept.label, *concept.names))
        if rank >= _CLOSE:
            own = set(words) <= set(_words(id))  # of equals, the one whose very id has the words
            ranked.append((-rank - own, len(id), id))
    called = [each for each in ranked if -each[0] >= _CALLED]
    return tuple(id for _, _, id in sorted(called or ranked)[:_SHOWN])


def say_concepts(asked: str, concepts: Mapping[str, Titled]) -> str | None:
    """`did you mean ...?`, or None where no concept is near."""
    return say_near(nearest_concepts(asked, concepts))


def say_near(found: Sequence[str]) -> str | None:
    """`did you mean ...?` of some names; None of none."""
    return f"did you mean {' or '.join(f'`{each}`' for each in found)}?" if found else None


def unit_problem(unit: str, concept: Measurable, units: UnitTable) -> tuple[str, str] | None:
    """What is wrong with a unit for a concept, and what to do; None where nothing is."""
    code = units.normalise(unit)
    if code is None:
        near = say_near(_nearest_units(unit, concept, units))
        write = f"write it in {concept.unit}, or in a unit that converts to it"
        return f"unknown unit `{unit}`", f"{near} Or {write}" if near and concept.unit else near or write
    if concept.unit is not None and _fits(code, concept, units):
        return None
    if concept.unit is None:
        return f"the unit `{unit}` does not fit: it has none", "leave the unit out"
    others = ", ".join(_fitting(concept, units)[:_SHOWN])
    return f"the unit `{unit}` does not fit: it is measured in {concept.unit}", f"write it in {others}"


def _likeness(words: tuple[str, ...], name: str) -> float:
    own, joined = _words(name), "".join(words)
    whole = "".join(own)
    if whole == joined:
        return 3.0
    if set(words) <= set(own):
        return _CALLED + len(words) / len(own)
    if len(joined) < _SHORT or len(whole) < _SHORT:  # abbreviations that differ in a letter are strangers
        return 0.0
    if len(words) == 1 and any(word.startswith(joined) for word in own):
        return _CALLED
    matcher = SequenceMatcher(None, joined, whole)
    return matcher.ratio() if matcher.quick_ratio() >= _CLOSE else 0.0


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _nearest_units(unit: str, concept: Measurable, units: UnitTable) -> list[str]:
    fitting = list(_fitting(concept, units))
    return get_close_matches(unit, fitting, _SHOWN) or get_close_matches(unit, units.codes(), _SHOWN)


def _fitting(concept: Measurable, units: UnitTable) -> list[str]:
    """The codes that convert to the concept's unit, that one first."""
    found = [code for code in units.codes() if _fits(code, concept, units)]
    return sorted(found, key=lambda code: (code != concept.unit, len(code), code))


def _fits(code: str, concept: Measurable, units: UnitTable) -> bool:
    if concept.unit is None:
        return False
    affine = units.affine(code, concept.unit, molar_mass=concept.molar_mass, valence=concept.valence)
    return affine is not None
