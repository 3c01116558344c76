"""Stored studies, read: each version once."""

from __future__ import annotations

from functools import lru_cache

import orjson
from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import read_study
from fhirscreen.exceptions import StudyError
from fhirscreen.store.studies import StoredStudy, find_study


class Definitions:
    """Finds studies in the store. Safe to share between threads."""

    def __init__(self) -> None:
        self._read = lru_cache(maxsize=512)(_read)

    def find(self, session: Session, id: str, version: int | None = None) -> Study | None:
        """A version of a study, by default the newest; None where there is none, or none that can be read."""
        stored = find_study(session, id, version)
        return self.read(stored) if stored is not None else None

    def read(self, stored: StoredStudy) -> Study | None:
        """The study as it is stored; None where it was written by another version of the language."""
        return self._read(stored.id, orjson.dumps(stored.definition))


def _read(id: str, definition: bytes) -> Study | None:
    try:
        return read_study(orjson.loads(definition), id)
    except StudyError:
        return None
