"""CDS Hooks as an EHR sees it: discovery, one card a visit, refusals, and what is answered to bad calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirscreen.mapping.loading import mappings_folder
from tests.lib.cds_messages import DISCOVERY, RESPONSE, validate
from tests.lib.demo import STUDIES
from tests.lib.ehr import bundle, chart, make_call, noon, resolve
from tests.lib.service import client_of, service_for

SITE = str(mappings_folder() / "sites/demo.yaml")
FITS, FAILS = "esc-0001", "esc-0003"
VIEW = "/cds-services/trials-patient-view"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = noon()

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ehr(tmp_path: Path, clock: Clock) -> Iterator[TestClient]:
    cds = {"required": False, "snooze_days": 5}
    settings: dict[str, Any] = {"studies": list(STUDIES), "site": SITE, "cds": cds}
    with service_for(tmp_path, clock=clock, **settings) as service, client_of(service) as client:
        yield client


def templates(ehr: TestClient) -> dict[str, str]:
    found: dict[str, str] = ehr.get("/cds-services").json()["services"][0]["prefetch"]
    return found


def prefetch(ehr: TestClient, patient: str) -> dict[str, Any]:
    return resolve(templates(ehr), chart(patient))


def cards(ehr: TestClient, call: dict[str, Any], service: str = VIEW) -> list[dict[str, Any]]:
    answer = ehr.post(service, json=call)
    assert answer.status_code == 200, answer.text
    validate(answer.json(), RESPONSE)
    found: list[dict[str, Any]] = answer.json()["cards"]
    return found


def test_the_discovery_is_the_same_with_no_study_open(ehr: TestClient, tmp_path: Path) -> None:
    found = ehr.get("/cds-services").json()
    validate(found, DISCOVERY)
    assert [each["hook"] for each in found["services"]] == [
        "patient-view",
        "appointment-book",
        "encounter-start",
        "order-select",
    ]
    assert len({each["id"] for each in found["services"]}) == 4
    (tmp_path / "empty").mkdir()
    with service_for(tmp_path / "empty", site=SITE) as service, client_of(service) as client:
        assert client.get("/cds-services").json() == found


def test_one_card_says_what_fits_and_what_is_open(ehr: TestClient) -> None:
    (card,) = cards(ehr, make_call(FITS, prefetch(ehr, FITS)))
    assert "NCT06907602" in card["summary"]
    assert "**What fits**" in card["detail"]
    assert "T3" in card["detail"]
    assert "Does the patient consent to take part?" in card["detail"]
    assert card["source"]["label"].startswith("fhirscreen")
    (suggestion,) = card["suggestions"]
    subject = suggestion["actions"][0]["resource"]
    assert subject["individual"] == {"reference": f"Patient/{FITS}"}
    assert subject["study"]["identifier"]["value"] == "NCT06907602"
    assert "id" not in subject
    link = card["links"][0]["url"]
    named = subject["identifier"][0]["value"].removeprefix("urn:uuid:")
    assert link.endswith(f"/studies/NCT06907602/subjects/{named}?card={card['uuid']}")


def test_whom_a_criterion_rules_out_gets_no_card(ehr: TestClient) -> None:
    resources = chart(FITS)
    assert cards(ehr, make_call(FITS, resolve(templates(ehr), resources)))
    (person,) = [each for each in resources if each["resourceType"] == "Patient"]
    person["id"] = "child"
    person["birthDate"] = "2020-01-01"
    for each in resources:
        for element in ("subject", "patient", "individual"):
            if element in each:
                each[element] = {"reference": "Patient/child"}
    assert cards(ehr, make_call("child", resolve(templates(ehr), resources))) == []


def test_a_shown_study_is_snoozed_and_the_same_call_is_answered_alike(ehr: TestClient, clock: Clock) -> None:
    call = make_call(FITS, prefetch(ehr, FITS))
    first = cards(ehr, call)
    assert cards(ehr, call) == first
    assert cards(ehr, make_call(FITS, call["prefetch"])) == []
    clock.now += timedelta(days=1)
    order = make_call(FITS, call["prefetch"], hook="order-select")
    order["context"] |= {"selections": ["MedicationRequest/1"], "draftOrders": bundle([])}
    assert cards(ehr, order, "/cds-services/trials-order-select") == []
    clock.now += timedelta(days=4)
    (again,) = cards(ehr, make_call(FITS, call["prefetch"]))
    assert page_of(again) == page_of(first[0])


def page_of(card: dict[str, Any]) -> str:
    return str(card["links"][0]["url"]).partition("?")[0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"hook": "patient-view"}', 400),
    ],
)
def test_what_is_no_call_is_refused(ehr: TestClient, body: bytes, status: int) -> None:
    answer = ehr.post(VIEW, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_statuses_of_calls_that_cannot_be_answered(ehr: TestClient) -> None:
    sent = prefetch(ehr, FITS)
    refused: list[tuple[str, dict[str, Any], int]] = [
        ("/cds-services/other", make_call(FITS, sent), 404),
        (VIEW, make_call(FITS, sent, hook="order-sign"), 400),
        (VIEW, make_call(FITS, sent, hook="appointment-book"), 400),
        (VIEW, make_call(FITS, sent, context={"userId": "Practitioner/1"}), 400),
        (VIEW, make_call(FITS, sent, context={"patientId": "a/b", "userId": "Practitioner/1"}), 400),
        (VIEW, make_call(FAILS, sent), 400),
        (VIEW, make_call(FITS, sent | {"conditions": "none"}), 400),
        (VIEW, make_call(FITS, sent | {"conditions": prefetch(ehr, FAILS)["conditions"]}), 400),
        (VIEW, make_call(FITS), 412),
        (VIEW, make_call(FITS, {"patient": sent["patient"]}), 412),
    ]
    for path, call, status in refused:
        answer = ehr.post(path, json=call)
        assert (answer.status_code, path, list(call)) == (status, path, list(call))
        outcome = answer.json()
        assert outcome["resourceType"] == "OperationOutcome"
        assert FITS not in answer.text


def test_a_missing_key_is_not_an_empty_result(ehr: TestClient) -> None:
    sent = prefetch(ehr, FITS)
    for lacking in ("conditions", "observations1", "consents", "researchSubjects"):
        for gone in (None, {"resourceType": "OperationOutcome", "issue": []}, ...):
            call = make_call(FITS, {k: v for k, v in (sent | {lacking: gone}).items() if v is not ...})
            assert cards(ehr, call) == [], lacking
    (card,) = cards(ehr, make_call(FITS, sent))
    assert "not among the records at hand for this card → Look in the chart" in card["detail"]  # allergies
    (card,) = cards(ehr, make_call("esc-0002", prefetch(ehr, "esc-0002") | {"allergies": bundle([])}))
    assert "not among the records at hand" not in card["detail"]


def test_an_incomplete_bundle_settles_nothing(ehr: TestClient) -> None:
    sent = prefetch(ehr, FITS)
    whole = sent["conditions"]
    page = {"relation": "next", "url": "https://ehr.example/next"}
    own = {"relation": "self", "url": f"https://ehr.example/Condition?_count={len(whole['entry'])}"}
    for cut in ({"link": [page]}, {"total": 1000}, {"link": [own]}):
        assert cards(ehr, make_call(FITS, sent | {"conditions": whole | cut})) == []
    assert cards(ehr, make_call(FITS, sent)) != []
