"""Sensitive concepts in what others get to read: "further review needed" stands instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fhirscreen.criteria.studies import Criterion
from fhirscreen.criteria.walk import concepts
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.values.codes import CodeSet
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.standings import Verdict

FURTHER_REVIEW = "further-review-needed"
"""Stands for the id of a criterion that must not be named."""

FURTHER_REVIEW_SAYS = "Further review needed"


def is_sensitive(criterion: Criterion, catalogue: Catalogue) -> bool:
    """Whether the criterion names a concept that the mappings mark as sensitive."""
    return any(catalogue.concepts[id].sensitive for id in concepts(criterion.expression) if catalogue.has(id))


def tells_sensitive(verdict: Verdict, catalogue: Catalogue) -> bool:
    """Whether a verdict must not be named: its criterion is sensitive, or a code that its proof tells is.

    A criterion about any infection names none, until a syphilis decides it.
    """
    return is_sensitive(verdict.criterion, catalogue) or _tells_code(verdict.proof, catalogue)


def is_sensitive_code(text: str, catalogue: Catalogue) -> bool:
    """Whether a text has a code of a sensitive concept, in whatever system: values are kept without one."""
    return any(_is_sensitive(code, catalogue) for code in _CODE.findall(text))


def names_sensitive(text: str, catalogue: Catalogue) -> bool:
    """Whether a text has a name of a sensitive concept, as the title of a study may."""
    long, short = _names(catalogue)
    return long.search(text) is not None or short.search(text) is not None


@lru_cache(maxsize=8)
def _names(catalogue: Catalogue) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The names of sensitive concepts; those in capitals alone (HIV) apart, which small letters are not."""
    found = {
        name
        for concept in catalogue
        if concept.sensitive
        for name in (concept.label, *concept.names, *concept.narrower_names)
    }
    words = {word for name in found for word in name.split() if word.isalpha() and word.isupper()}
    found |= {word for word in words - _NEUTRAL if len(word) > _INITIALS}
    short = {name for name in found if name.isupper()}
    return _any(found - short, re.IGNORECASE), _any(short)


_INITIALS = 2
"""Words of so many capitals stand for many things."""

_NEUTRAL = {"DNA", "RNA"}


def _any(names: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})(?!\w)", flags)


_CODE = re.compile(r"\b(?:[A-Z]\d\d[A-Z0-9]*(?:\.[A-Z0-9]+)?|\d{6,18})\b")
"""Codes of ICD-10, ATC and SNOMED CT, as they stand in values and in what is said of records."""


def _tells_code(proof: Proof, catalogue: Catalogue) -> bool:
    if not proof.unit and is_sensitive_code(f"{proof.value} {proof.because}", catalogue):
        return True
    return any(_tells_code(child, catalogue) for child in proof.children)


@lru_cache(maxsize=1 << 14)
def _is_sensitive(code: str, catalogue: Catalogue) -> bool:
    codes, systems = _codes(catalogue)
    return any(codes.matches(system, code) for system in systems)


@lru_cache(maxsize=8)
def _codes(catalogue: Catalogue) -> tuple[CodeSet, tuple[str, ...]]:
    """The codes of every sensitive concept, and the systems that they are of."""
    every = CodeSet().union(
        *(source.codes for concept in catalogue if concept.sensitive for source in concept.sources)
    )
    return every, every.systems()


def part(verdicts: Iterable[Verdict], catalogue: Catalogue) -> tuple[list[Verdict], list[Verdict]]:
    """The verdicts that may be shown with their reason, and the sensitive ones."""
    plain: list[Verdict] = []
    sensitive: list[Verdict] = []
    for verdict in verdicts:
        (sensitive if tells_sensitive(verdict, catalogue) else plain).append(verdict)
    return plain, sensitive
