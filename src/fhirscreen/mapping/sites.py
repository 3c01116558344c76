"""A Site: what is true of one hospital's data and of no other's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from zoneinfo import ZoneInfo

from fhirscreen.mapping.concepts import Windows
from fhirscreen.values.codes import CodeSet


class Lifelong(Enum):
    """A source that holds a patient's whole life, so that absence settles *ever*."""

    LIFELONG = "lifelong"


LIFELONG = Lifelong.LIFELONG

CompleteSince = date | Lifelong


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """A site's default limits of one analyte, for results that carry none; for one sex where given."""

    low: float | None
    high: float | None
    unit: str
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One hospital: local codes, default units and ranges, complete sources, time zone.

    `file` is what it was read from. `complete` and `complete_concepts` say since when a resource type holds
    every record of its kind; only then is absence taken as no. `unrelated_codes` mean none of the concepts,
    and neither do those codes of `unrelated_systems` that `local_codes` do not name.
    """

    id: str = "default"
    file: str = field(default="", compare=False)
    label: str = "No site described"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    complete: dict[str, CompleteSince] = field(default_factory=dict)
    complete_concepts: dict[str, dict[str, CompleteSince]] = field(default_factory=dict)
    default_units: dict[str, str] = field(default_factory=dict)
    reference_ranges: dict[str, tuple[ReferenceRange, ...]] = field(default_factory=dict)
    windows: dict[str, Windows] = field(default_factory=dict)
    local_codes: dict[str, CodeSet] = field(default_factory=dict)
    local_values: dict[str, dict[str, CodeSet]] = field(default_factory=dict)
    unrelated_codes: CodeSet = CodeSet()
    unrelated_systems: frozenset[str] = frozenset()
    order_counts_as_given: frozenset[str] = frozenset()
    objection_flags: CodeSet = CodeSet()
    local_routes: Mapping[str, CodeSet] = field(default_factory=dict)
    local_severities: Mapping[str, CodeSet] = field(default_factory=dict)
    local_transfers: CodeSet = CodeSet()

    def complete_since(self, concept: str, resource: str) -> CompleteSince | None:
        """Since when the site's resources of that type are complete for a concept; None: not declared."""
        narrower = self.complete_concepts.get(concept)
        if narrower is not None and resource in narrower:
            return narrower[resource]
        return self.complete.get(resource)

    def knows(self, system: str, code: str) -> bool:
        """Whether the site says what a code means, or that it means none of the concepts."""
        return (
            system in self.unrelated_systems
            or self.unrelated_codes.matches(system, code)
            or any(codes.matches(system, code) for codes in self.local_codes.values())
        )
