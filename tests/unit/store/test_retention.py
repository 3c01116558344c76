"""Retention deletes exactly what it should, and what is about one patient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fhirscreen.jobs.publications import enqueue_publication
from fhirscreen.store import cards, jobs, outbox, retention, reviews, studies, subjects, tokens
from fhirscreen.store.databases import Database
from fhirscreen.store.tables import Table
from tests.lib.listings import list_audits
from tests.lib.subjects import BASE, STUDY, study, subject
from tests.lib.trails import add_audit

NEW = datetime(2026, 5, 31, 4, tzinfo=UTC)
LIMIT = NEW - timedelta(days=365)
OLD = LIMIT - timedelta(seconds=1)
FITS: dict[str, Any] = {"stage": "true", "platelets": "true"}


def counts(session: Session) -> dict[str, int]:
    tables = Table.metadata.tables.values()
    found = {each.name: session.scalar(select(func.count()).select_from(each)) or 0 for each in tables}
    return {name: number for name, number in found.items() if number}


def fill(session: Session, patient: str, at: datetime) -> str:
    """Everything that the store may hold of a patient, as of that moment; gives the subject's id."""
    subjects.record_subjects(
        session, run=None, base=BASE, subjects=[subject(patient, FITS)], gated=(), looked_at=(),
        studies={STUDY: 1}, at=at,
    )  # fmt: skip
    id = subjects.find_subjects(session, patient=patient)[0].id
    reviews.add_review(session, subject=id, decision="suitable", because="", by="ito", at=at, bears_on={})
    cards.show_card(
        session, uuid=patient, hook_instance="h", base=BASE, patient=patient, studies=[STUDY], by="u", at=at
    )
    cards.add_feedback(session, card=patient, outcome="accepted", outcome_at=at, at=at)
    cards.refuse(session, BASE, patient, "A", "declined", by="u", at=at)
    cards.refuse(session, BASE, patient, "B", "declined", by="u", at=at)
    cards.reopen(session, BASE, patient, "B", by="u", at=at)
    job = jobs.enqueue(session, "update", {"source": "main", "patients": [patient]}, by="ito", at=at)
    jobs.lease(session, "w", ["update"], at, 60)
    jobs.finish(session, job.id, "w", at=at)
    add_audit(session, at=at, who="ito", action="R", what="page", patient=patient, base=BASE)
    return id


ONE = {
    "subjects": 1, "verdicts": 2, "changes": 1, "reviews": 1, "cards": 1, "feedback": 1, "refusals": 2,
    "jobs": 1, "audits": 1,
}  # fmt: skip
FORGOTTEN = {name: number for name, number in ONE.items() if name != "audits"}


def test_what_is_older_goes_and_what_is_newer_stays(database: Database) -> None:
    with database.begin() as session:
        fill(session, "old", OLD)
        fill(session, "new", LIMIT)
        for at, key in ((OLD, "old"), (LIMIT, "new")):
            outbox.put_message(session, "mail", "team@test", {}, at=at, key=key)
            message = outbox.lease_message(session, "w", at, 60)
            assert message is not None
            outbox.sent(session, message.id, at)
        outbox.put_message(session, "mail", "team@test", {}, at=OLD, key="waiting")
        jobs.enqueue(session, "screen", {}, by="ito", at=OLD)
        studies.put_study(session, study(), text="", by="ito", at=OLD)
        tokens.add_token(session, name="ehr", scopes=[], role="", at=OLD, expires=None)
        tokens.seen_jti(session, "ehr", "1", OLD, OLD)
        assert counts(session)["subjects"] == 2
        deleted = retention.forget(session, LIMIT)
        left = counts(session)
    assert deleted == {**FORGOTTEN, "refusals": 1, "messages": 1, "decisions": 0}
    assert left == {
        **ONE, "refusals": 3, "audits": 2, "jobs": 2, "messages": 2, "studies": 1, "counters": 1, "tokens": 1,
    }  # fmt: skip
    with database.reading() as session:
        assert [each.patient for each in subjects.find_subjects(session)] == ["new"]
        assert cards.refused(session, BASE, "old") == {"A"}, "a refusal lasts until a person reopens it"


def test_jobs_of_every_kind_forget(database: Database) -> None:
    with database.begin() as session:
        enqueue_publication(session, "main", ["zuse-4711", "p2"], by="ito", at=NEW)
        jobs.enqueue(session, "publish", {"source": "main", "patients": ["zuse-4711"]}, by="ito", at=NEW)
        jobs.enqueue(session, "screen", {"patient": "zuse-4711"}, by="ito", at=NEW)
        assert retention.forget_patient(session, BASE, "zuse-4711", sources=["main"])["jobs"] == 3
        assert holding(session, "zuse-4711") == set()
        (left,) = jobs.list_jobs(session)
        assert left.payload == {"source": "main", "patients": ["p2"]}


@pytest.mark.parametrize("touch", ["evaluated", "person", "reviewed", "nothing"])
def test_a_subject_that_is_still_in_use_stays_with_its_reviews(database: Database, touch: str) -> None:
    with database.begin() as session:
        id = fill(session, "p1", OLD)
        if touch == "evaluated":
            subjects.record_subjects(
                session, run=None, base=BASE, subjects=[subject("p1", FITS)], gated=(), looked_at=(),
                studies={STUDY: 1}, at=NEW,
            )  # fmt: skip
        elif touch == "person":
            subjects.set_person_status(session, id, "on-study", by="ito", reason=None, at=NEW)
        elif touch == "reviewed":
            reviews.add_review(
                session, subject=id, decision="reopened", because="", by="ito", at=NEW, bears_on={}
            )
        retention.forget(session, LIMIT)
        kept = subjects.find_subject(session, id) is not None
        assert kept == (touch != "nothing")
        assert bool(reviews.list_reviews(session, id)) == kept
        assert "changes" not in counts(session)


def test_what_a_person_decided_stays_without_the_rest(database: Database) -> None:
    with database.begin() as session:
        id = fill(session, "p1", OLD)
        subjects.set_person_status(session, id, "ineligible", by="ito", reason="HIV positive", at=OLD)
        bears_on = {each.criterion: each.digest for each in subjects.find_verdicts(session, id)}
        said = reviews.add_review(
            session, subject=id, decision="not-suitable", because="HIV positive", by="ito", at=OLD,
            bears_on=bears_on,
        )  # fmt: skip
        deleted = retention.forget(session, LIMIT)
        assert {name: deleted[name] for name in ("decisions", "subjects", "verdicts", "reviews")} == {
            "decisions": 1, "subjects": 0, "verdicts": 2, "reviews": 1,
        }  # fmt: skip
        kept = subjects.find_subject(session, id)
        assert kept is not None
        assert (kept.status, kept.person_status, kept.person_by, kept.person_at) == (
            None, "ineligible", "ito", OLD,
        )  # fmt: skip
        assert (kept.diagnosed, kept.planned_start, kept.notes, kept.run) == ("", "", (), None)
        assert not holding(session, "HIV positive")
        (left,) = reviews.list_reviews(session, id)
        assert (left.id, left.decision, left.because) == (said.id, "not-suitable", "")
        assert reviews.holds(session, left), "nobody has looked at the patient since"
        assert retention.forget(session, LIMIT)["decisions"] == 0, "once is enough"
        again = subjects.find_subject(session, id)
        assert again == kept


@pytest.mark.parametrize(("platelets", "holds"), [("true", True), ("stale", False)])
def test_the_decision_stands_when_the_patient_comes_back(
    database: Database, platelets: str, holds: bool
) -> None:
    with database.begin() as session:
        id = fill(session, "p1", OLD)
        bears_on = {each.criterion: each.digest for each in subjects.find_verdicts(session, id)}
        subjects.set_person_status(session, id, "ineligible", by="ito", reason="x", at=OLD)
        reviews.add_review(
            session, subject=id, decision="not-suitable", because="x", by="ito", at=OLD, bears_on=bears_on
        )
        retention.forget(session, LIMIT)
        subjects.record_subjects(
            session, run=None, base=BASE, subjects=[subject("p1", FITS | {"platelets": platelets})], gated=(),
            looked_at=(), studies={STUDY: 1}, at=NEW,
        )  # fmt: skip
        back = subjects.find_subject(session, id)
        assert back is not None
        assert (back.current_status, back.study_version) == ("ineligible", 1)
        assert back.status in ("candidate", "potential-candidate")
        assert reviews.holds(session, reviews.list_reviews(session, id)[-1]) == holds


def test_who_was_given_back_goes_with_the_others(database: Database) -> None:
    with database.begin() as session:
        id = fill(session, "p1", OLD)
        subjects.set_person_status(session, id, "ineligible", by="ito", reason="x", at=OLD)
        subjects.set_person_status(session, id, None, by="ito", reason=None, at=OLD)
        assert retention.forget(session, LIMIT)["subjects"] == 1
        assert subjects.find_subject(session, id) is None


def test_a_card_stays_while_it_keeps_a_study_from_being_shown_again(database: Database) -> None:
    with database.begin() as session:
        fill(session, "p1", OLD)
        assert retention.forget(session, LIMIT, cards_before=OLD)["cards"] == 0
        assert cards.snoozed(session, BASE, "p1", [STUDY], NEW, days=366, besides="other") == {STUDY}
        assert retention.forget(session, LIMIT, cards_before=NEW)["cards"] == 1


def test_audits_have_their_own_age(database: Database) -> None:
    with database.begin() as session:
        fill(session, "old", OLD)
        fill(session, "new", LIMIT)
        assert retention.forget_audits(session, LIMIT) == 1
        assert [each.patient for each in list_audits(session)] == ["new"]
        assert counts(session)["subjects"] == 2


def test_one_patient_is_forgotten_and_no_other(database: Database) -> None:
    with database.begin() as session:
        fill(session, "p1", NEW)
        fill(session, "p11", NEW)
        assert (
            retention.forget_patient(session, "http://elsewhere.test/fhir", "p1", sources=[])["subjects"] == 0
        )
        deleted = retention.forget_patient(session, BASE + "/", "p1", sources=["main"])
        left = counts(session)
        assert [each.patient for each in subjects.find_subjects(session)] == ["p11"]
    assert deleted == FORGOTTEN
    assert left == {**ONE, "audits": 2}


def holding(session: Session, text: str) -> set[str]:
    """Every column of every table in which a text stands anywhere."""
    return {
        f"{table.name}.{column.name}"
        for table in Table.metadata.tables.values()
        for column in table.columns
        for (value,) in session.execute(select(column)).all()
        if text in repr(value)
    }


EVERYWHERE = {
    "subjects.patient", "cards.patient", "refusals.patient", "jobs.payload", "audits.patient",
    "changes.patient",
}  # fmt: skip
"""Where an id may stand; a column that is added to these is one to forget, too."""


def test_no_column_of_any_table_holds_who_is_forgotten(database: Database, tmp_path: Path) -> None:
    patient = "zuse-4711"
    with database.begin() as session:
        id = fill(session, patient, NEW)
        jobs.enqueue(session, "update", {"source": "main", "patients": [patient, "p2"]}, by="ito", at=NEW)
        jobs.enqueue(session, "update", {"source": "other", "patients": [patient]}, by="ito", at=NEW)
        found = holding(session, patient)
        # the uuid of her card is her id in this test
        assert found - {"cards.uuid", "feedback.card"} <= EVERYWHERE
        assert {"subjects.patient", "jobs.payload", "audits.patient"} <= found
        audited = counts(session)["audits"]
        retention.forget_patient(session, BASE, patient, sources=["main"], audits=True)
        assert holding(session, patient) == {"jobs.payload"}, "of another server it is another patient"
        retention.forget_patient(session, BASE, patient, sources=["main", "other"], audits=True)
        assert holding(session, patient) == holding(session, id) == set()
        assert counts(session)["audits"] == audited, "who looked at somebody stays"
        (job,) = jobs.list_jobs(session)
        assert job.payload["patients"] == ["p2"]
    if database.dialect == "sqlite":
        database.close()
        for file in tmp_path.iterdir():
            assert patient.encode() not in file.read_bytes()


def test_no_column_of_any_table_holds_who_is_too_old(database: Database) -> None:
    patient = "zuse-4711"
    with database.begin() as session:
        fill(session, patient, OLD)
        retention.forget(session, LIMIT)
        retention.forget_audits(session, LIMIT)
        assert holding(session, patient) == {"refusals.patient"}, "a refusal that stands protects her"
        cards.reopen(session, BASE, patient, "A", by="u", at=OLD)
        retention.forget(session, LIMIT)
        assert holding(session, patient) == set()
