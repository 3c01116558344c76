"""When there is a card, and of which studies: over HTTP, with a clock that is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirscreen import synthetic
from fhirscreen.bootstrap.services import Service
from tests.functional.service.test_cds_feedback import overridden
from tests.functional.service.test_cds_hooks import FITS, SITE, VIEW, Clock, cards, prefetch
from tests.lib.ehr import make_call
from tests.lib.pages import screen_again
from tests.lib.service import client_of, service_for

STUDY = "NCT00000001"


@pytest.fixture
def clock() -> Clock:
    return Clock()


# --- at most one card, of at most two studies, best first

NEVER_RECORDED = (("troponin-t", "ng/L"), ("nt-probnp", "ng/L"), ("free-triiodothyronine", "pmol/L"))


def definition(number: int, open_: int, *more: str, weight: str = "minor") -> str:
    """A study that every adult with the cancer may fit, with so many criteria that no record settles."""
    criteria = [
        f"  - {{id: {name}, says: Much {name}, weight: {weight}, "
        f"measured: {{concept: {name}, at_least: 1 '{unit}'}}}}".replace("'", "")
        for name, unit in NEVER_RECORDED[:open_]
    ]
    lines = [
        f"study: NCT0000000{number}",
        f"title: Study number {number}",
        "status: active",
        "population: {cancer: oesophageal-cancer}",
        "inclusion:",
        "  - {id: age, says: Adult, age: {at_least: 18 a}}",
        *criteria,
        *more,
    ]
    return "\n".join(lines) + "\n"


def write(folder: Path, *definitions: str) -> str:
    studies = folder / "studies"
    studies.mkdir()
    for place, text in enumerate(definitions):
        (studies / f"{place}.yaml").write_text(text, "utf-8")
    return str(studies)


def suggested(suggestion: dict[str, Any]) -> str:
    return str(suggestion["actions"][0]["resource"]["study"]["identifier"]["value"])


FAILED = "  - {id: child, says: Child, age: {at_most: 10 a}}"


def test_the_best_two_of_many_in_one_card(tmp_path: Path, clock: Clock) -> None:
    studies = write(
        tmp_path,
        definition(1, 3),
        definition(2, 2),
        definition(3, 0, FAILED),
        definition(4, 0),
        definition(5, 1),
        definition(6, 1, weight="gate"),  # its gate is open: never
    )
    given: dict[str, Any] = {"studies": studies, "site": SITE, "cds": {"required": False}}
    with service_for(tmp_path, clock=clock, **given) as service, client_of(service) as ehr:
        sent = prefetch(ehr, FITS)
        (card,) = cards(ehr, make_call(FITS, sent))
        named = [link["url"].split("/studies/")[1][:11] for link in card["links"]]
        assert named == ["NCT00000004", "NCT00000005"]
        assert card["summary"].startswith("May fit 2 trials")
        assert [
            each["actions"][0]["resource"]["study"]["identifier"]["value"] for each in card["suggestions"]
        ] == named
        (second,) = cards(ehr, make_call(FITS, sent))  # the next visit: what was shown is snoozed
        named = [link["url"].split("/studies/")[1][:11] for link in second["links"]]
        assert named == ["NCT00000002", "NCT00000001"]
        assert cards(ehr, make_call(FITS, sent)) == []
        closed = ehr.put("/api/studies/NCT00000004/recruiting", json={"open": False})
        assert closed.status_code == 200
        clock.now += timedelta(days=31)
        (third,) = cards(ehr, make_call(FITS, sent))
        assert "NCT00000004" not in third["summary"]
        assert "NCT00000005" in third["summary"]


def test_a_gate_that_is_not_known_is_not_met(tmp_path: Path, clock: Clock) -> None:
    given: dict[str, Any] = {"studies": write(tmp_path, definition(6, 1, weight="gate")), "site": SITE}
    with (
        service_for(tmp_path, clock=clock, cds={"required": False}, **given) as service,
        client_of(service) as ehr,
    ):
        assert cards(ehr, make_call(FITS, prefetch(ehr, FITS))) == []
        assert 'outcome="no study fits"' in ehr.get("/metrics").text


def test_a_sensitive_reason_is_not_named(tmp_path: Path, clock: Clock) -> None:
    sensitive = "exclusion:\n  - {id: hiv, says: HIV infection, condition: {concept: hiv-infection}}"
    given: dict[str, Any] = {"studies": write(tmp_path, definition(1, 1, sensitive)), "site": SITE}
    with (
        service_for(tmp_path, clock=clock, cds={"required": False}, **given) as service,
        client_of(service) as ehr,
    ):
        answer = ehr.post(VIEW, json=make_call(FITS, prefetch(ehr, FITS)))
    (card,) = answer.json()["cards"]
    assert "Further review needed" in card["detail"]
    assert "troponin" in card["detail"]
    assert "hiv" not in answer.text.lower()


def suspected(code: str, at: str) -> dict[str, Any]:
    """A diagnosis that nobody has confirmed yet."""
    provisional = {
        "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
        "code": "provisional",
    }
    return {
        "resourceType": "Condition",
        "id": "suspected",
        "verificationStatus": {"coding": [provisional]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]},
        "subject": {"reference": f"Patient/{FITS}"},
        "recordedDate": at,
    }


def test_a_sensitive_code_names_no_criterion_either(tmp_path: Path, clock: Clock) -> None:
    asked = "exclusion:\n  - {id: infection, says: Active infection, condition: {concept: active-infection}}"
    given: dict[str, Any] = {"studies": write(tmp_path, definition(1, 0, asked)), "site": SITE}
    with (
        service_for(tmp_path, clock=clock, cds={"required": False}, **given) as service,
        client_of(service) as ehr,
    ):
        sent = prefetch(ehr, FITS)
        ((key, conditions),) = [each for each in sent.items() if each[0].startswith("condition")]

        def ask(code: str) -> str:
            resource = suspected(code, clock.now.date().isoformat())
            entries = [*conditions["entry"], {"resource": resource, "search": {"mode": "match"}}]
            more = {**conditions, "total": len(entries), "entry": entries}
            clock.now += timedelta(days=31)
            answer = ehr.post(VIEW, json=make_call(FITS, {**sent, key: more}))
            assert len(answer.json()["cards"]) == 1
            return str(answer.text)

        assert "Active infection: recorded, and not confirmed (Pneumonia" in ask("J18.9")
        told = ask("A51.0")  # syphilis
        assert "Further review needed" in told
        assert not [each for each in ("nfection", "yphilis", "A51", "suspected") if each in told]


# --- snoozed, refused, reopened


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    """A service whose lists are full, with its usual snooze."""
    export = tmp_path / "export"
    synthetic.write_ndjson(synthetic.generate(patients=60), export)
    studies = write(tmp_path, definition(1, 0))  # what it reads does not age
    given: dict[str, Any] = {"folders": {"export": export}, "studies": studies, "site": SITE}
    with service_for(tmp_path, clock=clock, cds={"required": False}, **given) as service:
        screen_again(service)
        yield service


@pytest.fixture
def ehr(service: Service) -> Iterator[TestClient]:
    with client_of(service) as client:
        yield client


def test_a_shown_study_comes_back_after_thirty_days(ehr: TestClient, clock: Clock) -> None:
    sent = prefetch(ehr, FITS)
    assert cards(ehr, make_call(FITS, sent))
    clock.now += timedelta(days=29, hours=23)
    assert cards(ehr, make_call(FITS, sent)) == []
    clock.now += timedelta(hours=2)
    (card,) = cards(ehr, make_call(FITS, sent))
    assert STUDY in card["summary"]


def test_a_refusal_outlives_the_snooze_until_a_person_reopens_it(ehr: TestClient, clock: Clock) -> None:
    sent = prefetch(ehr, FITS)
    (card,) = cards(ehr, make_call(FITS, sent))
    refused = {"feedback": [overridden(card["uuid"], "patient-declined")]}
    assert ehr.post(f"{VIEW}/feedback", json=refused).status_code == 200
    clock.now += timedelta(days=31)
    assert cards(ehr, make_call(FITS, sent)) == []
    clock.now += timedelta(days=300)
    assert not [each for each in cards(ehr, make_call(FITS, sent)) if STUDY in each["summary"]]
    clock.now -= timedelta(days=300)
    subject = card["links"][0]["url"].split("/subjects/")[1].partition("?")[0]
    reopened = {"decision": "reopened", "because": "asked again, and wants to hear of it"}
    assert ehr.post(f"/api/subjects/{subject}/reviews", json=reopened).status_code in (200, 201)
    (card,) = cards(ehr, make_call(FITS, sent))
    assert STUDY in card["summary"]
