"""What a run writes is FHIR R4 to HAPI's validator, with our own definitions loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fhirscreen.engines.base import Gated, Screened
from fhirscreen.fhir.subjects import FILES_BASE, subject_uuid
from fhirscreen.outputs.resources.definitions import definitions_folder
from fhirscreen.outputs.resources.subjects import research_subjects
from fhirscreen.verdicts.standings import Gate
from tests.lib.demo import STUDIES, demo_plan, demo_screened, read_lines, write_demo
from tests.lib.validator import Findings, validate

pytestmark = pytest.mark.validator

FILES = ("ResearchStudy.ndjson", "Group.ndjson", "ResearchSubject.ndjson", "List.ndjson")
WRONG = "wrong.json"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A run of the demo; an empty one; one in which earlier subjects of ours fall off."""
    folder = tmp_path_factory.mktemp("runs")
    screened, plan = demo_screened(), demo_plan()
    write_demo(folder / "whole", screened)
    write_demo(folder / "empty", Screened(outside=dict.fromkeys(STUDIES, 0), gaps=["nothing was fetched"]))
    listed = [s for s in screened.subjects if s.status is not None][:3]
    earlier = [
        each
        for subjects in research_subjects(screened, plan, FILES_BASE).values()
        for each in subjects
        if each["id"] in {subject_uuid(s.study, FILES_BASE, s.patient) for s in listed}
    ]
    gated = [Gated(s.study, s.patient, Gate.DECEASED) for s in listed]
    kept = [s for s in screened.subjects if s not in listed]
    write_demo(folder / "fallen", replace(screened, subjects=kept, gated=gated), existing=earlier)
    return [folder / name for name in ("whole", "empty", "fallen")]


@pytest.fixture(scope="module")
def findings(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Everything in one start: the runs, our codes, and a subject with a code that is not ours."""
    text = (runs[0] / "ResearchSubject.ndjson").read_bytes().splitlines()[0]
    wrong = tmp_path_factory.mktemp("wrong") / WRONG
    wrong.write_bytes(text.replace(b'"open"', b'"ajar"'))
    files = [folder / name for folder in runs for name in FILES]
    # The validator cannot make snapshots of StructureDefinitions offline; the runs put them to use.
    codes = [path for path in definitions_folder().glob("*.json") if not path.name.startswith("Structure")]
    assert codes
    found = validate([*files, *codes, wrong], [definitions_folder()])
    assert found.total == sum(len(read_lines(file)) for file in files) + len(codes) + 1 > 100
    return found


def test_a_run_and_our_codes_have_no_error(runs: list[Path], findings: Findings) -> None:
    assert [error for error in findings.errors if not error.file.endswith(WRONG)] == []
    statuses = {each["status"] for each in read_lines(runs[2] / "ResearchSubject.ndjson")}
    assert statuses == {"candidate", "potential-candidate", "ineligible"}


def test_a_code_that_is_not_ours_is_an_error(findings: Findings) -> None:
    assert any("ajar" in error.message for error in findings.errors if error.file.endswith(WRONG))
