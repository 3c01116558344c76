"""What drugs are called: what a code may be that no concept lists. No drug is ever found by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.mapping.concepts import Concept
from fhirscreen.mapping.displays import Displays
from fhirscreen.values.codes import CodeSet, plain

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


def drug_pattern(concept: Concept, displays: Displays) -> re.Pattern[str]:
    """Finds the name of a drug of the concept in words: its names, its `drug_names`, those of its codes.

    The name of a code with a number in it, a product's, is left out: the substance has one of its own.
    """
    sources = [source for source in concept.sources if source.resource in MEDICATIONS]
    exact: set[tuple[str, str]] = set().union(*(source.codes.exact for source in sources))
    # Of displays there are thousands: only those that may be of a source are asked about.
    prefixes = {prefix for source in sources for prefix in source.codes.prefixes}
    begun = {system: tuple(each.code for each in prefixes if each.system == system) for system in _SYSTEMS}
    called = {
        display.split(",")[0]
        for key, display in displays.items()
        if key[0] in _SYSTEMS
        and (key in exact or plain(key[1]).startswith(begun[key[0]]))
        and any(source.codes.matches(*key) for source in sources)
    }
    names = {name for name in called if not any(letter.isdigit() for letter in name)}
    names.update(concept.names, concept.narrower_names, concept.drug_names)
    written = sorted(
        re.escape(name).replace(r"\*", r"\w*") for name in names if len(name.strip("*")) >= _SHORTEST
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)" if written else r"(?!)", re.IGNORECASE)
