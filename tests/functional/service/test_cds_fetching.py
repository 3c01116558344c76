"""CDS Hooks with data to fetch: from allow-listed servers, with the call's token, and never presumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from fhirscreen.bootstrap.logs import set_up_logs
from tests.functional.service.test_cds_hooks import FITS, SITE, VIEW, cards, templates
from tests.lib.demo import STUDIES
from tests.lib.ehr import bundle, chart, charts, make_call, noon, resolve
from tests.lib.searchable import Searchable
from tests.lib.service import client_of, service_for
from tests.lib.transport import BASE, form_of

TOKEN = "the-token-of-this-call"  # noqa: S105 - nobody's
LENT = {
    "access_token": TOKEN,
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/*.rs",
    "subject": "x",
}


@contextmanager
def ehr_with(server: Searchable, folder: Path, **cds: Any) -> Iterator[TestClient]:
    """The service, and a FHIR server that it may ask."""
    folder.mkdir(exist_ok=True)
    given: dict[str, Any] = {"required": False, "fhir_servers": BASE} | cds
    with (
        service_for(
            folder, clock=noon, transport=lambda _: server, studies=list(STUDIES), site=SITE, cds=given
        ) as service,
        client_of(service) as client,
    ):
        yield client


def call_of(patient: str, prefetch: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return make_call(patient, prefetch, fhirServer=BASE, fhirAuthorization=LENT, **more)


def server_of(patient: str, **options: Any) -> Searchable:
    return Searchable([*chart(patient), *charts()["shared"]], **options)


def test_without_prefetch_everything_is_fetched_with_the_token_that_is_lent(tmp_path: Path) -> None:
    server = server_of(FITS)
    with ehr_with(server, tmp_path) as ehr:
        (fetched,) = cards(ehr, call_of(FITS))
    with ehr_with(server_of(FITS), tmp_path / "sent") as ehr:
        sent = resolve(templates(ehr), chart(FITS)) | {"allergies": bundle([])}
        (given,) = cards(ehr, make_call(FITS, sent))
    assert fetched["detail"] == given["detail"]
    assert {request.headers["Authorization"] for request in server.requests} == {f"Bearer {TOKEN}"}
    assert not [request for request in server.requests if FITS in str(request.url)]
    types = [type for type, _ in server.searches]
    assert len(types) == len(set(types))


def test_only_what_is_lacking_is_fetched(tmp_path: Path) -> None:
    server = server_of(FITS)
    with ehr_with(server, tmp_path) as ehr:
        sent = resolve(templates(ehr), chart(FITS)) | {"allergies": bundle([])}
        cut = sent["conditions"] | {"entry": sent["conditions"]["entry"][:1]}
        (card,) = cards(ehr, call_of(FITS, sent | {"conditions": cut}))
    assert [type for type, _ in server.searches] == ["Condition"]
    assert "not among the records at hand" not in card["detail"]


@pytest.mark.parametrize("address", ["https://other.example/r4", f"{BASE}/", "http://169.254.169.254/latest"])
def test_a_server_that_is_not_allowed_is_never_asked(tmp_path: Path, address: str) -> None:
    server = server_of(FITS)
    with ehr_with(server, tmp_path) as ehr:
        answer = ehr.post(VIEW, json=call_of(FITS) | {"fhirServer": address})
    allowed = address.rstrip("/") == BASE
    assert answer.status_code == (200 if allowed else 412)
    assert bool(server.requests) is allowed


def test_a_named_server_is_asked_with_our_own_credentials_where_none_are_lent(tmp_path: Path) -> None:
    server = server_of(FITS)
    named = {"required": False}
    with (
        service_for(
            tmp_path,
            clock=noon,
            transport=lambda _: server,
            studies=list(STUDIES),
            site=SITE,
            server=BASE,
            token="our-own",  # noqa: S106 - nobody's
            cds=named,
        ) as service,
        client_of(service) as ehr,
    ):
        assert cards(ehr, make_call(FITS, fhirServer=BASE))
    assert {request.headers["Authorization"] for request in server.requests} == {"Bearer our-own"}


Refuse = Callable[[str, dict[str, str]], bool]


def refusing(*types: str) -> Refuse:
    return lambda type, _form: type in types


@pytest.mark.parametrize(
    "options",
    [
        {"refuse": refusing("Observation")},
        {"refuse": refusing("Condition")},
        {"refuse": refusing("Consent")},
        {"refuse": refusing("ResearchSubject")},
        {"limit": 2},
        {"overcount": 3},
    ],
)
def test_what_cannot_be_fetched_whole_makes_no_card(tmp_path: Path, options: dict[str, Any]) -> None:
    with ehr_with(server_of(FITS, **options), tmp_path) as ehr:
        assert cards(ehr, call_of(FITS)) == []


def test_a_server_without_consents_has_none(tmp_path: Path) -> None:
    lacks = ("Consent", "Flag", "ResearchSubject")
    server = server_of(FITS, lacks=lacks, refuse=refusing(*lacks))
    with ehr_with(server, tmp_path) as ehr:
        assert cards(ehr, call_of(FITS))


@pytest.mark.parametrize("lacks", [(), ("combo-code",)])
def test_a_newer_result_in_a_panel_of_any_code_decides(tmp_path: Path, lacks: tuple[str, ...]) -> None:
    panel = {
        "resourceType": "Observation",
        "id": "panel",
        "status": "final",
        "subject": {"reference": f"Patient/{FITS}"},
        "code": {"coding": [{"system": "http://hospital.example/labs", "code": "PANEL"}]},
        "effectiveDateTime": "2026-10-31",
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
                "valueQuantity": {"value": 5, "system": "http://unitsofmeasure.org", "code": "10*9/L"},
            }
        ],
    }
    server = Searchable([*chart(FITS), panel, *charts()["shared"]], lacks=lacks)
    with ehr_with(server, tmp_path) as ehr:
        assert cards(ehr, call_of(FITS)) == []
    (form,) = (form for type, form in server.searches if type == "Observation")
    assert "code" not in form
    assert ("combo-code" in form) is not bool(lacks)


def test_a_server_that_is_down_is_told_as_nothing_to_decide_with(tmp_path: Path) -> None:
    server = server_of(FITS, refuse=lambda _type, _form: True)
    with ehr_with(server, tmp_path) as ehr:
        answer = ehr.post(VIEW, json=call_of(FITS))
        assert answer.status_code == 412
        sent = resolve(templates(ehr), chart(FITS))
        assert cards(ehr, call_of(FITS, sent))


def chemotherapy(patient: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cisplatin, named by reference."""
    drug = {
        "resourceType": "Medication",
        "id": "cisplatin",
        "code": {"coding": [{"system": "http://www.whocc.no/atc", "code": "L01XA01"}]},
    }
    given = {
        "resourceType": "MedicationAdministration",
        "id": "given",
        "status": "completed",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationReference": {"reference": "Medication/cisplatin"},
        "effectiveDateTime": "2026-10-28",
    }
    return given, drug


def test_a_drug_named_by_reference_is_fetched(tmp_path: Path) -> None:
    given, drug = chemotherapy(FITS)
    server = Searchable([drug])
    with ehr_with(server, tmp_path) as ehr:
        sent = resolve(templates(ehr), [*chart(FITS), given]) | {"allergies": bundle([])}
        assert cards(ehr, call_of(FITS, sent)) == []
        assert [type for type, _ in server.searches] == ["Medication"]
        assert 'outcome="no study fits"' in ehr.get("/metrics").text
    with ehr_with(Searchable([], refuse=refusing("Medication")), tmp_path / "refused") as ehr:
        assert cards(ehr, call_of(FITS, sent)) == []


def on_study(patient: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A ResearchSubject that a person wrote, and its study under an id of the server's."""
    study = {"resourceType": "ResearchStudy", "id": "77", "identifier": [{"value": "NCT06907602"}]}
    subject = {
        "resourceType": "ResearchSubject",
        "id": "78",
        "status": "on-study",
        "study": {"reference": "ResearchStudy/77"},
        "individual": {"reference": f"Patient/{patient}"},
    }
    return subject, study


def test_whoever_is_on_a_study_is_known_by_its_identifier(tmp_path: Path) -> None:
    subject, study = on_study(FITS)
    with ehr_with(Searchable([study]), tmp_path) as ehr:
        sent = resolve(templates(ehr), [*chart(FITS), subject])
        assert cards(ehr, call_of(FITS, sent)) == []
        other = [{**study, "identifier": [{"value": "NCT00000000"}]}]
    with ehr_with(Searchable(other), tmp_path / "other") as ehr:
        (card,) = cards(ehr, call_of(FITS, sent))
        assert "on another study" in card["detail"]
    with ehr_with(Searchable([], refuse=refusing("ResearchStudy")), tmp_path / "unknown") as ehr:
        assert cards(ehr, call_of(FITS, sent)) == []


def test_the_records_of_a_merged_patient_are_fetched_too(tmp_path: Path) -> None:
    resources = chart(FITS)
    (person,) = [each for each in resources if each["resourceType"] == "Patient"]
    person["link"] = [{"type": "replaces", "other": {"reference": "Patient/old"}}]
    given, drug = chemotherapy("old")
    server = Searchable([*resources, given, drug])
    with ehr_with(server, tmp_path) as ehr:
        sent = resolve(templates(ehr), resources)
        assert cards(ehr, call_of(FITS, sent)) == []
        assert 'outcome="no study fits"' in ehr.get("/metrics").text
        assert cards(ehr, call_of(FITS)) == []
        assert 'outcome="no study fits"} 2.0' in ehr.get("/metrics").text
    forms = [form for type, form in server.searches if type == "MedicationAdministration"]
    assert all(form["patient"] == f"Patient/{FITS},Patient/old" for form in forms[:1])


def test_neither_log_nor_answer_names_the_patient_or_the_token(tmp_path: Path) -> None:
    stream = StringIO()
    set_up_logs("debug", json=True, stream=stream)
    with ehr_with(server_of(FITS, refuse=refusing("Observation")), tmp_path) as ehr:
        cards(ehr, call_of(FITS))
        wrong = call_of(FITS) | {"context": {"patientId": FITS, "userId": None}}
        assert ehr.post(VIEW, json=wrong).status_code == 400
    told = stream.getvalue()
    assert '"outcome":"no study fits"' in told
    assert FITS not in told
    assert TOKEN not in told


def test_a_cookie_of_one_call_is_not_sent_with_another(tmp_path: Path) -> None:
    server = server_of(FITS)

    def answer(request: httpx.Request) -> httpx.Response:
        found = server.handle_request(request)
        found.headers["Set-Cookie"] = "session=of-the-first-user"
        return found

    class Sticky(Searchable):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return answer(request)

    with ehr_with(Sticky([]), tmp_path) as ehr:
        cards(ehr, call_of(FITS))
        cards(ehr, call_of(FITS))
    assert server.requests
    assert not [request for request in server.requests if "cookie" in request.headers]


def specialists(*codes: str) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": "1",
        "practitioner": {"reference": "Practitioner/1"},
        "specialty": [{"coding": [{"system": "http://snomed.info/sct", "code": code}]} for code in codes],
    }


@pytest.mark.parametrize(
    ("setting", "codes", "shown"),
    [
        ("394593009", ["394593009"], True),
        ("394593009", ["394579002"], False),
        ("oesophageal-cancer=394593009", ["394593009"], True),
        ("NCT06907602=394593009", ["394593009"], True),
        ("breast-cancer=394593009", ["394593009"], False),
        ("394593009", [], False),
    ],
)
def test_a_card_is_for_those_who_treat_this(
    tmp_path: Path, setting: str, codes: list[str], *, shown: bool
) -> None:
    with ehr_with(Searchable([]), tmp_path, specialties=setting) as ehr:
        asked = templates(ehr) | {"roles": "PractitionerRole?practitioner={{userPractitionerId}}"}
        sent = resolve(asked, [*chart(FITS), specialists(*codes)])
        assert bool(cards(ehr, make_call(FITS, sent))) is shown


def test_the_users_role_is_fetched_by_whatever_the_user_is(tmp_path: Path) -> None:
    server = Searchable([specialists("394593009")])
    with ehr_with(server, tmp_path, specialties="394593009") as ehr:
        sent = resolve(templates(ehr), chart(FITS))
        call = call_of(FITS, sent)
        call["context"]["userId"] = "PractitionerRole/1"
        assert cards(ehr, call)
        asked = [form_of(request) for request in server.requests if "PractitionerRole" in request.url.path]
        assert asked[0]["_id"] == "1"


def test_a_user_of_unknown_specialty_is_told_from_one_of_another(tmp_path: Path) -> None:
    with ehr_with(Searchable([]), tmp_path, specialties="394593009") as ehr:
        sent = resolve(templates(ehr), chart(FITS))
        roles = bundle([specialists("394579002")])
        for prefetch, outcome in ((sent, "specialty unknown"), (sent | {"roles": roles}, "other specialty")):
            assert cards(ehr, make_call(FITS, prefetch)) == []
            counted = f'fhirscreen_cards_total{{hook="patient-view",outcome="{outcome}"}} 1.0'
            assert counted in ehr.get("/metrics").text
        assert ehr.post(VIEW, json=make_call(FITS, {})).status_code == 412, "nothing to decide with"


def test_a_service_that_ends_decides_by_what_was_sent(tmp_path: Path) -> None:
    given: dict[str, Any] = {"required": False, "fhir_servers": BASE}
    server = server_of(FITS)
    with (
        service_for(
            tmp_path, clock=noon, transport=lambda _: server, studies=list(STUDIES), site=SITE, cds=given
        ) as service,
        client_of(service) as ehr,
    ):
        sent = resolve(templates(ehr), chart(FITS)) | {"conditions": None}
        service.hang_up()
        assert cards(ehr, call_of(FITS, sent)) == []
        assert ehr.post(VIEW, json=call_of(FITS, {})).status_code == 412
    assert not server.requests, "who comes late meets a client that is closed"
