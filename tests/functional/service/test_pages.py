"""The pages as a browser asks for them: who may see what, what is written down, two at once, errors."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import delete, text
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from fhirscreen.outputs.disclosures import FURTHER_REVIEW_SAYS, is_sensitive
from fhirscreen.screening.listings import covering_run
from fhirscreen.store import jobs
from fhirscreen.store.reviews import list_reviews
from fhirscreen.store.runs import begin_run, end_run, list_runs
from fhirscreen.store.standings import StoredSubject
from fhirscreen.store.studies import Recruiting, set_recruiting
from fhirscreen.store.subjects import find_subject, find_subjects, find_verdicts
from fhirscreen.store.tables import RunRow
from fhirscreen.web.tellings import find_evidence
from tests.lib.demo import STUDIES, demo_plan
from tests.lib.listings import list_audits
from tests.lib.pages import NOON, STUDY, demo_service, pages_of, screen_again, subject_of, token_of
from tests.lib.service import HERE

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9"}
STRICT = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Nobody signs in: whoever sits at this machine."""
    with demo_service(tmp_path_factory.mktemp("pages")) as service:
        yield service


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(pages_of(service), base_url=HERE, headers=HTML, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """People sign in with tokens."""
    with demo_service(tmp_path_factory.mktemp("guarded"), access={"mode": "token"}) as service:
        yield service


@pytest.fixture(scope="module")
def app(guarded: Service) -> Iterator[TestClient]:
    """Keeps the application of `guarded` alive."""
    with TestClient(pages_of(guarded), headers=HTML) as client:
        yield client


def signed_in(app: TestClient, service: Service, role: str, *scopes: str) -> TestClient:
    """A browser of its own, of somebody who has signed in."""
    browser = TestClient(app.app, headers=HTML, raise_server_exceptions=False)
    form = browser.get("/sign-in")
    sent = {"token": token_of(service, role, *scopes), "form_token": mark_of(form.text), "onward": "/studies"}
    answer = browser.post("/sign-in", data=sent, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/studies")
    return browser


def mark_of(html: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def version_of(html: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', html)
    assert found is not None
    return found[1]


def path_of(subject: StoredSubject) -> str:
    return f"/studies/{subject.study}/subjects/{subject.id}"


def current(service: Service, id: str) -> StoredSubject:
    with service.database.reading() as session:
        found = find_subject(session, id)
    assert found is not None
    return found


def decide(browser: TestClient, path: str, html: str, decision: str, because: str = "", **more: str) -> int:
    """Sends the form of a page as it was opened."""
    sent = {"form_token": mark_of(html), "version": version_of(html), "decision": decision}
    answer = browser.post(path, data=sent | {"because": because} | more, follow_redirects=False)
    return int(answer.status_code)


# --- what the pages say


def test_the_index_tells_of_each_open_study_and_its_last_run(client: TestClient, service: Service) -> None:
    assert client.get("/", follow_redirects=False).headers["location"] == "/studies"
    html = client.get("/studies").text
    with service.database.reading() as session:
        for study in STUDIES:
            number = sum(1 for each in find_subjects(session, study=study) if each.status == "candidate")
            row = html[html.index(f'href="/studies/{study}"') :]
            assert f"<strong>{number}</strong>" in row[: row.index("</tr>")]
        (run,) = list_runs(session)
    assert f"/runs/{run.id}" in html
    assert "120 patients" in html


def test_a_run_that_could_not_read_everything_says_so(tmp_path: Path) -> None:
    with demo_service(tmp_path, patients=40) as service:
        broken = tmp_path / "export" / "broken.ndjson"
        broken.write_text("{\n")
        screen_again(service)
        with TestClient(pages_of(service), base_url=HERE, headers=HTML) as client:
            for path in ("/studies", f"/studies/{STUDY}"):
                assert "set aside" in client.get(path).text
            assert "Not everything could be read" in client.get("/runs").text


def test_a_patient_s_page_says_where_each_criterion_stands(client: TestClient, service: Service) -> None:
    subject = subject_of(service, "potential-candidate")
    html = unescape(client.get(path_of(subject)).text)
    with service.database.reading() as session:
        verdicts = find_verdicts(session, subject.id)
    study = demo_plan().studies[0].study
    assert all(study.criterion(each.criterion).says in html for each in verdicts if each.kind == "inclusion")
    for each in verdicts:
        if each.standing == "open":
            assert all(reference in html for reference in each.evidence)
    # How parts go together is said in words, not in brackets, and no part twice.
    assert "if any of these: " in html
    assert "then never: " in html
    assert not re.search(r"[(]not |[)] (and|or) [(]|not [(]", html)
    # A negation is not folded away: below it the answer is the other way round.
    judged = html[html.index("Tumour keeps clear") :]
    judged = judged[judged.index("this, and then the investigator judges: ") :]
    assert "that this is not so: <strong" in judged[: judged.index("site of the oesophageal tumour")]
    # One record decides both readings of a question: it stands beside the criterion.
    assert re.search(r"Haemoglobin at least 11 as registered</span>: <span class=\"why\">\d+ g/L, ", html)
    assert subject.patient in html


def test_evidence_is_linked_where_it_can_be_looked_at() -> None:
    find = find_evidence("https://ehr.example/fhir")
    assert find("Observation/1").url == "https://ehr.example/fhir/Observation/1"
    assert find("Observation/1?x=<script>").url is None
    assert find("javascript:alert(1)").url is None
    assert find_evidence(None)("Observation/1").url is None


def test_no_patient_stands_in_an_address(client: TestClient, service: Service) -> None:
    with service.database.reading() as session:
        patients = {each.patient for each in find_subjects(session)}
    for path in ("/studies", f"/studies/{STUDY}", path_of(subject_of(service, "candidate"))):
        for address in re.findall(r'(?:href|src|action)="([^"]+)"', client.get(path).text):
            assert not any(patient in address for patient in patients)


def test_pages_let_no_script_and_no_style_of_others_in(client: TestClient, service: Service) -> None:
    for path in ("/studies", f"/studies/{STUDY}", path_of(subject_of(service, "candidate")), "/runs"):
        answer = client.get(path)
        assert answer.headers["content-security-policy"].startswith(STRICT)
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", answer.text)


# --- what is written down


def test_whoever_sees_a_patient_is_written_down(client: TestClient, service: Service) -> None:
    subject = subject_of(service, "candidate")
    with service.database.reading() as session:
        before = len(list_audits(session, limit=10_000))
    client.get("/studies")
    client.get("/runs")
    with service.database.reading() as session:
        assert len(list_audits(session, limit=10_000)) == before
    client.get(path_of(subject))
    with service.database.reading() as session:
        (entry,) = list_audits(session, limit=10_000)[:-before] if before else list_audits(session)
    assert (entry.action, entry.patient, entry.study, entry.who) == ("R", subject.patient, STUDY, "local")
    html = client.get(f"/studies/{STUDY}").text
    with service.database.reading() as session:
        told = {each.patient for each in list_audits(session, limit=10_000) if each.action == "E"}
    shown = set(re.findall(r'<a class="patient"[^>]*>([^<]+)</a>', html))
    assert shown
    assert shown <= told


# --- decisions


def test_a_decision_needs_a_reason_and_is_kept(client: TestClient, service: Service) -> None:
    subject = subject_of(service, "potential-candidate")
    path = path_of(subject)
    html = client.get(path).text
    assert decide(client, path, html, "not-suitable", "  ") == 422
    assert decide(client, path, html, "eligible") == 422
    assert decide(client, path, html, "not-suitable", "no" * 1500) == 422
    assert current(service, subject.id).person_status is None
    assert decide(client, path, html, "not-suitable", "x <i>", criterion="no-such") == 422
    assert decide(client, path, html, "not-suitable", "Too frail <i>") == 303
    stored = current(service, subject.id)
    assert (stored.person_status, stored.person_reason, stored.person_by) == (
        "ineligible",
        "Too frail <i>",
        "local",
    )
    shown = client.get(path).text
    assert "Too frail &lt;i&gt;" in shown
    assert decide(client, path, shown, "reopened") == 303
    assert current(service, subject.id).person_status is None
    with service.database.reading() as session:
        assert [each.decision for each in list_reviews(session, subject.id)] == ["not-suitable", "reopened"]
        assert [each.action for each in list_audits(session, patient=subject.patient)].count("U") == 2


def test_of_two_people_at_once_the_second_is_told(client: TestClient, service: Service) -> None:
    subject = subject_of(service, "candidate")
    path = path_of(subject)
    html = client.get(path).text
    assert decide(client, path, html, "suitable") == 303
    sent = {"form_token": mark_of(html), "version": version_of(html), "decision": "not-suitable"}
    late = client.post(path, data=sent | {"because": "mine was later"})
    assert late.status_code == 409
    assert "mine was later" in late.text
    assert "has changed since" in late.text
    assert current(service, subject.id).person_status == "eligible"
    assert version_of(late.text) != version_of(html)


def test_a_form_of_another_site_changes_nothing(client: TestClient, service: Service) -> None:
    subject = subject_of(service, "potential-candidate")
    path = path_of(subject)
    html = client.get(path).text
    sent = {"form_token": mark_of(html), "version": version_of(html), "decision": "suitable"}
    assert client.post(path, data=sent | {"form_token": "x"}).status_code == 403
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post(path, data=sent, headers=header).status_code == 403
    assert current(service, subject.id).version == subject.version


# --- who may see what


def test_who_is_not_signed_in_is_led_to_sign_in(guarded: Service, app: TestClient) -> None:
    path = path_of(subject_of(guarded, "candidate"))
    stranger = TestClient(app.app, headers=HTML)
    for each in ("/studies", f"/studies/{STUDY}", path, "/runs"):
        answer = stranger.get(each, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?")
    with guarded.database.reading() as session:
        assert not list_audits(session)


def test_sensitive_criteria_are_for_coordinators_and_investigators(guarded: Service, app: TestClient) -> None:
    study = demo_plan().studies[0].study
    sensitive = {each.id for each in study.criteria if is_sensitive(each, demo_plan().catalogue)}
    with guarded.database.reading() as session:
        subject = next(
            each
            for each in find_subjects(session, study=STUDY, status="potential-candidate")
            if any(
                verdict.standing == "open" and verdict.criterion in sensitive
                for verdict in find_verdicts(session, each.id)
            )
        )
    says = [study.criterion(id).says for id in sensitive]
    assert says
    for role, scopes in (("admin", ()), ("", ("system/*.rs",))):
        html = unescape(signed_in(app, guarded, role, *scopes).get(path_of(subject)).text)
        assert FURTHER_REVIEW_SAYS in html
        assert not any(each in html for each in says), role
    for role in ("coordinator", "investigator"):
        html = unescape(signed_in(app, guarded, role).get(path_of(subject)).text)
        assert all(each in html for each in says)


def test_a_list_names_what_is_sensitive_to_those_who_read_it_on_the_patients_page(
    guarded: Service, app: TestClient
) -> None:
    study = demo_plan().studies[0].study
    says = [each.says for each in study.criteria if is_sensitive(each, demo_plan().catalogue)]
    path = f"/studies/{STUDY}"
    for role, scopes in (("admin", ()), ("", ("system/*.rs",))):
        rows = _rows(signed_in(app, guarded, role, *scopes).get(path).text)
        assert FURTHER_REVIEW_SAYS in rows
        assert not any(each in rows for each in says), role
    for role in ("coordinator", "investigator"):
        rows = _rows(signed_in(app, guarded, role).get(path).text)
        assert FURTHER_REVIEW_SAYS not in rows
        assert any(each in rows for each in says), role


def _rows(html: str) -> str:
    """The list on a page of a study, without its attrition, which names every criterion."""
    return unescape(html).partition('<section aria-labelledby="attrition">')[0]


def test_a_designer_sees_counts_without_small_cells_and_no_patient(guarded: Service, app: TestClient) -> None:
    designer = signed_in(app, guarded, "designer")
    html = designer.get(f"/studies/{STUDY}").text
    with guarded.database.reading() as session:
        patients = {each.patient for each in find_subjects(session)}
        (run,) = list_runs(session)
    counts = run.counts["studies"][STUDY]["criteria"]
    assert any(0 < each["failed"] < 5 for each in counts)
    assert not any(patient in html for patient in patients)
    assert "attrition" in html.lower()
    for path in (f"/studies/{STUDY}", f"/runs/{run.id}"):
        shown = designer.get(path).text
        cells = re.findall(r'data-label="[^"]+">([^<]+)</td>', shown)
        assert cells
        assert not {"1", "2", "3", "4"} & set(cells)
    picture, whole = (
        browser.get(f"/runs/{run.id}/{STUDY}.svg").text
        for browser in (designer, signed_in(app, guarded, "coordinator"))
    )
    assert picture != whole
    assert designer.get(path_of(subject_of(guarded, "candidate"))).status_code == 403


def test_who_asks_cannot_tell_a_patient_that_is_there_from_one_that_is_not(
    guarded: Service, app: TestClient
) -> None:
    known = subject_of(guarded, "candidate")
    there = path_of(known)
    elsewhere = f"/studies/{STUDIES[1]}/subjects/{known.id}"
    nowhere = f"/studies/{STUDY}/subjects/00000000-0000-0000-0000-000000000000"
    with guarded.database.reading() as session:
        before = len(list_audits(session, limit=10_000))
    for browser, paths, status in (
        (signed_in(app, guarded, "designer"), (there, elsewhere, nowhere), 403),
        (signed_in(app, guarded, "coordinator"), (elsewhere, nowhere), 404),
        (TestClient(app.app, headers=HTML, follow_redirects=False), (there, elsewhere, nowhere), 303),
    ):
        answers = [browser.get(path) for path in paths]
        assert {answer.status_code for answer in answers} == {status}
        told = {re.sub(r"<code>.*?</code>", "", answer.text) for answer in answers}
        assert len(told) == 1
        form = {"decision": "suitable", "version": "1"}
        sent = {browser.post(path, data=form).status_code for path in paths}
        assert sent == {401 if status == 303 else 403}
    with guarded.database.reading() as session:
        everything = list_audits(session, limit=10_000)
    new = everything[: len(everything) - before]
    assert [(each.patient, each.study, each.outcome) for each in new] == [(None, None, "4")] * 3, "who tried"


def test_what_rests_on_nothing_has_no_proof(client: TestClient, service: Service) -> None:
    html = client.get(path_of(subject_of(service, "candidate"))).text
    assert '<p class="criterion"><span class="says">Any sex</span></p>' in html


def test_of_whom_no_criterion_was_looked_at_none_is_told(client: TestClient, service: Service) -> None:
    with service.database.reading() as session:
        gated = next(each for each in find_subjects(session, study=STUDY) if each.gate is not None)
    html = client.get(path_of(gated)).text
    assert "Not screened" in html
    assert not re.search(r'<h2 id="(failed|open|met)"', html)


def test_who_may_only_look_gets_no_form(guarded: Service, app: TestClient) -> None:
    subject = subject_of(guarded, "candidate")
    looking = signed_in(app, guarded, "", "system/*.rs")
    html = looking.get(path_of(subject)).text
    assert 'name="decision"' not in html
    sent = {"form_token": mark_of(html), "version": str(subject.version), "decision": "suitable"}
    assert looking.post(path_of(subject), data=sent).status_code == 403
    assert current(guarded, subject.id).version == subject.version


# --- errors


def test_errors_are_pages_without_details_for_browsers_alone(client: TestClient, service: Service) -> None:
    subject = subject_of(service, "candidate")
    nowhere = (
        "/nowhere",
        "/studies/NCT00000000",
        f"/studies/{STUDY}/subjects/{subject.patient}",
        f"/studies/{STUDIES[1]}/subjects/{subject.id}",
        "/runs/nothing",
        "/runs/nothing/x.svg",
    )
    for path in nowhere:
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is no such page" in answer.text
        assert answer.headers["content-security-policy"].startswith(STRICT)
        assert answer.headers["x-request-id"] in answer.text
    program = client.get("/nowhere", headers={"Accept": "application/fhir+json"})
    assert program.json()["resourceType"] == "OperationOutcome"
    assert client.get("/fhir/Patient/1").headers["content-type"].startswith("application/fhir+json")
    assert client.post("/studies").status_code == 405


def test_a_screening_that_met_trouble_is_no_screening_that_waits(tmp_path: Path) -> None:
    with (
        demo_service(tmp_path, patients=10) as service,
        TestClient(pages_of(service), base_url=HERE, headers=HTML) as client,
    ):
        at = service.clock()
        with service.database.begin() as session:
            jobs.enqueue(session, "screen", {}, by="schedule nightly", at=at)
            job = jobs.lease(session, "w", ["screen"], at, 60)
            assert job is not None
            jobs.hand_back(session, job.id, "w", not_before=at, error={"what": "Nothing answers"})
        shown = client.get("/studies").text
    assert "A screening could not be done yet</strong>: Nothing answers." in shown
    assert "waits to begin" not in shown


def test_what_fails_is_told_without_its_text(tmp_path: Path) -> None:
    with (
        demo_service(tmp_path, patients=10) as service,
        TestClient(pages_of(service), base_url=HERE, headers=HTML, raise_server_exceptions=False) as client,
    ):
        with service.database.begin() as session:
            session.execute(text("DROP TABLE reviews"))
        answer = client.get(f"/studies/{STUDY}")
        assert answer.status_code in {500, 503}
        assert "reviews" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["content-type"].startswith("text/html")


def test_a_run_says_which_studies_in_which_versions(client: TestClient, service: Service) -> None:
    with service.database.begin() as session:
        run = begin_run(
            session, cause="manual", source="gone", base="urn:gone", as_of=NOON.date(), engine="memory",
            depth="full", studies={"NCT00000001": 3, STUDY: 1}, mappings="x", by="ito", at=NOON,
        )  # fmt: skip
        end_run(session, run.id, state="failed", counts={}, statement=[], at=NOON)
    answer = client.get(f"/runs/{run.id}")
    assert answer.status_code == 200, answer.text
    page = answer.text
    assert "NCT00000001</a>, version 3" in page
    assert f"{STUDY}</a>, version 1" in page


def test_who_is_listed_before_everybody_was_screened_is_no_contradiction(tmp_path: Path) -> None:
    with demo_service(tmp_path, patients=20) as service:
        with service.database.begin() as session:
            session.execute(delete(RunRow))
        with TestClient(pages_of(service), base_url="http://localhost:8000") as browser:
            index = browser.get("/studies").text
    rows = {STUDY in row: row for row in index.split("<tr>")}
    assert "Never screened" not in rows[True]
    assert "Not everybody was screened yet: who is listed was looked at alone" in index


def test_a_run_long_ago_is_remembered(tmp_path: Path) -> None:
    with demo_service(tmp_path, patients=20) as service:
        with service.database.begin() as session:
            (covering,) = list_runs(session)
            for number in range(120):
                run = begin_run(
                    session, cause="nightly", source="export", base=covering.base, as_of=NOON.date(),
                    engine="memory", depth="full", studies={"NCT00000001": 1}, mappings="x", by="nightly",
                    at=NOON + timedelta(days=number + 1),
                )  # fmt: skip
                end_run(session, run.id, state="done", counts={}, statement=[], at=NOON)
        with service.database.reading() as session:
            assert covering_run(session, STUDY, covering.base) == covering


def test_the_screening_log_is_a_link_away_for_whoever_signs_in(guarded: Service, app: TestClient) -> None:
    path = f"/studies/{STUDY}/screening-log.csv"
    coordinator = signed_in(app, guarded, "coordinator")
    assert path in coordinator.get(f"/studies/{STUDY}").text
    answer = coordinator.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.content.startswith("\ufeffstudy,".encode()), "a spreadsheet is told the encoding"
    with guarded.database.reading() as session:
        known = {each.patient for each in find_subjects(session, study=STUDY)}
        told = {each.patient for each in list_audits(session, limit=100_000) if each.what == "log"}
    rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert {row["patient"] for row in rows} == known == told
    assert signed_in(app, guarded, "designer").get(path).status_code == 403
    assert coordinator.get("/studies/NCT00000000/screening-log.csv").status_code == 404
    assert TestClient(app.app, headers=HTML).get(path, follow_redirects=False).status_code == 303


def test_a_study_says_until_when_and_for_how_many_it_recruits(guarded: Service, app: TestClient) -> None:
    path = f"/studies/{STUDY}"
    coordinator = signed_in(app, guarded, "coordinator")
    assert "Recruiting here" not in coordinator.get(path).text
    said = Recruiting(STUDY, guarded.site, True, None, date(2099, 3, 31), 1)
    with guarded.database.begin() as session:
        set_recruiting(session, said, by="someone", at=NOON)
    assert "until 31 Mar 2099, 1 slot left" in unescape(coordinator.get(path).text)
