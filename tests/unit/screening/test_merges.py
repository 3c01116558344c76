from __future__ import annotations

import copy
from typing import Any

import pytest

from fhirscreen.fhir.subjects import CANONICAL, STATUS_EXTENSION
from fhirscreen.screening.publishing.merges import Fate, is_untouched, merge

FOREIGN = {"url": "https://hospital.example/slot", "valueString": "Tuesday"}
IDENTIFIER = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"}


def subject(status: str = "candidate", written: str = "candidate", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ResearchSubject",
        "id": "1",
        "extension": [{"url": STATUS_EXTENSION, "valueCode": written}],
        "identifier": [IDENTIFIER],
        "status": status,
        "study": {"reference": "ResearchStudy/s"},
        "individual": {"reference": "Patient/p"},
        **more,
    }


def test_what_is_not_there_is_created() -> None:
    assert merge(None, subject()) == (Fate.CREATED, subject())


def test_what_the_server_adds_is_no_change() -> None:
    current = subject(meta={"versionId": "3", "lastUpdated": "2026-11-01T00:00:00Z", "source": "#x"})
    assert merge(current, subject()) == (Fate.UNCHANGED, None)


@pytest.mark.parametrize(
    "status", ["candidate", "eligible", "ineligible", "on-study", "withdrawn", "screening"]
)
def test_a_status_that_we_did_not_write_is_kept(status: str) -> None:
    written = "potential-candidate" if status == "candidate" else "candidate"
    assert merge(subject(status, written), subject()) == (Fate.KEPT, None)


def test_a_subject_that_somebody_else_made_is_kept() -> None:
    made = subject()
    del made["extension"]
    assert merge(made, subject()) == (Fate.KEPT, None)


def test_our_status_changes_and_returns() -> None:
    fate, demoted = merge(subject(), subject("ineligible", "ineligible"))
    assert fate is Fate.UPDATED
    assert demoted is not None
    assert demoted["status"] == "ineligible"
    assert merge(demoted, subject()) == (Fate.UPDATED, subject())


def test_what_others_added_stays_and_ours_is_replaced() -> None:
    ours = {"url": f"{CANONICAL}/StructureDefinition/patient-note", "valueString": "transferred out"}
    other = {"system": "urn:hospital", "value": "7"}
    current = subject(assignedArm="A")
    current["extension"] += [ours, FOREIGN]
    current["identifier"] += [other]
    before = copy.deepcopy(current)
    fate, merged = merge(current, subject("potential-candidate", "potential-candidate"))
    assert fate is Fate.UPDATED
    assert merged is not None
    assert FOREIGN in merged["extension"]
    assert ours not in merged["extension"]
    assert merged["identifier"] == [IDENTIFIER, other]
    assert merged["assignedArm"] == "A"
    assert current == before, "the argument is not changed"
    assert merge(merged, subject("potential-candidate", "potential-candidate")) == (Fate.UNCHANGED, None)


def test_a_list_is_replaced_whole() -> None:
    empty = {"resourceType": "List", "id": "l", "status": "current", "emptyReason": {"text": "Nobody fits"}}
    full = {"resourceType": "List", "id": "l", "status": "current", "entry": [{"item": {"reference": "X/1"}}]}
    fate, merged = merge({**empty, "meta": {"versionId": "1"}, "identifier": []}, {**full, "identifier": []})
    assert fate is Fate.UPDATED
    assert merged is not None
    assert "emptyReason" not in merged
    assert merged["entry"] == full["entry"]


def test_what_only_we_and_the_server_wrote_is_untouched() -> None:
    added = {"versionId": "3", "lastUpdated": "2026-11-01T00:00:00Z", "source": "#x"}
    assert is_untouched(subject(meta=added), "1")


@pytest.mark.parametrize(
    "more",
    [
        {"id": "of-the-ehr"},
        {"identifier": [IDENTIFIER, {"system": "https://site.test/screening-number", "value": "SCR-0042"}]},
        {"identifier": [{**IDENTIFIER, "assigner": {"display": "the study office"}}]},
        {"meta": {"versionId": "3", "tag": [{"code": "called"}]}},
        {"meta": {"versionId": "3", "security": [{"code": "R"}]}},
        {"text": {"status": "additional", "div": "<div>Called on Monday</div>"}},
        {"extension": [FOREIGN]},
        {"period": {"start": "2026-11-01"}},
        {"individual": {"reference": "Patient/p", "display": "bed 12"}},
    ],
    ids=["id", "number", "assigner", "tag", "security", "text", "extension", "period", "display"],
)
def test_what_a_person_added_to_is_not_untouched(more: dict[str, Any]) -> None:
    assert not is_untouched(subject(meta={"versionId": "3"}) | more, "1")
