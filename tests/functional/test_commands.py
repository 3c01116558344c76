"""Every command and its promise, run in this process."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from fhirscreen import synthetic
from fhirscreen.fhir.subjects import FILES_BASE
from tests.lib.cli import fhirscreen, run_fhirscreen, start_fhirscreen
from tests.lib.demo import STUDIES
from tests.lib.loopback import CAPABILITIES, json_of, serve

NEOADJUVANT, OLIGOMETASTATIC = STUDIES


@pytest.fixture(scope="module")
def cohort() -> synthetic.Cohort:
    return synthetic.generate(patients=60)


@pytest.fixture(scope="module")
def ndjson(cohort: synthetic.Cohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ndjson")
    synthetic.write_ndjson(cohort, folder)
    return folder


@pytest.fixture(scope="module")
def bundles(cohort: synthetic.Cohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    synthetic.write_bundles(cohort, folder)
    return folder


AT = ("--as-of", "2026-11-01", "--site", "demo")


# --- demo


def test_demo_shows_both_studies_quickly() -> None:
    began = time.process_time()
    outcome = fhirscreen("demo")
    assert time.process_time() - began < 10
    assert outcome.code == 0, outcome.err
    for part in (*STUDIES, "Candidates", "Potential candidates", "Near misses", "Attrition", "Next action"):
        assert part in outcome.out
    assert "Nobody can be a candidate" in " ".join(outcome.out.split())


def test_demo_writes_the_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert fhirscreen("demo", "-o", tmp_path / name).code == 0
    one, two = (
        {p.name: p.read_bytes() for p in (tmp_path / name).iterdir() if p.name != "timings.json"}
        for name in ("one", "two")
    )
    assert one == two
    assert {"report.html", "verdicts.csv", "List.ndjson", "run.json"} <= one.keys()
    run = json.loads(one["run.json"])
    assert run["as_of"] == "2026-11-01"
    assert run["studies"][OLIGOMETASTATIC]["candidates"] == 0
    assert run["studies"][OLIGOMETASTATIC]["potential_candidates"] > 0


def test_demo_ignores_settings() -> None:
    outcome = fhirscreen("demo", "--json", FHIRSCREEN_SERVER="not a url")
    assert outcome.code == 0
    assert outcome.json["run"]["site"]["id"] == "demo"


# --- check


def test_check_finds_the_shipped_studies_sound() -> None:
    outcome = fhirscreen("check", *STUDIES)
    assert outcome.code == 0
    assert "warning" in outcome.out
    assert "haemoglobin" in outcome.out


def test_check_says_all_that_is_wrong_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "study: A1\ntitle: T\npopulation: all\ninclusion:\n"
        "  - {id: p, says: P, measured: {concept: platelet-cuont, at_least: 100 10*9/L}}\n"
        "  - {id: n, says: N, measured: {concept: neutrophil-count, at_least: 1 kg}}\n"
    )
    (tmp_path / "b.yaml").write_text("study: [\n")
    outcome = fhirscreen("check", tmp_path, "--json")
    assert outcome.code == 3
    first, second = outcome.json
    assert [f["where"] for f in first["findings"] if f["severity"] == "error"] == [
        "inclusion.p",
        "inclusion.n",
    ]
    assert "platelet-count" in first["findings"][0]["remedy"]
    assert second["study"] is None
    assert second["errors"] == 1


# --- explain


def test_explain_shows_searches() -> None:
    outcome = fhirscreen("explain", NEOADJUVANT)
    assert outcome.code == 0
    assert "search     Observation?combo-code=26515-7,777-3" in outcome.out
    assert "costs every Condition once" in outcome.out
    assert "asked in person" in outcome.out
    assert "not in this version" in outcome.out


def test_explain_lists_once_what_is_fetched_whole() -> None:
    lines = fhirscreen("explain", NEOADJUVANT).out.splitlines()
    assert sum("match by prefix" in line for line in lines if line.startswith("Condition*")) == 1
    assert sum("named by reference" in line for line in lines) == 1
    steroids = lines.index(next(line for line in lines if line.startswith("exclusion systemic-steroids")))
    assert any(
        line.split() == ["fetches", "Condition*,", "medications*"] for line in lines[steroids : steroids + 8]
    )
    assert len(lines) < 300


def test_explain_shows_all_codes_and_expressions_when_asked() -> None:
    outcome = fhirscreen("explain", NEOADJUVANT, "--all")
    assert "… (" not in outcome.out
    assert "Codes are sent without their system" in outcome.out
    assert '{"measured": {"concept": "platelet-count", "at_least": "100 10*9/L"}}' in outcome.out


def test_explain_says_how_a_server_would_run_it() -> None:
    count = json_of({"resourceType": "Bundle", "type": "searchset", "total": 7})
    with serve({"/metadata": json_of(CAPABILITIES)}, otherwise=count) as base:
        page = fhirscreen("explain", NEOADJUVANT, "--server", base)
        data = fhirscreen("explain", NEOADJUVANT, "--server", base, "--json").json[0]
    assert page.code == 0, page.err
    assert "on this server 7 resources of 7 patients" in " ".join(page.out.split())
    assert "no Procedure: what only it records stays unknown" in page.out
    fetched = {each["type"]: each for each in data["fetched"]}
    assert fetched["Condition"] == {
        "type": "Condition",
        "codes": 0,
        "whole_type_because": "icd-10, icd-10-cm, icd-10-gm, icd-o-3 match by prefix",
        "criteria": fetched["Condition"]["criteria"],
        "resources": 7,
        "resources_with_these_codes": None,
    }
    assert fetched["Observation"]["codes"] > 90
    assert fetched["Observation"]["resources_with_these_codes"] == 7


def test_explain_names_every_criterion_once_in_json() -> None:
    study = fhirscreen("explain", NEOADJUVANT, "--json").json[0]
    ids = [each["criterion"] for each in study["criteria"]]
    assert len(ids) == len(set(ids)) == 37
    platelets = next(each for each in study["criteria"] if each["criterion"] == "platelets")
    assert platelets["concepts"] == ["platelet-count"]
    assert platelets["expression"] == {"measured": {"concept": "platelet-count", "at_least": "100 10*9/L"}}
    assert any(",777-3" in each["search"] for each in platelets["searches"])
    haemoglobin = next(each for each in study["criteria"] if each["criterion"] == "haemoglobin")
    assert haemoglobin["open_questions"] == ["haemoglobin-unit"]


# --- screen


def test_screen_gives_the_same_of_bundles_and_ndjson(ndjson: Path, bundles: Path, tmp_path: Path) -> None:
    for option, folder in (("--ndjson", ndjson), ("--bundles", bundles)):
        outcome = fhirscreen("screen", *STUDIES, option, folder, *AT, "-o", tmp_path / option)
        assert outcome.code == 0, outcome.err
    for name in ("verdicts.csv", "ResearchSubject.ndjson", "attrition.json", "report.html"):
        assert (tmp_path / "--ndjson" / name).read_bytes() == (tmp_path / "--bundles" / name).read_bytes()


def test_screen_without_o_writes_nothing_and_prints_everybody(
    ndjson: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, *AT)
    data = fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--json").json
    assert list(tmp_path.iterdir()) == []
    assert len(data["subjects"]) > 10
    for subject in data["subjects"]:
        assert subject["patient"] in outcome.out


def test_json_is_run_json_and_the_subjects(ndjson: Path, tmp_path: Path) -> None:
    outcome = fhirscreen("screen", *STUDIES, "--ndjson", ndjson, *AT, "--json", "-o", tmp_path / "run")
    assert outcome.json["run"] == json.loads((tmp_path / "run/run.json").read_text())
    written = [
        json.loads(line) for line in (tmp_path / "run/ResearchSubject.ndjson").read_text().splitlines()
    ]
    listed = [s for s in outcome.json["subjects"] if s["status"] is not None]
    assert sorted(s["status"] for s in listed) == sorted(s["status"] for s in written)
    assert all(s["next_action"] for s in listed)


def test_absence_unknown_drops_what_the_site_declares(ndjson: Path) -> None:
    with_site = fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--json").json["run"]
    without = fhirscreen(
        "screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--absence", "unknown", "--json"
    ).json["run"]
    assert with_site["studies"][NEOADJUVANT]["candidates"] > 0
    assert without["studies"][NEOADJUVANT]["candidates"] == 0


def test_csv_subjects_leaves_out_who_is_not_listed(ndjson: Path, tmp_path: Path) -> None:
    sizes = {}
    for rows in ("all", "subjects"):
        fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--csv", rows, "-o", tmp_path / rows)
        lines = (tmp_path / rows / "verdicts.csv").read_text().splitlines()[1:]
        sizes[rows] = {line.split(",")[1] for line in lines}
    assert sizes["subjects"] < sizes["all"]


def test_base_is_the_option_else_the_manifest_else_ours(cohort: synthetic.Cohort, tmp_path: Path) -> None:
    synthetic.write_ndjson(cohort, tmp_path)

    def base(*options: str) -> str:
        run = fhirscreen("screen", NEOADJUVANT, "--ndjson", tmp_path, *AT, "--json", *options).json["run"]
        return str(run["base"])

    assert base() == FILES_BASE
    request = "https://fhir.example.org/r4/Group/7/$export?_type=Patient"
    (tmp_path / "manifest.json").write_text(json.dumps({"request": request}))
    assert base() == "https://fhir.example.org/r4"
    assert base("--base", "https://other.example/r4") == "https://other.example/r4"


@pytest.mark.parametrize("kind", ["listed", "failed", "gated", "outside"])
def test_one_patient_is_explained_wherever_she_stands(
    cohort: synthetic.Cohort, ndjson: Path, kind: str
) -> None:
    gated = cohort.gates[NEOADJUVANT]
    statuses = {p: s for (study, p), s in cohort.statuses.items() if study == NEOADJUVANT}
    patient = {
        "listed": next(p for p, s in statuses.items() if s == "candidate"),
        "failed": next(p for p, s in statuses.items() if s not in ("candidate", "potential-candidate")),
        "gated": next(iter(gated)),
        "outside": next(p for p in cohort.resources if p not in cohort.members and p not in gated),
    }[kind]
    outcome = fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--patient", patient)
    assert outcome.code == 0, outcome.err
    data = fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--patient", patient, "--json").json[0]
    assert patient in outcome.out
    assert data["member"] is (kind != "outside")
    assert (data["gate"] is not None) is (kind == "gated")
    assert len(data["verdicts"]) == (37 if kind in ("listed", "failed") else 0)
    if kind == "failed":
        assert "failed" in {verdict["standing"] for verdict in data["verdicts"]}
        assert data["status"] is None
    assert (data["outside"] is not None) is (kind == "outside")
    if kind == "outside":
        assert "outside the study's population" in outcome.out
        assert "A member has oesophageal cancer on record" in outcome.out
        assert {each["resource"] for each in data["outside"]["sources"]} == {"Condition"}


def test_who_is_outside_is_told_what_her_record_holds_instead(cohort: synthetic.Cohort, ndjson: Path) -> None:
    gated = cohort.gates[NEOADJUVANT]
    outside = [p for p in cohort.resources if p not in cohort.members and p not in gated]
    found = set()
    for patient in outside:
        (data,) = fhirscreen(
            "screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--patient", patient, "--json"
        ).json
        found |= {seen["why"] for source in data["outside"]["sources"] for seen in source["seen"]}
        found |= {"another cancer" for _ in data["outside"]["cancers"]}
    assert found == {"refuted", "a history alone makes no member", "another cancer"}


# --- doctor


def test_doctor_reads_a_folder(ndjson: Path, tmp_path: Path) -> None:
    outcome = fhirscreen("doctor", "--ndjson", ndjson, "-o", tmp_path / "site.yaml")
    assert outcome.code == 0, outcome.err
    assert "oesophageal-cancer" in outcome.out
    assert "GPT" in outcome.out, "a local code that no site file maps yet"
    used = fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, "--site", tmp_path / "site.yaml", "--json")
    assert used.json["run"]["site"]["id"] == "my-hospital", "the draft is a site file as it stands"


def test_doctor_prints_no_patient(cohort: synthetic.Cohort, ndjson: Path) -> None:
    outcome = fhirscreen("doctor", "--ndjson", ndjson, "--json")
    text = outcome.out
    for patient in cohort.resources:
        assert patient not in text
    found = outcome.json["mappings"]
    merged = len(cohort.merged)
    assert 0 < found["patients"]["oesophageal-cancer"] <= len(cohort.members) + merged
    assert {"concept": "platelet-count", "unit": "10*9/L"}.items() <= next(
        u for u in found["units"] if u["concept"] == "platelet-count" and u["unit"] == "10*9/L"
    ).items()


def test_doctor_tells_mapped_local_codes_from_unmapped_ones(ndjson: Path) -> None:
    plain = fhirscreen("doctor", "--ndjson", ndjson, "--json").json["mappings"]["unmapped_local"]
    mapped = fhirscreen("doctor", "--ndjson", ndjson, "--site", "demo", "--json").json["mappings"][
        "unmapped_local"
    ]
    assert "GPT" in {each["code"] for each in plain}
    assert "GPT" not in {each["code"] for each in mapped}


# --- as a process of its own


def test_a_process_keeps_results_and_notices_apart(ndjson: Path, tmp_path: Path) -> None:
    outcome = run_fhirscreen("screen", NEOADJUVANT, "--ndjson", ndjson, *AT, "--json", "-o", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    assert outcome.json["run"]["engine"] == "memory"
    assert "report.html" in outcome.err


def test_help_breaks_no_line_within_a_paragraph() -> None:
    lines = [line.strip() for line in fhirscreen("doctor", "--help").out.splitlines()]
    start = next(n for n, line in enumerate(lines) if line.startswith("With --mappings"))
    paragraph = lines[start : lines.index("", start)]
    assert all(len(line) > 60 for line in paragraph[:-1]), paragraph


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_whoever_stops_reading_ends_it_quietly(options: list[str]) -> None:
    with start_fhirscreen("demo", "--all", *options) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 128 + signal.SIGPIPE


def test_help_and_version() -> None:
    outcome = run_fhirscreen("--help")
    assert outcome.code == 0
    for command in ("demo", "check", "explain", "screen", "publish", "serve", "doctor"):
        assert command in outcome.out
    for later in ("feasibility", "export"):
        assert later not in outcome.out
    assert run_fhirscreen("--version").out.startswith("fhirscreen ")
