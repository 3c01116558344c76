"""Asking for news: nothing is missed, nothing twice, and what is urgent does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from fhirscreen.exceptions import OutcomeError, ServerError
from fhirscreen.fhir.subjects import STATUS_EXTENSION
from fhirscreen.jobs.pollers import Poller
from fhirscreen.jobs.questions import Question, Questions, make_questions
from fhirscreen.jobs.subscriptions import HEADER, LASTS, Subscriptions
from fhirscreen.jobs.updates import MOST, UPDATE, enqueue
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.screening.panels import Panel, make_panel
from fhirscreen.store import jobs
from fhirscreen.store.databases import Database
from fhirscreen.store.jobs import StoredJob
from tests.lib.subjects import study
from tests.lib.transport import BASE, Server, bundle, form_of, outcome, reply

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Resource = dict[str, Any]


@pytest.fixture(scope="module")
def panel() -> Panel:
    return make_panel(load_catalogue(), [study()])


@pytest.fixture(scope="module")
def questions(panel: Panel) -> Questions:
    return make_questions(panel)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/store.db")
    made.migrate()
    yield made
    made.close()


class Hospital(Server):
    """Searches by `_lastUpdated` and says when it answered; its clock is `ahead` of ours."""

    def __init__(self, ahead: timedelta = timedelta(), tells: str = "meta") -> None:
        self.tells = tells
        self.now = AT + ahead
        self.resources: list[Resource] = []
        self.subscriptions: dict[str, Resource] = {}
        self.shorten = self.written = 0
        self.broken: set[str] = set()
        super().__init__(self._respond)

    def write(self, resource: Resource, at: datetime | None = None) -> None:
        self.written += 1
        meta = {"versionId": str(self.written), "lastUpdated": (at or self.now).isoformat()}
        self.resources = [each for each in self.resources if each["id"] != resource["id"]]
        self.resources.append({**resource, "meta": meta})

    def _respond(self, request: httpx.Request) -> httpx.Response:
        steps = urlsplit(str(request.url)).path.removesuffix("/_search").split("/")
        form, type = form_of(request), steps[-1]
        if request.method == "PUT":
            return self._put(request, form)
        if type in self.broken:
            return outcome(403, "forbidden")
        if type == "Subscription":
            found = list(self.subscriptions.values())
        else:
            since = datetime.fromisoformat(form["_lastUpdated"].removeprefix("ge"))
            found = [
                each
                for each in self.resources
                if each["resourceType"] == type
                and datetime.fromisoformat(each["meta"]["lastUpdated"]) >= since
            ]
        page = bundle(found[: len(found) - self.shorten], total=len(found))
        match self.tells:
            case "meta":
                return reply(page | {"meta": {"lastUpdated": self.now.isoformat()}})
            case "Date":
                return reply(page, Date=format_datetime(self.now, usegmt=True))
            case _:
                return reply(page)

    def _put(self, request: httpx.Request, form: dict[str, str]) -> httpx.Response:
        import orjson

        resource = orjson.loads(request.content)
        url = form.get("url", resource["channel"]["endpoint"])
        self.subscriptions[url] = {"id": str(len(self.subscriptions)), **resource}
        return reply({}, 200)

    @property
    def asked(self) -> list[str]:
        return [
            urlsplit(str(each.url)).path.split("/")[-2] for each in self.requests if each.method == "POST"
        ]


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


def poller(database: Database, hospital: Hospital, panel: Panel, clock: Clock | None = None) -> Poller:
    client = hospital.client()
    clock = clock or Clock()
    subscriptions = Subscriptions(lambda: client, "https://h.test/updates/default", "open sesame", clock)
    return Poller(
        database, "default", lambda: client, lambda: panel, clock=clock, seconds=30,
        subscriptions=subscriptions, subscribes=False,
    )  # fmt: skip


def queue(database: Database) -> list[StoredJob]:
    with database.reading() as session:
        return list(reversed(jobs.list_jobs(session, states=["queued"])))


def waiting(database: Database) -> list[str]:
    """Whoever waits; then nobody does."""
    found = [patient for job in queue(database) for patient in job.payload["patients"]]
    with database.begin() as session:
        for job in queue(database):
            jobs.request_cancel(session, job.id, AT)
    return found


def laboratory(id: str, patient: str) -> Resource:
    return {"resourceType": "Procedure", "id": id, "subject": {"reference": f"Patient/{patient}"}}


def diagnosis(id: str, patient: str, code: str) -> Resource:
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}
    return {
        "resourceType": "Condition", "id": id, "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [coding]},
    }  # fmt: skip


def order(id: str, patient: str, atc: str | None) -> Resource:
    named: Resource = {"medicationReference": {"reference": "Medication/m"}}
    if atc is not None:
        coding = {"system": "http://www.whocc.no/atc", "code": atc}
        named = {"medicationCodeableConcept": {"coding": [coding]}}
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    return {"resourceType": "MedicationRequest", "id": id, **subject, **named}


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=3), timedelta(hours=-3)])
def test_each_news_once_whatever_the_clocks_say(database: Database, panel: Panel, ahead: timedelta) -> None:
    hospital = Hospital(ahead)
    asking = poller(database, hospital, panel)
    asking.look()  # its first position is by our clock: from here on, by the server's
    waiting(database)
    hospital.now += 30 * SECOND
    hospital.write(diagnosis("c1", "anna", "I10"))
    assert asking.look() == 1
    assert waiting(database) == ["anna"]
    # written before the answer above, and seen only now: its transaction took so long
    hospital.write(diagnosis("c2", "bert", "I10"), hospital.now - 60 * SECOND)
    hospital.now += 30 * SECOND
    assert asking.look() == 1
    assert waiting(database) == ["bert"]
    hospital.write(diagnosis("c1", "anna", "I10"))  # changed: another version
    assert asking.look() == 1
    assert waiting(database) == ["anna"]


@pytest.mark.parametrize("tells", ["meta", "Date", "nothing"])
@pytest.mark.parametrize("ahead", [timedelta(minutes=-4), timedelta(minutes=4)])
def test_a_server_whose_clock_differs_loses_nothing(
    database: Database, panel: Panel, ahead: timedelta, tells: str
) -> None:
    hospital, clock = Hospital(ahead, tells), Clock()
    asking = poller(database, hospital, panel, clock)
    asking.look()
    waiting(database)
    for number in range(4):
        clock.at += 5 * 60 * SECOND
        hospital.now += 20 * SECOND
        hospital.write(diagnosis(f"c{number}", f"p{number}", "I10"))
        hospital.now += 280 * SECOND
        assert asking.look() == 1
        assert waiting(database) == [f"p{number}"]
        assert asking.look() == 0


def test_a_resource_of_the_future_moves_nothing(database: Database, panel: Panel) -> None:
    hospital, clock = Hospital(tells="nothing"), Clock()
    asking = poller(database, hospital, panel, clock)
    asking.look()
    hospital.write(diagnosis("c1", "anna", "I10"), AT + timedelta(days=9000))
    assert asking.look() == 1
    waiting(database)
    hospital.write(diagnosis("c2", "bert", "I10"))
    assert asking.look() == 1
    assert waiting(database) == ["bert"]


def test_another_process_goes_on_where_this_one_ended(database: Database, panel: Panel) -> None:
    hospital = Hospital()
    poller(database, hospital, panel).look()
    hospital.now += timedelta(days=9)
    hospital.write(diagnosis("c1", "anna", "I10"), AT + timedelta(days=1))
    clock = Clock()
    clock.at = hospital.now
    assert poller(database, hospital, panel, clock).look() == 1
    assert waiting(database) == ["anna"]


def test_what_came_before_the_first_look_is_left_to_the_first_run(database: Database, panel: Panel) -> None:
    hospital = Hospital()
    hospital.write(diagnosis("c1", "anna", "I10"), AT - timedelta(days=1))
    assert poller(database, hospital, panel).look() == 0


def test_an_answer_that_is_not_whole_is_asked_for_again(database: Database, panel: Panel) -> None:
    hospital = Hospital()
    asking = poller(database, hospital, panel)
    asking.look()
    hospital.write(diagnosis("c1", "anna", "I10"), AT + SECOND)
    hospital.write(diagnosis("c2", "bert", "I10"), AT + SECOND)
    hospital.shorten, hospital.now = 1, AT + timedelta(minutes=1)
    assert asking.look() == 1
    hospital.shorten, hospital.now = 0, AT + timedelta(hours=1)
    assert asking.look() == 1
    assert waiting(database) == ["anna", "bert"]


def test_a_server_that_fails_is_asked_again_from_there(database: Database, panel: Panel) -> None:
    hospital = Hospital()
    asking = poller(database, hospital, panel)
    asking.look()
    hospital.write(diagnosis("c1", "anna", "I10"), AT + SECOND)
    hospital.broken, hospital.now = {"Consent"}, AT + timedelta(minutes=1)
    with pytest.raises(ServerError):
        asking.look()
    assert queue(database) == []
    hospital.broken, hospital.now = set(), AT + timedelta(hours=1)
    assert asking.look() == 1


def test_a_server_without_the_parameter_is_said_so(database: Database, panel: Panel) -> None:
    def ignores(request: httpx.Request) -> httpx.Response:
        return reply(bundle([laboratory("o", "anna")], itself=f"{BASE}/Condition?_count=500"))

    server = Server(ignores)
    client = server.client()
    subscriptions = Subscriptions(lambda: client, "https://h.test/updates/default", "s", Clock())
    asking = Poller(
        database, "default", lambda: client, lambda: panel, clock=Clock(), seconds=30,
        subscriptions=subscriptions, subscribes=False,
    )  # fmt: skip
    with pytest.raises(OutcomeError, match="does not search by _lastUpdated"):
        asking.look()
    assert queue(database) == []


def test_urgent_news_go_before_what_waits(database: Database, panel: Panel) -> None:
    hospital = Hospital()
    asking = poller(database, hospital, panel)
    hospital.write(diagnosis("c1", "anna", "I10"))
    hospital.write(diagnosis("c2", "bert", "C15.4"))
    asking.look()
    with database.begin() as session:
        first = jobs.lease(session, "w", [UPDATE], AT, 60)
        second = jobs.lease(session, "w", [UPDATE], AT, 60)
    assert first is not None
    assert second is not None
    assert first.payload == {"source": "default", "patients": ["bert"], "cause": "update"}
    assert second.payload["patients"] == ["anna"]


@pytest.mark.parametrize(
    ("resource", "urgent"),
    [
        (diagnosis("c", "a", "C15.4"), True), (diagnosis("c", "a", "C50.1"), False),
        (order("m", "a", "L01XA01"), True), (order("m", "a", "C09AA05"), False),
        (order("m", "a", None), True), (laboratory("o", "a"), False),
        ({"resourceType": "Condition", "code": "torn"}, False),
    ],
)  # fmt: skip
def test_what_is_urgent(questions: Questions, resource: Resource, urgent: bool) -> None:
    assert questions.urgent(resource) is urgent


def test_what_is_asked(questions: Questions) -> None:
    assert {"Patient", "Consent", "ResearchSubject", "Condition"} <= set(questions.by_type)
    assert questions.by_type["Condition"].codes == ()
    found = questions.by_type["Patient"].parameters(lambda _type, _name: True)
    assert found == {"_elements": "link", "_count": "500"}
    counts = Question("Observation", ("718-7", "777-3"))
    assert counts.parameters(lambda *of: of == ("Observation", "combo-code"))["combo-code"] == "718-7,777-3"
    assert counts.parameters(lambda *_: False) == {"_elements": "subject", "_count": "500"}
    assert make_questions(make_panel(load_catalogue(), [])).by_type == {}


def test_of_whom_a_resource_is_news(questions: Questions) -> None:
    merged = {
        "resourceType": "Patient", "id": "old",
        "link": [{"type": "replaced-by", "other": {"reference": "Patient/new"}}],
    }  # fmt: skip
    assert list(questions.patients(merged)) == ["old", "new"]
    ours: Resource = {
        "resourceType": "ResearchSubject", "status": "candidate", "individual": {"reference": "Patient/a"},
        "extension": [{"url": STATUS_EXTENSION, "valueCode": "candidate"}],
    }  # fmt: skip
    assert list(questions.patients(ours)) == []
    assert list(questions.patients({**ours, "status": "on-study"})) == ["a"]
    assert list(questions.patients(laboratory("o", "a b?c"))) == []
    assert list(questions.patients({"resourceType": "Observation"})) == []


def test_hundreds_are_split_and_nobody_waits_twice(database: Database) -> None:
    many = [f"p{number:03}" for number in range(MOST + 20)]
    with database.begin() as session:
        enqueue(session, "default", many, urgent=False, by="t", at=AT)
        enqueue(session, "default", ["p003", "q1"], urgent=False, by="t", at=AT)
        enqueue(session, "other", ["p003"], urgent=False, by="t", at=AT)
    found = [(job.payload["source"], len(job.payload["patients"])) for job in queue(database)]
    assert sorted(found) == [("default", 21), ("default", 100), ("other", 1)]


def test_who_is_at_work_is_queued_again(database: Database) -> None:
    with database.begin() as session:
        enqueue(session, "default", ["anna"], urgent=False, by="t", at=AT)
        assert jobs.lease(session, "w", [UPDATE], AT, 60) is not None
        enqueue(session, "default", ["anna"], urgent=False, by="t", at=AT)
    assert [job.payload["patients"] for job in queue(database)] == [["anna"]]


def test_subscriptions_are_made_renewed_and_ended() -> None:
    hospital, clock = Hospital(), Clock()
    client = hospital.client()
    ours = Subscriptions(lambda: client, "https://h.test/updates/default", "open sesame", clock)
    foreign = {
        "id": "x",
        "status": "active",
        "channel": {"endpoint": "https://else.test/updates/default/Patient"},
    }
    hospital.subscriptions["foreign"] = foreign
    assert not ours.keep(["Condition", "Patient"])
    made = hospital.subscriptions["https://h.test/updates/default/Condition"]
    assert made["status"] == "requested"
    assert made["criteria"] == "Condition?"
    assert made["end"] == (AT + LASTS).isoformat()
    assert made["channel"] == {
        "type": "rest-hook", "endpoint": "https://h.test/updates/default/Condition",
        "header": [f"{HEADER}: open sesame"],
    }, "and no payload"  # fmt: skip
    for each in ("Condition", "Patient"):
        hospital.subscriptions[f"https://h.test/updates/default/{each}"]["status"] = "active"
    before = len(hospital.requests)
    assert ours.keep(["Condition", "Patient"])
    assert len(hospital.requests) == before + 1, "those that live are left alone"
    hospital.subscriptions["https://h.test/updates/default/Patient"]["status"] = "error"
    assert not ours.keep(["Condition", "Patient"])
    assert hospital.subscriptions["https://h.test/updates/default/Patient"]["status"] == "requested"
    clock.at += timedelta(days=5)
    ours.keep(["Condition"])
    assert made != hospital.subscriptions["https://h.test/updates/default/Condition"], "renewed"
    assert hospital.subscriptions["https://h.test/updates/default/Patient"]["status"] == "off"
    ours.remove()
    assert hospital.subscriptions["https://h.test/updates/default/Condition"]["status"] == "off"
    assert hospital.subscriptions["foreign"] == foreign


def test_a_nudge_is_asked_for_at_once_and_a_stopped_poller_hands_over(
    database: Database, panel: Panel
) -> None:
    hospital = Hospital()
    one, two = poller(database, hospital, panel), poller(database, hospital, panel)
    one._turn(0.0)
    asked = len(hospital.asked)
    two._turn(0.0)
    assert len(hospital.asked) == asked, "one process asks"
    two.nudge("Consent")
    two._turn(0.0)
    assert hospital.asked[asked:] == ["Consent"], "but whoever is notified"
    one.start()
    one.stop()
    two._due.all = two._due.urgent = 0.0
    asked = len(hospital.asked)
    two._turn(1.0)
    assert len(hospital.asked) > asked
