"""Two records of a patient become one: what people said is not lost with the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from fhirscreen.engines.base import Gated
from fhirscreen.screening.decisions import decide
from fhirscreen.screening.reviews import review
from fhirscreen.screening.settlements import Settled, settled
from fhirscreen.store import cards, merges, reviews, subjects
from fhirscreen.store.databases import Database
from fhirscreen.store.standings import StoredSubject
from fhirscreen.verdicts.standings import Gate
from tests.lib.subjects import BASE, STUDY, subject

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def record(session: Session, *patients: str, merged: str | None = None, **verdicts: str) -> None:
    subjects.record_subjects(
        session,
        run=None,
        base=BASE,
        subjects=[subject(each, verdicts or {"stage": "true", "platelets": "stale"}) for each in patients],
        gated=[Gated(STUDY, merged, Gate.MERGED)] if merged is not None else [],
        looked_at=None,
        studies={STUDY: 1},
        at=AT,
    )


def one(session: Session, patient: str) -> StoredSubject:
    (found,) = subjects.find_subjects(session, patient=patient)
    return found


def test_a_decision_about_the_record_that_was_merged_is_carried_over_once(database: Database) -> None:
    with database.begin() as session:
        record(session, "old")
        decide(session, one(session, "old").id, "ineligible", because="bleeds", by="ito", at=AT)
    with database.begin() as session:
        record(session, "new", merged="old")
        for _ in range(2):
            merges.carry_over(session, BASE, {"old": "new"}, AT + DAY)
        kept = one(session, "new")
        assert (kept.person_status, kept.person_reason, kept.person_by) == ("ineligible", "bleeds", "ito")
        assert kept.version == 2
        (said,) = reviews.list_reviews(session, kept.id)
        assert (said.decision, said.because, said.at) == ("not-suitable", "bleeds", AT)
        assert reviews.holds(session, said), "nothing that it rests on has changed by the merge"
        review(session, kept.id, "reopened", because="", by="ito", at=AT + 2 * DAY)
        merges.carry_over(session, BASE, {"old": "new"}, AT + 3 * DAY)
        assert one(session, "new").person_status is None, "what a person said later goes"
        assert settled(session, BASE, ("new", "old")) == {STUDY: Settled()}


def test_a_later_decision_about_the_survivor_stays(database: Database) -> None:
    with database.begin() as session:
        record(session, "old", "new")
        decide(session, one(session, "old").id, "ineligible", because="bleeds", by="ito", at=AT)
        decide(session, one(session, "new").id, "screening", because="", by="ada", at=AT + DAY)
        merges.carry_over(session, BASE, {"old": "new"}, AT + DAY)
        assert one(session, "new").person_status == "screening"
        assert [each.by for each in reviews.list_reviews(session, one(session, "new").id)] == ["ada"]


def test_a_refusal_is_carried_over_until_a_person_reopens_it(database: Database) -> None:
    with database.begin() as session:
        cards.refuse(session, BASE, "old", STUDY, "declined", by="u1", at=AT)
        assert cards.refused(session, BASE, ("new", "old")) == {STUDY}
        assert cards.refused(session, BASE, "new") == set()
        merges.carry_over(session, BASE, {"old": "new"}, AT)
        assert cards.refused(session, BASE, "new") == {STUDY}
        assert cards.reopen(session, BASE, "new", STUDY, by="ito", at=AT + DAY)
        merges.carry_over(session, BASE, {"old": "new"}, AT + DAY)
        assert cards.refused(session, BASE, "new") == set()
        assert cards.refused(session, BASE, ("new", "old")) == set()
        cards.refuse(session, BASE, "old", STUDY, "declined", by="u1", at=AT + 2 * DAY)
        assert cards.refused(session, BASE, ("new", "old")) == {STUDY}
        merges.carry_over(session, BASE, {"old": "new"}, AT + 2 * DAY)
        assert cards.refused(session, BASE, "new") == {STUDY}


def test_before_any_run_the_other_record_is_asked(database: Database) -> None:
    with database.begin() as session:
        record(session, "old")
        decide(session, one(session, "old").id, "ineligible", because="bleeds", by="ito", at=AT)
        assert settled(session, BASE, ("new", "old")) == {STUDY: Settled(decided=True, against=True)}
        assert settled(session, BASE, ("new",)) == {}


def test_a_withdrawal_stands_whatever_changes(database: Database) -> None:
    with database.begin() as session:
        record(session, "p1", "p2")
        decide(session, one(session, "p1").id, "withdrawn", because="said so", by="ito", at=AT)
        decide(session, one(session, "p2").id, "ineligible", because="said so", by="ito", at=AT)
        record(session, "p1", "p2", stage="true", platelets="true")
        assert settled(session, BASE, ["p1"]) == {STUDY: Settled(decided=True, against=True)}
        assert settled(session, BASE, ["p2"]) == {STUDY: Settled(decided=True)}


def test_a_status_on_a_list_ends_a_refusal_as_a_review_does(database: Database) -> None:
    with database.begin() as session:
        record(session, "p1")
        cards.refuse(session, BASE, "p1", STUDY, "declined", by="u1", at=AT)
        decide(session, one(session, "p1").id, "potential-candidate", because="", by="ito", at=AT + DAY)
        assert cards.refused(session, BASE, "p1") == set()
        cards.refuse(session, BASE, "p1", STUDY, "declined", by="u1", at=AT)
        assert cards.refused(session, BASE, "p1") == set(), "that was said before"
        cards.refuse(session, BASE, "p1", STUDY, "declined", by="u1", at=AT + 2 * DAY)
        assert cards.refused(session, BASE, "p1") == {STUDY}
