"""Bad input: one clear message and the right exit code; what can be screened is still screened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fhirscreen import synthetic
from tests.lib.cli import Outcome, fhirscreen, run_fhirscreen
from tests.lib.demo import STUDIES
from tests.lib.loopback import CAPABILITIES, HTML, Canned, json_of, outcome_of, serve

STUDY = STUDIES[0]
AT = ("--as-of", "2026-11-01", "--site", "demo")


def refused(outcome: Outcome, code: int, *parts: str) -> None:
    """A message of what, where, expected and remedy; nothing on standard output; no traceback."""
    assert outcome.code == code, (outcome.code, outcome.err)
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("error: ")
    for part in parts:
        assert part in " ".join(outcome.err.split()), (part, outcome.err)


@pytest.fixture
def ndjson(tmp_path: Path) -> Path:
    folder = tmp_path / "ndjson"
    synthetic.write_ndjson(synthetic.generate(patients=40), folder)
    return folder


def screened(folder: Path, *options: object) -> Outcome:
    return fhirscreen("screen", STUDY, "--ndjson", folder, *AT, "--json", *options)


# --- usage: exit code 2


def test_a_study_that_does_not_exist() -> None:
    refused(fhirscreen("check", "NCT00000001"), 2, "no such study", "NCT00000001", "NCT06907602", "remedy:")


def test_no_source_and_two_sources(tmp_path: Path) -> None:
    refused(fhirscreen("screen", STUDY), 2, "--server URL")
    two = fhirscreen("screen", STUDY, "--ndjson", tmp_path, "--bundles", tmp_path)
    refused(two, 2, "several sources", "--ndjson, --bundles")


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_engines_of_a_later_version(ndjson: Path, engine: str) -> None:
    refused(screened(ndjson, "--engine", engine), 2, engine, "not in this version")


def test_engines_that_do_not_fit_the_source(ndjson: Path) -> None:
    refused(screened(ndjson, "--engine", "search"), 2, "files are given")
    with serve({"/metadata": json_of(CAPABILITIES)}) as base:
        refused(fhirscreen("screen", STUDY, "--server", base, "--engine", "memory"), 2, "a server is given")


def test_a_depth_that_files_do_not_have(ndjson: Path) -> None:
    refused(screened(ndjson, "--depth", "candidates"), 2, "--depth", "files are read whole", "--server")


def test_a_site_that_does_not_exist(ndjson: Path) -> None:
    refused(screened(ndjson, "--site", "nosuch"), 2, "no such site", "nosuch", "(demo)", "doctor")


def test_an_as_of_that_is_no_date(ndjson: Path) -> None:
    outcome = screened(ndjson, "--as-of", "2024-13")
    assert outcome.code == 2
    assert "2026-11-01" in outcome.err


def test_a_server_that_is_no_url() -> None:
    refused(fhirscreen("doctor", "--server", "hapi"), 2, "--server", "https://")


def test_the_same_study_twice(ndjson: Path) -> None:
    folder = ndjson.parent / "studies"
    folder.mkdir()
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text(
            "study: S\ntitle: T\npopulation: all\ninclusion: [{id: x, says: X, sex: male}]\n"
        )
    refused(fhirscreen("screen", folder, "--ndjson", ndjson), 2, "given 2 times")


def test_out_that_holds_something_else(ndjson: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    refused(screened(ndjson, "-o", tmp_path), 2, "no run")
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_patient_explained_is_not_a_run(ndjson: Path, tmp_path: Path) -> None:
    refused(screened(ndjson, "--patient", "esc-0001", "-o", tmp_path / "x"), 2, "--patient")


def test_publishing_nowhere(tmp_path: Path) -> None:
    refused(fhirscreen("publish", tmp_path), 2, "no server is given")


def test_the_server_that_is_set_stands_for_the_option() -> None:
    with serve({"/metadata": HTML}) as base:
        refused(fhirscreen("screen", STUDY, FHIRSCREEN_SERVER=base), 4, "HTML", base)


def test_an_unknown_setting(ndjson: Path) -> None:
    outcome = fhirscreen("screen", STUDY, "--ndjson", ndjson, FHIRSCREEN_SERVR="x")
    refused(outcome, 2, "FHIRSCREEN_SERVR")


# --- bad studies, sites and data: exit code 3, nothing was screened


def study_with(criterion: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "study.yaml"
        path.write_text(
            f"study: S1\ntitle: T\npopulation: {{cancer: oesophageal-cancer}}\ninclusion:\n  - {criterion}\n"
        )
        return path

    return write


@pytest.mark.parametrize(
    ("criterion", "parts"),
    [
        (
            "{id: p, says: P, measured: {concept: platelet-cuont, at_least: 1 10*9/L}}",
            ["platelet-cuont", "platelet-count"],
        ),
        ("{id: p, says: P, measured: {concept: platelet-count, at_least: 1 furlong}}", ["furlong", "10*9/L"]),
        ("{id: p, says: P, measured: {concept: platelet-count, at_least: 1 kg}}", ["kg", "10*9/L"]),
        ("{id: p, says: P, measured: {concept: platelet-count, at_lest: 1 10*9/L}}", ["at_lest", "at_least"]),
        ("{id: p, says: P, finding: {concept: t-category, in: [T9]}}", ["T9", "T3"]),
        ("{id: p, says: P}", ["expression"]),
    ],
)
def test_a_study_that_cannot_be_computed(
    ndjson: Path, tmp_path: Path, criterion: str, parts: list[str]
) -> None:
    path = study_with(criterion)(tmp_path)
    refused(fhirscreen("screen", path, "--ndjson", ndjson), 3, *parts)
    checked = fhirscreen("check", path)
    assert checked.code == 3
    for part in parts:
        assert part in checked.out


MANY = """study: S1
title: T
colour: blue
population: {cancer: oesophageal-cancer}
inclusion:
  - {id: a, says: A, measured: {concept: platelet-cuont, at_least: 1 10*9/L}}
  - {id: b, says: B, measured: {concept: platelet-count, at_lest: 1, of: 3}, wieght: gate}
  - {id: c, says: C}
  - {says: D, age: {at_least: 18}}
exclusion:
  - {id: e, says: E, mirrors: b, age: {below: 18 a}}
"""


def test_all_that_is_wrong_with_a_study_is_said_at_once(tmp_path: Path, ndjson: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(MANY)
    (checked,) = fhirscreen("check", path, "--json").json
    assert [each["where"] for each in checked["findings"]] == [
        "colour",
        "inclusion[1].wieght",
        "inclusion[1].measured.at_lest",
        "inclusion[1].measured.of",
        "inclusion[2]",
        "inclusion[3].age",
        "inclusion[3]",
        "inclusion.a",
    ]
    outcome = fhirscreen("screen", path, "--ndjson", ndjson)
    refused(outcome, 3, "7 things are wrong", f"where: {path}: inclusion[3].age", "`id` is missing")


def test_all_unknown_concepts_of_a_study_are_said_at_once(tmp_path: Path, ndjson: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "study: S1\ntitle: T\npopulation: {cancer: cancr}\n"
        "inclusion: [{id: a, says: A, measured: {concept: platelet-cuont, at_least: 1 10*9/L}}]\n"
    )
    outcome = fhirscreen("screen", path, "--ndjson", ndjson)
    refused(outcome, 3, "2 things are wrong", "unknown concept 'cancr'", "S1.a", "platelet-count")


def test_all_that_is_wrong_with_a_site_is_said_at_once(tmp_path: Path, ndjson: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "site: x\ntme_zone: UTC\ntime_zone: Berlin\ncomplete: {Encounter: lifelong, Condition: 5}\n"
    )
    outcome = screened(ndjson, "--site", path)
    refused(outcome, 3, "4 things", "mine.yaml.time_zone", "mine.yaml.complete.Encounter", "Condition is 5")
    path.write_text("site: x\nlocal_codes: {platelets: {lab: [P]}}\ndefault_units: {haemoglobin: furlong}\n")
    outcome = screened(ndjson, "--site", path)
    refused(outcome, 3, "3 things", "mine.yaml.local_codes", "'platelets'", "'lab'", "`furlong`")


def test_a_site_that_is_set_may_be_a_name(ndjson: Path) -> None:
    named = fhirscreen("check", STUDY, FHIRSCREEN_SITE="demo")
    assert named.code == 0, named.err
    refused(fhirscreen("check", STUDY, FHIRSCREEN_SITE="nosuch"), 2, "FHIRSCREEN_SITE=nosuch", "(demo)")
    refused(fhirscreen("check", STUDY, FHIRSCREEN_SITE="no/such.yaml"), 2, "FHIRSCREEN_SITE", "shipped site")


def test_a_study_file_that_is_no_yaml(tmp_path: Path, ndjson: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("study: [\n")
    refused(fhirscreen("screen", path, "--ndjson", ndjson), 3, "s.yaml")


def test_a_site_with_an_unknown_concept(tmp_path: Path, ndjson: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("site: x\nlocal_codes: {platelets: {urn:lab: [P]}}\n")
    refused(fhirscreen("screen", STUDY, "--ndjson", ndjson, "--site", path), 3, "unknown concept 'platelets'")


def test_no_folder_and_an_empty_folder(tmp_path: Path) -> None:
    refused(screened(tmp_path / "nowhere"), 3, "no such folder")
    refused(screened(tmp_path), 3, "no NDJSON file", ".ndjson.gz")


def test_a_patient_who_is_not_there(ndjson: Path) -> None:
    outcome = screened(ndjson, "--patient", "somebody-else")
    refused(outcome, 3, "not in the data", f"where: {ndjson}")
    assert "somebody-else" not in outcome.err


@pytest.mark.parametrize(
    ("line", "where", "what", "remedy"),
    [
        ("    age: {at_least: 1,000 a}", "inclusion[0].age", "unknown key `000 a`", "a comma ends a value"),
        ("    says: ALT: at most 2", "line 6", "not YAML", "in quotes"),
        ("    measured: {concept: x, at_most: '<= 5'}", "at_most", "is not a bound", "the key says"),
        ("    condition: {concept: x, within: 28}", "within", "the unit of `28` is missing", "`28 d`"),
        ("    id: b", "line 6", "twice", "mend"),
    ],
)
def test_slips_of_the_pen_are_named(tmp_path: Path, line: str, where: str, what: str, remedy: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(f"study: S\ntitle: T\npopulation: all\ninclusion:\n  - id: a\n{line}\n")
    found = fhirscreen("check", path, "--json").json[0]["findings"][0]
    assert where in found["where"]
    assert str(tmp_path) not in found["where"], "the file is named once"
    assert what in found["what"]
    assert remedy in found["remedy"]


def test_publishing_what_is_no_run(tmp_path: Path) -> None:
    refused(fhirscreen("publish", tmp_path, "--server", "http://127.0.0.1:1/fhir"), 3, "run.json")


COUNTED = {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}


# --- bad resources: set aside verbatim, everybody else is screened, exit code 5


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("this is not JSON", "not JSON"),
        ('{"resourceType":"Observation","id":"cut","sta', "cut off"),
        ("[1, 2]", "not a JSON object"),
        ('{"resourceType":"Observation","status":"final"}', "no id"),
        (
            json.dumps({"resourceType": "Observation", "id": "x", "status": "final", "code": COUNTED}),
            "about no patient",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_set_aside_verbatim(
    ndjson: Path, tmp_path: Path, line: str, reason: str
) -> None:
    before = screened(ndjson).json
    (ndjson / "zz.ndjson").write_text(line + "\n")
    outcome = screened(ndjson, "-o", tmp_path / "run")
    assert outcome.code == 5
    assert "set aside" in outcome.err
    assert reason in outcome.err
    assert f"{tmp_path}/run/set-aside.ndjson holds each, verbatim" in outcome.err
    assert "expected: " in outcome.err
    assert "remedy: " in outcome.err
    run = outcome.json["run"]
    assert run["set_aside"]["count"] == 1
    assert "candidate" in {each["status"] for each in before["subjects"]}
    assert "candidate" not in {each["status"] for each in outcome.json["subjects"]}, "it may be of anybody"
    assert not any(each["complete"] for each in outcome.json["subjects"])
    assert "may be of anybody" in " ".join(outcome.err.split())
    aside = json.loads((tmp_path / "run/set-aside.ndjson").read_text())
    assert aside["verbatim"].startswith(line[:12])
    assert aside["expected"]
    assert aside["remedy"]


def breaking(change: Callable[[dict[str, object]], None], code: str) -> Callable[[Path], str]:
    """Breaks the first final Observation with the LOINC code; gives its patient."""

    def act(folder: Path) -> str:
        path = folder / "Observation.ndjson"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        broken = next(
            each
            for each in lines
            if code in [c["code"] for c in each["code"]["coding"]] and each["status"] == "final"
        )
        change(broken)
        path.write_text("".join(json.dumps(each) + "\n" for each in lines))
        return str(broken["subject"]["reference"]).removeprefix("Patient/")

    return act


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda r: r.update(effectiveDateTime="2024-13"), id="date"),
        pytest.param(lambda r: r["valueQuantity"].update(value="abc"), id="quantity"),
        pytest.param(lambda r: r.update(code="777-3"), id="code"),
    ],
)
def test_an_element_that_is_not_r4_leaves_the_rest_of_the_chart(
    ndjson: Path, change: Callable[[dict[str, object]], None]
) -> None:
    patient = breaking(change, "777-3")(ndjson)
    outcome = screened(ndjson)
    assert outcome.code in (0, 5), outcome.err
    if outcome.code == 0:
        pytest.fail("nothing was said of the broken element")
    assert outcome.json["run"]["set_aside"]["count"] >= 1
    assert patient not in outcome.err
    proof = fhirscreen("screen", STUDY, "--ndjson", ndjson, *AT, "--patient", patient, "--json").json[0]
    assert len(proof["verdicts"]) == 37
    assert proof["complete"] is False


def test_an_unknown_field_is_named_and_changes_nothing(ndjson: Path, tmp_path: Path) -> None:
    before = screened(ndjson).json
    breaking(lambda r: r.update(favouriteColour="blue"), "777-3")(ndjson)
    after = screened(ndjson, "-o", tmp_path / "run")
    assert after.code == 0
    assert after.json["subjects"] == before["subjects"]
    (remark,) = after.json["run"]["remarks"]
    assert remark["what"] == "Observation has the field favouriteColour, which R4 does not know"
    assert remark["times"] == 1
    assert remark["where"].startswith("Observation.ndjson:")
    assert f"note: {remark['what']} ({remark['where']})" in " ".join(after.err.split())
    assert f"expected: {remark['expected']}" in after.err
    assert f"remedy: {remark['remedy']}" in after.err
    assert remark["what"] in (tmp_path / "run/report.html").read_text()


def test_a_resource_of_another_type_than_its_file_is_read_and_named(ndjson: Path) -> None:
    before = screened(ndjson).json
    patients = (ndjson / "Patient.ndjson").read_text()
    (ndjson / "Patient.ndjson").unlink()
    with (ndjson / "Observation.ndjson").open("a") as file:
        file.write(patients)
    after = screened(ndjson)
    assert after.code == 0, after.err
    assert after.json["subjects"] == before["subjects"]
    (remark,) = after.json["run"]["remarks"]
    assert remark["what"] == "Patient stands in a file that is named for Observation"
    assert remark["times"] == len(patients.splitlines())
    assert "for instance at Observation.ndjson:" in after.err


def test_a_reference_to_nothing_is_kept_verbatim(ndjson: Path, tmp_path: Path) -> None:
    stray = {
        "resourceType": "Observation",
        "id": "stray",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "subject": {"reference": "Patient/nobody"},
    }
    (ndjson / "zz.ndjson").write_text(json.dumps(stray) + "\n")
    outcome = screened(ndjson, "-o", tmp_path / "run")
    assert outcome.code == 5
    assert outcome.json["run"]["set_aside"]["reasons"] == {"about a patient who is not in the data": 1}
    assert "remedy: export that Patient too" in outcome.err
    assert "nobody" not in outcome.err.replace("nobody in the data", "")
    aside = json.loads((tmp_path / "run/set-aside.ndjson").read_text())
    assert aside["where"] == "zz.ndjson:1"
    assert json.loads(aside["verbatim"]) == stray
    report = (tmp_path / "run/report.html").read_text()
    assert "Expected a Patient resource for every reference; export that Patient too" in report


def test_a_truncated_gzip_file(ndjson: Path) -> None:
    import gzip

    whole = gzip.compress((ndjson / "Condition.ndjson").read_bytes())
    (ndjson / "more.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    outcome = screened(ndjson)
    assert outcome.code == 5
    assert "cannot be read any further" in outcome.err


# --- servers: exit code 4, nothing was screened


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        pytest.param(HTML, ["HTML", "website, login page or proxy"], id="html"),
        pytest.param(Canned(401), ["401", "credentials"], id="401"),
        pytest.param(Canned(403), ["403", "scope"], id="403"),
        pytest.param(Canned(404, "{}"), ["404", "base URL"], id="404"),
        pytest.param(
            outcome_of(400, "processing", "Patient/17 of Jane Roe"), ["400", "processing"], id="outcome"
        ),
        pytest.param(json_of(CAPABILITIES | {"fhirVersion": "5.0.0"}), ["R5 (5.0.0)", "R4"], id="r5"),
        pytest.param(
            json_of({"resourceType": "Patient", "id": "x"}), ["brings Patient"], id="wrong-resource"
        ),
        pytest.param(Canned(200, '{"resourceType": "Capab'), ["breaks off"], id="broken"),
    ],
)
@pytest.mark.parametrize("command", ["screen", "doctor", "explain"])
def test_a_server_that_is_no_r4_server(command: str, answer: Canned, parts: list[str]) -> None:
    studies = [] if command == "doctor" else [STUDY]
    with serve({"/metadata": answer}) as base:
        outcome = fhirscreen(command, *studies, "--server", base)
        refused(outcome, 4, *parts, base)
    assert "Jane" not in outcome.err


def test_nobody_answers() -> None:
    refused(
        fhirscreen("screen", STUDY, "--server", "http://127.0.0.1:1/fhir"),
        4,
        "Nothing answers",
        "127.0.0.1:1",
    )


def test_a_server_that_refuses_every_search() -> None:
    with serve({"/metadata": json_of(CAPABILITIES)}, otherwise=outcome_of(403, "forbidden")) as base:
        outcome = fhirscreen("screen", STUDY, "--server", base)
    refused(outcome, 4, "403")


# --- no tracebacks


def test_a_process_ends_in_a_message_and_debug_shows_the_rest() -> None:
    outcome = run_fhirscreen("screen", STUDY, "--server", "http://127.0.0.1:1/fhir")
    refused(outcome, 4, "Nothing answers")
    assert (
        "Traceback" in run_fhirscreen("--debug", "screen", STUDY, "--server", "http://127.0.0.1:1/fhir").err
    )


def test_a_place_that_cannot_be_written(ndjson: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = screened(ndjson, "-o", tmp_path / "file" / "run")
    refused(outcome, 2, "cannot be read or written")
