"""A study's list out of the store says what the report of the same screening says, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from fhirscreen import synthetic
from fhirscreen.bootstrap.services import Service
from fhirscreen.outputs.attrition import attrition, read_attrition, suppress
from fhirscreen.outputs.resources.subjects import listed_subject
from fhirscreen.outputs.worklists import Worklist, worklists
from fhirscreen.screening.definitions import Definitions
from fhirscreen.screening.listings import published_subject
from fhirscreen.screening.reviews import review
from fhirscreen.screening.rosters import Roster, make_roster, recall_subject
from fhirscreen.store.outlines import read_subjects
from fhirscreen.store.reviews import Decision
from fhirscreen.store.standings import StoredVerdict
from fhirscreen.store.subjects import find_subjects, record_subjects
from fhirscreen.verdicts.proofs import read_proof, without_birth
from fhirscreen.verdicts.standings import Status, Subject
from tests.lib.demo import STUDIES, demo_as_of, demo_plan, demo_screened
from tests.lib.service import service_for

NOON = datetime(synthetic.AS_OF.year, synthetic.AS_OF.month, synthetic.AS_OF.day, 12, tzinfo=UTC)
BASE = "http://ehr.example/fhir"
STUDY = STUDIES[0]


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("rosters")
    with service_for(folder, clock=lambda: NOON, studies=STUDIES) as service:
        screened = demo_screened()
        with service.database.begin() as session:
            record_subjects(
                session,
                run=None,
                base=BASE,
                subjects=screened.subjects,
                gated=screened.gated,
                looked_at=None,
                studies=dict.fromkeys(STUDIES, 1),
                at=NOON,
            )
        yield service


def roster_of(
    service: Service, study: str = STUDY, size: int = 1000, *, full: bool = False, **pages: int
) -> Roster:
    definitions = Definitions()
    with service.database.reading() as session:
        found = definitions.find(session, study)
        assert found is not None
        return make_roster(
            session,
            found,
            demo_plan().catalogue,
            demo_as_of().day,
            version=lambda version: definitions.find(session, study, version),
            pages=pages,
            size=size,
            full=full,
        )


def report_of(study: str, *, full: bool = False) -> Worklist:
    found = worklists(demo_screened(), demo_plan(), demo_as_of().day, full=full)
    return next(each for each in found if each.study.id == study)


def decide(service: Service, id: str, decision: Decision, because: str = "") -> None:
    with service.database.begin() as session:
        review(session, id, decision, because=because, by="dr-b", at=NOON)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("study", STUDIES)
def test_the_list_is_that_of_the_report(service: Service, study: str, *, full: bool) -> None:
    roster, report = roster_of(service, study, full=full), report_of(study, full=full)
    assert [row.entry for row in roster.candidates.items] == list(report.of(Status.CANDIDATE))
    assert [row.entry for row in roster.potential.items] == list(report.of(Status.POTENTIAL_CANDIDATE))
    assert [row.near for row in roster.near_misses.items] == list(report.near_misses)
    assert report.near_misses or study != STUDY
    assert roster.worklist.shared == report.shared
    assert roster.worklist.to_ask == report.to_ask
    for row in roster.potential.items:
        assert roster.worklist.refer(row.entry) == report.refer(row.entry)
        assert roster.worklist.act(row.entry) == report.act(row.entry)


def test_pages_hold_everybody_once_with_the_ranks_of_the_whole(service: Service) -> None:
    whole = roster_of(service).potential.items
    first = roster_of(service, size=7)
    assert (first.potential.page, first.potential.first, first.potential.total) == (1, 1, len(whole))
    paged = [
        row
        for page in range(1, first.potential.pages + 1)
        for row in roster_of(service, size=7, potential=page).potential.items
    ]
    assert paged == list(whole)
    assert first.worklist.shared == roster_of(service).worklist.shared
    assert first.worklist.number(Status.POTENTIAL_CANDIDATE) == len(whole)
    assert roster_of(service, size=7, potential=999).potential.page == first.potential.pages


def test_what_a_person_decides_leaves_the_list_and_comes_up_when_its_ground_moves(service: Service) -> None:
    before = roster_of(service).potential
    subject = before.items[0].stored
    decide(service, subject.id, "not-suitable", "the surgeon says no")
    after = roster_of(service)
    assert after.potential.total == before.total - 1
    assert subject.id not in {row.stored.id for row in after.potential.items}
    assert [each.person_reason for each in after.decided.items] == ["the surgeon says no"]
    assert not after.again.items

    screened = next(s for s in demo_screened().subjects if (s.study, s.patient) == (STUDY, subject.patient))
    (opened, *_) = screened.open
    newer = opened._replace(proof=opened.proof._replace(date="2026-10-31"))
    moved = screened._replace(verdicts=tuple(newer if v is opened else v for v in screened.verdicts))
    with service.database.begin() as session:
        record_subjects(
            session,
            run=None,
            base=BASE,
            subjects=[moved],
            gated=[],
            looked_at=[subject.patient],
            studies=dict.fromkeys(STUDIES, 1),
            at=NOON,
        )
    again = roster_of(service)
    assert [each.id for each in again.again.items] == [subject.id]
    assert not again.decided.items

    decide(service, subject.id, "reopened")
    assert roster_of(service).potential.total == before.total


def test_a_subject_is_recalled_as_it_was_evaluated(service: Service) -> None:
    study = demo_plan().studies[0].study
    screened = {s.patient: unborn(s) for s in demo_screened().subjects if s.study == STUDY}
    with service.database.reading() as session:
        ids = [each.id for each in find_subjects(session, study=STUDY)]
        recalled = [
            recall_subject(stored, verdicts, study) for stored, verdicts in read_subjects(session, ids)
        ]
    assert {s.patient: s for s in recalled if s.verdicts} == screened


def unborn(subject: Subject) -> Subject:
    """The subject without dates of birth, which the store does not keep."""
    verdicts = tuple(each._replace(proof=without_birth(each.proof)) for each in subject.verdicts)
    return subject._replace(verdicts=verdicts)


def test_an_attrition_reads_back(service: Service) -> None:
    for counts in attrition(demo_screened(), demo_plan()).values():
        assert read_attrition(counts.study, counts.data()) == counts
        assert suppress(read_attrition(counts.study, counts.data()), 5) == suppress(counts, 5)
    proofs = [verdict.proof for subject in demo_screened().subjects for verdict in subject.verdicts]
    assert [read_proof(each.tree()) for each in proofs] == proofs
    assert replace(counts, patients=1) != counts


def test_what_is_published_of_a_stored_subject_is_what_the_run_wrote(service: Service) -> None:
    """Also which record, and what is missing: the proof is the same."""
    plan, definitions = demo_plan(), Definitions()
    study, catalogue = plan.studies[0].study, plan.catalogue
    subjects = [s for s in demo_screened().subjects if s.study == STUDY and s.status is not None]
    with service.database.reading() as session:
        newest = definitions.find(session, STUDY)
        kept = {each.patient: each for each in find_subjects(session, study=STUDY, base=BASE)}
        found = dict(read_rows(session, [kept[each.patient].id for each in subjects]))
    actions = set()
    for each in subjects:
        status = each.status
        assert status is not None
        written = listed_subject(each, status, study, BASE, catalogue)
        stored = kept[each.patient]
        made = published_subject(stored, found[stored.id], newest, catalogue)
        assert made["extension"] == written["extension"]
        actions |= {
            part["valueString"]
            for extension in made["extension"]
            for part in extension.get("extension", ())
            if part["url"] == "nextAction"
        }
    assert "Complete the record: sex" in actions
    assert "Complete the record: body weight" in actions


def read_rows(session: Session, ids: list[str]) -> list[tuple[str, list[StoredVerdict]]]:
    return [(subject.id, verdicts) for subject, verdicts in read_subjects(session, ids)]
