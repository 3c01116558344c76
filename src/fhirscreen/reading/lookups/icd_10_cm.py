"""ICD-10-CM by name: titles and inclusion terms of its categories and subcategories, from a shipped index.

The index is read when a phrase is looked up for the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fhirscreen.criteria.suggestions import Candidate, How
from fhirscreen.mapping.classifications import read_index, shipped_index
from fhirscreen.reading.lookups import MOST
from fhirscreen.reading.lookups.names import name_keys

SYSTEM = "icd-10-cm"
LETTERS = {How.TITLE: "t", How.TERM: "i"}
_HOW = {letter: how for how, letter in LETTERS.items()}


def shipped_icd_10_cm() -> Icd10Cm:
    """The lookup in the index that is shipped, whatever mappings are in use."""
    return Icd10Cm(shipped_index())


class Icd10Cm:
    """A Lookup in ICD-10-CM. `path` is that of the index."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, phrase: str) -> tuple[Candidate, ...]:
        """The codes of that title or inclusion term; of a code and one below it, the upper one alone."""
        index = read_index(self._path)
        for key in name_keys(phrase):
            listed = index.keys.get(key)
            if listed is not None:
                return _candidates(listed, index.titles)
        return ()


def _candidates(listed: str, titles: Mapping[str, str]) -> tuple[Candidate, ...]:
    how: dict[str, How] = {}
    for code, letter in ((each[:-1], each[-1]) for each in listed.split(" ")):
        if how.get(code) is not How.TITLE:
            how[code] = _HOW[letter]
    codes = sorted(how, key=lambda code: (len(code), code))
    top = [code for code in codes if not any(code != over and code.startswith(over) for over in codes)]
    return tuple(Candidate(SYSTEM, code, titles[code], how[code]) for code in top[:MOST])
