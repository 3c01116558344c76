"""Records of the registry, texts and JSON lines; what is none of these is refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhirscreen.exceptions import StudyError
from fhirscreen.reading import Record, RegisteredAge, Status, parse_record, read_records
from tests.lib.reading import reader


def record(**eligibility: Any) -> dict[str, Any]:
    return {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial"},
            "statusModule": {"overallStatus": "RECRUITING"},
            "conditionsModule": {"conditions": ["Asthma"]},
            "designModule": {"phases": ["PHASE2", "PHASE3"]},
            "eligibilityModule": {"eligibilityCriteria": "Inclusion Criteria:\n\n* Adults", **eligibility},
        }
    }


def test_a_record_of_the_registry() -> None:
    found = parse_record(record(sex="FEMALE", minimumAge="18 Years", maximumAge="6 Months"))
    assert (found.source, found.title, found.phase, found.status) == (
        "NCT00000001",
        "A trial",
        "phase-2-phase-3",
        "RECRUITING",
    )
    assert found.conditions == ("Asthma",)
    assert found.sex == "female"
    assert (found.minimum_age, found.maximum_age) == (RegisteredAge(18, "a"), RegisteredAge(6, "mo"))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({"FullStudiesResponse": {}}, "old API"),
        ({"studies": []}, "several studies"),
        ({"something": 1}, "no study record"),
        ([], "no study record"),
        (record(eligibilityCriteria=""), "no eligibility text"),
        (record(eligibilityCriteria=7), "no text"),
        ({"protocolSection": {"identificationModule": {"nctId": "NCT00000001"}}}, "no eligibilityModule"),
        (
            {
                "protocolSection": {
                    "identificationModule": {},
                    "eligibilityModule": {"eligibilityCriteria": "x"},
                }
            },
            "no number",
        ),
        (
            {
                "protocolSection": {
                    "identificationModule": {"nctId": "NCT1"},
                    "statusModule": {"overallStatus": "WITHHELD"},
                    "eligibilityModule": {},
                }
            },
            "withheld",
        ),
    ],
)
def test_what_is_no_such_record_is_refused(data: Any, what: str) -> None:
    with pytest.raises(StudyError, match=what):
        parse_record(data, "some.json")


def test_files_by_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Adults", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(
        '{"id": 7, "text": "Adults"}\n\n{"id": "x", "text": ""}\n', encoding="utf-8"
    )
    (tmp_path / "c.json").write_text(json.dumps(record()), encoding="utf-8")
    assert list(read_records(tmp_path / "a.txt")) == [Record("a", "Adults")]
    assert [r.source for r in read_records(tmp_path / "b.jsonl")] == ["7", "x"]
    assert [r.source for r in read_records(tmp_path / "c.json")] == ["NCT00000001"]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.pdf", b"", "no kind of file"),
        ("a.json", b"{", "no JSON"),
        ("a.jsonl", b'{"id": 1}', "no text with an id"),
        ("a.txt", b"\xff\xfe\xff", "not UTF-8"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StudyError, match=what):
        list(read_records(tmp_path / name))


def test_the_registered_ages_stand_and_a_text_that_disagrees_is_warned_of() -> None:
    given = parse_record(
        record(
            minimumAge="21 Years", sex="MALE", eligibilityCriteria="Inclusion Criteria:\n* Aged 18 or older"
        )
    )
    sex, age, heading, prose = reader().read_record(given)
    assert (sex.start, age.start, heading.status) == (None, None, Status.HEADING)
    assert [a.low for a in age.atoms] == [21]
    assert "the registered minimum age, 21 a, stands" in prose.warnings[-1]


def test_what_the_text_asks_for_too_is_asked_once() -> None:
    given = parse_record(
        record(minimumAge="18 Years", eligibilityCriteria="Inclusion Criteria:\n* Aged 18 or older")
    )
    heading, age = reader().read_record(given)
    assert heading.status is Status.HEADING
    assert age.start is not None
    assert not age.warnings
