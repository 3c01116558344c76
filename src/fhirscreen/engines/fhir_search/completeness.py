"""What was asked of a server and what came: which searches were whole, what is missing and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from fhirscreen.exceptions import ServerError
from fhirscreen.fhir_client import Flaw, Found


@dataclass(slots=True)
class Tally:
    """The searches of one type: how many, how many resources the server counts, how many came."""

    searches: int = 0
    counted: int = 0
    received: int = 0
    uncounted: int = 0


@dataclass(slots=True)
class Completeness:
    """Adds up searches of several threads. Nothing of it names a patient, a value or a URL."""

    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    missing: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    remarks: set[str] = field(default_factory=set)
    first_error: ServerError | None = None
    _lock: Lock = field(default_factory=Lock)

    def searched(self, type: str, found: Found) -> None:
        """A search that is taken as it is."""
        self.add(type, len(found.matches), found.count, uncounted=Flaw.UNCOUNTED in found.flaws)

    def add(self, type: str, received: int, counted: int | None, *, uncounted: bool = False) -> None:
        """The same in numbers."""
        with self._lock:
            tally = self.tallies[type]
            tally.searches += 1
            tally.received += received
            tally.counted += received if counted is None else counted
            tally.uncounted += uncounted

    def lost(self, type: str, why: str, whom: Iterable[str], error: ServerError | None = None) -> None:
        """Records of these patients, or records that others refer to by these ids, did not come whole."""
        with self._lock:
            self.missing[type, why].update(whom)
            self.first_error = self.first_error or error

    def remark(self, text: str) -> None:
        """Anything else that makes the result incomplete."""
        with self._lock:
            self.remarks.add(text)

    @property
    def succeeded(self) -> bool:
        """Whether any search came back."""
        return bool(self.tallies)

    def gaps(self) -> list[str]:
        """What is missing, in words."""
        found = [
            f"{type} was not fetched whole ({len(whom)} patients or references): {why}"
            for (type, why), whom in self.missing.items()
        ]
        return sorted([*found, *self.remarks])

    def statement(self) -> dict[str, Any]:
        """By type: searches, what the server counted, what came, how many patients (references) lack some."""
        lacking: defaultdict[str, set[str]] = defaultdict(set)
        for (type, _), whom in self.missing.items():
            lacking[type] |= whom
        return {
            type: {
                "searches": self.tallies[type].searches,
                "counted": self.tallies[type].counted,
                "received": self.tallies[type].received,
                "uncounted": self.tallies[type].uncounted,
                "not_fetched": len(lacking[type]),
            }
            for type in sorted({*self.tallies, *lacking})
        }
