"""What every engine takes and gives: a plan and an index date; subjects, gates, counts and gaps."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any, NamedTuple, Protocol

from fhirscreen.exceptions import DataError
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.standings import Gate, Subject

Progress = Callable[[int, int | None], None]
"""Called with the patients done and, where known, their total."""


def silent(_done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


class Depth(StrEnum):
    """How far an engine goes: every criterion for every member, or up to the first failed one."""

    FULL = "full"
    CANDIDATES = "candidates"


class Gated(NamedTuple):
    """A member whom a gate took out before any criterion."""

    study: str
    patient: str
    gate: Gate


class SetAside(NamedTuple):
    """What could not be read: where it stood (without its content), why, and it verbatim."""

    where: str
    reason: str
    verbatim: str


_IN_NDJSON = re.compile(r"[^:]*\.ndjson(?:\.gz)?:\d+")


_IN_JSON = re.compile(r".*\(file (\d+ of \d+)\)((?::entry\[\d+\])*)", re.DOTALL)


def shown_place(where: str) -> str:
    """A place of a record, fit to be shown: a line of NDJSON; else no name of a file and no id.

    Files of Bundles are often named after their patient: they are told by their number in the order of names.
    """
    if _IN_NDJSON.fullmatch(where):
        return where
    if found := _IN_JSON.fullmatch(where):
        return f"JSON file {found[1]}, in the order of their names{found[2].replace(':entry', ', entry')}"
    kind, slash, _ = where.partition("/")
    return kind if slash and kind.isalpha() else "a file of JSON"


def placed(aside: SetAside, places: Mapping[str, str]) -> SetAside:
    """With its line or file, by which it is found again; as it is where it came from no file."""
    place = places.get(aside.where, "")
    in_file = _IN_NDJSON.fullmatch(place) or _IN_JSON.fullmatch(place)
    return aside._replace(where=place) if in_file else aside


class Remark(NamedTuple):
    """What is odd about records that were read all the same: what, how often, and one place."""

    what: str
    expected: str
    remedy: str
    times: int
    where: str


class Seen(NamedTuple):
    """A record that was looked at for membership, and why it makes no member."""

    reference: str
    code: str
    date: str
    why: str


class Looked(NamedTuple):
    """A source of a population: its resource type and code systems, and what a patient has there.

    `admits`: a record there makes a member. `role` is that of the source in the mapping (`match`, `coarser`,
    `history`, `disjoint`, `judgement`).
    """

    resource: str
    role: str
    admits: bool
    systems: tuple[str, ...]
    seen: tuple[Seen, ...]


class Outsider(NamedTuple):
    """A patient outside a study's population: what was looked at, the cancers on record, a closed gate."""

    study: str
    patient: str
    population: str
    looked: tuple[Looked, ...]
    cancers: tuple[Seen, ...] = ()
    gate: Gate | None = None


class Unknown(NamedTuple):
    """Those of the patients asked for who are not there (`in the data`), and where that is."""

    patients: frozenset[str] = frozenset()
    place: str = ""
    where: str | None = None

    def check(self) -> None:
        """Raises DataError where there is anybody."""
        if self.patients:
            raise not_there(len(self.patients), self.place, self.where)


@dataclass(slots=True)
class Screened:
    """What an engine found. Lists are sorted by study (in the plan's order), then patient id.

    `patients`: everybody looked at; `unknown`: who was asked for and could not be. `outside`: per study, how
    many do not belong to its population; `untold`: of how many of these that is not sure, as what may make
    them members could not be read. `gaps` says in plain words what was not fetched or left out, without
    patient data; `remarks` what is odd about data that was read. `outsiders` tells why where single patients
    were asked for. `survivors` leads from merged patients to those whom their records follow.
    """

    subjects: list[Subject] = field(default_factory=list)
    gated: list[Gated] = field(default_factory=list)
    patients: int = 0
    outside: dict[str, int] = field(default_factory=dict)
    untold: dict[str, int] = field(default_factory=dict)
    set_aside: list[SetAside] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    outsiders: list[Outsider] = field(default_factory=list)
    survivors: dict[str, str] = field(default_factory=dict)
    unknown: Unknown = field(default_factory=Unknown)

    @property
    def complete(self) -> bool:
        """Whether nothing was set aside and everything was fetched."""
        return not self.set_aside and not self.gaps


def not_there(unknown: int, place: str, where: str | None = None) -> DataError:
    """The error where patients who were asked for are not in that place (`in the data`)."""
    return DataError(
        f"the patient asked for is not {place}"
        if unknown == 1
        else f"{unknown} of the patients asked for are not {place}",
        where=where,
        expected="the id of a Patient resource, as it stands in Patient.id",
        remedy="check the id (it is no name and no record number), and that the Patient is there",
    )


_lock = Lock()
_runs: list[tuple[int, int, int]] = []


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Lets the garbage collector look more rarely: records come by the million and hold no cycles.

    Runs may overlap; the last one to end restores what the first one found.
    """
    with _lock:
        _runs.append(gc.get_threshold() if not _runs else _runs[0])
        if _runs[0][0]:
            gc.set_threshold(200_000, 20, 50)
    try:
        yield
    finally:
        with _lock:
            found = _runs.pop()
            if not _runs:
                gc.set_threshold(*found)


class Engine(Protocol):
    """Where a plan runs."""

    name: str

    def screen(
        self,
        plan: Plan,
        as_of: AsOf,
        *,
        depth: Depth = Depth.FULL,
        patients: Collection[str] | None = None,
        progress: Progress = silent,
    ) -> Screened:
        """Screens everybody, or only `patients`, as far as they are there (`Screened.unknown`).

        Raises FhirscreenError where nothing could be screened.
        """
        ...
