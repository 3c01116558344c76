"""What the facade answers is FHIR R4 to HAPI's validator, with our own definitions loaded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from fhirscreen.fhir.subjects import DECISION_EXTENSION, study_uuid
from fhirscreen.outputs.resources.definitions import definitions_folder
from tests.functional.service.test_cds_hooks import FITS, SITE, cards, prefetch
from tests.lib.ehr import make_call, noon
from tests.lib.facade import STUDY, screened_service
from tests.lib.service import client_of, service_for
from tests.lib.validator import validate

pytestmark = pytest.mark.validator

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
PATHS = (
    "metadata",
    "ResearchStudy",
    f"ResearchStudy/{STUDY}?_summary=true",
    "Group",
    "List",
    "ResearchSubject",
    "ResearchSubject?_elements=status",
    "OperationDefinition/screen",
    "OperationDefinition/studies",
    f"ResearchStudy/{STUDY}/$screen?patient=esc-0001",
    f"ResearchStudy/{STUDY}/$screen?patient=esc-0010",
    "Patient/esc-0001/$studies",
    "AuditEvent?_count=200",
    "ResearchStudy/no-such",
    "ResearchSubject?status=nearly",
)


def decided(subject: dict[str, Any]) -> dict[str, Any]:
    because = {"url": "because", "valueString": "Moves abroad"}
    named = {"url": "criterion", "valueString": "ecog"}
    decision = {"url": DECISION_EXTENSION, "extension": [because, named]}
    return subject | {"status": "ineligible", "extension": [*subject["extension"], decision]}


def suggested(folder: Path) -> list[dict[str, Any]]:
    """The ResearchSubjects that a card has the EHR create: before lists were published there, and after."""
    (folder / "visit").mkdir()
    given: dict[str, Any] = {"studies": STUDY, "site": SITE, "cds": {"required": False}}
    with service_for(folder / "visit", clock=noon, **given) as service, client_of(service) as ehr:
        (card,) = cards(ehr, make_call(FITS, prefetch(ehr, FITS)))
    resource = card["suggestions"][0]["actions"][0]["resource"]
    reference = {"reference": f"ResearchStudy/{study_uuid(STUDY)}"}
    return [resource, {**resource, "study": resource["study"] | reference}]


def test_every_answer_is_valid(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    files = []
    (tmp_path / "service").mkdir()
    with screened_service(tmp_path / "service", NOW, patients=40) as service, client_of(service) as client:
        found = client.get("/fhir/ResearchSubject?status=potential-candidate&_count=1").json()
        subject = found["entry"][0]["resource"]
        put = client.put(
            f"/fhir/ResearchSubject/{subject['id']}",
            content=orjson.dumps(decided(subject)),
            headers={"Content-Type": "application/fhir+json", "If-Match": 'W/"1"'},
        )
        assert put.status_code == 200
        answers = [client.get(f"/fhir/{path}") for path in PATHS]
        answers.append(client.get("/fhir/ResearchSubject/" + subject["id"]))
    for number, answer in enumerate([*answers, put]):
        files.append(folder / f"{number}.json")
        files[-1].write_bytes(answer.content)
    for number, resource in enumerate(suggested(tmp_path)):
        files.append(folder / f"suggested-{number}.json")
        files[-1].write_bytes(orjson.dumps(resource))
    wrong = folder / "wrong.json"
    wrong.write_bytes(put.content.replace(b'"because"', b'"why"'))
    findings = validate([*files, wrong], [definitions_folder()])
    assert findings.total == len(files) + 1
    assert [error for error in findings.errors if not error.file.endswith("wrong.json")] == []
    assert any("why" in error.message for error in findings.errors if error.file.endswith("wrong.json"))
