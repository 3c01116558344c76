"""Prefetch templates: what an EHR is asked to send along, the same whatever studies are open.

They stay within the part of search that CDS Hooks 2.0 recommends to EHRs (prefetch query restrictions): a
read by id, reference and token equality, `_count`. There are no dates: the windows of criteria are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fhirscreen.engines.evaluator.gates import gate_types
from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.mapping.catalogue import Catalogue

MOST = 12
"""So many templates at most: EHRs ask for each of them before the call."""

LONGEST = 1500
"""A template has fewer characters than this, as some EHRs send it in a URL."""

COUNT = 1000
"""`_count` of every search."""

PATIENT = "Patient"
OBSERVATION = "Observation"
ROLE = "PractitionerRole"

_KEYS = {
    PATIENT: "patient",
    "Condition": "conditions",
    "Procedure": "procedures",
    "MedicationAdministration": "medicationAdministrations",
    "MedicationDispense": "medicationDispenses",
    "MedicationStatement": "medicationStatements",
    "MedicationRequest": "medicationRequests",
    OBSERVATION: "observations",
    "Consent": "consents",
    "ResearchSubject": "researchSubjects",
    "AllergyIntolerance": "allergies",
    "Flag": "flags",
    ROLE: "roles",
}


@dataclass(frozen=True, slots=True)
class Template:
    """One part of what is known of a patient. `codes` narrow it; empty where nothing does.

    `offered`: whether EHRs are asked for it. One that they are not asked for is read where it is sent all the
    same, and fetched where it is not.
    """

    key: str
    type: str
    codes: tuple[str, ...] = ()
    offered: bool = True

    @property
    def text(self) -> str:
        """As it stands in the discovery."""
        if self.type == PATIENT:
            return "Patient/{{context.patientId}}"
        if self.type == ROLE:
            return "PractitionerRole?practitioner={{userPractitionerId}}"
        narrowed = f"&code={','.join(self.codes)}" if self.codes else ""
        return f"{self.type}?patient={{{{context.patientId}}}}{narrowed}&_count={COUNT}"


class Templates(NamedTuple):
    """All parts in order; `clinical` are the types that criteria read, `gates` those that gates do."""

    all: tuple[Template, ...]
    clinical: frozenset[str]
    gates: frozenset[str]

    @property
    def prefetch(self) -> dict[str, str]:
        """The templates by key, as the discovery has them."""
        return {each.key: each.text for each in self.all if each.offered}


def make_templates(catalogue: Catalogue, *, roles: bool) -> Templates:
    """The templates for every concept of the mappings, so that no study changes them.

    `roles`: whether it matters what the user's specialty is. What exceeds `MOST` is not offered: the least
    telling last.
    """
    named = {source.resource for concept in catalogue for source in concept.sources}
    gates = gate_types(catalogue.site)
    ordered: list[Template] = [Template(_KEYS[PATIENT], PATIENT)]
    ordered += [_whole(type) for type in ("Condition", "Procedure", *MEDICATIONS) if type in named]
    ordered += _observations(catalogue)
    ordered += [_whole(type) for type in gates]
    ordered += [_whole(ROLE)] if roles else []
    known = {each.type for each in ordered}
    ordered += [_whole(type) for type in sorted(named - known)]
    kept = [
        each if place < MOST else Template(each.key, each.type, each.codes, offered=False)
        for place, each in enumerate(ordered)
    ]
    return Templates(tuple(kept), frozenset(named), frozenset(gates))


def _whole(type: str) -> Template:
    return Template(_KEYS.get(type, f"{type[:1].lower()}{type[1:]}s"), type)


def _observations(catalogue: Catalogue) -> Iterator[Template]:
    """Groups of codes, as few and as even as fit. A code stands alone: servers spell its system variously.

    What stands in a panel's components is found by the panel's own code: `combo-code` is not portable.
    """
    sources = [s for concept in catalogue for s in concept.sources if s.resource == OBSERVATION]
    if not sources:
        return
    key = _KEYS[OBSERVATION]
    if any(source.codes.prefixes for source in sources):  # by prefix nothing can be searched for
        yield Template(key, OBSERVATION)
        return
    panels = catalogue.vocabulary.panels.exact
    codes = sorted({coding.code for codes in (*(s.codes.exact for s in sources), panels) for coding in codes})
    number = 1
    while True:
        groups = [
            Template(f"{key}{place + 1}", OBSERVATION, group)
            for place, group in enumerate(_cut(codes, number))
        ]
        if all(len(group.text) < LONGEST for group in groups) or number >= len(codes):
            break
        number += 1
    yield from groups


def _cut(codes: Sequence[str], number: int) -> list[tuple[str, ...]]:
    """Codes in order, in so many groups of about the same length."""
    total = sum(len(code) + 1 for code in codes)
    groups: list[list[str]] = [[] for _ in range(number)]
    size = 0
    for code in codes:
        groups[min(number - 1, size * number // total)].append(code)
        size += len(code) + 1
    return [tuple(group) for group in groups if group]
