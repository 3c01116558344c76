"""The charts by hand: verdicts that a person wrote before the program was run, compared field by field."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.base import Screened
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.fhir.folders import Line
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf

CHARTS = Path(__file__).parent / "charts"
FILES = sorted(CHARTS.glob("[0-9]*.yaml"))
STUDIES = ("NCT06907602", "NCT06190782")
GATES = {"merged": "merged", "deceased": "deceased", "research objection": "objected"}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@cache
def plan() -> Any:
    site = load_site(CHARTS / "site.yaml")
    studies = [load_study(mappings_folder() / "studies" / f"{id}.yaml") for id in STUDIES]
    return resolve(studies, load_catalogue().at(site))


@cache
def screened(path: Path) -> Screened:
    chart = read(path)
    lines = [Line(path.name, resource) for resource in chart["resources"]]
    as_of = AsOf(date.fromisoformat(chart["as_of"]), plan().catalogue.site.zone)
    return InMemory(gather(lines)).screen(plan(), as_of)


def expected(chart: Any, study: str) -> dict[str, dict[str, Any]]:
    defaults = read(CHARTS / "defaults.yaml")[study]
    found = {**defaults, **chart["verdicts"].get(study, {})}
    return {id: normal(verdict, chart["patient"]) for id, verdict in found.items()}


def normal(verdict: Any, patient: str) -> dict[str, Any]:
    truth = verdict["truth"]
    return {
        "truth": truth if isinstance(truth, str) else "true" if truth else "false",
        "basis": verdict["basis"],
        "reason": verdict["reason"] or "",
        "evidence": [each.format(id=patient) for each in verdict["evidence"]],
    }


def cases() -> list[Any]:
    return [
        pytest.param(path, study, id=f"{path.stem}-{study}")
        for path in FILES
        for study in STUDIES
        if study in read(path)["status"]
    ]


@pytest.mark.parametrize(("path", "study"), cases())
def test_chart(path: Path, study: str) -> None:
    chart = read(path)
    outcome = screened(path)
    subject = next((s for s in outcome.subjects if (s.study, s.patient) == (study, chart["patient"])), None)
    wanted = chart["status"][study]
    if wanted == "not a member":
        assert subject is None
        assert not outcome.gated
        return
    if wanted == "gated":
        gates = {f"Patient/{g.patient}": g.gate.value for g in outcome.gated if g.study == study}
        assert gates == {id: GATES[gate] for id, gate in chart["gated"].items()}
        return
    assert subject is not None
    found = {
        v.criterion.id: {
            "truth": v.proof.truth.value,
            "basis": v.proof.basis.value,
            "reason": v.proof.reason.value if v.proof.reason else "",
            "evidence": list(v.proof.evidence),
        }
        for v in subject.verdicts
    }
    assert found == expected(chart, study)
    assert (subject.status.value if subject.status else "none") == wanted
    assert (subject.near_miss is not None) == (study in (chart.get("near_miss") or []))


def test_there_are_thirty_charts_for_both_studies() -> None:
    assert len(FILES) >= 30
    assert all(any(study in read(path)["status"] for path in FILES) for study in STUDIES)
