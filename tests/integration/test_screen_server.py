"""The command line against a real HAPI: rows as in memory, explain with costs, doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fhirscreen import synthetic
from tests.lib.cli import fhirscreen
from tests.lib.demo import STUDIES
from tests.lib.hapi import Hapi, Servers

pytestmark = pytest.mark.hapi
AT = ("--as-of", "2026-11-01", "--site", "demo")


@pytest.fixture(scope="module")
def cohort() -> synthetic.Cohort:
    return synthetic.generate()


@pytest.fixture(scope="module")
def server(hapi_servers: Servers, cohort: synthetic.Cohort) -> Hapi:
    """A server with the demo's cohort; some of its records refer to what is not there."""
    found = hapi_servers.start(max_fetch=0, referential_integrity=False)
    found.clear()
    found.load([*cohort.others, *(each for record in cohort.resources.values() for each in record)])
    return found


@pytest.fixture(scope="module")
def memory(cohort: synthetic.Cohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    synthetic.write_ndjson(cohort, folder)
    out = folder.parent / "memory"
    assert fhirscreen("screen", *STUDIES, "--ndjson", folder, *AT, "-o", out).code == 0
    return out


def test_a_server_gives_the_rows_of_memory(server: Hapi, memory: Path, tmp_path: Path) -> None:
    outcome = fhirscreen("screen", *STUDIES, "--server", server.base, *AT, "--json", "-o", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    assert outcome.json["run"]["engine"] == "search"
    assert outcome.json["run"]["base"] == server.base
    for name in ("verdicts.csv", "attrition.json", "near-misses.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (memory / name).read_bytes(), name


def test_depth_candidates_lists_the_same_patients(server: Hapi, memory: Path) -> None:
    outcome = fhirscreen("screen", *STUDIES, "--server", server.base, *AT, "--depth", "candidates", "--json")
    assert outcome.code == 0, outcome.err
    run = json.loads((memory / "run.json").read_text())["studies"]
    for study, found in outcome.json["run"]["studies"].items():
        assert found["candidates"] == run[study]["candidates"]
        assert found["potential_candidates"] == run[study]["potential_candidates"]


def test_one_patient_on_a_server(server: Hapi, cohort: synthetic.Cohort) -> None:
    gated = next(iter(cohort.gates[STUDIES[0]]))
    outside = next(
        p for p in cohort.resources if p not in cohort.members and p not in cohort.gates[STUDIES[0]]
    )
    listed = next(p for (study, p), s in cohort.statuses.items() if study == STUDIES[0] and s == "candidate")
    for patient, verdicts in ((gated, 0), (outside, 0), (listed, 37)):
        outcome = fhirscreen(
            "screen", STUDIES[0], "--server", server.base, *AT, "--patient", patient, "--json"
        )
        assert outcome.code == 0, outcome.err
        assert len(outcome.json[0]["verdicts"]) == verdicts
    nobody = fhirscreen("screen", STUDIES[0], "--server", server.base, *AT, "--patient", "nobody-here")
    assert nobody.code == 3
    assert "nobody-here" not in nobody.err


def test_explain_counts_what_the_population_costs(server: Hapi) -> None:
    study = fhirscreen("explain", STUDIES[0], "--server", server.base, "--json").json[0]
    costs = {each["search"].partition("?")[0]: each["resources"] for each in study["population_searches"]}
    assert costs["Condition"] == server.count("Condition")
    assert all(not each["lacking"] for each in study["criteria"])


def test_doctor_tries_the_server_out(server: Hapi, cohort: synthetic.Cohort) -> None:
    outcome = fhirscreen("doctor", "--server", server.base, "--mappings", "--json")
    assert outcome.code == 0, outcome.err
    found = outcome.json["server"]
    assert found["fhir_version"] == "4.0.1"
    assert [probe["fine"] for probe in found["probes"]] == [True, True, True]
    assert found["counts"]["Patient"] == server.count("Patient")
    assert outcome.json["mappings"]["resources"]["Observation"] == server.count("Observation")
    assert outcome.json["mappings"]["patients"]["oesophageal-cancer"] > 200
    assert not any(patient in outcome.out for patient in cohort.resources)


def test_doctor_notices_a_server_that_stops_paging(hapi_short: Hapi, cohort: synthetic.Cohort) -> None:
    observations = [
        {"resourceType": "Observation", "id": f"o{number}", "status": "final", "code": {"text": "any"}}
        for number in range(3200)
    ]
    hapi_short.load(observations)
    probes = {
        p["what"]: p
        for p in fhirscreen("doctor", "--server", hapi_short.base, "--json").json["server"]["probes"]
    }
    assert probes["paging to the end"]["fine"] is False
    assert "of 3200 Observation without an error" in probes["paging to the end"]["says"]
