"""The search engine over a real HAPI that pages to the end, and one whose fetch limit ends paging early."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fhirscreen import synthetic
from fhirscreen.engines.base import Depth, Screened
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.engines.fhir_search.completeness import Completeness
from fhirscreen.engines.fhir_search.fetches import Fetcher
from fhirscreen.engines.fhir_search.needs import Need
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir_client import Client, Traffic
from tests.lib.demo import demo_as_of, demo_plan
from tests.lib.hapi import Hapi, Servers
from tests.unit.engines.fhir_search.test_engine import heads, rows

pytestmark = pytest.mark.hapi

PATIENTS = 140
LIMITED = 2100
"""More than a HAPI gives whose fetch limit is 1,000."""


@pytest.fixture(scope="module")
def cohort() -> synthetic.Cohort:
    return synthetic.generate(patients=PATIENTS)


@pytest.fixture(scope="module")
def memory(cohort: synthetic.Cohort) -> Screened:
    records = [each for record in cohort.resources.values() for each in record]
    lines = [Line("test", each) for each in [*cohort.others, *records]]
    return InMemory(gather(lines)).screen(demo_plan(), demo_as_of())


@pytest.fixture(scope="module", params=[0, 1000], ids=["whole", "short"])
def client(
    request: pytest.FixtureRequest, hapi_servers: Servers, cohort: synthetic.Cohort
) -> Iterator[Client]:
    # Some records of the cohort refer to what is not there.
    server = hapi_servers.start(max_fetch=request.param, referential_integrity=False)
    load(server, cohort)
    with Client(server.base) as client:
        yield client


def load(server: Hapi, cohort: synthetic.Cohort) -> None:
    server.clear()
    server.load([*cohort.others, *(each for record in cohort.resources.values() for each in record)])
    observations = sum(
        each["resourceType"] == "Observation" for record in cohort.resources.values() for each in record
    )
    assert server.count("Patient") == len(cohort.resources)
    assert server.count("Observation") == observations > LIMITED


def screen(client: Client, depth: Depth) -> tuple[Screened, Traffic]:
    before = client.traffic
    found = FhirSearch(client).screen(demo_plan(), demo_as_of(), depth=depth)
    return found, client.traffic - before


def test_full_depth_gives_the_rows_of_memory(client: Client, memory: Screened) -> None:
    found, _ = screen(client, Depth.FULL)
    assert rows(found) == rows(memory)
    assert heads(found) == heads(memory)
    assert (found.gated, found.outside, found.patients) == (memory.gated, memory.outside, memory.patients)
    assert (found.gaps, found.set_aside) == ([], [])


def test_depth_candidates_lists_the_same_patients_for_less(client: Client, memory: Screened) -> None:
    found, spent = screen(client, Depth.CANDIDATES)
    decided = rows(found)
    assert len(decided) < len(rows(memory))
    assert decided.items() <= rows(memory).items()
    assert heads(found) == heads(memory)
    assert found.gaps == []
    again, repeated = screen(client, Depth.CANDIDATES)
    assert again == found
    assert repeated.requests == spent.requests


def test_a_fetch_limit_is_overcome(client: Client, cohort: synthetic.Cohort) -> None:
    """By the time of the last update for a whole type, by patients where there are some."""
    completeness = Completeness()
    fetcher = Fetcher(client, completeness)
    wanted = {
        each["id"]
        for record in cohort.resources.values()
        for each in record
        if each["resourceType"] == "Observation"
    }
    assert {each["id"] for each in fetcher.everything("Observation", elements="code")} == wanted
    found = fetcher.of_patients(Need("Observation"), sorted(cohort.resources))
    assert {each["id"] for each in found.resources} == wanted
    assert (found.missing, completeness.gaps()) == (frozenset(), [])
