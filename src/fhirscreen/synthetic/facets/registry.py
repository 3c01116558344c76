"""The register of facets: what each fills, whom it needs, and in which order charts are filled.

A *slot* is a part of the record that exactly one facet fills. Every slot has fitting facets (the patient
meets the criterion, in one of several ways of writing it down) and deviating ones (everything else).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhirscreen.synthetic.charts import Chart

SLOTS = (
    "person",
    "cancer",
    "treatment",
    "t",
    "n",
    "m",
    "size",
    "ecog",
    "neutrophils",
    "platelets",
    "haemoglobin",
    "alt",
    "bilirubin",
    "clearance",
    "blood",
    "liver",
    "kidney",
    "pregnancy",
    "heart",
    "lung",
    "autoimmune",
    "steroids",
    "immunodeficiency",
    "neuropathy",
    "mental",
    "allergy",
    "infection",
    "hiv",
    "hepatitis-b",
    "hepatitis-c",
    "transplant",
    "perforation",
    "haemorrhage",
    "probe",
)


@dataclass(frozen=True, slots=True)
class Facet:
    """One scenario. `sex` and `age` (years, ends included) are what it needs of the person;
    `linked` asks that staging point to the cancer; `traits` tell other slots what to expect; `also` names
    slots that must then be filled by a fitting facet, because this one decides about them too.
    """

    name: str
    slot: str
    fill: Callable[[Chart], None]
    fits: bool
    sex: str | None
    age: tuple[int, int] | None
    linked: bool
    traits: frozenset[str]
    also: frozenset[str]


FACETS: list[Facet] = []


def facet(
    slot: str,
    *,
    fits: bool = False,
    sex: str | None = None,
    age: tuple[int, int] | None = None,
    linked: bool = False,
    traits: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Callable[[Callable[[Chart], None]], Callable[[Chart], None]]:
    """Registers the decorated function under its own name."""

    def register(fill: Callable[[Chart], None]) -> Callable[[Chart], None]:
        name = fill.__name__.strip("_").replace("_", "-")
        FACETS.append(Facet(name, slot, fill, fits, sex, age, linked, frozenset(traits), frozenset(also)))
        return fill

    return register
