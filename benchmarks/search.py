"""What screening a FHIR server costs: requests, bytes and seconds, at both depths, beside two plain ways.

(a) `$everything` of every patient, in batches of 50. (b) a plain client that fetches the very same pages:
the same forms by POST, their next links, as many at once, each page parsed and thrown away.

    python -m benchmarks.search [--patients 1000] [--repeat 3] [--server URL [--loaded]] [--h2]

Reach: at depth `full` at most 40 % of the bytes of (a), at `candidates` at most 25 %; at most 1.3 times the
seconds of (b).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Lock
from typing import Any, NamedTuple

import httpx
import orjson

from benchmarks.servers import LANES, fill, hapi
from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.base import Depth, Screened
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.fhir_client import Client
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.synthetic import AS_OF, NEOADJUVANT, OLIGOMETASTATIC
from fhirscreen.values.durations import AsOf

BATCH = 50
HEADERS = {"Cache-Control": "no-cache", "Accept": "application/fhir+json", "Accept-Encoding": "gzip"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Cost(NamedTuple):
    """Bytes are those of bodies: unpacked, and as they came over the wire."""

    requests: int
    decoded: int
    wire: int
    seconds: float


class Recorder(httpx.HTTPTransport):
    """The network, and a list of the searches that were sent."""

    def __init__(self) -> None:
        super().__init__(limits=httpx.Limits(max_connections=LANES, max_keepalive_connections=LANES))
        self.forms: list[tuple[str, bytes]] = []
        self._lock = Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            with self._lock:
                self.forms.append((str(request.url), request.content))
        return super().handle_request(request)


class Plain:
    """A client that fetches and parses, and does nothing with what it gets."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=LANES, max_keepalive_connections=LANES)
        self._http = httpx.Client(headers=HEADERS, timeout=300, limits=limits)
        self._lock = Lock()
        self._requests = self._decoded = self._wire = 0

    def send(self, method: str, url: str, **options: Any) -> Any:
        response = self._http.request(method, url, **options).raise_for_status()
        with self._lock:
            self._requests += 1
            self._decoded += len(response.content)
            self._wire += response.num_bytes_downloaded
        return orjson.loads(response.content)

    def pages(self, form: tuple[str, bytes]) -> None:
        page = self.send("POST", form[0], content=form[1], headers=FORM)
        while url := next_of(page):
            page = self.send("GET", url)

    def cost(self, work: Callable[[Any], None], items: Sequence[Any]) -> Cost:
        started = time.perf_counter()
        with ThreadPoolExecutor(LANES) as lanes:
            list(lanes.map(work, items))
        return Cost(self._requests, self._decoded, self._wire, time.perf_counter() - started)


def next_of(page: Any) -> str | None:
    """The address of the page that follows."""
    return next((link["url"] for link in page.get("link", ()) if link["relation"] == "next"), None)


def everything(base: str) -> Cost:
    """(a): every patient's record, whole."""
    plain = Plain()
    patients = list(_ids(base))

    def fetch(ids: Sequence[str]) -> None:
        entries = [
            {"request": {"method": "GET", "url": f"Patient/{id}/$everything?_count=1000"}} for id in ids
        ]
        answer = plain.send("POST", base, json={"resourceType": "Bundle", "type": "batch", "entry": entries})
        for entry in answer["entry"]:
            assert next_of(entry["resource"]) is None, "a record longer than a page"

    return plain.cost(fetch, [patients[i : i + BATCH] for i in range(0, len(patients), BATCH)])


def _ids(base: str) -> Iterator[str]:
    with httpx.Client(headers=HEADERS, timeout=300) as client:
        url: str | None = f"{base}/Patient?_elements=active&_count=1000"
        while url:
            page = client.get(url).raise_for_status().json()
            yield from (entry["resource"]["id"] for entry in page["entry"])
            url = next_of(page)


def screen(base: str, plan: Plan, depth: Depth) -> tuple[Screened, Cost, list[tuple[str, bytes]]]:
    recorder = Recorder()
    with Client(base, transport=recorder, concurrency=LANES) as client:
        started = time.perf_counter()
        as_of = AsOf(AS_OF, plan.catalogue.site.zone)
        screened = FhirSearch(client).screen(plan, as_of, depth=depth)
        seconds, traffic = time.perf_counter() - started, client.traffic
    cost = Cost(traffic.requests, traffic.decoded, traffic.received, seconds)
    return screened, cost, recorder.forms


def median(costs: Sequence[Cost]) -> Cost:
    return costs[0]._replace(seconds=statistics.median(cost.seconds for cost in costs))


def show(what: str, cost: Cost, note: str = "") -> None:
    print(
        f"{what:<34}{cost.requests:>9}{cost.decoded / 1e6:>12.2f}{cost.wire / 1e6:>9.2f}"
        f"{cost.seconds:>9.2f}  {note}"
    )


def plan_of_both() -> Plan:
    folder = mappings_folder()
    catalogue = load_catalogue().at(load_site(folder / "sites" / "demo.yaml"))
    studies = [load_study(folder / "studies" / f"{id}.yaml") for id in (NEOADJUVANT, OLIGOMETASTATIC)]
    return resolve(studies, catalogue)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--server", help="a server of your own instead of one that is started")
    parser.add_argument("--loaded", action="store_true", help="the server holds the patients already")
    parser.add_argument("--h2", action="store_true", help="HAPI in memory, where PostgreSQL is there too")
    options = parser.parse_args()
    plan = plan_of_both()
    server = nullcontext(options.server) if options.server else hapi(postgres=not options.h2)
    with server as base:
        if not options.loaded:
            fill(base, options.patients)
        measure(base, plan, options.repeat)


def measure(base: str, plan: Plan, repeat: int) -> None:
    print(f"{'':<34}{'requests':>9}{'MB decoded':>12}{'MB wire':>9}{'seconds':>9}")
    whole = median([everything(base) for _ in range(repeat)])
    show("(a) $everything, every patient", whole)
    for depth, share in ((Depth.FULL, 0.40), (Depth.CANDIDATES, 0.25)):
        screened, _, forms = screen(base, plan, depth)  # the server's code and caches warm up
        ours, plain = [], []
        for _ in range(repeat):
            ours.append(screen(base, plan, depth)[1])
            plain.append((client := Plain()).cost(client.pages, forms))
        cost, same = median(ours), median(plain)
        bytes_share, times = cost.decoded / whole.decoded, cost.seconds / same.seconds
        show(
            f"fhirscreen, depth {depth.value}",
            cost,
            f"{bytes_share:.0%} of the bytes of (a) (reach {share:.0%}), {times:.2f} x (b) (reach 1.3)",
        )
        show("(b) the same pages, plain client", same)
        rows = sum(len(subject.verdicts) for subject in screened.subjects)
        print(f"    {len(screened.subjects)} subjects, {rows} verdicts, gaps: {screened.gaps or 'none'}")


if __name__ == "__main__":
    main()
