"""The validator is what the other tests take it for: it refuses what is wrong, and only that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.lib.validator import validate

pytestmark = pytest.mark.validator

BASE = "https://fhir.example"
SUBJECT: dict[str, Any] = {
    "resourceType": "ResearchSubject",
    "status": "candidate",
    "study": {"reference": "ResearchStudy/a"},
    "individual": {"reference": "Patient/a"},
}
ROOT = "http://hl7.org/fhir/StructureDefinition"
STRUCTURE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": f"{BASE}/reason",
    "name": "Reason",
    "status": "active",
    "fhirVersion": "4.0.1",
    "kind": "complex-type",
    "abstract": False,
    "context": [{"type": "element", "expression": "ResearchSubject"}],
    "type": "Extension",
    "baseDefinition": f"{ROOT}/Extension",
    "derivation": "constraint",
    "differential": {
        "element": [
            {"id": "Extension", "path": "Extension", "max": "1"},
            {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
            {"id": "Extension.url", "path": "Extension.url", "fixedUri": f"{BASE}/reason"},
            {
                "id": "Extension.value[x]",
                "path": "Extension.value[x]",
                "min": 1,
                "type": [{"code": "Coding"}],
                "binding": {"strength": "required", "valueSet": f"{BASE}/reasons"},
            },
        ]
    },
}
SYSTEM: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": f"{BASE}/codes",
    "status": "active",
    "content": "complete",
    "concept": [{"code": "stale", "display": "Stale"}],
}
VALUES: dict[str, Any] = {
    "resourceType": "ValueSet",
    "url": f"{BASE}/reasons",
    "status": "active",
    "compose": {"include": [{"system": f"{BASE}/codes"}]},
}


def extended(**value: Any) -> dict[str, Any]:
    return {"extension": [{"url": f"{BASE}/reason", **value}]}


def coding(code: str) -> dict[str, Any]:
    return {"valueCoding": {"system": f"{BASE}/codes", "code": code}}


CASES = {
    "good": (SUBJECT, None),
    "our extension": (SUBJECT | extended(**coding("stale")), None),
    "no study": ({k: v for k, v in SUBJECT.items() if k != "study"}, "minimum required = 1"),
    "unknown status": (SUBJECT | {"status": "candidat"}, "Unknown code"),
    "unknown element": (SUBJECT | {"reason": "none"}, "Unrecognized property"),
    "unknown extension": (SUBJECT | {"extension": [{"url": f"{BASE}/x", "valueString": "a"}]}, "not allowed"),
    "our extension, other type": (SUBJECT | extended(valueString="stale"), "found type string"),
    "our extension, unknown code": (SUBJECT | extended(**coding("old")), "codes#old"),
    "our extension, elsewhere": (
        {"resourceType": "Patient", "id": "a", **extended(**coding("stale"))},
        "not allowed",
    ),
}


def test_it_finds_each_error_and_no_other(tmp_path: Path) -> None:
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    for resource in (STRUCTURE, SYSTEM, VALUES):
        name = resource["resourceType"]
        (definitions / f"{name}.json").write_bytes(orjson.dumps({"id": name.lower(), **resource}))
    file = tmp_path / "cases.ndjson"
    file.write_bytes(
        b"\n".join(orjson.dumps({"id": f"case-{n}", **r}) for n, (r, _) in enumerate(CASES.values()))
    )
    findings = validate([file], [definitions])
    assert findings.total == len(CASES)
    for number, (name, (_, expected)) in enumerate(CASES.items(), start=1):
        messages = [error.message for error in findings.errors if error.line == number]
        if expected is None:
            assert not messages, name
        else:
            assert any(expected in message for message in messages), (name, messages)


def test_without_definitions_our_extension_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "subject.json"
    file.write_bytes(orjson.dumps({"id": "a", **SUBJECT, **extended(**coding("stale"))}))
    assert any("could not be found" in error.message for error in validate([file]).errors)
