"""A FHIR server that accepts and never answers: who needs the store alone, or nothing, does not notice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.functional.service.test_cds_hooks import FITS, VIEW
from tests.lib.demo import STUDIES
from tests.lib.ehr import bundle, chart, make_call, resolve
from tests.lib.service import Serving, serving

SECONDS = 1.5
"""What a call of CDS Hooks may take."""


class Hanging(NamedTuple):
    """Where it is, and every connection that it took."""

    url: str
    asked: list[socket.socket]


@pytest.fixture(scope="module")
def hanging() -> Iterator[Hanging]:
    """The base of a server that takes connections, reads, and says nothing."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    held: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                held.append(listening.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield Hanging(f"http://127.0.0.1:{listening.getsockname()[1]}/fhir", held)
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    for each in held:
        each.close()
    thread.join(5)


@pytest.fixture(scope="module")
def served(hanging: Hanging, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = {
        "SERVER": hanging.url,
        "STUDIES": " ".join(map(str, STUDIES)),
        "SITE": "demo",
        "CDS__REQUIRED": "false",
        "CDS__SECONDS": str(SECONDS),
        "LIMITS__UPSTREAM": "2",
        "LIMITS__THREADS": "4",
        "LIMITS__REQUEST_SECONDS": "12",
    }
    variables = {f"FHIRSCREEN_{name}": value for name, value in settings.items()}
    with serving(tmp_path_factory.mktemp("service"), **variables) as process:
        yield process


def timed(client: httpx.Client, path: str) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    answer = client.get(path)
    return answer, time.monotonic() - began


def outcomes(served: Serving) -> list[dict[str, Any]]:
    return [event for event in served.events() if event.get("event") == "cds"]


def test_a_visit_with_a_full_prefetch_waits_for_nobody(served: Serving, hanging: Hanging) -> None:
    with served.client() as ehr:
        templates = ehr.get("/cds-services").json()["services"][0]["prefetch"]
        sent = resolve(templates, chart(FITS)) | {"allergies": bundle([])}  # which no EHR is asked for
        before = len(hanging.asked)
        answer = ehr.post(VIEW, json=make_call(FITS, sent, fhirServer=hanging.url))
        assert answer.status_code == 200
        assert len(hanging.asked) == before
        assert outcomes(served)[-1]["outcome"] in {"card", "no study fits"}


def test_a_visit_that_lacks_something_is_answered_in_time_and_says_so(
    served: Serving, hanging: Hanging
) -> None:
    with served.client() as ehr:
        templates = ehr.get("/cds-services").json()["services"][0]["prefetch"]
        sent = resolve(templates, chart(FITS)) | {"allergies": bundle([])}
        del sent["consents"]
        began = time.monotonic()
        answer = ehr.post(VIEW, json=make_call(FITS, sent, fhirServer=hanging.url))
        seconds = time.monotonic() - began
        assert (answer.status_code, answer.json()) == (200, {"cards": []})
        assert seconds < SECONDS + 4, "and some for a machine that has much to do"
        said = outcomes(served)[-1]
        assert (said["outcome"], said["unfetched"], said["in_time"], said["asked"]) == (
            "not fetched in time",
            ["Consent"],
            False,
            True,
        )
        before = len(hanging.asked)
        assert ehr.post(VIEW, json=make_call(FITS, sent, fhirServer=hanging.url)).status_code == 200
        assert len(hanging.asked) == before, "the next call does not wait again"
        assert outcomes(served)[-1]["asked"] is False
        nothing = ehr.post(VIEW, json=make_call(FITS, None, fhirServer=hanging.url))
        assert nothing.status_code == 412
        assert "in time" in nothing.json()["issue"][0]["diagnostics"]
        counted = ehr.get("/metrics").text
        assert 'fhirscreen_cards_total{hook="patient-view",outcome="not fetched in time"} 2.0' in counted
        assert 'fhirscreen_cards_total{hook="patient-view",outcome="NotInTime"} 1.0' in counted


def test_who_does_not_fit_anyhow_is_told_so_without_asking(served: Serving, hanging: Hanging) -> None:
    """Of a patient without any cancer nothing that lacks could make a card."""
    with served.client() as ehr:
        templates = ehr.get("/cds-services").json()["services"][0]["prefetch"]
        person = [each for each in chart(FITS) if each["resourceType"] == "Patient"]
        sent = resolve(templates, person) | {"conditions": bundle([]), "procedures": bundle([])}
        del sent["consents"]
        before = len(hanging.asked)
        assert ehr.post(VIEW, json=make_call(FITS, sent, fhirServer=hanging.url)).json() == {"cards": []}
        assert len(hanging.asked) == before
        assert outcomes(served)[-1]["outcome"] == "no study fits"


def test_the_rest_of_the_service_goes_on(served: Serving) -> None:
    with served.client() as client, ThreadPoolExecutor(12) as others:
        asked = [others.submit(client.get, "/fhir/Patient/p1/$studies") for _ in range(12)]
        time.sleep(0.5)
        for path in ("/health/live", "/metrics", "/health/ready", "/runs", "/fhir/ResearchStudy"):
            answer, seconds = timed(client, path)
            assert seconds < 3, f"{path}: a second, and some for a machine that has much to do"
            assert answer.status_code == (503 if path == "/health/ready" else 200), path
            if path == "/health/ready":
                checks = answer.json()["checks"]
                assert (checks["store"]["ok"], checks["server default"]["ok"]) == (True, False)
        answers = [each.result() for each in asked]
    refused = [each for each in answers if "too many requests wait" in each.text]
    assert len(refused) >= 10 - 2, "two at a time; whoever came late may have found a place"
    for each in refused:
        assert each.status_code == 503
        assert each.headers["Retry-After"]
        assert each.json()["resourceType"] == "OperationOutcome"
    assert all(each.status_code in {502, 503} for each in answers)


def test_a_request_that_hangs_does_not_hold_up_the_end(hanging: Hanging, tmp_path: Path) -> None:
    with serving(
        tmp_path, FHIRSCREEN_SERVER=hanging.url, FHIRSCREEN_STUDIES=str(STUDIES[0]), FHIRSCREEN_SITE="demo"
    ) as process:
        with process.client() as client, ThreadPoolExecutor(1) as others:
            before = len(hanging.asked)
            asked = others.submit(client.get, "/fhir/Patient/p1/$studies")
            while len(hanging.asked) == before:
                time.sleep(0.05)
            began = time.monotonic()
            assert process.end() == 0
            assert time.monotonic() - began < 8 + 6, "and some for a machine that has much to do"
            answer = asked.result()
        assert (answer.status_code, answer.json()["resourceType"]) == (502, "OperationOutcome")
