"""Who wrote a status, how a study is named, and that ids stay the same."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.fhir.subjects import (
    STATUS_EXTENSION,
    group_uuid,
    is_ours,
    list_uuid,
    study_names,
    study_uuid,
    subject_uuid,
    written_status,
)


def test_ids_stay_the_same_and_apart() -> None:
    ids = [
        study_uuid("S1"),
        group_uuid("S1"),
        list_uuid("S1", "https://a"),
        subject_uuid("S1", "https://a", "p"),
        subject_uuid("S1", "https://b", "p"),
        subject_uuid("S1", "https://a", "q"),
        subject_uuid("S2", "https://a", "p"),
    ]
    assert len(set(ids)) == len(ids)
    assert subject_uuid("S1", "https://a/", "p") == subject_uuid("S1", "https://a", "p")
    assert list_uuid("S1", "https://a/") == list_uuid("S1", "https://a")


@pytest.mark.parametrize(
    ("extension", "status", "written", "ours"),
    [
        ([{"url": STATUS_EXTENSION, "valueCode": "candidate"}], "candidate", "candidate", True),
        ([{"url": STATUS_EXTENSION, "valueCode": "candidate"}], "ineligible", "candidate", False),
        ([{"url": "urn:other", "valueCode": "candidate"}], "candidate", None, False),
        ([{"url": STATUS_EXTENSION}], "candidate", None, False),
        (["stray"], "candidate", None, False),
        ([], None, None, False),
    ],
)
def test_whose_status(extension: Any, status: str | None, written: str | None, *, ours: bool) -> None:
    subject = {"resourceType": "ResearchSubject", "status": status, "extension": extension}
    assert written_status(subject) == written
    assert is_ours(subject) is ours


def test_names_of_a_study() -> None:
    study = {"id": "s", "identifier": [{"value": "NCT1"}, {"system": "x"}, "stray", {"value": 7}]}
    assert study_names(study) == {"s", "NCT1"}
    assert study_names({}) == frozenset()
