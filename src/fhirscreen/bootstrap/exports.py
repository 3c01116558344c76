"""Exports: Bulk Data folders, each read once for as long as its files stay as they are."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from fhirscreen.engines.base import collecting_rarely
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.fhir.folders import ndjson_files, read_ndjson

_Files = tuple[tuple[str, int, int], ...]
"""Name, size and time of change of each file."""


@dataclass(slots=True)
class _Held:
    """What a folder held when it was last read."""

    files: _Files = ()
    data: InMemory | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Exports:
    """Shared between threads: of several that ask for a folder at once one reads it, and the others wait."""

    def __init__(self) -> None:
        self._held: dict[Path, _Held] = {}
        self._lock = threading.Lock()

    def read(self, folder: Path) -> InMemory:
        """What a folder holds now; it is read again where a file came, went or was written since.

        Kept in memory until then. Raises DataError where there is no such folder or no NDJSON in it.
        """
        with self._lock:
            held = self._held.setdefault(folder, _Held())
        with held.lock:
            # Before it is read: what is written meanwhile has the next one read it again.
            files = _files(folder)
            if held.data is None or held.files != files:
                held.data = None  # two of them may be more than there is room for
                with collecting_rarely():
                    cohort = gather(read_ndjson(folder))
                held.data = InMemory(cohort, exported=True, source=str(folder))
                held.files = files
            return held.data


def _files(folder: Path) -> _Files:
    found = []
    for path in ndjson_files(folder):
        try:
            status = path.stat()
        except FileNotFoundError:  # gone since the folder was listed
            continue
        found.append((str(path.relative_to(folder)), status.st_size, status.st_mtime_ns))
    return tuple(found)
