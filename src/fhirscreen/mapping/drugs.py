"""What drugs are called: what a code may be that no concept lists. No drug is ever found by its name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.mapping.concepts import Concept
from fhirscreen.mapping.displays import Displays
from fhirscreen.values.codes import CodeSet, Coding, plain

_SUBSTANCE = 7
"""A code of ATC that is as long names a substance; a shorter one a class of them."""
_SYSTEMS = frozenset(("atc", "rxnorm", "snomed"))
_SHORTEST = 3


def drug_codes(concepts: Iterable[Concept]) -> CodeSet:
    """The codes by which any of the concepts finds a drug."""
    found = [s.codes for concept in concepts for s in concept.sources if s.resource in MEDICATIONS]
    return CodeSet().union(*found)


def is_substance(code: str) -> bool:
    """Whether a code of ATC names a substance, and no class of them."""
    return len(plain(code)) >= _SUBSTANCE


def may_hold(concept: Concept, system: str, code: str) -> bool:
    """Whether a class of ATC holds a drug of the concept: L01 holds those of L01XA."""
    bare = plain(code)
    return system == "atc" and any(
        prefix.system == "atc" and prefix.code.startswith(bare)
        for source in concept.sources
        if source.resource in MEDICATIONS
        for prefix in source.codes.prefixes
    )


class Named:
    """The displays of what may be a drug, thousands of them: found by code, and by how codes begin."""

    __slots__ = ("_displays", "_listed")

    def __init__(self, displays: Displays) -> None:
        self._displays = displays
        self._listed: dict[str, list[tuple[str, str]]] = {system: [] for system in _SYSTEMS}
        for system, code in displays:
            if system in _SYSTEMS:
                self._listed[system].append((plain(code), code))
        for codes in self._listed.values():
            codes.sort()

    def among(self, codes: CodeSet) -> Iterator[str]:
        """The displays of the codes of a set; one may come again."""
        for key in self._begun(codes):
            display = self._displays.get(key)
            if display is not None and codes.matches(*key):
                yield display

    def _begun(self, codes: CodeSet) -> Iterator[tuple[str, str]]:
        yield from (coding for coding in codes.exact if coding.system in _SYSTEMS)
        for system, prefix in codes.prefixes:
            listed = self._listed.get(system, [])
            for at in range(bisect_left(listed, (prefix, "")), len(listed)):
                bare, code = listed[at]
                if not bare.startswith(prefix):
                    break
                yield Coding(system, code)


def drug_pattern(concept: Concept, named: Named) -> re.Pattern[str]:
    """Finds the name of a drug of the concept in words: its names, its `drug_names`, those of its codes.

    The name of a code with a number in it, a product's, is left out: the substance has one of its own.
    """
    sources = [source for source in concept.sources if source.resource in MEDICATIONS]
    called = {display.split(",")[0] for source in sources for display in named.among(source.codes)}
    names = {name for name in called if not any(letter.isdigit() for letter in name)}
    names.update(concept.names, concept.narrower_names, concept.drug_names)
    written = sorted(
        re.escape(name).replace(r"\*", r"\w*") for name in names if len(name.strip("*")) >= _SHORTEST
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)" if written else r"(?!)", re.IGNORECASE)
