"""$read-record: a record in, a study file out, which can be put as it is."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirscreen.criteria.wire import parse_yaml, read_study
from fhirscreen.fhir.models import model_fault

READ = "/fhir/ResearchStudy/$read-record"
RECORD = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000009", "briefTitle": "A trial"},
        "statusModule": {"overallStatus": "RECRUITING"},
        "conditionsModule": {"conditions": ["Esophageal Cancer"]},
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n* ALT ≤ 2 x ULN\n* Fond of tea\n",
            "minimumAge": "18 Years",
        },
    }
}


def named(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [each for each in answer["parameter"] if each["name"] == name]


def test_a_record_becomes_a_study_that_can_be_put(fresh: TestClient) -> None:
    client = fresh
    response = client.post(READ, json=RECORD)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert model_fault(answer) is None
    (file,) = named(answer, "study")
    text = base64.b64decode(file["valueAttachment"]["data"]).decode()
    study = read_study(parse_yaml(text, ""))
    assert (study.id, study.population.cancer, len(study.criteria)) == (
        "NCT00000009",
        "oesophageal-cancer",
        3,
    )
    parts = [
        {p["name"]: p[next(k for k in p if k != "name")] for p in c["part"]}
        for c in named(answer, "criterion")
    ]
    assert [part["status"] for part in parts] == ["computed", "computed", "unread"]
    assert parts[1]["expression"] == "alanine aminotransferase at most 2 × the upper limit of normal"
    address = "/fhir/ResearchStudy/NCT00000009"
    assert client.get(address).status_code == 404, "reading stores nothing"
    put = client.put(address, content=text, headers={"Content-Type": "application/yaml"})
    assert put.status_code == 201, put.text


def test_plain_text_takes_a_name(client: TestClient) -> None:
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    response = client.post(f"{READ}?source=my-trial", content="ECOG 0-1", headers=plain)
    (file,) = named(response.json(), "study")
    assert file["valueAttachment"]["title"] == "my-trial.yaml"


def test_the_study_file_has_what_is_suggested(client: TestClient) -> None:
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    response = client.post(f"{READ}?source=my-trial", content="Exclusion:\n\n- Pemphigus", headers=plain)
    (file,) = named(response.json(), "study")
    text = base64.b64decode(file["valueAttachment"]["data"]).decode()
    (criterion,) = read_study(parse_yaml(text, "")).criteria
    assert criterion.unread
    assert criterion.read is not None
    assert [c.code for s in criterion.read.suggestions for c in s.candidates] == ["L10"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("{", "application/json", 422),
        ("{}", "application/json", 422),
        (json.dumps({"FullStudiesResponse": {}}), "application/json", 422),
        ("", "text/plain", 400),
        ("ALT", "application/xml", 415),
        (b"\xff", "text/plain", 400),
    ],
)
def test_what_is_no_record_is_refused(
    client: TestClient, content: str | bytes, kind: str, status: int
) -> None:
    response = client.post(READ, content=content, headers={"Content-Type": kind})
    assert response.status_code == status, response.text
    assert response.json()["resourceType"] == "OperationOutcome"


def test_the_operation_is_declared_on_the_type(client: TestClient) -> None:
    definition = client.get("/fhir/OperationDefinition/read-record").json()
    assert (definition["type"], definition["instance"], definition["affectsState"]) == (True, False, False)
    (study,) = (
        each
        for each in client.get("/fhir/metadata").json()["rest"][0]["resource"]
        if each["type"] == "ResearchStudy"
    )
    assert "read-record" in [each["name"] for each in study["operation"]]
