"""A Holding: what the store holds of a source, to be published, with what people decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import read_study
from fhirscreen.exceptions import StudyError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.resources.studies import criteria_group, research_study
from fhirscreen.outputs.resources.subjects import (
    NOT_IN_POPULATION,
    gate_closed,
    research_subject,
    written,
)
from fhirscreen.screening.decisions import DECISIONS
from fhirscreen.screening.listings import covering_run, list_resource, published_subject, verdicts_of
from fhirscreen.screening.publishing.releases import Failures
from fhirscreen.store.cards import find_shown
from fhirscreen.store.databases import Database
from fhirscreen.store.reviews import newest_review
from fhirscreen.store.standings import LISTED, StoredSubject
from fhirscreen.store.studies import StoredStudy, find_study, list_studies
from fhirscreen.store.subjects import find_bases, find_subject, find_subjects, find_verdicts
from fhirscreen.verdicts.standings import Standing, Status


@dataclass(frozen=True, slots=True)
class Holding:
    """The resources by type, as `Release` has them; whoever is not among them is asked for when needed.

    A study has its List only where a run looked at everybody: else the store may know but a few. `whole`: the
    studies of which whoever is not in the store is in no population either. `sweeps`: it is of everybody.
    """

    base: str
    studies: tuple[str, ...]
    resources: Mapping[str, tuple[Resource, ...]]
    whole: frozenset[str]
    sweeps: bool
    database: Database
    definitions: Mapping[str, Study]
    decides = True

    def failures(self, patients: Collection[tuple[str, str]]) -> dict[tuple[str, str], Failures]:
        """By study and patient: what speaks against those of them who are members."""
        found = {}
        with self.database.reading() as session:
            for study, patient in patients:
                subject = find_subject(session, subject_uuid(study, self.base, patient))
                version = _version(session, study, subject.study_version) if subject is not None else None
                if subject is not None and version is not None:
                    verdicts = find_verdicts(session, subject.id)
                    failed = verdicts_of(subject, verdicts, version, Standing.FAILED)
                    found[study, patient] = Failures(tuple(failed), subject.complete, subject.gate)
        return found

    def gates(self) -> Mapping[tuple[str, str], str]:
        """None: they stand in the failures."""
        return {}

    def criteria(self) -> Mapping[str, Study]:
        """The studies by number."""
        return self.definitions


def make_holding(
    database: Database,
    base: str,
    catalogue: Catalogue,
    *,
    recruits: Callable[[str], bool],
    patients: Collection[str] | None = None,
    status: Callable[[Session, Study], str] | None = None,
) -> Holding:
    """What is held of a source with that base: everybody, or `patients` and the lists that they may be on.

    `recruits` and `status`: whether the site recruits for a study, and its status there.

    One of the patients who was never listed is given as ineligible: an earlier list may have named them.
    Raises StoreError.
    """
    with database.reading() as session:
        gatherer = _Gatherer(session, base.rstrip("/"), catalogue, patients, status)
        return gatherer.gather(database, recruits)


@dataclass(slots=True)
class _Gatherer:
    session: Session
    base: str
    catalogue: Catalogue
    patients: Collection[str] | None
    status: Callable[[Session, Study], str] | None = None
    versions: dict[tuple[str, int], Study | None] = field(default_factory=dict)

    def gather(self, database: Database, recruits: Callable[[str], bool]) -> Holding:
        session, zone = self.session, self.catalogue.site.zone
        studies: dict[str, Study] = {}
        subjects: list[Resource] = []
        lists: list[Resource] = []
        whole = set()
        for stored in self._studies():
            study = self._version(stored.id, stored.version)
            if study is None:
                continue
            studies[stored.id] = study
            subjects += [self._resource(each) for each in self._subjects(stored.id)]
            run = covering_run(session, stored.id, self.base)
            if run is None:
                continue
            if run.state == "done" and run.studies[stored.id] == stored.version:
                whole.add(stored.id)
                subjects += self._strangers(stored.id)
            made = list_resource(session, study, self.base, zone, recruits=recruits(stored.id))
            if made is not None:
                lists.append({name: value for name, value in made.items() if name != "meta"})
        resources = {
            "Group": tuple(criteria_group(study, self.catalogue) for study in studies.values()),
            "ResearchStudy": tuple(
                research_study(study, self.status(session, study) if self.status is not None else None)
                for study in studies.values()
            ),
            "ResearchSubject": tuple(subjects),
            "List": tuple(lists),
        }
        of_all = self.patients is None
        return Holding(
            self.base, tuple(studies), resources, frozenset(whole), of_all, database, definitions=studies
        )

    def _studies(self) -> list[StoredStudy]:
        """Those that anybody meant is, or was, a member of."""
        wanted = {study for study, base in find_bases(self.session) if base == self.base}
        if self.patients is not None:
            mine = [e for p in self.patients for e in find_subjects(self.session, patient=p, base=self.base)]
            wanted &= {each.study for each in mine}
        return [each for each in list_studies(self.session) if each.id in wanted]

    def _subjects(self, study: str) -> list[StoredSubject]:
        if self.patients is None:
            found = find_subjects(self.session, study=study, base=self.base, status=list(DECISIONS))
            # Who was never listed may have a subject all the same: from a card, before anybody was screened.
            shown = find_subjects(self.session, study=study, base=self.base, patient=self._shown(study))
            return found + [each for each in shown if each.complete and each.current_status is None]
        # All who are listed, too: what a person set about them on the server bears on the List.
        found = find_subjects(self.session, study=study, base=self.base, status=LISTED)
        for patient in sorted(self.patients):
            found += find_subjects(self.session, study=study, base=self.base, patient=patient)
        once = {each.id: each for each in found}
        return [each for each in once.values() if each.complete or each.current_status is not None]

    def _strangers(self, study: str) -> list[Resource]:
        """Who had a card of a study that everybody was screened for, and is in no population of it."""
        if self.patients is not None:
            return []
        status, gate = Status.INELIGIBLE.value, gate_closed(NOT_IN_POPULATION)
        ids = {patient: subject_uuid(study, self.base, patient) for patient in self._shown(study)}
        return [
            research_subject(id, study, patient, status, [written(status), gate])
            for patient, id in sorted(ids.items())
            if find_subject(self.session, id) is None
        ]

    def _shown(self, study: str) -> set[str]:
        return {patient for each, patient in find_shown(self.session, self.base) if each == study}

    def _resource(self, subject: StoredSubject) -> Resource:
        study = self._version(subject.study, subject.study_version)
        verdicts = find_verdicts(self.session, subject.id)
        review = newest_review(self.session, subject.id) if subject.person_status is not None else None
        return published_subject(subject, verdicts, study, self.catalogue, review)

    def _version(self, study: str, number: int) -> Study | None:
        key = (study, number)
        if key not in self.versions:
            self.versions[key] = _version(self.session, study, number)
        return self.versions[key]


def _version(session: Session, study: str, number: int) -> Study | None:
    stored = find_study(session, study, number)
    try:
        return read_study(stored.definition, stored.id) if stored is not None else None
    except StudyError:  # written by another version of the language
        return None
