"""The Directory: the stored studies by the ids of their resources, read once for each change of any study."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import orjson
from sqlalchemy.orm import Session

from fhirscreen.api.fhir.bundles import fits_token
from fhirscreen.api.outcomes import Refusal
from fhirscreen.bootstrap.services import Service
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import read_study
from fhirscreen.exceptions import StudyError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import group_uuid, study_uuid
from fhirscreen.outputs.resources.studies import criteria_group, research_study
from fhirscreen.store.studies import StoredStudy, find_study, list_studies, revision


class Entry(NamedTuple):
    """A study in one of its versions, with the ResearchStudy and the Group of its criteria."""

    study: Study
    version: int
    resource: Resource
    group: Resource


class _Known(NamedTuple):
    revision: int
    entries: Mapping[str, Entry]


class Directory:
    """Finds studies by the id of their ResearchStudy or Group, or by their number."""

    def __init__(self, service: Service) -> None:
        self.catalogue = service.catalogue
        self._known: _Known | None = None
        self._making = threading.Lock()
        self._version = lru_cache(maxsize=512)(self._read_version)

    def entries(self, session: Session) -> Mapping[str, Entry]:
        """The newest version of each study that can be read, by number."""
        now = revision(session)
        known = self._known
        if known is None or known.revision != now:
            with self._making:
                stored = list_studies(session)
                made = {each.id: entry for each in stored if (entry := self._entry(each)) is not None}
                known = self._known = _Known(now, made)
        return known.entries

    def find(self, session: Session, id: str) -> Entry:
        """The study whose ResearchStudy has that id, or whose number it is. Raises Refusal (404)."""
        for number, entry in self.entries(session).items():
            if id in (entry.resource["id"], number):
                return entry
        raise Refusal(404, "there is no such study", remedy="search for it: ResearchStudy?identifier=NUMBER")

    def version(self, session: Session, id: str, version: int) -> Entry:
        """One version of a study. Raises Refusal (404)."""
        newest = self.find(session, id)
        found = find_study(session, newest.study.id, version)
        entry = self._entry(found) if found is not None else None
        if entry is None:
            raise Refusal(404, "the study has no such version", expected=f"1 to {newest.version}")
        return entry

    def study(self, session: Session, number: str, version: int) -> Study | None:
        """A study in the version that verdicts are of; None where it cannot be read any more."""
        entry = self.entries(session).get(number)
        if entry is None or entry.version != version:
            found = find_study(session, number, version)
            entry = self._entry(found) if found is not None else None
        return entry.study if entry is not None else None

    def group(self, session: Session, id: str) -> Entry:
        """The study whose Group has that id. Raises Refusal (404)."""
        for entry in self.entries(session).values():
            if entry.group["id"] == id:
                return entry
        raise Refusal(404, "there is no such Group", remedy="ResearchStudy.enrollment names it")

    def named(self, session: Session, text: str) -> str | None:
        """The number of the study that a reference or an id names; None where it is not known here."""
        id = text.rsplit("/", 1)[-1]
        for number, entry in self.entries(session).items():
            if id in (entry.resource["id"], number):
                return number
        return None

    def identified(self, session: Session, tokens: tuple[str, ...]) -> set[str]:
        """The numbers of the studies that have any of these identifiers."""
        return {n for n, entry in self.entries(session).items() if fits_token(entry.resource, tokens)}

    def _entry(self, stored: StoredStudy) -> Entry | None:
        stamp = (stored.id, stored.version, stored.written_at.isoformat())
        return self._version(*stamp, orjson.dumps(stored.definition))

    def _read_version(self, id: str, version: int, written_at: str, definition: bytes) -> Entry | None:
        try:
            study = read_study(orjson.loads(definition), id)
        except StudyError:  # written by another version of the language
            return None
        meta = {"versionId": str(version), "lastUpdated": written_at}
        resource = {"resourceType": "ResearchStudy", "id": study_uuid(id), "meta": meta} | research_study(
            study
        )
        group = {"resourceType": "Group", "id": group_uuid(id), "meta": meta}
        return Entry(study, version, resource, group | criteria_group(study, self.catalogue))
