"""Publishing to a real HAPI: twice, from two processes, past what people set, there and back."""

from __future__ import annotations

import copy
import csv
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhirscreen import synthetic
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir.subjects import STATUS_EXTENSION, study_uuid, subject_uuid
from tests.lib.cli import fhirscreen, start_fhirscreen
from tests.lib.demo import demo_as_of, demo_plan, write_demo
from tests.lib.hapi import Hapi, Servers

pytestmark = pytest.mark.hapi
STUDY = "NCT06907602"
Json = dict[str, Any]
Resources = dict[str, list[Json]]


@pytest.fixture(scope="module")
def cohort() -> synthetic.Cohort:
    return synthetic.generate(patients=70)


@pytest.fixture(scope="module")
def loaded(hapi_servers: Servers, cohort: synthetic.Cohort) -> Hapi:
    """A server with the cohort; some of its records refer to what is not there."""
    server = hapi_servers.start(max_fetch=0, referential_integrity=False)
    server.clear()
    server.load([*cohort.others, *(each for record in cohort.resources.values() for each in record)])
    return server


@pytest.fixture
def server(loaded: Hapi) -> Iterator[Hapi]:
    """The same without what an earlier test published."""
    yield loaded
    with loaded.client() as client:
        for kind in ("List", "ResearchSubject", "ResearchStudy", "Group"):
            for resource in list(loaded.pages(kind, _count="500")):
                if "-" in resource["id"] and len(resource["id"]) == 36:
                    client.delete(f"/{kind}/{resource['id']}").raise_for_status()


@pytest.fixture
def write(server: Hapi, cohort: synthetic.Cohort, tmp_path: Path) -> Callable[..., Path]:
    """Screens the cohort, changed by a function, in memory, and writes a run over the server's patients."""

    def written(name: str, change: Callable[[Resources], None] = lambda _: None, base: str = "") -> Path:
        resources = copy.deepcopy(cohort.resources)
        change(resources)
        lines = [Line(name, each) for record in resources.values() for each in record]
        lines += [Line(name, each) for each in cohort.others]
        screened = InMemory(gather(lines)).screen(demo_plan(), demo_as_of())
        write_demo(tmp_path / name, screened, base=base or server.base)
        return tmp_path / name

    return written


def published(run: Path, server: Hapi, *options: object) -> Json:
    outcome = fhirscreen("publish", run, "--server", server.base, "--json", *options)
    assert outcome.code == 0, outcome.err
    return outcome.json  # type: ignore[no-any-return]


def ours(server: Hapi) -> dict[str, Json]:
    """The subjects of the study that fhirscreen made, by patient."""
    study = f"ResearchStudy/{study_uuid(STUDY)}"
    found = [r for r in server.pages("ResearchSubject", _count="500") if r["study"]["reference"] == study]
    by_patient = {r["individual"]["reference"].removeprefix("Patient/"): r for r in found}
    assert len(by_patient) == len(found), "a patient has two subjects of one study"
    return by_patient


def listed(run: Path) -> int:
    return len((run / "ResearchSubject.ndjson").read_text().splitlines())


def first_candidates(server: Hapi, number: int) -> list[str]:
    return sorted(p for p, r in ours(server).items() if r["status"] == "candidate")[:number]


def test_twice_changes_nothing(server: Hapi, write: Callable[..., Path]) -> None:
    run = write("run")
    first = published(run, server)
    assert first["resources"]["ResearchSubject"] == {
        "created": listed(run),
        "updated": 0,
        "unchanged": 0,
        "kept": 0,
    }
    versions = {p: r["meta"]["versionId"] for p, r in ours(server).items()}
    second = published(run, server)
    for kind, fates in first["resources"].items():
        assert second["resources"][kind] == {**fates, "created": 0, "unchanged": fates["created"]}, kind
    assert {p: r["meta"]["versionId"] for p, r in ours(server).items()} == versions
    assert set(versions.values()) == {"1"}


def test_two_processes_at_once_leave_one_subject_each(server: Hapi, write: Callable[..., Path]) -> None:
    run = write("run")
    processes = [start_fhirscreen("publish", run, "--server", server.base, "--json") for _ in range(2)]
    for process in processes:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    made = [r for r in server.pages("ResearchSubject", _count="500") if len(r["id"]) == 36]
    assert len(made) == listed(run)
    pairs = Counter((r["study"]["reference"], r["individual"]["reference"]) for r in made)
    assert set(pairs.values()) == {1}
    for kind in ("ResearchStudy", "Group", "List"):
        assert len([r for r in server.pages(kind) if len(r["id"]) == 36]) == 2


@pytest.mark.parametrize("status", ["screening", "on-study", "ineligible", "withdrawn", "eligible"])
def test_what_a_person_set_is_kept(server: Hapi, write: Callable[..., Path], status: str) -> None:
    run = write("run")
    published(run, server)
    (patient,) = first_candidates(server, 1)
    subject = ours(server)[patient] | {"status": status}
    with server.client() as client:
        client.put(f"/ResearchSubject/{subject['id']}", json=subject).raise_for_status()
    for again in (run, write("without", lambda resources: resources.pop(patient) and None)):
        published(again, server)
        assert ours(server)[patient]["status"] == status
    assert published(run, server)["resources"]["ResearchSubject"]["kept"] == 1


def test_who_fits_no_longer_is_ineligible_with_the_reason_and_can_return(
    server: Hapi, write: Callable[..., Path]
) -> None:
    run = write("run")
    published(run, server)
    failing, vanishing, dying = first_candidates(server, 3)

    def worsen(resources: Resources) -> None:
        for each in resources[failing]:
            codes = [c["code"] for c in each.get("code", {}).get("coding", ())]
            if "777-3" in codes or "26515-7" in codes or "PLT1" in codes:
                each["valueQuantity"] = {
                    "value": 20,
                    "unit": "10*9/L",
                    "system": "http://unitsofmeasure.org",
                    "code": "10*9/L",
                }
        resources[vanishing] = [e for e in resources[vanishing] if e["resourceType"] == "Patient"]
        resources[dying][0]["deceasedDateTime"] = "2026-10-30"

    worse = write("worse", worsen)
    assert published(worse, server)["demoted"] >= 3
    now = ours(server)
    for patient in (failing, vanishing, dying):
        assert now[patient]["status"] == "ineligible"
    assert "platelets" in str(now[failing]["extension"])
    assert "not-in-population" in str(now[vanishing]["extension"])
    assert "deceased" in str(now[dying]["extension"])
    assert published(worse, server)["demoted"] == 0, "the second time there is nothing left to do"
    published(run, server)
    for patient in (failing, vanishing, dying):
        subject = ours(server)[patient]
        assert subject["status"] == "candidate"
        assert {"url": STATUS_EXTENSION, "valueCode": "candidate"} in subject["extension"]


def test_nobody_is_demoted_on_part_of_the_data(server: Hapi, write: Callable[..., Path]) -> None:
    published(write("run"), server)
    failing, vanishing = first_candidates(server, 2)

    def break_some(resources: Resources) -> None:
        resources[vanishing] = [e for e in resources[vanishing] if e["resourceType"] == "Patient"]
        birth = resources[failing][0]
        birth["birthDate"] = "2015-01-01"
        broken = next(e for e in resources[failing] if e["resourceType"] == "Observation")
        broken["effectiveDateTime"] = "2024-13"

    fates = published(write("partial", break_some), server)
    assert fates["spared"] >= 2
    assert {ours(server)[p]["status"] for p in (failing, vanishing)} == {"candidate"}


def test_another_base_needs_a_patient_map(
    server: Hapi, write: Callable[..., Path], tmp_path: Path, cohort: synthetic.Cohort
) -> None:
    run = write("elsewhere", base="https://other.example/fhir")
    refused = fhirscreen("publish", run, "--server", server.base)
    assert refused.code == 2
    assert "--patient-map" in refused.err
    assert server.count("ResearchSubject", study=f"ResearchStudy/{study_uuid(STUDY)}") == 0
    mapped = tmp_path / "map.csv"
    with mapped.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("source_patient", "target_patient"))
        # Shifted by one, so that a map that is not applied shows.
        patients = sorted(cohort.resources)
        rows.writerows(zip(patients, patients[1:] + patients[:1], strict=True))
    published(run, server, "--patient-map", mapped)
    subject = subject_uuid(STUDY, "https://other.example/fhir", patients[0])
    found = {r["id"]: r for r in ours(server).values()}
    assert len(found) > 10
    if subject in found:
        assert found[subject]["individual"]["reference"] == f"Patient/{patients[1]}"
    assert published(run, server, "--patient-map", mapped)["resources"]["ResearchSubject"]["created"] == 0


def test_what_others_added_stays(server: Hapi, write: Callable[..., Path]) -> None:
    published(write("run"), server)
    patient, other = first_candidates(server, 2)
    added = {"url": "https://hospital.example/slot", "valueString": "Tuesday"}
    subject = ours(server)[patient]
    subject["extension"].append(added)
    subject["assignedArm"] = "A"
    with server.client() as client:
        client.put(f"/ResearchSubject/{subject['id']}", json=subject).raise_for_status()
    without = write("without", lambda resources: resources.pop(other) and None)
    published(without, server)  # ranks move
    after = ours(server)[patient]
    assert added in after["extension"]
    assert after["assignedArm"] == "A"


def test_it_can_be_read_back_by_anyone(server: Hapi, write: Callable[..., Path]) -> None:
    published(write("run"), server)
    with httpx.Client(base_url=server.base) as client:
        study = client.get(f"/ResearchStudy/{study_uuid(STUDY)}").raise_for_status().json()
        group = study["enrollment"][0]["reference"]
        assert client.get(f"/{group}").raise_for_status().json()["actual"] is False
        listing = next(r for r in server.pages("List") if STUDY in r["title"])
        first = listing["entry"][0]["item"]["reference"]
        assert client.get(f"/{first}").raise_for_status().json()["status"] == "candidate"
