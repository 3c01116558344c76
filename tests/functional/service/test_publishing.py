"""What the service publishes: what its store accepted, and what people decided."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirscreen.bootstrap.background import DAYS, handlers, make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.subjects import DECISION_EXTENSION, study_uuid, subject_uuid
from fhirscreen.jobs.publications import PUBLISH, Publications, enqueue_publication
from fhirscreen.jobs.schedules import Schedule
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.jobs.tasks import Stopped
from fhirscreen.jobs.updates import UPDATE, enqueue
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.outputs.disclosures import FURTHER_REVIEW_SAYS, is_sensitive
from fhirscreen.screening.publishing.releases import TYPES
from fhirscreen.screening.recordings import record_run
from fhirscreen.store import cards, jobs
from fhirscreen.store.subjects import find_subjects
from tests.lib.ehr import chart, charts, noon
from tests.lib.keepers import Keeper
from tests.lib.service import client_of, service_for
from tests.lib.transport import BASE

STUDY = "NCT06907602"
YAML = {"Content-Type": "application/yaml"}
SITE = Path("mappings/sites/demo.yaml").resolve()


class Hospital:
    """A service that publishes to the server that it screens, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.now = noon()
        self.server = Keeper([each for patient in charts() for each in chart(patient)])
        self.folder = folder
        self.service: Service
        self.client: TestClient

    def clock(self) -> datetime:
        return self.now

    def work(self, *kinds: str) -> None:
        """Does everything of those kinds that is due."""
        worker = make_worker(self.service, kinds=kinds)
        while worker.work_once():
            pass
        with self.service.database.reading() as session:
            ended = jobs.list_jobs(session, kinds=kinds)
        assert {job.state for job in ended} == {"done"}, [job.error for job in ended]

    def screen(self) -> None:
        """The night's run, and what it has published."""
        self.now += timedelta(minutes=5)
        with self.service.database.begin() as session:
            jobs.enqueue(session, SCREEN, {"cause": "nightly"}, by="nightly", at=self.now)
        self.work(SCREEN)
        self.work(PUBLISH)

    def hear(self, *patients: str) -> None:
        """News of patients."""
        self.now += timedelta(minutes=5)
        with self.service.database.begin() as session:
            enqueue(session, "default", patients, urgent=False, by="poll", at=self.now)
        self.work(UPDATE)
        self.work(PUBLISH)

    def statuses(self) -> dict[str, str]:
        found = self.server.of("ResearchSubject")
        return {each["individual"]["reference"].removeprefix("Patient/"): each["status"] for each in found}

    def subject(self, patient: str) -> dict[str, Any]:
        return self.server.kept["ResearchSubject", subject_uuid(STUDY, BASE, patient)]

    def listed(self) -> set[str]:
        """The patients on the server's List."""
        (listing,) = self.server.of("List")
        ids = {
            each["item"]["reference"].removeprefix("ResearchSubject/") for each in listing.get("entry", ())
        }
        named = {each["id"]: each["individual"]["reference"] for each in self.server.of("ResearchSubject")}
        return {named[id].removeprefix("Patient/") for id in ids}

    def decide(self, patient: str, decision: str, because: str, criteria: Sequence[str] = ()) -> None:
        id = subject_uuid(STUDY, BASE, patient)
        given = {"decision": decision, "because": because, "criteria": list(criteria)}
        answer = self.client.post(f"/api/subjects/{id}/reviews", json=given)
        assert answer.status_code == 201, answer.text
        self.work(PUBLISH)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(tmp_path)
    with (
        service_for(
            tmp_path,
            clock=made.clock,
            transport=lambda _: made.server,
            studies=[STUDY],
            site=SITE,
            server=BASE,
            publish=True,
            nightly="30 2 * * *",
            cds={"required": False},
        ) as service,
        client_of(service) as client,
    ):
        made.service, made.client = service, client
        made.screen()
        yield made


def test_news_of_one_patient_change_nothing_of_the_others(hospital: Hospital) -> None:
    before, listed = hospital.statuses(), hospital.listed()
    assert len(listed) > 2
    versions = hospital.server.state()
    hospital.hear(min(listed))
    assert hospital.server.state() == versions, "no news, nothing written"

    dead = min(listed)
    hospital.server.patient(dead)["deceasedBoolean"] = True
    hospital.hear(dead, next(each for each in charts() if each not in {*before, "shared"}))
    assert hospital.statuses() == before | {dead: "ineligible"}
    assert "deceased" in str(hospital.subject(dead)["extension"])
    assert hospital.listed() == listed - {dead}
    changed = {key for key, version in hospital.server.state().items() if versions.get(key) != version}
    assert sorted(type for type, _ in changed) == ["List", "ResearchSubject"]


def test_what_a_coordinator_decided_is_published_and_taken_back(hospital: Hospital) -> None:
    listed = hospital.listed()
    patient = min(listed)
    status = hospital.subject(patient)["status"]
    hospital.decide(patient, "not-suitable", "moves away")
    for _ in range(2):
        published = hospital.subject(patient)
        assert published["status"] == "ineligible"
        (decided,) = [each for each in published["extension"] if each["url"] == DECISION_EXTENSION]
        assert decided["extension"][0]["valueString"] == "moves away"
        assert hospital.listed() == listed - {patient}
        hospital.screen()  # and no run takes it away
    hospital.decide(patient, "reopened", "")
    assert hospital.subject(patient)["status"] == status
    assert hospital.listed() == listed


@pytest.mark.parametrize("told_by", ["replaced-by", "replaces"])
@pytest.mark.parametrize("by", ["news", "call"])
def test_of_two_records_that_became_one_both_are_published_at_once(
    hospital: Hospital, told_by: str, by: str
) -> None:
    before = hospital.listed()
    kept, gone = sorted(before)[:2]
    holder, other = (gone, kept) if told_by == "replaced-by" else (kept, gone)
    link = [{"type": told_by, "other": {"reference": f"Patient/{other}"}}]
    hospital.server.patient(holder)["link"] = link
    if by == "news":
        hospital.hear(kept)
    else:
        answer = hospital.client.post(f"/fhir/ResearchStudy/{STUDY}/$screen?patient={kept}")
        assert answer.status_code == 200, answer.text
        hospital.work(PUBLISH)
    assert hospital.subject(gone)["status"] == "ineligible"
    assert "merged" in str(hospital.subject(gone)["extension"])
    assert gone not in hospital.listed()


@pytest.mark.parametrize("deletes", [True, False])
def test_what_a_card_created_beside_ours_is_gone_on_with(hospital: Hospital, deletes: bool) -> None:
    patient = min(hospital.listed())
    ours = hospital.subject(patient)
    named = {"identifier": {"system": "https://clinicaltrials.gov", "value": STUDY}}
    hospital.server.put({**ours, "id": "of-the-ehr", "study": named})
    hospital.server.deletes = deletes
    listed = hospital.listed()
    hospital.screen()
    assert (("ResearchSubject", ours["id"]) in hospital.server.kept) is not deletes
    assert hospital.listed() == listed
    (entries,) = [each["entry"] for each in hospital.server.of("List")]
    assert {"reference": "ResearchSubject/of-the-ehr"} in [each["item"] for each in entries]
    hospital.server.patient(patient)["deceasedBoolean"] = True
    hospital.hear(patient)
    theirs = [each for each in hospital.server.of("ResearchSubject") if str(patient) in str(each)]
    assert {each["status"] for each in theirs} == {"ineligible"}
    assert len(theirs) == (1 if deletes else 2)
    versions = hospital.server.state()
    hospital.screen()
    assert hospital.server.state() == versions


NUMBER = {"system": "https://site.test/screening-number", "value": "SCR-0042"}


def double(hospital: Hospital) -> dict[str, Any]:
    """What we published of a patient, beside which an EHR created another from a card."""
    ours = hospital.subject(min(hospital.listed()))
    hospital.server.put({**ours, "id": "of-the-ehr"})
    return ours


@pytest.mark.parametrize("more", [{"identifier": [NUMBER]}, {"meta": {"tag": [{"code": "called"}]}}])
def test_ours_stays_where_a_person_added_to_it(hospital: Hospital, more: dict[str, Any]) -> None:
    ours = double(hospital)
    identifiers = ours["identifier"] + more.get("identifier", [])
    kept = hospital.server.put({**ours, **more, "identifier": identifiers})
    hospital.screen()
    assert hospital.server.kept["ResearchSubject", ours["id"]] == kept


def test_ours_stays_where_nobody_can_know_whether_it_changed_meanwhile(hospital: Hospital) -> None:
    ours = double(hospital)
    del ours["meta"]["versionId"]
    hospital.screen()
    assert hospital.server.kept["ResearchSubject", ours["id"]] == ours


def test_what_a_lost_lease_leaves_is_not_deleted(hospital: Hospital) -> None:
    publications = handlers(hospital.service)[PUBLISH]
    assert isinstance(publications, Publications)
    asked = list[int]()
    publications.publish("default", None, lambda _done, _total: None, lambda: asked.append(1))
    ours, left = double(hospital), len(asked)

    def stop() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stopped

    with pytest.raises(Stopped):
        publications.publish("default", None, lambda _done, _total: None, stop)
    assert ("ResearchSubject", ours["id"]) in hospital.server.kept


def test_what_a_person_set_on_one_of_two_is_written_on_neither(hospital: Hospital) -> None:
    patient = min(hospital.listed())
    ours = hospital.subject(patient)
    hospital.server.put({**ours, "status": "on-study"})
    made = hospital.server.put({**ours, "id": "of-the-ehr"})
    hospital.screen()
    assert hospital.subject(patient)["status"] == "on-study"
    assert hospital.server.kept["ResearchSubject", "of-the-ehr"] == made


@pytest.mark.parametrize("known", [True, False])
def test_what_a_card_created_of_who_does_not_fit_is_taken_back(hospital: Hospital, known: bool) -> None:
    service, someone = hospital.service, min(hospital.listed())
    with service.database.reading() as session:
        members = {each.patient: each for each in find_subjects(session, study=STUDY)}
    never = next((id for id, each in members.items() if each.current_status is None), None)
    if known:
        assert never is not None
        patient = never
    else:
        patient = "nobody-of-ours"
    id = subject_uuid(STUDY, BASE, patient)
    made = json.loads(json.dumps(hospital.subject(someone)).replace(someone, patient))
    named = {"identifier": {"system": "https://clinicaltrials.gov", "value": STUDY}}
    identifier = [{**made["identifier"][0], "value": f"urn:uuid:{id}"}]
    hospital.server.put({**made, "id": "of-the-ehr", "identifier": identifier, "study": named})
    with service.database.begin() as session:
        cards.show_card(
            session, uuid="c", hook_instance="h", base=BASE, patient=patient, studies=[STUDY], by="u",
            at=hospital.now,
        )  # fmt: skip
    hospital.screen()
    now = hospital.server.kept["ResearchSubject", "of-the-ehr"]
    assert now["status"] == "ineligible"
    assert ("not-in-population" in str(now)) is not known
    assert ("ResearchSubject", id) not in hospital.server.kept


def test_a_reason_that_may_name_what_is_sensitive_is_not_published(hospital: Hospital) -> None:
    patient = min(hospital.listed())
    sensitive = {
        each.id
        for each in hospital.service.panel().studies[0].criteria
        if is_sensitive(each, hospital.service.catalogue)
    }
    assert sensitive
    for criteria, said in ((["ecog"], "too frail"), (sorted(sensitive)[:1], FURTHER_REVIEW_SAYS), ([], None)):
        hospital.decide(patient, "suitable" if said is None else "not-suitable", "too frail", criteria)
        (decided,) = [e for e in hospital.subject(patient)["extension"] if e["url"] == DECISION_EXTENSION]
        assert decided["extension"][0]["valueString"] == (said or FURTHER_REVIEW_SAYS)
        assert ("too frail" in str(hospital.server.kept)) == (said == "too frail")


def test_what_a_person_set_on_the_server_stays_and_is_on_no_list(hospital: Hospital) -> None:
    listed = hospital.listed()
    one, other = sorted(listed)[:2]
    hospital.server.put(hospital.subject(one) | {"status": "on-study"})
    hospital.hear(other)
    assert hospital.subject(one)["status"] == "on-study"
    assert hospital.listed() == listed - {one}


def test_an_older_run_never_takes_the_place_of_a_newer_one(hospital: Hospital) -> None:
    service, patient = hospital.service, min(hospital.listed())
    studies = service.panel().studies
    hospital.now += timedelta(minutes=5)
    old, began = service.screen(studies, "default"), hospital.now  # it has read its data, and lasts
    hospital.server.patient(patient)["deceasedBoolean"] = True
    hospital.screen()
    assert hospital.subject(patient)["status"] == "ineligible"
    with service.database.begin() as session:
        record_run(
            session,
            old,
            cause="nightly",
            source="default",
            versions={STUDY: 1},
            patients=None,
            by="nightly",
            began=began,
            at=hospital.now,
        )
        enqueue_publication(session, "default", None, by="nightly", at=hospital.now)
    hospital.work(PUBLISH)
    assert hospital.subject(patient)["status"] == "ineligible"
    assert patient not in hospital.listed()


def test_news_before_anybody_was_screened_leave_an_earlier_list(tmp_path: Path, hospital: Hospital) -> None:
    """A store that is new knows of one patient; the server has the list of another run."""
    before = hospital.server.state()
    patient = min(hospital.listed())
    hospital.server.patient(patient)["deceasedBoolean"] = True
    again = tmp_path / "again"
    again.mkdir()
    fresh = Hospital(again)
    fresh.server = hospital.server
    with service_for(
        again,
        clock=fresh.clock,
        transport=lambda _: fresh.server,
        studies=[STUDY],
        site=SITE,
        server=BASE,
        publish=True,
    ) as fresh.service:
        fresh.hear(patient)
    changed = {key for key, version in fresh.server.state().items() if before.get(key) != version}
    assert changed == {("ResearchSubject", subject_uuid(STUDY, BASE, patient))}
    assert fresh.subject(patient)["status"] == "ineligible"


def test_one_publication_at_a_time_and_those_that_wait_are_one(hospital: Hospital) -> None:
    database = hospital.service.database
    with database.begin() as session:
        enqueue_publication(session, "default", ["a"], by="x", at=hospital.now)
        first = jobs.lease(session, "another worker", [PUBLISH], hospital.now, 60)
        for patients in (["b"], ["c"], ["b"]):
            enqueue_publication(session, "default", patients, by="x", at=hospital.now)
        (waiting,) = jobs.find_queued(session, PUBLISH)
    assert first is not None
    assert waiting.payload == {"source": "default", "patients": ["b", "c"]}
    hospital.now += timedelta(seconds=1)
    assert make_worker(hospital.service, kinds=[PUBLISH]).work_once()
    with database.reading() as session:
        ended = jobs.find_job(session, waiting.id)
        (again,) = jobs.list_jobs(session, kinds=[PUBLISH], states=["queued"])
    assert ended is not None
    assert ended.result == {"source": "default", "waits": True}
    assert again.payload == waiting.payload
    assert again.not_before > hospital.now


def test_a_study_that_changed_is_screened_anew_and_until_then_its_list_says_so(hospital: Hospital) -> None:
    client, (listing,) = hospital.client, hospital.server.of("List")
    assert "note" in listing
    text = next(mappings_folder().glob(f"**/{STUDY}.yaml")).read_text("utf-8")
    changed = text.replace("title: ", "title: Changed, ", 1)
    for _ in range(2):  # the second says nothing new
        put = client.put(
            f"/fhir/ResearchStudy/{STUDY}", content=changed, headers={"Content-Type": "application/yaml"}
        )
        assert put.status_code == 200, put.text
    hospital.work(PUBLISH)
    (listing,) = hospital.server.of("List")
    assert "have changed" in listing["note"][-1]["text"]
    assert queued(hospital) == [{"studies": [STUDY], "cause": "manual"}]
    hospital.now += timedelta(minutes=5)
    hospital.work(SCREEN)
    hospital.work(PUBLISH)
    (listing,) = hospital.server.of("List")
    assert "have changed" not in str(listing["note"])

    for is_open in (False, True, True):
        client.put(f"/api/studies/{STUDY}/recruiting", json={"open": is_open}).raise_for_status()
    assert queued(hospital) == [{"studies": [STUDY], "cause": "manual"}], "reopened once"


def queued(hospital: Hospital) -> list[dict[str, Any]]:
    """What waits to be screened."""
    with hospital.service.database.reading() as session:
        return [job.payload for job in jobs.list_jobs(session, kinds=[SCREEN], states=["queued"])]


def test_the_list_of_a_study_that_is_closed_is_retired(hospital: Hospital) -> None:
    listed = hospital.listed()
    hospital.client.put(f"/api/studies/{STUDY}/recruiting", json={"open": False}).raise_for_status()
    hospital.work(PUBLISH)
    (listing,) = hospital.server.of("List")
    assert listing["status"] == "retired"
    assert "does not recruit" in listing["note"][-1]["text"]
    assert hospital.listed() == listed
    assert study_uuid(STUDY) in {each["id"] for each in hospital.server.of("ResearchStudy")}
    found = hospital.client.get("/fhir/List?status=retired").json()
    assert found["total"] == 1
    assert hospital.client.get("/fhir/List?status=current").json()["total"] == 0


def test_what_a_lost_lease_leaves_is_not_written(hospital: Hospital) -> None:
    """Asked before each resource, not now and then: another worker may have published something newer."""
    for key in [key for key in hospital.server.kept if key[0] in TYPES]:
        del hospital.server.kept[key]
    written = list[int]()

    def stop() -> None:
        written.append(1)
        if len(written) > 2:
            raise Stopped

    publications = handlers(hospital.service)[PUBLISH]
    assert isinstance(publications, Publications)
    with pytest.raises(Stopped):
        publications.publish("default", None, lambda _done, _total: None, stop)
    assert sum(len(hospital.server.of(kind)) for kind in TYPES) <= 2


def test_a_window_that_ends_by_date_retires_the_list_on_that_day(hospital: Hospital) -> None:
    window = {"open": True, "closes": hospital.service.as_of().day.isoformat()}
    hospital.client.put(f"/api/studies/{STUDY}/recruiting", json=window).raise_for_status()
    hospital.screen()
    (days,) = (each for each in hospital.service.background if getattr(each, "name", "") == DAYS)
    assert isinstance(days, Schedule)
    assert not days.look()
    assert [each["status"] for each in hospital.server.of("List")] == ["current"]
    hospital.now += timedelta(days=1)
    assert days.look()
    hospital.work(PUBLISH)
    assert [each["status"] for each in hospital.server.of("List")] == ["retired"]


def test_a_study_file_that_changed_between_two_starts_is_screened(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text((mappings_folder() / f"studies/{STUDY}.yaml").read_text("utf-8"), "utf-8")

    def start(**more: Any) -> list[dict[str, Any]]:
        """What a start queues."""
        given: dict[str, Any] = {"server": BASE, "nightly": "30 2 * * *"} | more
        with service_for(tmp_path, clock=noon, studies=[str(file)], site=SITE, **given) as service:
            with service.database.begin() as session:
                queued = jobs.find_queued(session, SCREEN)
                for job in queued:
                    jobs.request_cancel(session, job.id, noon())
            return [job.payload for job in queued]

    everybody = {"studies": [STUDY], "cause": "manual"}
    assert start() == [everybody], "it is new"
    assert start() == []
    text = file.read_text("utf-8")
    file.write_text(text.replace("title:", "title: Changed", 1), "utf-8")
    assert start(nightly=None) == [], "where nobody is screened by night, nobody is at a start"
    file.write_text(text.replace("title:", "title: Changed again", 1), "utf-8")
    assert start() == [everybody]
