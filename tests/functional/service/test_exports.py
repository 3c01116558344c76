"""One patient of a Bulk Data folder: read as a run reads everybody, and the folder once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhirscreen import synthetic
from fhirscreen.bootstrap.exports import Exports
from fhirscreen.bootstrap.services import Service
from fhirscreen.exceptions import DataError
from fhirscreen.mapping.loading import mappings_folder
from tests.lib.facade import STUDY
from tests.lib.service import client_of, service_for

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
WHO = [f"esc-{number:04}" for number in range(1, 13)]


@pytest.fixture(scope="module")
def partial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over an export without the procedures, in which one was merged into nobody known."""
    folder = tmp_path_factory.mktemp("partial")
    export = folder / "export"
    export.mkdir()
    synthetic.write_ndjson(synthetic.generate(patients=240), export)
    (export / "Procedure.ndjson").unlink()
    gone = {"type": "replaced-by", "other": {"reference": "Patient/elsewhere"}}
    add(export / "Patient.ndjson", {"resourceType": "Patient", "id": "merged", "link": [gone]})
    site = str(mappings_folder() / "sites/demo.yaml")
    with service_for(
        folder, clock=lambda: NOW, studies=STUDY, folders={"export": str(export)}, site=site
    ) as service:
        yield service


def add(file: Path, resource: dict[str, Any]) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(resource) + "\n")


def test_what_is_missing_from_the_export_is_no_no_of_one_patient(partial: Service) -> None:
    run = partial.screen(partial.panel().studies, "export")
    by_patient = {subject.patient: subject for subject in run.screened.subjects}
    for patient in WHO:
        looked = partial.look(patient, "export")
        assert looked.assessed.subject(STUDY) == by_patient.get(patient)
        assert not looked.whole
        assert set(looked.gaps) == {
            "1 patient is merged into another who is not in the data",
            "there is no Procedure of anybody in the data, though the site declares them complete",
        }
    assert len(by_patient.keys() & set(WHO)) > 5, "otherwise next to nothing was compared"


def test_the_answer_says_what_the_export_lacks(partial: Service) -> None:
    with client_of(partial) as client:
        said = client.get(f"/fhir/Patient/{WHO[0]}/$studies").json()["parameter"]
    assert {"name": "complete", "valueBoolean": False} in said
    assert any("no Procedure" in each.get("valueString", "") for each in said if each["name"] == "gap")


def test_a_folder_is_read_again_only_when_a_file_came_went_or_changed(tmp_path: Path) -> None:
    exports, people = Exports(), tmp_path / "Patient.ndjson"
    add(people, {"resourceType": "Patient", "id": "p1"})
    first = exports.read(tmp_path)
    assert exports.read(tmp_path) is first

    add(people, {"resourceType": "Patient", "id": "p2"})
    second = exports.read(tmp_path)
    assert set(second.cohort.patients) == {"p1", "p2"}

    add(tmp_path / "more.ndjson", {"resourceType": "Patient", "id": "p3"})
    assert set(exports.read(tmp_path).cohort.patients) == {"p1", "p2", "p3"}

    (tmp_path / "more.ndjson").unlink()
    assert set(exports.read(tmp_path).cohort.patients) == {"p1", "p2"}

    people.unlink()
    with pytest.raises(DataError, match="no NDJSON file"):
        exports.read(tmp_path)


def test_of_many_who_ask_one_reads(tmp_path: Path) -> None:
    for number in range(200):
        add(tmp_path / "Patient.ndjson", {"resourceType": "Patient", "id": f"p{number}"})
    exports = Exports()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: exports.read(tmp_path), range(32)))
    assert {id(each) for each in found} == {id(found[0])}
