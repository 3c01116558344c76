"""$screen, the jobs it begins, and $studies: over a folder, and over a FHIR server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.testclient import TestClient

from fhirscreen import synthetic
from fhirscreen.bootstrap.services import Service
from fhirscreen.engines.base import Gated
from fhirscreen.fhir.models import model_fault
from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.store import cards, jobs
from fhirscreen.store.studies import Recruiting, set_recruiting
from fhirscreen.store.subjects import find_subject, record_subjects
from fhirscreen.verdicts.standings import Gate
from tests.functional.service.fhir.conftest import NOW
from tests.lib.facade import OTHER, STUDY, screened_service, settings_of
from tests.lib.listings import list_audits
from tests.lib.searchable import Searchable
from tests.lib.service import HERE, client_of, service_for, serving
from tests.lib.transport import BASE

SCREEN = f"/fhir/ResearchStudy/{STUDY}/$screen"
ASYNC = {"Prefer": "respond-async"}


def parts(resource: dict[str, Any]) -> dict[str, Any]:
    """The values of parameters by name; those that repeat, or have parts, as a list."""
    found: dict[str, Any] = {}
    for each in resource["parameter"] if "parameter" in resource else resource["part"]:
        value = next((v for k, v in each.items() if k.startswith("value")), each.get("resource"))
        if value is None:
            found.setdefault(each["name"], []).append(parts(each))
        else:
            found[each["name"]] = value
    return found


def ask(client: TestClient, path: str, status: int = 200, **given: Any) -> dict[str, Any]:
    response = client.request(given.pop("method", "GET"), path, **given)
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    assert model_fault(body) is None
    return body


def body_of(**values: Any) -> bytes:
    named = {"patient": "valueReference", "source": "valueString", "asOf": "valueDate", "depth": "valueCode"}
    listed = [
        {"name": name, named[name]: {"reference": value} if name == "patient" else value}
        for name, value in values.items()
    ]
    return orjson.dumps({"resourceType": "Parameters", "parameter": listed})


FHIR = {"Content-Type": "application/fhir+json"}


def listed(client: TestClient, study: str = STUDY) -> list[dict[str, Any]]:
    bundle = client.get(f"/fhir/ResearchSubject?study={study}&_count=1000").json()
    return [entry["resource"] for entry in bundle["entry"]]


# --- one patient


def test_a_patient_is_screened_at_once_as_in_the_run(client: TestClient) -> None:
    subject = listed(client)[0]
    patient = subject["individual"]["reference"]
    found = parts(ask(client, f"{SCREEN}?patient={patient}"))
    assert found["outcome"] == subject["status"]
    assert found["study"] == subject["study"]
    assert found["subject"] == subject
    assert (found["asOf"], found["complete"]) == ("2026-11-02", True)
    assert {each["id"] for each in found["criterion"]} >= {"consent"}
    assert all(each["standing"] == "open" for each in found["criterion"])


def test_screening_by_post_is_stored_and_by_get_is_not(fresh: TestClient, open_service: Service) -> None:
    subject = listed(fresh)[0]
    patient = subject["individual"]["reference"]
    past = {"asOf": "2020-01-01", "patient": patient}
    seen = parts(ask(fresh, SCREEN, params=past))
    assert seen["outcome"] != subject["status"]
    assert fresh.get(f"/fhir/ResearchSubject/{subject['id']}").json() == subject
    posted = parts(ask(fresh, SCREEN, method="POST", content=body_of(**past), headers=FHIR))
    assert posted["outcome"] == seen["outcome"]
    assert fresh.get(f"/fhir/ResearchSubject/{subject['id']}").json() == subject, "the list is that of today"
    _die(open_service, patient.removeprefix("Patient/"))
    stored = parts(ask(fresh, SCREEN, method="POST", content=body_of(patient=patient), headers=FHIR))
    assert stored["outcome"] == "gate-closed"
    after = fresh.get(f"/fhir/ResearchSubject/{subject['id']}").json()
    assert after["status"] == "ineligible"
    assert stored["subject"] == after
    with open_service.database.reading() as session:
        told = [a for a in list_audits(session) if a.what.endswith("$screen")]
    assert [(a.action, a.study, f"Patient/{a.patient}") for a in told] == [("E", STUDY, patient)] * 3


def test_what_was_found_from_newer_data_meanwhile_stays(fresh: TestClient, open_service: Service) -> None:
    patient = listed(fresh)[0]["individual"]["reference"].removeprefix("Patient/")
    later = NOW + timedelta(minutes=1)  # a job that began after the call did, and ended first
    with open_service.database.begin() as session:
        record_subjects(
            session,
            run=None,
            base=open_service.base_of("export"),
            subjects=[],
            gated=[Gated(STUDY, patient, Gate.DECEASED)],
            looked_at=[patient],
            studies={STUDY: 1},
            at=later,
            began=later,
        )
    seen = parts(ask(fresh, SCREEN, method="POST", content=body_of(patient=patient), headers=FHIR))
    assert seen["outcome"] in ("candidate", "potential-candidate")
    assert seen["subject"]["status"] == "ineligible"


def _die(service: Service, patient: str) -> None:
    """Has the source say that a patient died."""
    file = Path(service.settings.folders["export"]) / "Patient.ndjson"
    lines = [each | ({"deceasedBoolean": True} if each["id"] == patient else {}) for each in _lines(file)]
    file.write_bytes(b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in lines))


def test_everybody_is_screened_for_the_lists_of_today_only(fresh: TestClient, open_service: Service) -> None:
    for given in ("asOf=2026-11-01", "asOf=2026-11-03", "depth=candidates"):
        said = ask(fresh, f"{SCREEN}?{given}", 422, method="POST", headers=ASYNC)["issue"][0]["diagnostics"]
        assert "lists of today" in said
    with open_service.database.reading() as session:
        assert jobs.list_jobs(session, states=["queued"]) == []


def test_why_a_patient_does_not_fit_is_told(client: TestClient, service: Service) -> None:
    run = service.screen(service.panel().studies, "export")
    failed = next(s for s in run.screened.subjects if s.study == STUDY and s.status is None and s.complete)
    found = parts(ask(client, f"{SCREEN}?patient={failed.patient}"))
    assert found["outcome"] == "failed"
    assert found["criterion"][0]["standing"] == "failed"
    gated = next(g for g in run.screened.gated if g.study == STUDY)
    found = parts(ask(client, f"{SCREEN}?patient={gated.patient}"))
    assert (found["outcome"], found["gate"]) == ("gate-closed", gated.gate.value)
    inside = {s.patient for s in run.screened.subjects} | {g.patient for g in run.screened.gated}
    everybody = {line["id"] for line in _lines(Path(service.settings.folders["export"]) / "Patient.ndjson")}
    outside = min(everybody - inside)
    assert parts(ask(client, f"{SCREEN}?patient={outside}"))["outcome"] == "not-in-population"
    ask(client, f"{SCREEN}?patient=nobody-of-that-name", 404)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def test_what_screening_is_not_asked_for_is_refused(client: TestClient) -> None:
    said = ask(client, SCREEN, 400)["issue"][0]["diagnostics"]
    assert "Prefer: respond-async" in said
    ask(client, f"{SCREEN}?patient=a&who=me", 400)
    ask(client, f"{SCREEN}?patient=a&patient=b", 400)
    ask(client, f"{SCREEN}?patient=a b", 400)
    ask(client, f"{SCREEN}?patient=a&asOf=yesterday", 400)
    ask(client, f"{SCREEN}?patient=a&asOf=2026-02-30", 422)
    ask(client, f"{SCREEN}?patient=a&source=elsewhere", 422)
    ask(client, f"{SCREEN}?source=elsewhere", 422, headers=ASYNC)
    ask(client, f"{SCREEN}?patient=a&depth=full", 422)
    ask(client, "/fhir/ResearchStudy/NCT00000000/$screen?patient=a", 404)
    for wrong in (b"{", b"[]", b'{"resourceType": "Bundle"}', body_of(patient=None), b"null",
                  b'{"resourceType": "Parameters", "parameter": [{"name": "patient"}]}',
                  b'{"resourceType": "Parameters", "parameter": [null]}'):  # fmt: skip
        ask(client, SCREEN, 400, method="POST", content=wrong, headers=FHIR)
    ask(client, SCREEN, 415, method="POST", content=b"x", headers={"Content-Type": "text/plain"})


def test_a_study_that_is_closed_here_is_not_screened(fresh: TestClient, open_service: Service) -> None:
    with open_service.database.begin() as session:
        set_recruiting(session, Recruiting(STUDY, open_service.site, open=False), by="test", at=NOW)
    assert "not open" in ask(fresh, f"{SCREEN}?patient=esc-0001", 422)["issue"][0]["diagnostics"]
    ask(fresh, SCREEN, 422, method="POST", headers=ASYNC)


# --- everybody


def lease(service: Service) -> jobs.StoredJob:
    with service.database.begin() as session:
        job = jobs.lease(session, "a worker", ["screen"], NOW, 60)
    assert job is not None
    return job


def test_everybody_is_screened_in_the_background(fresh: TestClient, open_service: Service) -> None:
    begun = fresh.post(SCREEN, headers=ASYNC | FHIR, content=body_of(asOf="2026-11-02"))
    assert begun.status_code == 202
    here = urlsplit(begun.headers["content-location"]).path
    assert begun.headers["content-location"].startswith(f"{HERE}/fhir/")
    again = fresh.get(f"{SCREEN}?asOf=2026-11-02&depth=full", headers=ASYNC)
    assert again.headers["content-location"] == begun.headers["content-location"]

    waiting = fresh.get(here)
    assert (waiting.status_code, waiting.headers["x-progress"]) == (202, "waiting for a worker")
    job = lease(open_service)
    assert fresh.get(here).headers["x-progress"] == "looking for whom to screen"
    assert job.payload == {"studies": [STUDY], "source": "export", "cause": "manual"}
    with open_service.database.begin() as session:
        assert jobs.beat(session, job.id, "a worker", NOW, 60, (12, 30))
    running = fresh.get(here)
    assert (running.status_code, running.headers["x-progress"]) == (202, "12 of 30 patients")
    assert 1 <= int(running.headers["retry-after"]) <= 30
    assert fresh.get(f"{here}/ResearchSubject").status_code == 404

    with open_service.database.begin() as session:
        trouble = {"what": "Nothing answers"}
        assert jobs.hand_back(session, job.id, "a worker", not_before=NOW, error=trouble)
    again = fresh.get(here)
    assert (again.status_code, again.headers["x-progress"]) == (202, "to be tried again: Nothing answers")
    job = lease(open_service)
    with open_service.database.begin() as session:
        assert jobs.beat(session, job.id, "a worker", NOW, 60, (0, 30))
    again = fresh.get(here)
    assert (again.status_code, again.headers["x-progress"]) == (202, "tried again now: Nothing answers")
    with open_service.database.begin() as session:
        assert jobs.beat(session, job.id, "a worker", NOW, 60, (12, 30))
    assert fresh.get(here).headers["x-progress"] == "12 of 30 patients"

    with open_service.database.begin() as session:
        jobs.finish(
            session, job.id, "a worker", at=NOW, result={"complete": False, "statement": ["Not all."]}
        )
    done = fresh.get(here)
    assert (done.status_code, done.headers["content-type"]) == (200, "application/json")
    manifest = done.json()
    assert manifest["requiresAccessToken"] is False
    files = {each["type"]: each for each in manifest["output"]}
    for type, each in files.items():
        file = fresh.get(each["url"], headers={"Accept": "application/fhir+ndjson"})
        assert file.headers["content-type"] == "application/fhir+ndjson"
        lines = [orjson.loads(line) for line in file.content.splitlines()]
        assert len(lines) == each["count"] > 0
        assert {line["resourceType"] for line in lines} == {type}
        assert all(model_fault(line) is None for line in lines)
        if type == "ResearchSubject":
            assert lines == listed(fresh)
    (remark,) = manifest["error"]
    assert "Not all." in fresh.get(remark["url"]).text


def test_a_worker_screens_everybody(tmp_path: Path) -> None:
    with screened_service(tmp_path, NOW, patients=20):
        pass
    settings = settings_of(tmp_path) | {"FHIRSCREEN_WORKERS": "1"}
    with serving(tmp_path, **settings) as running, running.client() as client:
        begun = client.post(SCREEN, headers=ASYNC)
        assert begun.status_code == 202, begun.text
        until = time.monotonic() + 60
        while (answer := client.get(begun.headers["content-location"])).status_code == 202:
            assert answer.headers["x-progress"]
            assert time.monotonic() < until
            time.sleep(0.2)
        assert answer.status_code == 200, answer.text
        (file,) = [each for each in answer.json()["output"] if each["type"] == "List"]
        (made,) = [orjson.loads(line) for line in client.get(file["url"]).content.splitlines()]
        listed = client.get(f"/fhir/ResearchSubject?study={STUDY}&status=candidate,potential-candidate")
        assert len(made["entry"]) == listed.json()["total"] > 0


def test_a_screening_is_stopped(fresh: TestClient, open_service: Service) -> None:
    here = urlsplit(fresh.post(SCREEN, headers=ASYNC).headers["content-location"]).path
    assert fresh.delete(here).status_code == 202
    assert fresh.get(here).status_code == 404
    second = urlsplit(fresh.post(SCREEN, headers=ASYNC).headers["content-location"]).path
    assert second != here
    job = lease(open_service)
    assert fresh.delete(second).status_code == 202
    assert fresh.delete(second).status_code == 404
    ask(fresh, SCREEN, 409, method="POST", headers=ASYNC)
    with open_service.database.begin() as session:
        assert not jobs.beat(session, job.id, "a worker", NOW, 60)


def test_of_results_that_were_fetched_nothing_is_left(fresh: TestClient, open_service: Service) -> None:
    here = urlsplit(fresh.post(SCREEN, headers=ASYNC).headers["content-location"]).path
    job = lease(open_service)
    with open_service.database.begin() as session:
        jobs.finish(session, job.id, "a worker", at=NOW, result={"complete": True})
    assert fresh.get(here).status_code == 200
    assert fresh.delete(here).status_code == 202
    for gone in (here, f"{here}/ResearchSubject", f"{here}/List", f"{here}/OperationOutcome"):
        assert fresh.get(gone).status_code == 404
    assert fresh.delete(here).status_code == 404
    assert fresh.post(SCREEN, headers=ASYNC).status_code == 202, "and it may be asked for again"


def test_a_screening_that_failed_says_why(fresh: TestClient, open_service: Service) -> None:
    here = urlsplit(fresh.post(SCREEN, headers=ASYNC).headers["content-location"]).path
    job = lease(open_service)
    with open_service.database.begin() as session:
        jobs.fail(session, job.id, "a worker", at=NOW, error={"what": "no connection", "remedy": "try later"})
    failed = ask(fresh, here, 500)
    assert failed["issue"][0]["diagnostics"] == "no connection; remedy: try later"
    with open_service.database.begin() as session:
        other = jobs.enqueue(session, "forget", {}, by="x", at=NOW)
    ask(fresh, f"/fhir/jobs/{other.id}", 404)
    ask(fresh, "/fhir/jobs/no-such", 404)


# --- a FHIR server


@contextmanager
def over_server(folder: Path, **options: Any) -> Iterator[tuple[Service, TestClient, Searchable]]:
    """The same cohort on a server; nothing is in the store."""
    synthetic.write_ndjson(synthetic.generate(patients=30), folder)
    resources = [line for file in sorted(folder.glob("*.ndjson")) for line in _lines(file)]
    server = Searchable(resources, **options)
    settings = {"studies": f"{STUDY} {OTHER}", "site": str(mappings_folder() / "sites/demo.yaml")}
    with (
        service_for(
            folder, clock=lambda: NOW, transport=lambda _: server, servers={"main": {"url": BASE}}, **settings
        ) as service,
        client_of(service) as client,
    ):
        yield service, client, server


def test_one_patient_of_a_server_has_the_verdicts_of_everybodys_run(tmp_path: Path) -> None:
    with over_server(tmp_path) as (service, client, server):
        run = service.screen(service.panel().studies, "main")
        for subject in run.screened.subjects:
            assert service.look(subject.patient).assessed.subject(subject.study) == subject
        for gated in run.screened.gated:
            assert service.look(gated.patient).assessed.gate(gated.study) == gated.gate
        chosen = next(s for s in run.screened.subjects if s.study == STUDY and s.status is not None)
        found = parts(
            ask(client, f"/fhir/ResearchStudy/{STUDY}/$screen?patient={chosen.patient}", method="POST")
        )
        assert found["subject"]["individual"]["reference"] == f"{BASE}/Patient/{chosen.patient}"
        assert found["subject"]["id"] == subject_uuid(STUDY, BASE, chosen.patient)
        assert all(chosen.patient not in str(request.url) for request in server.requests)


def test_the_reference_that_is_answered_is_taken(tmp_path: Path) -> None:
    with over_server(tmp_path) as (service, client, server):
        run = service.screen(service.panel().studies, "main")
        id = next(s.patient for s in run.screened.subjects if s.study == STUDY and s.status is not None)
        path = f"/fhir/ResearchStudy/{STUDY}/$screen"
        body = body_of(patient=f"Patient/{id}")
        found = parts(ask(client, path, method="POST", content=body, headers=FHIR))
        whole = found["subject"]["individual"]["reference"]
        assert whole == f"{BASE}/Patient/{id}"
        for named in (whole, f"{HERE}/fhir/Patient/{id}", id):
            again = ask(client, path, method="POST", content=body_of(patient=named), headers=FHIR)
            assert parts(again)["subject"]["id"] == found["subject"]["id"]
            assert parts(ask(client, f"{path}?patient={named}"))["outcome"] == found["outcome"]
            assert ask(client, f"/fhir/ResearchSubject?patient={named}&study={STUDY}")["total"] == 1
        asked = len(server.requests)
        for other in (f"http://other.example/fhir/Patient/{id}", f"{BASE}/x/Patient/{id}"):
            for refused in (f"{path}?patient={other}", f"/fhir/ResearchSubject?patient={other}"):
                said = ask(client, refused, 422)["issue"][0]["diagnostics"]
                assert "another server" in said
                assert id not in said
        ask(client, f"{path}?patient={BASE}/Group/{id}", 400)
        assert len(server.requests) == asked, "nobody was asked about another patient"


def test_what_a_server_does_not_give_is_told_and_nothing_is_presumed(tmp_path: Path) -> None:
    with over_server(tmp_path, refuse=lambda type, _form: type == "Condition") as (_, client, _):
        patient = "esc-0001"
        whole = parts(ask(client, f"/fhir/Patient/{patient}/$studies"))
        assert whole["complete"] is False
        assert "Condition" in whole["gap"]
    (tmp_path / "other").mkdir()
    with over_server(tmp_path / "other", refuse=lambda _type, _form: True) as (_, client, _):
        assert ask(client, f"/fhir/Patient/{patient}/$studies", 502)["issue"][0]["code"] in (
            "security",
            "exception",
        )


# --- $studies


def test_the_studies_that_a_patient_might_fit_best_first(client: TestClient, service: Service) -> None:
    run = service.screen(service.panel().studies, "export")
    by_patient: dict[str, dict[str, Any]] = {}
    for subject in run.screened.subjects:
        if subject.status is not None:
            by_patient.setdefault(subject.patient, {})[subject.study] = subject
    patient, subjects = max(by_patient.items(), key=lambda item: (len(item[1]), item[0]))
    assert set(subjects) == {STUDY, OTHER}
    found = parts(ask(client, f"/fhir/Patient/{patient}/$studies"))
    assert (found["open"], found["complete"], found["asOf"]) == (2, True, "2026-11-02")
    assert {each["number"] for each in found["match"]} == {STUDY, OTHER}
    for each in found["match"]:
        subject = subjects[each["number"]]
        assert each["outcome"] == subject.status
        assert each["title"]
        assert all(criterion["standing"] == "open" for criterion in each["criterion"])
    best, last = found["match"]
    assert len(best["criterion"]) <= len(last["criterion"])
    posted = ask(
        client,
        f"/fhir/Patient/{patient}/$studies",
        method="POST",
        content=body_of(asOf="2026-11-02"),
        headers=FHIR,
    )
    assert parts(posted) == found
    ask(client, "/fhir/Patient/nobody/$studies", 404)


def test_a_study_that_was_refused_at_a_visit_is_left_out(fresh: TestClient, open_service: Service) -> None:
    from tests.functional.service.fhir.test_writes import decide

    subject = listed(fresh)[0]
    path = f"/fhir/{subject['individual']['reference']}/$studies"
    assert STUDY in {each["number"] for each in parts(ask(fresh, path))["match"]}
    with open_service.database.begin() as session:
        one = find_subject(session, subject["id"])
        assert one is not None
        cards.refuse(session, one.base, one.patient, STUDY, "patient-declined", by="u1", at=NOW)
    assert STUDY not in {each["number"] for each in parts(ask(fresh, path)).get("match", ())}
    assert decide(fresh, subject, str(subject["status"]), "").status_code == 200
    assert STUDY in {each["number"] for each in parts(ask(fresh, path))["match"]}, "a person reopened it"


def test_a_study_that_a_person_ruled_out_is_left_out(fresh: TestClient) -> None:
    from tests.functional.service.fhir.test_writes import decide

    subject = listed(fresh)[0]
    path = f"/fhir/{subject['individual']['reference']}/$studies"
    assert STUDY in fresh.get(path).text
    assert decide(fresh, subject, "ineligible", "Declined").status_code == 200
    assert STUDY not in {each["number"] for each in parts(ask(fresh, path)).get("match", ())}
