"""A run on disk: the files, whole or not at all, the same bytes for the same input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from fhirscreen.engines.base import Screened, SetAside
from fhirscreen.exceptions import UsageError
from fhirscreen.outputs.runs import FILES, check_out
from fhirscreen.plan.nodes import Plan
from tests.lib.demo import demo_plan, demo_screened, read_lines, write_demo
from tests.unit.outputs.conftest import IDS


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def write(out: Path, screened: Screened, plan: Plan, **options: Any) -> dict[str, Any]:
    return write_demo(out, screened, plan, **options)


NEAR_MISS = (
    'NCT00000001,e-near-miss,platelets,Platelets at least 100 × 10⁹/L,"<90 × 10⁹/L, 26 Oct 2026",'
    "2026-11-08,1,2026-10-01"
)


def content(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.name != "timings.json"}


def test_exactly_the_files_of_the_design(out: Path, screened: Screened, plan: Plan) -> None:
    run = write(out, screened, plan, timings={"screen": 1.5})
    found = {path.name for path in out.iterdir()}
    assert found == set(FILES) - {"set-aside.ndjson"}
    assert set(run["files"]) == found
    assert orjson.loads((out / "timings.json").read_bytes()) == {"screen": 1.5}
    assert orjson.loads((out / "run.json").read_bytes()) == run
    assert list(out.parent.iterdir()) == [out], "nothing is left beside it"


def test_the_same_input_in_any_order_gives_the_same_bytes(tmp_path: Path) -> None:
    screened, plan = demo_screened(), demo_plan()
    write_demo(tmp_path / "one", screened, timings={"a": 1.0})
    shuffled = replace(screened, subjects=list(screened.subjects), gated=list(screened.gated))
    random = Random(1)  # noqa: S311 - a shuffle
    random.shuffle(shuffled.subjects)
    random.shuffle(shuffled.gated)
    write_demo(tmp_path / "two", shuffled, plan, timings={"a": 2.0})
    one, two = content(tmp_path / "one"), content(tmp_path / "two")
    assert [name for name in one if one[name] != two[name]] == []


def test_run_json_says_under_what_it_was_made(out: Path, screened: Screened, plan: Plan) -> None:
    run = write(out, screened, plan)
    assert (run["as_of"], run["engine"], run["depth"], run["base"]) == (
        "2026-11-01", "memory", "full", "urn:fhirscreen:files",
    )  # fmt: skip
    assert run["mappings"] == plan.catalogue.digest
    study = run["studies"]["NCT00000001"]
    assert (study["candidates"], study["potential_candidates"], study["near_misses"]) == (1, 3, 1)
    assert study["open_questions"] == ["which-unit"]
    assert run["complete"] is True
    assert run["completeness"] == ["All data of 12 patients was read; nothing was set aside."]
    assert "recorded later about an earlier time" in run["notes"][0]


def test_what_was_set_aside_is_kept_verbatim_and_named(out: Path, screened: Screened, plan: Plan) -> None:
    screened.set_aside = [
        SetAside("Observation.ndjson:7", "not JSON, or cut off", '{"resourceType": "Obs'),
        SetAside("Condition.ndjson:1", "not JSON, or cut off", "ü{"),
    ]
    screened.gaps = ["2 resources are about patients who are not in the data"]
    run = write(out, screened, plan)
    assert run["complete"] is False
    advice = {
        "expected": "one JSON object, whole (in NDJSON on one line)",
        "remedy": "export it again, or take the line out",
    }
    assert run["set_aside"] == {
        "count": 2,
        "reasons": {"not JSON, or cut off": 2},
        "remedies": {"not JSON, or cut off": advice},
        "file": "set-aside.ndjson",
    }
    assert read_lines(out / "set-aside.ndjson")[1] == {
        "where": "Observation.ndjson:7",
        "reason": "not JSON, or cut off",
        **advice,
        "verbatim": '{"resourceType": "Obs',
    }
    assert "2 records were set aside" in (out / "report.html").read_text()
    assert "2 resources are about patients" in (out / "report.html").read_text()
    assert "Obs" not in " ".join(run["completeness"])


def test_patients_not_whole_make_a_run_incomplete(out: Path, screened: Screened, plan: Plan) -> None:
    screened.subjects[0] = screened.subjects[0]._replace(complete=False)
    run = write(out, screened, plan)
    assert (run["complete"], run["patients_not_whole"]) == (False, 1)
    assert "1 patient could not be read whole" in run["completeness"][0]


def test_csv_subjects_keeps_listed_patients_and_near_misses(
    out: Path, screened: Screened, plan: Plan
) -> None:
    write(out, screened, plan, csv="subjects")
    lines = (out / "verdicts.csv").read_text().splitlines()[1:]
    assert sorted({line.split(",")[1][0] for line in lines}) == ["a", "b", "c", "d", "e"]
    assert len(lines) == 5 * len(IDS)


def test_near_misses_csv(out: Path, screened: Screened, plan: Plan) -> None:
    write(out, screened, plan)
    assert (out / "near-misses.csv").read_text().splitlines() == [
        "study,patient,criterion,says,recorded,look_again,open,diagnosed",
        NEAR_MISS,
    ]


def test_attrition_json_is_keyed_by_study(out: Path, screened: Screened, plan: Plan) -> None:
    write(out, screened, plan)
    data = orjson.loads((out / "attrition.json").read_bytes())
    assert list(data) == ["NCT00000001"]
    assert data["NCT00000001"]["gates"]["deceased"] == 1
    assert [each["criterion"] for each in data["NCT00000001"]["criteria"]] == list(IDS)


@pytest.mark.parametrize("name", ["ResearchSubject.ndjson", "List.ndjson"])
def test_what_leaves_the_team_holds_no_sensitive_reason(
    out: Path, screened: Screened, plan: Plan, name: str
) -> None:
    write(out, screened, plan)
    text = (out / name).read_text()
    assert "Condition/h" not in text
    assert "86406008" not in text
    assert "HIV" not in text


def test_the_report_names_what_is_sensitive_as_the_verdicts_beside_it_do(
    out: Path, screened: Screened, plan: Plan
) -> None:
    write(out, screened, plan)
    report = (out / "report.html").read_text()
    assert "HIV infection" in report
    assert "Further review needed</span>" not in report


def test_an_earlier_run_is_replaced(out: Path, screened: Screened, plan: Plan) -> None:
    screened.set_aside = [SetAside("a", "b", "c")]
    write(out, screened, plan)
    assert (out / "set-aside.ndjson").exists()
    screened.set_aside = []
    write(out, screened, plan)
    assert not (out / "set-aside.ndjson").exists()
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_empty_folder_is_taken(out: Path, screened: Screened, plan: Plan) -> None:
    out.mkdir()
    write(out, screened, plan)
    assert (out / "run.json").exists()


@pytest.mark.parametrize("names", [["thesis.docx"], ["run.json", "thesis.docx"]])
def test_what_is_no_run_is_refused_and_kept(
    out: Path, screened: Screened, plan: Plan, names: list[str]
) -> None:
    out.mkdir()
    for name in names:
        (out / name).write_text("mine")
    with pytest.raises(UsageError):
        check_out(out)
    with pytest.raises(UsageError):
        write(out, screened, plan)
    assert {path.name for path in out.iterdir()} == set(names)


def test_a_file_in_its_place_is_refused(out: Path, screened: Screened, plan: Plan) -> None:
    out.write_text("mine")
    with pytest.raises(UsageError):
        write(out, screened, plan)
    assert out.read_text() == "mine"


def test_a_failure_half_way_leaves_the_earlier_run(out: Path, screened: Screened, plan: Plan) -> None:
    write(out, screened, plan)
    before = content(out)
    screened.counts = {"not": object()}  # cannot be written as JSON, which shows when run.json is due
    with pytest.raises(TypeError):
        write(out, screened, plan)
    assert content(out) == before
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_empty_run_is_a_run(out: Path, plan: Plan) -> None:
    run = write(out, Screened(patients=0, outside={"NCT00000001": 0}), plan)
    assert run["studies"]["NCT00000001"]["candidates"] == 0
    assert (out / "report.html").read_text().count("<p>Nobody.</p>") == 2
    assert "emptyReason" in read_lines(out / "List.ndjson")[0]
