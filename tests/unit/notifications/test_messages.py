"""What is told: once, net of what came and went, in counts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.notifications.channels import Undelivered
from fhirscreen.notifications.messages import Teller
from fhirscreen.notifications.quiet import Quiet
from fhirscreen.notifications.senders import DELAYS, Sender
from fhirscreen.screening.decisions import decide
from fhirscreen.screening.reviews import review, to_review_again
from fhirscreen.store import changes, subjects
from fhirscreen.store.databases import Database
from fhirscreen.store.outbox import StoredMessage
from fhirscreen.store.studies import put_study
from tests.lib.listings import list_messages
from tests.lib.subjects import BASE, STUDY, study, subject

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FITS = {"stage": "true", "platelets": "true"}
OPEN = {"stage": "true", "platelets": "no-record"}
FAILS = {"stage": "true", "platelets": "false"}
TELLER = Teller({"mail": "a@h.test", "webhook": "https://w.test"}, "Mitte", "https://h.test")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/store.db")
    made.migrate()
    with made.begin() as session:
        put_study(session, study(), text="", by="settings", at=AT)
    yield made
    made.close()


def record(database: Database, run: str, **patients: dict[str, Any]) -> None:
    found = [subject(patient, verdicts) for patient, verdicts in patients.items()]
    with database.begin() as session:
        subjects.record_subjects(
            session, run=run, base=BASE, subjects=found, gated=(), looked_at=list(patients),
            studies={STUDY: 1}, at=AT,
        )  # fmt: skip


def tell(database: Database, teller: Teller = TELLER) -> list[dict[str, Any]]:
    """What was put into the outbox for mail, of all so far."""
    with database.begin() as session:
        teller.tell(session, AT + timedelta(minutes=len(list_messages(session))))
        return [each.body for each in list_messages(session) if each.channel == "mail"]


def counts(body: dict[str, Any]) -> dict[str, int]:
    (told,) = body["data"]["studies"]
    return {name: told[name] for name in ("new", "no_longer", "changed", "review_again") if told[name]}


def test_a_message_a_channel_with_counts_and_links_alone(database: Database) -> None:
    record(database, "r1", anna=FITS, bert=OPEN, carl=FAILS)
    (body,) = tell(database)
    assert body["data"]["runs"] == ["r1"]
    assert body["data"]["studies"] == [
        {
            "study": STUDY, "title": f"Study {STUDY}", "new": 2, "no_longer": 0, "changed": 0,
            "review_again": 0, "url": f"https://h.test/studies/{STUDY}",
        }
    ]  # fmt: skip
    text = json.dumps(body)
    assert not [each for each in ("anna", "bert", "carl", BASE, "platelets") if each in text]
    with database.reading() as session:
        assert sorted(each.channel for each in list_messages(session)) == ["mail", "webhook"]
        assert not changes.any_pending(session)
    assert len(tell(database)) == 1  # once


def test_what_came_and_went_is_not_told(database: Database) -> None:
    record(database, "r1", anna=FITS, bert=FITS, carl=OPEN)
    tell(database)
    record(database, "r2", anna=FAILS, bert=OPEN, dora=FITS)
    record(database, "r3", anna=FITS, bert=FAILS, dora=FAILS, carl=FITS)
    (_, body) = tell(database)
    # anna came back, bert left, carl moved up, dora came and went
    assert counts(body) == {"no_longer": 1, "changed": 2}
    assert body["data"]["runs"] == ["r2", "r3"]


def test_a_busy_day_brings_few_messages_and_loses_nothing(database: Database) -> None:
    teller = replace(TELLER, every=timedelta(minutes=60))

    def told(minutes: int) -> list[dict[str, Any]]:
        with database.begin() as session:
            teller.tell(session, AT + timedelta(minutes=minutes))
            return [each.body for each in list_messages(session) if each.channel == "mail"]

    record(database, "r0", anna=FITS)
    assert len(told(0)) == 1, "the first goes at once"
    for minute, patient in enumerate(("bert", "carl", "dora"), 1):
        record(database, f"r{minute}", **{patient: FITS})
        assert len(told(minute)) == 1
    assert len(told(59)) == 1
    assert counts(told(60)[-1]) == {"new": 3}
    assert len(told(240)) == 2, "and nothing is told twice"


def test_a_decision_against_stays_until_what_it_rests_on_changes(database: Database) -> None:
    record(database, "r1", anna=OPEN)
    tell(database)
    id = subject_uuid(STUDY, BASE, "anna")
    with database.begin() as session:
        review(session, id, "not-suitable", because="bleeds", criteria=["platelets"], by="ito", at=AT)
        assert to_review_again(session) == []
    record(database, "r2", anna={"stage": "stale", "platelets": "no-record"})
    assert len(tell(database)) == 1, "the stage does not bear on it"
    record(database, "r3", anna={"stage": "stale", "platelets": ("true", "160")})
    assert counts(tell(database)[-1]) == {"review_again": 1}
    with database.begin() as session:
        ((again, said),) = to_review_again(session, study=STUDY)
        assert (again.patient, again.person_status, said.because) == ("anna", "ineligible", "bleeds")
        review(session, id, "reopened", because="platelets recovered", by="ito", at=AT)
        assert to_review_again(session) == []
        found = subjects.find_subject(session, id)
    assert found is not None
    assert found.current_status == "potential-candidate"


def test_who_withdrew_is_not_brought_up_again(database: Database) -> None:
    record(database, "r1", anna=OPEN)
    tell(database)
    with database.begin() as session:
        decide(session, subject_uuid(STUDY, BASE, "anna"), "withdrawn", because="asked to", by="ito", at=AT)
    record(database, "r2", anna=FITS)
    assert len(tell(database)) == 1
    with database.reading() as session:
        assert to_review_again(session) == []


def test_a_decision_against_somebody_who_fails_anyway_stays_when_they_no_longer_do(
    database: Database,
) -> None:
    id = subject_uuid(STUDY, BASE, "anna")
    record(database, "r1", anna=FITS)
    record(database, "r2", anna=FAILS)
    with database.begin() as session:
        review(session, id, "not-suitable", because="lives abroad", criteria=["stage"], by="ito", at=AT)
    record(database, "r3", anna=FITS)
    with database.reading() as session:
        found = subjects.find_subject(session, id)
    assert found is not None
    assert (found.status, found.current_status) == ("candidate", "ineligible")


def test_without_channels_nothing_is_marked_as_told(database: Database) -> None:
    record(database, "r1", anna=FITS)
    assert tell(database, Teller({}, "Mitte", "")) == []
    with database.reading() as session:
        assert changes.any_pending(session)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("hours", "local", "quiet"),
    [
        ("20:00-07:00", "19:59", False), ("20:00-07:00", "20:00", True), ("20:00-07:00", "03:00", True),
        ("20:00-07:00", "07:00", False), ("12:00-13:00", "12:30", True), ("12:00-13:00", "13:00", False),
        ("12:00-12:00", "12:00", False),
    ],
)  # fmt: skip
def test_quiet_hours(hours: str, local: str, quiet: bool) -> None:
    at = datetime.fromisoformat(f"2026-07-01T{local}").replace(tzinfo=BERLIN).astimezone(UTC)
    assert Quiet.read(hours, BERLIN).holds(at) is quiet


class Recording:
    """A channel that keeps what it is given and fails as often as it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, datetime]] = []
        self.failures: list[Exception] = []

    def send(self, message: StoredMessage, at: datetime) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((message.id, at))

    def close(self) -> None:
        pass


class Clock:
    """Stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def sending(
    database: Database, clock: Clock, quiet: Quiet | None = None
) -> tuple[Sender, Recording, list[Any]]:
    channel, counted = Recording(), list[Any]()
    teller = Teller({"mail": "here"}, "Mitte", "https://h.test", quiet)
    sender = Sender(
        database, {"mail": channel}, teller, clock=clock, counted=lambda *each: counted.append(each)
    )
    return sender, channel, counted


def test_a_message_is_sent_once_by_whoever_is_first(database: Database) -> None:
    clock = Clock(AT)
    (one, first, counted), (two, second, _) = sending(database, clock), sending(database, clock)
    record(database, "r1", anna=FITS)
    assert one.send_once()
    assert not one.send_once()
    assert not two.send_once()
    assert (len(first.sent), second.sent) == (1, [])
    assert counted == [("mail", "sent")]


def test_what_fails_is_tried_again_ever_later_and_then_given_up(database: Database) -> None:
    clock = Clock(AT)
    sender, channel, counted = sending(database, clock)
    channel.failures = [Undelivered("status 503") for _ in range(len(DELAYS) + 1)]
    record(database, "r1", anna=FITS)
    for seconds in DELAYS:
        assert sender.send_once()
        assert not sender.send_once()
        clock.at += timedelta(seconds=seconds)
    assert sender.send_once()
    clock.at += timedelta(days=9)
    assert not sender.send_once()
    with database.reading() as session:
        (message,) = list_messages(session)
    assert (message.state, message.error, message.attempts) == ("failed", "status 503", len(DELAYS) + 1)
    assert counted == [("mail", "later")] * len(DELAYS) + [("mail", "failed")]


def test_what_cannot_help_is_not_tried_again(database: Database) -> None:
    sender, channel, counted = sending(database, Clock(AT))
    channel.failures = [Undelivered("status 410", again=False)]
    record(database, "r1", anna=FITS)
    assert sender.send_once()
    assert counted == [("mail", "failed")]


def test_an_unforeseen_failure_loses_nothing(database: Database) -> None:
    clock = Clock(AT)
    sender, channel, _ = sending(database, clock)
    channel.failures = [KeyError("anna")]
    record(database, "r1", anna=FITS)
    assert sender.send_once()
    clock.at += timedelta(minutes=1)
    assert sender.send_once()
    assert len(channel.sent) == 1
    with database.reading() as session:
        (message,) = list_messages(session, "sent")
    assert message.error is None


def test_the_end_of_quiet_hours_brings_one_message(database: Database) -> None:
    clock = Clock(AT.replace(hour=22))
    quiet = Quiet.read("20:00-07:00", ZoneInfo("UTC"))
    sender, channel, _ = sending(database, clock, quiet)
    for run in ("r1", "r2", "r3"):
        record(database, run, **{f"p{run}": FITS})
        with database.begin() as session:
            assert not sender._teller.tell(session, clock.at)
    assert not sender.send_once()
    clock.at = AT + timedelta(days=1)
    assert sender.send_once()
    assert not sender.send_once()
    with database.reading() as session:
        (message,) = list_messages(session)
    assert counts(message.body) == {"new": 3}
    assert channel.sent == [(message.id, clock.at)]


def test_the_sender_outlives_what_nobody_foresaw(database: Database) -> None:
    clock = Clock(AT)
    sender, channel, _ = sending(database, clock)
    record(database, "r1", anna=FITS)
    at, clock.at = clock.at, None  # type: ignore[assignment]
    sender.start()
    try:
        time.sleep(0.1)
        assert not channel.sent
        clock.at = at
        until = time.monotonic() + 15
        while not channel.sent and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        sender.stop()
    assert len(channel.sent) == 1
