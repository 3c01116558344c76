"""A date of birth identifies: the store keeps an age in years, and nothing that is served has more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from fhirscreen.store.subjects import find_subjects, find_verdicts
from fhirscreen.store.tables import Table
from tests.lib.pages import STUDY, demo_service, pages_of


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with demo_service(tmp_path_factory.mktemp("births"), patients=30) as made:
        yield made


def births(service: Service) -> dict[str, str]:
    """The date of birth of every patient of the source who has a whole one."""
    lines = (Path(service.settings.folders["export"]) / "Patient.ndjson").read_text().splitlines()
    found = {each["id"]: each.get("birthDate", "") for each in map(json.loads, lines)}
    found = {id: date for id, date in found.items() if len(date) == len("1960-05-20")}
    assert len(found) > 20
    return found


def test_the_store_keeps_none(service: Service) -> None:
    with service.database.reading() as session:
        ages = [
            verdict
            for subject in find_subjects(session, study=STUDY)
            for verdict in find_verdicts(session, subject.id)
            if verdict.criterion == "age"
        ]
        held = [
            str(row) for table in Table.metadata.tables.values() for row in session.execute(select(table))
        ]
    assert {each.unit for each in ages} == {"a"}
    assert not any(each.date for each in ages)
    assert not [date for date in births(service).values() if any(date in row for row in held)]


def test_nor_is_any_served(service: Service) -> None:
    born = births(service)
    with service.database.reading() as session:
        found = find_subjects(session, study=STUDY, status="potential-candidate")
        subjects = [each for each in found if each.patient in born][:5]
    with TestClient(pages_of(service), base_url="http://localhost:8000") as client:
        for each in subjects:
            year = born[each.patient][:4]
            body = {"resourceType": "Parameters", "parameter": [
                {"name": "patient", "valueReference": {"reference": f"Patient/{each.patient}"}}
            ]}  # fmt: skip
            said = [
                client.get(f"/studies/{STUDY}/subjects/{each.id}"),
                client.get(f"/fhir/Patient/{each.patient}/$studies"),
                client.post(f"/fhir/ResearchStudy/{STUDY}/$screen", json=body),
            ]
            for answer in said:
                assert answer.status_code == 200, answer.text
                told = unescape(answer.text)
                assert born[each.patient] not in told
                assert f"born {year}" not in told
