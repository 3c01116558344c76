"""How long a visit and `$studies` take where the data are on a FHIR server, beside the bare fetches.

The service runs as a process of its own on loopback, with 200 studies open and a real HAPI as its server. In
turns, a patient at a time: the bare fetches (the searches that the service sends, sent by httpx, as many at
once, to the last page, each body parsed), then a call of patient-view without prefetch, then
`Patient/id/$studies`. What the service asks the server for is taken down, so that the fetches are of the very
same resources, with the very same headers: without `Cache-Control: no-cache` HAPI answers the second search
for the same from a cache, which a service that must not miss what was just recorded cannot let it do.

    python -m benchmarks.fetching [--patients 40] [--studies 200] [--own] [--server URL]

Reach: the call and `$studies` take at most 1.5 times the time of their bare fetches.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import orjson

from benchmarks.servers import fill, hapi
from benchmarks.studies import CANCERS, OWN, make_studies, write_studies
from benchmarks.visit import PATH
from fhirscreen.bootstrap.services import make_service
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.settings.settings import Settings
from tests.lib.service import HERE, serving

REACH = 1.5
LANES = 16


HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/fhir+json",
    "Accept-Encoding": "gzip",
    "Cache-Control": "no-cache",
    "Prefer": "handling=strict",
}
"""What the service sends along."""


class Search(NamedTuple):
    """A search as the service sent it: its type and its form."""

    path: str
    form: bytes


class Watching(httpx.HTTPTransport):
    """The network, and what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Search] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.asked.append(Search(request.url.path, request.content))
        return super().handle_request(request)


@contextmanager
def watched(settings: dict[str, Any]) -> Iterator[tuple[Any, Watching]]:
    """The same service in this process, for what it asks a server for."""
    watching = Watching()
    with tempfile.TemporaryDirectory(prefix="fhirscreen-bench-") as folder:
        given = settings | {"store": f"sqlite:///{folder}/store.db", "workers": 0}
        service = make_service(Settings.model_validate(given), transport=lambda _: watching)
        try:
            yield service, watching
        finally:
            service.close()


def fetch(client: httpx.Client, base: str, searches: Sequence[Search]) -> int:
    """All of the searches at once, each to its last page; how many resources came."""

    def one(search: Search) -> int:
        root = base[: base.index("/", 8)]
        answer = client.post(f"{root}{search.path}", content=search.form, headers=HEADERS)
        count = 0
        while True:
            bundle = orjson.loads(answer.raise_for_status().content)
            count += len(bundle.get("entry", ()))
            onward = [each["url"] for each in bundle.get("link", ()) if each["relation"] == "next"]
            if not onward:
                return count
            answer = client.get(onward[0], headers=HEADERS)

    with ThreadPoolExecutor(LANES) as lanes:
        return sum(lanes.map(one, searches))


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def call_of(patient: str, base: str) -> dict[str, Any]:
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": base,
        "context": {"patientId": patient, "userId": "Practitioner/1"},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--own", action="store_true", help="all studies are of the patients' own cancer")
    parser.add_argument("--server", help="a server that holds synthetic patients already")
    options = parser.parse_args()
    server = nullcontext(options.server) if options.server else hapi(max_fetch=0)
    site = mappings_folder() / "sites" / "demo.yaml"
    with tempfile.TemporaryDirectory(prefix="fhirscreen-bench-") as name, server as base:
        folder = Path(name)
        (folder / "studies").mkdir()
        catalogue = load_catalogue().at(load_site(site))
        made = make_studies(catalogue, options.studies, (OWN,) if options.own else CANCERS)
        write_studies(made, folder / "studies")
        if not options.server:
            fill(base, options.patients)
        with httpx.Client() as client:
            query = urlencode({"_count": "1000", "_elements": "id", "code": "C15.4,C15.5,C15.9,C15.3"})
            found = client.get(f"{base}/Condition?{query}&_elements=subject").json()
        patients = sorted({each["resource"]["subject"]["reference"][8:] for each in found["entry"]})
        measure(folder, site, base, patients[: options.patients], options.studies)


def measure(folder: Path, site: Path, base: str, patients: Sequence[str], studies: int) -> None:
    """Times each patient in turns, and says what came of it."""
    environment = {
        "FHIRSCREEN_STUDIES": str(folder / "studies"),
        "FHIRSCREEN_SITE": str(site),
        "FHIRSCREEN_SERVER": base,
        "FHIRSCREEN_CDS__REQUIRED": "false",
        "FHIRSCREEN_WORKERS": "0",
        "FHIRSCREEN_LIMITS__REQUESTS_PER_MINUTE": "1000000",
    }
    settings: dict[str, Any] = {"studies": str(folder / "studies"), "site": str(site), "server": base}
    settings |= {"cds": {"required": False}}
    names = ("visit", "$studies")
    bare: dict[str, list[float]] = {each: [] for each in names}
    ours: dict[str, list[float]] = {each: [] for each in names}
    with (
        watched(settings) as (service, watching),
        serving(folder, **environment) as serve,
        httpx.Client(timeout=60) as client,
    ):
        from starlette.testclient import TestClient  # noqa: PLC0415

        from fhirscreen.api.app import make_app  # noqa: PLC0415

        inside = TestClient(make_app(service), base_url=HERE)

        def visit(patient: str, at: httpx.Client, url: str) -> None:
            at.post(
                f"{url}{PATH}", content=orjson.dumps(call_of(patient, base)), headers=JSON
            ).raise_for_status()

        def studies_of(patient: str, at: httpx.Client, url: str) -> None:
            at.get(f"{url}/fhir/Patient/{patient}/$studies").raise_for_status()

        asking = dict(zip(names, (visit, studies_of), strict=True))
        print(f"{len(patients)} patients, {studies} studies; load {os.getloadavg()[0]:.1f}")
        resources: dict[str, list[int]] = {each: [] for each in names}
        for number, patient in enumerate(patients):
            for name, ask in asking.items():
                watching.asked.clear()
                ask(patient, inside, "")
                searches = list(watching.asked)
                turns: list[Callable[[], float]] = [
                    lambda: timed(lambda: resources[name].append(fetch(client, base, searches))),  # noqa: B023
                    lambda: timed(lambda: ask(f"{patient}", client, serve.url)),  # noqa: B023
                ]
                order = turns if number % 2 else turns[::-1]
                took = {id(turn): turn() for turn in order}
                if number:  # the first warms both
                    bare[name].append(took[id(turns[0])])
                    ours[name].append(took[id(turns[1])])
    print(f"{'ms, median':<12}{'resources':>10}{'fetches':>10}{'ours':>10}{'times':>8}")
    for name in names:
        fetched, whole = statistics.median(bare[name]), statistics.median(ours[name])
        reached = "met" if whole <= REACH * fetched else "not met"
        held = statistics.median(resources[name])
        print(f"{name:<12}{held:>10.0f}{fetched:>10.1f}{whole:>10.1f}{whole / fetched:>8.2f}   {reached}")


JSON = {"Content-Type": "application/json"}

if __name__ == "__main__":
    main()
