"""What the manual is made of: tables of patients with the verdicts that the design demands.

A table is one rule: criteria as they stand in a study file, and rows of records with what is expected of
them. `tests/spec/test_manual.py` runs every table on every engine; `docs/render.py` prints them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import parse_yaml, read_study
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue, load_site
from fhirscreen.mapping.sites import Site
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf
from tests.lib.records import Resource, chart

AS_OF = "2026-11-01"
ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Expected:
    """One verdict. Evidence is by short ids; value, unit and date are compared where they are given."""

    truth: str
    basis: str = "recorded"
    reason: str = ""
    evidence: tuple[str, ...] = ()
    value: str | None = None
    unit: str | None = None
    date: str | None = None


def true(*evidence: str, **details: Any) -> Expected:
    """TRUE, recorded unless said otherwise."""
    return Expected("true", evidence=evidence, **details)


def false(*evidence: str, **details: Any) -> Expected:
    """FALSE, recorded unless said otherwise."""
    return Expected("false", evidence=evidence, **details)


def unknown(reason: str, *evidence: str, **details: Any) -> Expected:
    """UNKNOWN for that reason: recorded where there is evidence, else missing, unless said otherwise."""
    details.setdefault("basis", "recorded" if evidence else "missing")
    return Expected("unknown", reason=reason, evidence=evidence, **details)


def presumed(*evidence: str) -> Expected:
    """FALSE because absence is taken as no."""
    return Expected("false", "presumed", "absence-presumed", evidence)


@dataclass(frozen=True)
class Standing:
    """What all criteria together make of a patient. Verdicts by criterion are compared where given."""

    status: str | None
    met: tuple[str, ...] | None = None
    failed: tuple[str, ...] | None = None
    open: tuple[str, ...] | None = None
    ask: tuple[str, ...] | None = None
    near_miss: str | None = None
    complete: bool = True
    notes: tuple[str, ...] = ()
    verdicts: Mapping[str, Expected] = field(default_factory=dict)


@dataclass(frozen=True)
class Outside:
    """Not a member of the population: no verdict at all."""


@dataclass(frozen=True)
class Gated:
    """A member whom a gate takes out before any criterion."""

    gate: str


Outcome = Expected | Standing | Outside | Gated


@dataclass(frozen=True)
class Case:
    """One patient of a table. `key` names it for the links of other patients."""

    says: str
    expected: Outcome
    records: tuple[Resource, ...]
    key: str = ""


def case(says: str, expected: Outcome, *records: Resource, key: str = "") -> Case:
    """A row: what is special about this patient, what is expected, the records."""
    return Case(says, expected, records, key)


@dataclass(frozen=True)
class Table:
    """One rule with the patients that show it.

    `criteria`: the wire format of one expression, or of a study's `inclusion` and `exclusion`. `population`:
    None is everybody. `background`: records that every patient of the table has before its own.
    """

    id: str
    says: str
    criteria: str
    cases: Sequence[Case]
    population: str | None = None
    background: tuple[Resource, ...] = ()
    site: Mapping[str, Any] = field(default_factory=dict)
    as_of: str = AS_OF
    text: str = ""
    more: str = ""

    def patient(self, number: int) -> str:
        """The id of the patient of a row."""
        return f"{self.id}-{number + 1}"

    def resources(self, number: int) -> list[Resource]:
        """The resources of the patient of a row."""
        names = {each.key: self.patient(n) for n, each in enumerate(self.cases) if each.key}
        return chart(self.patient(number), (*self.background, *self.cases[number].records), names)

    def study(self) -> Study:
        """The table's criteria as a study. One expression is an inclusion with the id `criterion`."""
        data = _mapping(self.criteria, self.id)
        if "inclusion" not in data and "exclusion" not in data:
            data = {"inclusion": [{"id": "criterion", "says": self.says, **data}]}
        head = {
            "study": f"SPEC-{self.id}",
            "title": self.says,
            "population": "all" if self.population is None else {"cancer": self.population},
        }
        return read_study({**head, **(_mapping(self.more, self.id) if self.more else {}), **data})

    def site_file(self) -> str:
        """The site overlay as it would stand in a file."""
        return yaml.safe_dump({"site": "manual", "time_zone": ZONE, **self.site}, sort_keys=True)

    def plan(self) -> Plan:
        """The plan of the table alone."""
        return resolve([self.study()], catalogue_at(self.site_file()))

    def index_date(self) -> AsOf:
        """The index date in the site's zone."""
        return AsOf(date.fromisoformat(self.as_of), site_of(self.site_file()).zone)


def _mapping(text: str, where: str) -> dict[str, Any]:
    data = parse_yaml(text, where)
    assert isinstance(data, dict), where
    return data


@dataclass(frozen=True)
class Topic:
    """Tables that belong together, with the rule in plain English."""

    id: str
    title: str
    text: str
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Chapter:
    """A page of the manual."""

    id: str
    title: str
    text: str
    topics: tuple[Topic, ...]


@cache
def catalogue() -> Catalogue:
    """The shipped mappings, read once."""
    return load_catalogue()


@cache
def site_of(text: str) -> Site:
    """The site of an overlay's text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_text(text, "utf-8")
        return load_site(path)


@cache
def catalogue_at(text: str) -> Catalogue:
    """The shipped mappings with an overlay."""
    return catalogue().at(site_of(text))
