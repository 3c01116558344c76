"""Every route of the service, what it needs and writes down, and a call of each about one patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
from starlette.testclient import TestClient

from fhirscreen.bootstrap.background import make_worker
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.subjects import list_uuid, subject_uuid
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.jobs.subscriptions import HEADER
from fhirscreen.store import cards, jobs, runs, subjects
from tests.lib.ehr import make_call
from tests.lib.listings import list_audits
from tests.lib.pages import pages_of
from tests.lib.searchable import Searchable
from tests.lib.service import HERE, service_for
from tests.lib.transport import BASE

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
PATIENT = "zuse-4711"
SECRETS = (PATIENT, "Konradine", "Auffaellig", "MRN0815", "173.25", "1961-07-19", "Zieht weg")
"""What of the patient may stand in no log."""

STUDY = "NCT00000001"
DEFINITION = f"""\
study: {STUDY}
title: Oesophageal cancer with enough platelets
population: {{cancer: oesophageal-cancer}}
status: active
inclusion:
  - id: platelets
    says: Platelets of 100 or more
    measured: {{concept: platelet-count, at_least: 100 10*9/L}}
"""
_STATUS = "http://terminology.hl7.org/CodeSystem/condition-"


def record(patient: str = PATIENT, value: float = 173.25) -> list[dict[str, Any]]:
    """The patient: a name, a number, a birth date, a cancer and a value."""
    subject = {"reference": f"Patient/{patient}"}
    return [
        {
            "resourceType": "Patient",
            "id": patient,
            "identifier": [{"system": "urn:mrn", "value": "MRN0815"}],
            "name": [{"family": "Auffaellig", "given": ["Konradine"]}],
            "birthDate": "1961-07-19",
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            "subject": subject,
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C15.4"}]},
            "clinicalStatus": {"coding": [{"system": f"{_STATUS}clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": f"{_STATUS}ver-status", "code": "confirmed"}]},
            "onsetDateTime": "2026-10-02",
        },
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "subject": subject,
            "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
            "effectiveDateTime": "2026-10-30",
            "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "10*9/L"},
        },
    ]


@dataclass
class Served:
    """A service that knows the patient, and whoever asks it."""

    service: Service
    client: TestClient
    server: Searchable
    id: str = subject_uuid(STUDY, BASE, PATIENT)
    job: str = ""
    run: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def version(self) -> int:
        """The subject's, now."""
        with self.service.database.reading() as session:
            found = subjects.find_subject(session, self.id)
        assert found is not None
        return found.version

    def card(self) -> str:
        """The uuid of a card that was just shown."""
        uuid = f"00000000-0000-4000-8000-{next(self._numbers):012}"
        with self.service.database.begin() as session:
            cards.show_card(
                session, uuid=uuid, hook_instance="h", base=BASE, patient=PATIENT, studies=[STUDY],
                by="Practitioner/1", at=self.service.clock(),
            )  # fmt: skip
        return uuid

    def audit(self) -> str:
        """The id of an entry about the patient."""
        with self.service.database.reading() as session:
            return list_audits(session, patient=PATIENT, limit=1)[0].uuid

    def waiting_job(self) -> str:
        """A screening that nobody has taken up."""
        with self.service.database.begin() as session:
            payload = {"studies": [STUDY], "source": "main"}
            return jobs.enqueue(session, SCREEN, payload, by="ito", at=self.service.clock()).id

    def prefetch(self) -> dict[str, Any]:
        """What an EHR sends along."""
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}
        templates = self.client.get("/cds-services").json()["services"][0]["prefetch"]
        return {key: record()[0] if key == "patient" else bundle for key in templates}

    def subject(self) -> dict[str, Any]:
        """The ResearchSubject as it is."""
        found: dict[str, Any] = self.client.get(f"/fhir/ResearchSubject/{self.id}").json()
        return found

    def form_token(self) -> str:
        """What a form of the pages carries."""
        page = self.client.get(f"/studies/{STUDY}/subjects/{self.id}").text
        return str(page).partition('name="form_token" value="')[2].partition('"')[0]

    def look_again(self, value: float) -> None:
        """Screens the patient anew, with another value."""
        self.server._resources = sorted(record(value=value), key=lambda each: str(each["id"]))
        with self.service.database.begin() as session:
            payload = {"source": "main", "patients": [PATIENT], "cause": "update"}
            jobs.enqueue(session, SCREEN, payload, by="ito", at=self.service.clock())
        worker = make_worker(self.service)
        while worker.work_once():
            pass


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The service after a night's run over a FHIR server that has the patient; nobody need sign in."""
    (folder / "study.yaml").write_text(DEFINITION)
    server = Searchable(record())
    ticks = count()
    settings: dict[str, Any] = {
        "studies": str(folder / "study.yaml"),
        "servers": {"main": {"url": BASE}},
        "updates": {"mode": "subscription", "secret": "open sesame"},
        "cds": {"required": False},
    }
    with service_for(
        folder,
        clock=lambda: NOON + timedelta(milliseconds=next(ticks)),
        transport=lambda _: server,
        **settings,
    ) as service:
        # Not entered: the background work does not begin.
        made = Served(
            service, TestClient(pages_of(service), base_url=HERE, raise_server_exceptions=False), server
        )
        made.job = made.waiting_job()
        assert make_worker(service).work_once()
        with service.database.reading() as session:
            made.run = runs.list_runs(session)[0].id
            assert jobs.list_jobs(session)[0].state == "done"
        yield made


Sent = tuple[str, dict[str, Any]]
OPEN, SIGNED_IN, JWT, SHARED = "open to anybody", "signed in", "a JWT of the EHR", "the shared secret"


@dataclass(frozen=True)
class Route:
    """`need`: a scope, or one of the words above; `page` where it is a page. `tells`: the audit's action;
    None where nothing of a patient is in it. `names`: whether it names the patient. `send`: an address and
    what goes along.
    """

    need: str
    send: Callable[[Served], Sent]
    tells: str | None = None
    names: bool = True
    page: bool = False


def at(path: str, **given: Any) -> Callable[[Served], Sent]:
    """An address with `{job}` and the like filled in."""

    def send(made: Served) -> Sent:
        known = {"id": made.id, "job": made.job, "run": made.run, "study": STUDY, "patient": PATIENT}
        return path.format(**known), dict(given)

    return send


def _review(made: Served) -> Sent:
    body = {"decision": "not-suitable", "because": "Zieht weg", "version": made.version}
    return f"/api/subjects/{made.id}/reviews", {"json": body}


def _again(made: Served) -> Sent:
    """A decision, and then the value that it rests on is another."""
    body = {"decision": "not-suitable", "because": "Zieht weg", "criteria": ["platelets"]}
    assert made.client.post(f"/api/subjects/{made.id}/reviews", json=body).status_code < 300
    made.look_again(180.5 + next(made._numbers))
    return f"/api/reviews?study={STUDY}", {}


def _leave(made: Served) -> Sent:
    return "/sign-out", {"data": {"form_token": made.form_token()}, "follow_redirects": False}


def _put_subject(made: Served) -> Sent:
    given = made.subject()
    headers = {"If-Match": f'W/"{made.version}"', "Content-Type": "application/fhir+json"}
    body = given | {"status": "potential-candidate"}
    return f"/fhir/ResearchSubject/{made.id}", {"content": orjson.dumps(body), "headers": headers}


def _decide(made: Served) -> Sent:
    form = {"form_token": made.form_token(), "version": str(made.version), "decision": "suitable"}
    return f"/studies/{STUDY}/subjects/{made.id}", {"data": form, "follow_redirects": False}


def _feedback(made: Served) -> Sent:
    item = {
        "card": made.card(),
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "patient-declined"}, "userComment": "Konradine Zieht weg"},
        "outcomeTimestamp": "2026-11-02T12:00:00Z",
    }
    return "/cds-services/trials-patient-view/feedback", {"json": {"feedback": [item]}}


def _put_study(_made: Served) -> Sent:
    headers = {"Content-Type": "application/yaml"}
    return f"/fhir/ResearchStudy/{STUDY}", {"content": DEFINITION.encode(), "headers": headers}


_NEWS = {"headers": {HEADER: "open sesame"}}
_RESULT = {"json": record()[2], **_NEWS}
_SEARCH = {"content": f"patient={PATIENT}", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
_NOTHING: dict[str, Any] = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
_SUBJECT, _SUBJECTS = "system/ResearchSubject.r", "system/ResearchSubject.rs"
_PAGE = {"headers": {"Accept": "text/html"}, "follow_redirects": False}

ROUTES: dict[str, Route] = {
    "GET /openapi.json": Route(OPEN, at("/openapi.json")),
    "HEAD /openapi.json": Route(OPEN, at("/openapi.json")),
    "GET /health/live": Route(OPEN, at("/health/live")),
    "GET /health/ready": Route(OPEN, at("/health/ready")),
    "GET /metrics": Route(OPEN, at("/metrics")),
    "GET /fhir/metadata": Route(OPEN, at("/fhir/metadata")),
    "GET /fhir/OperationDefinition/{id}": Route(
        "system/OperationDefinition.r", at("/fhir/OperationDefinition/screen")
    ),
    # studies
    "GET /fhir/ResearchStudy/{id}": Route("system/ResearchStudy.r", at("/fhir/ResearchStudy/{study}")),
    "GET /fhir/ResearchStudy/{id}/_history/{version}": Route(
        "system/ResearchStudy.r", at("/fhir/ResearchStudy/{study}/_history/1")
    ),
    "GET /fhir/ResearchStudy": Route("system/ResearchStudy.s", at("/fhir/ResearchStudy")),
    "POST /fhir/ResearchStudy/_search": Route(
        "system/ResearchStudy.s", at("/fhir/ResearchStudy/_search", **_NOTHING)
    ),
    "POST /fhir/ResearchStudy/$read-record": Route(
        "system/ResearchStudy.r",
        at(
            "/fhir/ResearchStudy/$read-record",
            content="ALT < 2 x ULN",
            headers={"Content-Type": "text/plain"},
        ),
    ),
    "PUT /fhir/ResearchStudy/{id}": Route("system/ResearchStudy.u", _put_study),
    "GET /fhir/Group/{id}": Route("system/Group.r", at("/fhir/Group/none")),
    "GET /fhir/Group": Route("system/Group.s", at("/fhir/Group")),
    "POST /fhir/Group/_search": Route("system/Group.s", at("/fhir/Group/_search", **_NOTHING)),
    "GET /api/studies/{id}/recruiting": Route(
        "system/ResearchStudy.rs", at("/api/studies/{study}/recruiting")
    ),
    "PUT /api/studies/{id}/recruiting": Route(
        "system/ResearchStudy.u", at("/api/studies/{study}/recruiting", json={"open": True}), "U", names=False
    ),
    # lists and subjects
    "GET /fhir/List/{id}": Route(
        "system/List.r", at(f"/fhir/List/{list_uuid(STUDY, BASE)}"), "R", names=False
    ),
    "GET /fhir/List": Route("system/List.s", at("/fhir/List"), "E", names=False),
    "POST /fhir/List/_search": Route("system/List.s", at("/fhir/List/_search", **_NOTHING), "E", names=False),
    "GET /fhir/ResearchSubject/{id}": Route(_SUBJECT, at("/fhir/ResearchSubject/{id}"), "R"),
    "GET /fhir/ResearchSubject": Route(
        "system/ResearchSubject.s", at("/fhir/ResearchSubject?patient={patient}"), "E"
    ),
    "POST /fhir/ResearchSubject/_search": Route(
        "system/ResearchSubject.s", at("/fhir/ResearchSubject/_search", **_SEARCH), "E"
    ),
    "PUT /fhir/ResearchSubject/{id}": Route("system/ResearchSubject.u", _put_subject, "U"),
    "GET /api/changes": Route(_SUBJECTS, at("/api/changes?since=2026-11-01T00:00:00Z"), "E"),
    "GET /api/studies/{id}/log.csv": Route(_SUBJECTS, at("/api/studies/{study}/log.csv"), "E"),
    "GET /api/studies/{id}/responses": Route(_SUBJECTS, at("/api/studies/{study}/responses")),
    "GET /api/subjects/{id}/reviews": Route(_SUBJECTS, at("/api/subjects/{id}/reviews"), "R"),
    "POST /api/subjects/{id}/reviews": Route("system/ResearchSubject.u", _review, "U"),
    "GET /api/reviews": Route(_SUBJECTS, _again, "E"),
    # operations and jobs
    "GET /fhir/ResearchStudy/{id}/$screen": Route(
        _SUBJECTS, at("/fhir/ResearchStudy/{study}/$screen?patient={patient}"), "E"
    ),
    "POST /fhir/ResearchStudy/{id}/$screen": Route(
        "system/ResearchSubject.u", at("/fhir/ResearchStudy/{study}/$screen?patient={patient}"), "E"
    ),
    "GET /fhir/Patient/{id}/$studies": Route(_SUBJECTS, at("/fhir/Patient/{patient}/$studies"), "E"),
    "POST /fhir/Patient/{id}/$studies": Route(_SUBJECTS, at("/fhir/Patient/{patient}/$studies"), "E"),
    "GET /fhir/jobs/{id}": Route(_SUBJECTS, at("/fhir/jobs/{job}")),
    "DELETE /fhir/jobs/{id}": Route(
        "system/ResearchSubject.u", lambda made: (f"/fhir/jobs/{made.waiting_job()}", {})
    ),
    "GET /fhir/jobs/{id}/ResearchSubject": Route(_SUBJECTS, at("/fhir/jobs/{job}/ResearchSubject"), "E"),
    "GET /fhir/jobs/{id}/List": Route(_SUBJECTS, at("/fhir/jobs/{job}/List"), "E", names=False),
    "GET /fhir/jobs/{id}/OperationOutcome": Route(_SUBJECTS, at("/fhir/jobs/{job}/OperationOutcome")),
    # the audit trail
    "GET /fhir/AuditEvent/{id}": Route(
        "system/AuditEvent.r", lambda made: (f"/fhir/AuditEvent/{made.audit()}", {}), "R"
    ),
    "GET /fhir/AuditEvent": Route("system/AuditEvent.s", at("/fhir/AuditEvent?patient={patient}"), "E"),
    "POST /fhir/AuditEvent/_search": Route(
        "system/AuditEvent.s", at("/fhir/AuditEvent/_search", **_SEARCH), "E"
    ),
    # others' programs
    "GET /cds-services": Route(OPEN, at("/cds-services")),
    "POST /cds-services/{id}": Route(
        JWT,
        lambda made: (
            "/cds-services/trials-patient-view",
            {"json": make_call(PATIENT, made.prefetch())},
        ),
        "E",
    ),
    "POST /cds-services/{id}/feedback": Route(JWT, _feedback, "U"),
    "POST /updates/{source}/{type}": Route(SHARED, at("/updates/main/Observation", **_NEWS)),
    "POST /updates/{source}/{type}/{kind}/{id}": Route(
        SHARED, at("/updates/main/Observation/Observation/o1", **_RESULT)
    ),
    "PUT /updates/{source}/{type}/{kind}/{id}": Route(
        SHARED, at("/updates/main/Observation/Observation/o1", **_RESULT)
    ),
    # pages
    "GET /": Route(OPEN, at("/", **_PAGE), page=True),
    "GET /pages.css": Route(OPEN, at("/pages.css"), page=True),
    "GET /pages.svg": Route(OPEN, at("/pages.svg"), page=True),
    "GET /sign-in": Route(OPEN, at("/sign-in", **_PAGE), page=True),
    "POST /sign-in": Route(OPEN, at("/sign-in", **_PAGE), page=True),
    "GET /sign-in/begin": Route(OPEN, at("/sign-in/begin", **_PAGE), page=True),
    "GET /sign-in/callback": Route(OPEN, at("/sign-in/callback", **_PAGE), page=True),
    "POST /sign-out": Route(SIGNED_IN, _leave, page=True),
    "GET /studies": Route("system/ResearchStudy.rs", at("/studies", **_PAGE), page=True),
    "GET /studies/{study}": Route("system/ResearchStudy.rs", at("/studies/{study}", **_PAGE), "E", page=True),
    "GET /studies/{study}/screening-log.csv": Route(
        _SUBJECTS, at("/studies/{study}/screening-log.csv", **_PAGE), "E", page=True
    ),
    "GET /studies/{study}/subjects/{id}": Route(
        _SUBJECTS, at("/studies/{study}/subjects/{id}", **_PAGE), "R", page=True
    ),
    "POST /studies/{study}/subjects/{id}": Route("system/ResearchSubject.u", _decide, "U", page=True),
    "GET /runs": Route("system/ResearchStudy.rs", at("/runs", **_PAGE), page=True),
    "GET /runs/{id}": Route("system/ResearchStudy.rs", at("/runs/{run}", **_PAGE), page=True),
    "GET /runs/{id}/{study}.svg": Route(
        "system/ResearchStudy.rs", at("/runs/{run}/{study}.svg", **_PAGE), page=True
    ),
}
"""By method and template. A route that is added to the service is added here, or a test fails."""


def ask(made: Served, name: str) -> httpx.Response:
    """Calls a route as whoever may."""
    url, given = ROUTES[name].send(made)
    answer: httpx.Response = made.client.request(name.partition(" ")[0], url, **given)
    return answer


def found_routes(routes: Iterable[Any]) -> Iterator[str]:
    """Every route of an application, by method and template."""
    for route in routes:
        if hasattr(route, "effective_candidates"):  # a router that was included
            yield from found_routes(route.effective_candidates())
        else:
            for method in route.methods or ():
                yield f"{method} {route.path.replace(':fhir_id', '')}"
