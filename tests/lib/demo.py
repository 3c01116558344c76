"""The synthetic cohort screened in memory for both shipped studies, once a session, and written as a run."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from fhirscreen import synthetic
from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.base import Depth, Screened
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.fhir.folders import read_ndjson
from fhirscreen.fhir.subjects import FILES_BASE
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.outputs.runs import write_run
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf

STUDIES = ("NCT06907602", "NCT06190782")


@cache
def demo_plan() -> Plan:
    """Both studies at the demo's site."""
    mappings = mappings_folder()
    catalogue = load_catalogue().at(load_site(mappings / "sites/demo.yaml"))
    return resolve([load_study(mappings / "studies" / f"{id}.yaml") for id in STUDIES], catalogue)


def demo_as_of() -> AsOf:
    """The demo's index date."""
    return AsOf(synthetic.AS_OF, demo_plan().catalogue.site.zone)


@cache
def demo_screened(patients: int = 120) -> Screened:
    """The cohort's verdicts. Shared: not to be changed."""
    with tempfile.TemporaryDirectory() as folder:
        synthetic.write_ndjson(synthetic.generate(patients=patients), Path(folder))
        cohort = gather(read_ndjson(Path(folder)))
    return InMemory(cohort).screen(demo_plan(), demo_as_of())


def write_demo(out: Path, screened: Screened, plan: Plan | None = None, **options: Any) -> dict[str, Any]:
    """Writes a run of the demo as `screen` would."""
    chosen = {
        "as_of": demo_as_of(),
        "engine": "memory",
        "depth": Depth.FULL,
        "base": FILES_BASE,
        "version": "0",
        "sources": ["synthetic cohort"],
        **options,
    }
    return write_run(screened, plan or demo_plan(), out, **chosen)


def read_lines(path: Path) -> list[Any]:
    """The resources of an NDJSON file."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
