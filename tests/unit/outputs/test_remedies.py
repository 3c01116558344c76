"""Whatever is set aside comes with what was expected and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fhirscreen.fhir.folders import read_bundles, read_ndjson
from fhirscreen.outputs.remedies import MEND, Remedy, remedy_of


def test_what_an_element_is_not_says_what_was_expected() -> None:
    assert remedy_of("Observation.valueQuantity.value is not a number") == Remedy("a number", MEND)
    assert remedy_of("something else").expected == "the form that FHIR R4 gives it"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "one JSON object, whole (in NDJSON on one line)"),
        ("[]", "one resource, as a JSON object"),
        ("{}", "a resource with its resourceType"),
        (json.dumps({"resourceType": "Platelets", "id": "a"}), "a resource type of FHIR R4"),
        (json.dumps({"resourceType": "Patient"}), "a resource with an id"),
        (json.dumps({"resourceType": "Bundle", "entry": {}}), "a Bundle whose entry is a list"),
    ],
)
def test_every_reason_of_a_file_has_its_own(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "a.json").write_text(content)
    (line,) = read_bundles(tmp_path)
    assert line.resource is None
    assert remedy_of(line.reason).expected == expected


def test_a_file_that_breaks_off_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson.gz").write_bytes(b"no gzip")
    (line,) = read_ndjson(tmp_path)
    assert remedy_of(line.reason).expected == "a file that is whole"
