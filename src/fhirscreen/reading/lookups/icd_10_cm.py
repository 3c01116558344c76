"""ICD-10-CM by name: titles and inclusion terms of its categories and subcategories, from a shipped index.

The index is made from the tabular list (NCHS and CMS; in the public domain in the United States) by
`python -m tests.lib.icd_10_cm`. It is read when a phrase is looked up for the first time.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from fhirscreen.criteria.suggestions import Candidate, How
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.reading.lookups import MOST
from fhirscreen.reading.lookups.names import name_keys

FILE = "lookups/icd-10-cm.tsv.gz"
"""Where the index is in the folder of the mappings."""
SYSTEM = "icd-10-cm"
LETTERS = {How.TITLE: "t", How.TERM: "i"}
_HOW = {letter: how for how, letter in LETTERS.items()}


def shipped_icd_10_cm() -> Icd10Cm:
    """The lookup in the index that is shipped, whatever mappings are in use."""
    return Icd10Cm(mappings_folder() / FILE)


class Icd10Cm:
    """A Lookup in ICD-10-CM. `path` is that of the index."""

    __slots__ = ("_keys", "_path", "_titles")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[str, str] | None = None
        self._titles: dict[str, str] = {}

    def find(self, phrase: str) -> tuple[Candidate, ...]:
        """The codes of that title or inclusion term; of a code and one below it, the upper one alone."""
        if self._keys is None:
            self._keys = self._read()
        for key in name_keys(phrase):
            listed = self._keys.get(key)
            if listed is not None:
                return self._candidates(listed)
        return ()

    def _read(self) -> dict[str, str]:
        names, _, titles = gzip.decompress(self._path.read_bytes()).decode().partition("\n\n")
        self._titles = dict(line.split("\t", 1) for line in titles.splitlines())
        return dict(line.split("\t", 1) for line in names.split("\n"))

    def _candidates(self, listed: str) -> tuple[Candidate, ...]:
        how: dict[str, How] = {}
        for code, letter in ((each[:-1], each[-1]) for each in listed.split(" ")):
            if how.get(code) is not How.TITLE:
                how[code] = _HOW[letter]
        codes = sorted(how, key=lambda code: (len(code), code))
        top = [code for code in codes if not any(code != over and code.startswith(over) for over in codes)]
        return tuple(Candidate(SYSTEM, code, self._titles[code], how[code]) for code in top[:MOST])
