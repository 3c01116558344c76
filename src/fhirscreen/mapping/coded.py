"""Diagnoses that criteria name by codes, where the mappings have no concept: `icd-10-cm:N31.9`.

A code finds records of its very system. That none is there says nothing, so absence is never presumed.
Codes of ICD-10 stand for what is below them too, those of SNOMED CT for themselves alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from fhirscreen.mapping.classifications import read_index, shipped_index
from fhirscreen.mapping.concepts import Concept, ConceptKind, Source
from fhirscreen.values.codes import ICD_10, CodeSet, Coding, plain

_ICD_10_CODE = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?", re.ASCII)
_SNOMED_CODE = re.compile(r"[1-9][0-9]{5,17}", re.ASCII)
_OF_CONCEPTS = ("00", "10")
"""Partition identifiers of concepts; those of descriptions and relationships end otherwise."""
_CALLED = {"icd-10": "ICD-10", "icd-10-cm": "ICD-10-CM", "icd-10-gm": "ICD-10-GM", "snomed": "SNOMED CT"}
_CM = "icd-10-cm"
_CATEGORY = 3
_NOT_IN_INDEX = ("V", "W", "X", "Y", "T", "C80", "B99", "R69", "R99", "Z52", "Z65")
"""Where the index leaves out categories that exist: external causes, substances, classes of everything."""


class Concepts(Mapping[str, Concept]):
    """The concepts of the mappings by id, and a diagnosis for codes, one object for the same codes.

    Iterating gives those of the mappings alone.
    """

    __slots__ = ("_coded", "_listed")

    def __init__(self, listed: Mapping[str, Concept]) -> None:
        self._listed = dict(listed)
        self._coded: dict[str, Concept] = {}

    def __getitem__(self, id: str) -> Concept:
        listed = self._listed.get(id)
        if listed is not None:
            return listed
        if id not in self._coded:
            codings = parse_codes(id)
            if codings is None:
                raise KeyError(id)
            self._coded.setdefault(id, self._diagnosis(id, codings))
        return self._coded[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def _diagnosis(self, id: str, codings: tuple[Coding, ...]) -> Concept:
        codes: dict[str, list[str]] = {}
        for system, code in codings:
            codes.setdefault(system, []).append(code)
        return Concept(
            id,
            ConceptKind.DIAGNOSIS,
            _label(codings),
            sources=(Source("Condition", CodeSet.from_data(codes)),),
            sensitive=any(self._sensitive(each) for each in codings),
        )

    def _sensitive(self, coding: Coding) -> bool:
        """Whether a sensitive concept has the code, or one above or below; where nobody can tell, yes."""
        system, code = coding
        if system == "snomed":
            return True
        bare = plain(code)
        return any(
            codes.matches(variant, code)
            or any(each.system == variant and each.code.startswith(bare) for each in codes.prefixes)
            for concept in self._listed.values()
            if concept.sensitive
            for codes in (source.codes for source in concept.sources)
            for variant in (ICD_10 if system == "icd-10" else (system,))
        )


def parse_codes(id: str) -> tuple[Coding, ...] | None:
    """The codes of `icd-10-cm:N31.9+snomed:397732007`; None where that is no id of existing codes."""
    found = []
    for part in id.split("+"):
        system, _, code = part.partition(":")
        if not _exists(system, code):
            return None
        found.append(Coding(system, code))
    return tuple(found)


def _exists(system: str, code: str) -> bool:
    """Whether a code may exist, as far as its form, its check digit and the index of categories tell."""
    if system == "snomed":
        concept = code[-3:-1] in _OF_CONCEPTS
        return concept and _SNOMED_CODE.fullmatch(code) is not None and _verhoeff(code) == 0
    if system not in ICD_10 or _ICD_10_CODE.fullmatch(code) is None:
        return False
    return system != _CM or code.startswith(_NOT_IN_INDEX) or code[:_CATEGORY] in _categories()


@cache
def _categories() -> frozenset[str]:
    return frozenset(code[:_CATEGORY] for code in read_index(shipped_index()).titles)


def _label(codings: tuple[Coding, ...]) -> str:
    names = ", ".join(f"{_CALLED[system]} {code}" for system, code in codings)
    titles = read_index(shipped_index()).titles if any(c.system in ICD_10 for c in codings) else {}
    for system, code in codings:
        # Below its categories ICD-10-CM is another classification than the other two.
        title = (titles.get(code) if system == _CM else None) or titles.get(code[:_CATEGORY])
        if system in ICD_10 and title is not None:
            return f"{title[0].lower() if title[1:2].islower() else title[0]}{title[1:]} ({names})"
    return names


# The dihedral group of order 10 (J. Verhoeff, Error Detecting Decimal Codes, 1969), as SNOMED CT uses it
# (Technical Implementation Guide, Check-digit).
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _multiply(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def _verhoeff(digits: str) -> int:
    check = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place % 8):
            value = _PERMUTATION[value]
        check = _multiply(check, value)
    return check
