"""Runs, reviews, cards, audits, tokens and messages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from fhirscreen.store import audits, cards, outbox, reviews, runs, subjects, tokens
from fhirscreen.store.databases import Database
from tests.lib.listings import list_audits, list_feedback, list_messages
from tests.lib.subjects import BASE, STUDY, subject
from tests.lib.trails import add_audit

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def begin(database: Database, at: datetime = AT) -> runs.StoredRun:
    with database.begin() as session:
        return runs.begin_run(
            session,
            cause="nightly",
            source="default",
            base=BASE,
            as_of=date(2026, 5, 31),
            engine="auto",
            depth="full",
            studies={STUDY: 2},
            mappings="abc",
            by="schedule",
            at=at,
        )


def test_runs_begin_and_end_once(database: Database) -> None:
    run = begin(database)
    with database.begin() as session:
        assert runs.find_run(session, run.id) == run
        ended = {"counts": {"patients": 3}, "statement": ["One file was cut off."], "at": AT + DAY}
        runs.end_run(session, run.id, state="incomplete", engine="memory", **ended)  # type: ignore[arg-type]
        runs.end_run(session, run.id, state="done", **ended)  # type: ignore[arg-type]
        found = runs.find_run(session, run.id)
    assert found is not None
    assert (found.state, found.engine, found.counts) == ("incomplete", "memory", {"patients": 3})
    assert (found.statement, found.finished_at) == (("One file was cut off.",), AT + DAY)


def test_runs_page_from_the_newest(database: Database) -> None:
    made = [begin(database, AT + each * DAY).id for each in (0, 1, 1, 2)]
    with database.reading() as session:
        page = runs.list_runs(session, 2)
        rest = runs.list_runs(session, 10, before=page[-1].id)
    assert [run.id for run in (*page, *rest)] == [made[3], *sorted(made[1:3], reverse=True), made[0]]


def test_a_review_holds_until_what_it_rests_on_changes(database: Database) -> None:
    def record(**verdicts: str | tuple[str, str]) -> str:
        with database.begin() as session:
            subjects.record_subjects(
                session, run=None, base=BASE, subjects=[subject("p1", verdicts)], gated=(), looked_at=(),
                studies={STUDY: 1}, at=AT,
            )  # fmt: skip
            return subjects.find_subjects(session)[0].id

    id = record(stage="true", platelets=("true", "101"))
    with database.begin() as session:
        verdicts = {v.criterion: v.digest for v in subjects.find_verdicts(session, id)}
        review = reviews.add_review(
            session, subject=id, decision="not-suitable", because="bleeds", by="ito", at=AT,
            bears_on={"platelets": verdicts["platelets"]},
        )  # fmt: skip
    record(stage=("true", "T3"), platelets=("true", "101"))
    with database.reading() as session:
        assert reviews.newest_review(session, id) == review
        assert reviews.holds(session, review)
    record(stage=("true", "T3"), platelets=("true", "160"))
    with database.begin() as session:
        assert not reviews.holds(session, review)
        free = reviews.add_review(
            session, subject=id, decision="not-suitable", because="moved away", by="ito", at=AT, bears_on={}
        )
        assert reviews.holds(session, free)
        assert reviews.list_reviews(session, id) == [review, free]
        assert reviews.newest_review(session, "none") is None


def test_a_shown_study_is_snoozed_for_that_patient(database: Database) -> None:
    with database.begin() as session:
        for _ in range(2):
            cards.show_card(
                session, uuid="u1", hook_instance="h1", base=BASE + "/", patient="p1", studies=["A", "B"],
                by="Practitioner/1", at=AT,
            )  # fmt: skip
        assert cards.snoozed(session, BASE, "p1", ["B", "C"], AT + 29 * DAY) == {"B"}
        assert cards.snoozed(session, BASE, "p1", ["B"], AT + 30 * DAY) == set()
        assert cards.snoozed(session, BASE, "p2", ["B"], AT) == set()
        card = cards.find_card(session, "u1")
        assert card is not None
        assert (card.base, card.studies) == (BASE, ("A", "B"))
        told = {"outcome": "overridden", "reason": "declined", "outcome_at": AT, "at": AT}
        assert cards.add_feedback(session, card="u1", **told)  # type: ignore[arg-type]
        assert not cards.add_feedback(session, card="u2", **told)  # type: ignore[arg-type]
        assert [each.reason for each in list_feedback(session, "u1")] == ["declined"]


def test_a_hook_instance_that_is_used_again_snoozes_again(database: Database) -> None:
    def show(at: datetime) -> None:
        with database.begin() as session:
            cards.hold_patient(session, BASE, "p1")
            cards.show_card(
                session, uuid="u1", hook_instance="h1", base=BASE, patient="p1", studies=["A"], by="u", at=at
            )

    hour = timedelta(hours=1)
    for at, shown in ((AT, AT), (AT + hour / 2, AT), (AT + 31 * DAY, AT + 31 * DAY)):
        show(at)
        with database.reading() as session:
            card = cards.find_card(session, "u1")
            assert card is not None
            assert card.at == shown
    with database.reading() as session:
        assert cards.snoozed(session, BASE, "p1", ["A"], AT + 31 * DAY + 2 * hour, besides="h1") == {"A"}
        assert cards.snoozed(session, BASE, "p1", ["A"], AT + 31 * DAY + hour / 2, besides="h1") == set()


def test_a_refusal_lasts_until_a_person_reopens_it(database: Database) -> None:
    with database.begin() as session:
        cards.refuse(session, BASE, "p1", "A", "declined", by="u1", at=AT)
        cards.refuse(session, BASE, "p1", "B", "declined", by="u1", at=AT)
        assert cards.refused(session, BASE, "p1") == {"A", "B"}
        assert cards.refused(session, BASE, "p2") == set()
        assert cards.reopen(session, BASE, "p1", "A", by="ito", at=AT)
        assert not cards.reopen(session, BASE, "p1", "A", by="ito", at=AT)
        assert cards.refused(session, BASE, "p1") == {"B"}
        cards.refuse(session, BASE, "p1", "A", "declined", by="u1", at=AT)
        assert cards.refused(session, BASE, "p1") == {"A", "B"}


def test_audits(database: Database) -> None:
    with database.begin() as session:
        add_audit(session, at=AT, who="ito", action="R", what="page", patient="p1", base=BASE)
        add_audit(session, at=AT + DAY, who="ito", action="E", what="screen", outcome="8")
        two, one = list_audits(session)
        assert (one.patient, one.at, two.outcome, two.patient) == ("p1", AT, "8", None)
        assert audits.find_audit(session, one.uuid) == one != two
        assert list_audits(session, patient="p1", base=BASE) == [one]
        assert list_audits(session, since=AT + DAY) == [two]
        assert list_audits(session, limit=1) == [two]


def test_a_token_is_found_by_its_secret_alone(database: Database) -> None:
    with database.begin() as session:
        token, secret = tokens.add_token(
            session, name="ehr", scopes=["system/*.rs"], role="service", at=AT, expires=AT + DAY
        )
        assert tokens.find_token(session, secret, AT) == token
        assert tokens.find_token(session, secret + "x", AT) is None
        assert tokens.find_token(session, secret, AT + DAY) is None
        assert tokens.revoke_token(session, token.id, AT)
        assert not tokens.revoke_token(session, token.id, AT)
        assert tokens.find_token(session, secret, AT) is None
        assert [each.revoked_at for each in tokens.list_tokens(session)] == [AT]
        stored = session.connection().exec_driver_sql("SELECT * FROM tokens").one()
    assert not any(secret in str(value) for value in stored)


def test_a_jti_is_good_once(database: Database) -> None:
    with database.begin() as session:
        assert not tokens.seen_jti(session, "ehr", "1", AT + DAY, AT)
        assert tokens.seen_jti(session, "ehr", "1", AT + DAY, AT)
        assert not tokens.seen_jti(session, "other", "1", AT + DAY, AT)
        assert not tokens.seen_jti(session, "ehr", "2", AT + 9 * DAY, AT + 2 * DAY)
        kept = session.connection().exec_driver_sql("SELECT count(*) FROM nonces").scalar_one()
    assert kept == 1, "expired ones are purged"


def test_a_message_is_sent_once_or_given_up(database: Database) -> None:
    with database.begin() as session:
        assert outbox.put_message(session, "mail", "team@test", {"n": 1}, at=AT, key="run-1")
        assert not outbox.put_message(session, "mail", "team@test", {"n": 2}, at=AT, key="run-1")
        message = outbox.lease_message(session, "w1", AT, 60)
        assert message is not None
        assert (message.body, message.attempts) == ({"n": 1}, 1)
        assert outbox.lease_message(session, "w2", AT, 60) is None
        outbox.failed(session, message.id, "timeout", retry_at=AT + DAY)
        assert outbox.lease_message(session, "w2", AT, 60) is None
        again = outbox.lease_message(session, "w2", AT + DAY, 60)
        assert again is not None
        assert (again.attempts, again.error) == (2, "timeout")
        assert outbox.lease_message(session, "w3", AT + 2 * DAY, 60) is not None, "the lease ran out"
        outbox.sent(session, message.id, AT + 2 * DAY)
        outbox.failed(session, message.id, "late", retry_at=None)
        assert [m.sent_at for m in list_messages(session, "sent")] == [AT + 2 * DAY]


def test_a_datetime_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="store failed"):
        begin(database, AT.replace(tzinfo=None))
