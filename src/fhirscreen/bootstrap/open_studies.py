"""The open studies of the site: loaded into the store at start, compiled into the current panel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from fhirscreen.bootstrap.metrics import Metrics
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import load_study, read_study, write_study
from fhirscreen.engines.base import collecting_rarely
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.catalogue import Catalogue, digest
from fhirscreen.screening.panels import Panel, make_panel
from fhirscreen.screening.studies import find_files
from fhirscreen.store import studies
from fhirscreen.store.databases import Database
from fhirscreen.values.durations import AsOf

log = structlog.get_logger(__name__)


class _Current(NamedTuple):
    revision: int
    day: date
    panel: Panel


class OpenStudies:
    """Gives the panel; makes it anew when a study or its recruiting has changed, or a day has passed.

    Whoever notices makes it; meanwhile the others have the one before. Asking costs one look at a counter.
    """

    def __init__(
        self, database: Database, catalogue: Catalogue, site: str, as_of: Callable[[], AsOf], metrics: Metrics
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._site = site
        self._as_of = as_of
        self._metrics = metrics
        self._current: _Current | None = None
        self._making = threading.Lock()

    def panel(self, session: Session | None = None) -> Panel:
        """The studies that the site recruits for today, as a transaction has it. Raises StoreError."""
        day = self._as_of().day
        with self._database.reading() if session is None else nullcontext(session) as reading:
            revision = studies.revision(reading)
        current = self._current
        if current is not None and (current.revision, current.day) == (revision, day):
            return current.panel
        if current is None:
            self._making.acquire()
        elif not self._making.acquire(blocking=False):
            return current.panel
        try:
            return self._renew(day)
        finally:
            self._making.release()

    def _renew(self, day: date) -> Panel:
        with self._database.reading() as session:
            revision = studies.revision(session)
            current = self._current
            if current is not None and (current.revision, current.day) == (revision, day):
                return current.panel  # someone else made it while this thread waited
            stored = studies.list_open(session, self._site, day)
        versions = {each.id: each.version for each in stored}
        if current is not None and current.panel.versions == versions and not current.panel.refused:
            self._current = _Current(revision, day, current.panel)
            return current.panel
        began = time.perf_counter()
        with collecting_rarely():
            panel = make_panel(self._catalogue, _read(stored), versions)
        seconds = time.perf_counter() - began
        self._metrics.open_studies.set(len(panel.versions))
        self._metrics.panel_seconds.set(seconds)
        log.info(
            "panel", studies=len(panel.versions), refused=sorted(panel.refused), seconds=round(seconds, 3)
        )
        self._current = _Current(revision, day, panel)
        return panel


def _read(stored: Sequence[studies.StoredStudy]) -> list[Study]:
    found = []
    for each in stored:
        try:
            found.append(read_study(each.definition, each.id))
        except StudyError:  # written by another version of the language
            log.exception("study", study=each.id, version=each.version)
    return found


def load_studies(
    database: Database, given: Sequence[str], mappings: Path, clock: Callable[[], datetime]
) -> list[str]:
    """Puts studies into the store that were never there as they are: files, folders, shipped numbers.

    What a person has changed since stays: a definition that is among a study's versions is not put again.
    Gives the studies that it put. Raises UsageError, StudyError, StoreError.
    """
    files = find_files(given, mappings)
    with database.reading() as session:
        known = studies.list_texts(session) if files else set()
    put = []
    for file in files:
        if file.read_text("utf-8") in known:  # reading YAML takes longer than anything else at start
            continue
        study = load_study(file)
        mark = digest(dict(write_study(study)))
        with database.begin() as session:
            if all(each.digest != mark for each in studies.list_versions(session, study.id)):
                text = file.read_text("utf-8")
                studies.put_study(session, study, text=text, by="settings", at=clock())
                put.append(study.id)
    return put
