"""What files lost is never taken for absent: a cut line, a file that breaks off, a file not delivered."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import orjson
import pytest

from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.base import Screened
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.folders import read_ndjson
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.plan.resolve import resolve
from fhirscreen.synthetic import generate, write_ndjson
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Status

AS_OF = date(2026, 11, 1)


def screen(folder: Path) -> Screened:
    mappings = mappings_folder()
    catalogue = load_catalogue().at(load_site(mappings / "sites" / "demo.yaml"))
    plan = resolve([load_study(mappings / "studies" / "NCT06907602.yaml")], catalogue)
    engine = InMemory(gather(read_ndjson(folder)), exported=True)
    return engine.screen(plan, AsOf(AS_OF, catalogue.site.zone))


def candidates(screened: Screened) -> set[str]:
    return {subject.patient for subject in screened.subjects if subject.status is Status.CANDIDATE}


def proof(screened: Screened, patient: str, criterion: str) -> Proof:
    subject = next(subject for subject in screened.subjects if subject.patient == patient)
    return next(v.proof for v in subject.verdicts if v.criterion.id == criterion)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_ndjson(generate(), tmp_path)
    return tmp_path


def test_a_cut_line_leaves_its_patient_open(folder: Path) -> None:
    before = screen(folder)
    patient = min(candidates(before))
    assert proof(before, patient, "hiv").basis is Basis.PRESUMED
    line = orjson.dumps(
        {
            "resourceType": "Condition",
            "id": "cut",
            "subject": {"reference": f"Patient/{patient}"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]},
        }
    )
    with (folder / "Condition.ndjson").open("ab") as file:
        file.write(line[:-9] + b"\n")
    after = screen(folder)
    found = proof(after, patient, "hiv")
    assert (found.truth, found.reason) == (Truth.UNKNOWN, Reason.NOT_FETCHED)
    assert candidates(after) == candidates(before) - {patient}
    assert [each.reason for each in after.set_aside] == ["not JSON, or cut off"]


HIV = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]}
CUT = '{"resourceType": "Condition", "id": "cut", "code": {"coding": [{"system"'


@pytest.mark.parametrize(
    ("line", "hiv", "neuropathy"),
    [
        pytest.param(CUT, Reason.NOT_FETCHED, Reason.NOT_FETCHED, id="cut"),
        pytest.param("no JSON", Reason.NOT_FETCHED, Reason.NOT_FETCHED, id="no JSON"),
        pytest.param(
            orjson.dumps({"resourceType": "Condition", "id": "c", "code": HIV}).decode(),
            Reason.NOT_FETCHED,
            Reason.ABSENCE_PRESUMED,
            id="no subject",
        ),
        pytest.param(
            orjson.dumps(
                {
                    "resourceType": "Condition",
                    "id": "c",
                    "code": HIV,
                    "subject": {"identifier": {"value": "7"}},
                }
            ).decode(),
            Reason.NOT_FETCHED,
            Reason.ABSENCE_PRESUMED,
            id="by identifier alone",
        ),
        pytest.param(
            orjson.dumps({"resourceType": "Condition", "id": "c", "code": {"text": "?"}}).decode(),
            Reason.ABSENCE_PRESUMED,  # that HIV is on record is asked: silence of the codes is no
            Reason.NOT_FETCHED,
            id="no code that tells",
        ),
    ],
)
def test_what_names_nobody_settles_nothing_for_anybody(
    folder: Path, line: str, hiv: Reason, neuropathy: Reason
) -> None:
    before = screen(folder)
    patient = min(candidates(before))
    assert proof(before, patient, "hiv").reason is Reason.ABSENCE_PRESUMED
    with (folder / "Condition.ndjson").open("r+b") as file:
        rest = file.read()
        file.seek(0)
        file.write(line.encode() + b"\n" + rest)
    after = screen(folder)
    assert not candidates(after)
    assert {s.patient for s in after.subjects} == {s.patient for s in before.subjects}
    for each in candidates(before):
        # What says that it is of something else does not open the question.
        assert proof(after, each, "hiv").reason is hiv
        found = proof(after, each, "neuropathy")
        assert found.reason is neuropathy
        assert ("Condition.ndjson:1: " in found.because) == (neuropathy is Reason.NOT_FETCHED)
    assert not any(subject.complete for subject in after.subjects)
    assert (
        "1 record that was set aside may be of anybody: what it may say (Condition) is open for everybody"
        in after.gaps
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"resourceType": "Organization", "id": "cut',
        '{"resourceType": "Condition", "id": "c", "subject": {"reference": "Device/d"}}',
        orjson.dumps({"resourceType": "Condition", "id": "c", "code": {"coding": [
            {"system": "http://hl7.org/fhir/sid/icd-10", "code": "H52.1"}]}}).decode(),
    ],
)  # fmt: skip
def test_what_nothing_is_decided_by_opens_nothing(folder: Path, line: str) -> None:
    before = screen(folder)
    (folder / "more.ndjson").write_text(f"{line}\n")
    after = screen(folder)
    assert len(after.set_aside) == 1
    assert candidates(after) == candidates(before)


def test_a_file_that_breaks_off_makes_nothing_absent(folder: Path) -> None:
    whole = folder / "Procedure.ndjson"
    packed = gzip.compress(whole.read_bytes())
    whole.unlink()
    (folder / "Procedure.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    after = screen(folder)
    assert not candidates(after)
    assert not any(subject.complete for subject in after.subjects)
    assert [each.reason for each in after.set_aside] == ["the file cannot be read any further"]


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_a_plain_file_that_is_cut_makes_nothing_absent_and_nobody_silently_no_member(
    folder: Path, share: float
) -> None:
    before = screen(folder)
    whole = (folder / "Condition.ndjson").read_bytes()
    cut = whole.index(b"\n", int(len(whole) * share)) + 60  # in the middle of the line after that
    (folder / "Condition.ndjson").write_bytes(whole[:cut])
    after = screen(folder)
    assert candidates(before)
    assert not candidates(after)
    assert [each.reason for each in after.set_aside] == ["the file cannot be read any further"]
    assert not any(subject.complete for subject in after.subjects)
    lost = {s.patient for s in before.subjects} - {s.patient for s in after.subjects}
    assert lost
    assert any("cannot be told whether they belong" in gap for gap in after.gaps)
    assert min(after.untold.values()) >= len(lost)


def test_a_file_that_was_not_delivered_makes_nothing_absent(folder: Path) -> None:
    (folder / "Procedure.ndjson").unlink()
    after = screen(folder)
    assert not candidates(after)
    assert after.gaps == [
        "there is no Procedure of anybody in the data, though the site declares them complete"
    ]


def test_what_is_no_resource_type_is_set_aside(folder: Path) -> None:
    with (folder / "Observation.ndjson").open("ab") as file:
        file.write(b'{"resourceType": "Sandwich", "id": "1"}\n')
    assert [each.reason for each in screen(folder).set_aside] == ["not a resource type of R4"]


def test_data_without_a_patient_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "Condition.ndjson").write_text("garbage\n")
    with pytest.raises(DataError, match="there is no patient in the data, and 1 record could not be read"):
        screen(tmp_path)
