"""A PatientMap: which patient of the server is which patient of the run."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from fhirscreen.exceptions import DataError

_COLUMNS = ("source_patient", "target_patient")


@dataclass(frozen=True, slots=True)
class PatientMap:
    """Ids of the run's patients to ids on the server, and back; None where they are the same."""

    targets: dict[str, str] | None = None
    sources: dict[str, str] | None = None

    def target(self, source: str) -> str | None:
        """The patient's id on the server; None where the map does not name it."""
        return source if self.targets is None else self.targets.get(source)

    def source(self, target: str) -> str | None:
        """The patient's id in the run; None where the map does not name it."""
        return target if self.sources is None else self.sources.get(target)


def read_patient_map(path: Path) -> PatientMap:
    """A CSV with the columns source_patient and target_patient: bare ids, one to one.

    Raises DataError for another header, an empty field, and a patient who stands twice; ids are never shown.
    """
    targets: dict[str, str] = {}
    sources: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != _COLUMNS:
                raise _refuse("the patient map has other columns", f"{path}:1")
            for number, row in enumerate(rows, 2):
                source, target = ((row[name] or "").strip().removeprefix("Patient/") for name in _COLUMNS)
                if not source or not target or None in row:
                    raise _refuse("a line of the patient map is not two ids", f"{path}:{number}")
                if source in targets or target in sources:
                    raise _refuse("a patient stands twice in the patient map", f"{path}:{number}")
                targets[source] = target
                sources[target] = source
    except (OSError, UnicodeDecodeError) as error:
        raise _refuse(f"the patient map cannot be read ({type(error).__name__})", str(path)) from None
    return PatientMap(targets, sources)


def _refuse(what: str, where: str) -> DataError:
    return DataError(what, where=where, expected="a CSV with the header source_patient,target_patient")
