"""How long a visit waits: CDS Hooks with 200 studies open, beside the floor.

The service runs as a process of its own on loopback, its store a new SQLite file; calls of patient-view come
at a fixed rate, whether or not the ones before are answered, each about a patient not seen before, with 500
resources in its prefetch. The floor is another process on the same web server, which parses the same bodies
with orjson and answers with an empty list of cards.

`benchmarks.fetching` measures the same call, and `$studies`, where the data are to be fetched.

    python -m benchmarks.visit [--rate 20] [--seconds 30] [--studies 200] [--resources 500] [--own]

`--own`: every study is of the patients' own cancer; else the shipped cancers take turns. Reach: p50 at most
40 ms, p95 at most 100 ms at 20 requests a second on 2 cores.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson

from benchmarks.studies import CANCERS, OWN, make_studies, write_studies
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.synthetic import generate_many
from fhirscreen.synthetic.cohorts import shared_resources
from tests.lib.ehr import resolve
from tests.lib.service import serving

PATH = "/cds-services/trials-patient-view"
REACH = (40.0, 100.0)
LANES = 16
KINDS = 40
"""So many different charts; ids of patients are always new."""


def patients(number: int, size: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Patients with so many resources each that a template asks for: earlier results fill the record."""
    for id, resources in generate_many(number, as_of=_first_of_month(), only_members=True):
        kept = [each for each in resources if each["resourceType"] not in ("Encounter", "Organization")]
        results = [each for each in kept if each["resourceType"] == "Observation" and "valueQuantity" in each]
        earlier = 0
        while len(kept) < size:
            original = results[earlier % len(results)]
            earlier += 1
            copied = {**original, "id": f"{original['id']}-{earlier}"}
            day = str(original.get("effectiveDateTime", "2025-01-01"))
            copied["effectiveDateTime"] = f"{int(day[:4]) - 1 - earlier // len(results) % 8}{day[4:]}"
            kept.append(copied)
        yield id, kept


def _first_of_month() -> Any:
    return datetime.now(UTC).date().replace(day=1)


class Body(NamedTuple):
    """A call without the patient's id, which stands in it as `id`."""

    text: bytes
    id: bytes

    def about(self, patient: str) -> bytes:
        """The call about a patient of that id, which is as long."""
        return self.text.replace(self.id, patient.encode()).replace(
            b"HOOK-INSTANCE", str(uuid.uuid4()).encode()
        )


def make_bodies(templates: dict[str, str], size: int) -> list[Body]:
    """Calls of patient-view."""
    shared = shared_resources()
    found = []
    for id, resources in patients(KINDS, size):
        prefetch = resolve(templates, [*resources, *shared])
        call = {
            "hook": "patient-view",
            "hookInstance": "HOOK-INSTANCE",
            "context": {"patientId": id, "userId": "Practitioner/1"},
            "prefetch": prefetch,
        }
        found.append(Body(orjson.dumps(call), id.encode()))
    return found


class Measured(NamedTuple):
    """Milliseconds from when a request was due until its answer was there, and what was answered."""

    milliseconds: list[float]
    answers: Counter[str]
    processor: list[float]
    """Seconds of processor time that the service took for all of them: what a busy machine does not blur."""

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def load(url: str, pid: int, bodies: Sequence[Body], rate: float, seconds: float) -> Measured:
    """Calls at a fixed rate; a request that starts late because others are slow has waited that long."""
    address = urlsplit(url).netloc
    free: SimpleQueue[http.client.HTTPConnection] = SimpleQueue()
    for _ in range(LANES):
        free.put(http.client.HTTPConnection(address, timeout=30))
    found = Measured([], Counter(), [])
    lock = threading.Lock()
    number = int(rate * seconds)
    calls = [bodies[n % len(bodies)].about(f"{uuid.uuid4().hex[:11]}") for n in range(number)]
    began = time.perf_counter() + 0.1
    used = processor_seconds(pid)

    def send(n: int) -> None:
        due = began + n / rate
        connection = free.get()
        try:
            connection.request("POST", PATH, calls[n], {"Content-Type": "application/json"})
            response = connection.getresponse()
            data = response.read()
            took = (time.perf_counter() - due) * 1000
            cards = orjson.loads(data).get("cards") if response.status == 200 else None
            said = f"status {response.status}" if cards is None else "a card" if cards else "no card"
        except OSError as error:
            took, said = (time.perf_counter() - due) * 1000, type(error).__name__
            connection.close()
        free.put(connection)
        with lock:
            found.milliseconds.append(took)
            found.answers[said] += 1

    with ThreadPoolExecutor(LANES) as pool:
        for n in range(number):
            time.sleep(max(0.0, began + n / rate - time.perf_counter()))
            pool.submit(send, n)
    found.processor.append(processor_seconds(pid) - used)
    return found


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that a process has taken (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def floor(scope: Any, receive: Any, send: Any) -> None:
    """Parses a call with orjson and answers that there is no card."""
    if scope["type"] != "http":
        return
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    orjson.loads(b"".join(parts))
    body = b'{"cards":[]}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def run_floor(port: int) -> None:
    """Serves the floor until the process is ended."""
    import uvicorn  # noqa: PLC0415

    uvicorn.run(floor, port=port, log_level="warning", lifespan="off", http="httptools", loop="uvloop")


def started_floor(port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.visit", "--floor", str(port)])
    for _ in range(200):
        try:
            httpx.post(f"http://127.0.0.1:{port}{PATH}", content=b"{}")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return process
    raise SystemExit("the floor does not answer")


def say(name: str, found: Measured) -> None:
    shown = ", ".join(f"{times} × {said}" for said, times in found.answers.most_common())
    p50, p95, p99 = (found.percentile(share) for share in (0.5, 0.95, 0.99))
    processor = found.processor[0] * 1000 / len(found.milliseconds)
    most = max(found.milliseconds)
    print(f"{name:<12}{p50:>9.1f}{p95:>9.1f}{p99:>9.1f}{most:>9.1f}{processor:>11.1f}   {shown}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--resources", type=int, default=500)
    parser.add_argument("--own", action="store_true", help="all studies are of the patients' own cancer")
    parser.add_argument("--floor", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.floor is not None:
        run_floor(options.floor)
        return
    site = mappings_folder() / "sites" / "demo.yaml"
    with tempfile.TemporaryDirectory(prefix="fhirscreen-bench-") as name:
        folder = Path(name)
        (folder / "studies").mkdir()
        catalogue = load_catalogue().at(load_site(site))
        made = make_studies(catalogue, options.studies, (OWN,) if options.own else CANCERS)
        write_studies(made, folder / "studies")
        environment = {
            "FHIRSCREEN_STUDIES": str(folder / "studies"),
            "FHIRSCREEN_SITE": str(site),
            "FHIRSCREEN_CDS__REQUIRED": "false",
            "FHIRSCREEN_LOG_LEVEL": "info",
            "FHIRSCREEN_LIMITS__REQUESTS_PER_MINUTE": "1000000",
        }
        with serving(folder, **environment) as first:  # the studies are read and stored
            first.end()
        began = time.perf_counter()
        with serving(folder, **environment) as service:
            took, busy = time.perf_counter() - began, processor_seconds(service.process.pid)
            print(f"start-up with {options.studies} studies: {took:.1f} s, {busy:.1f} s of processor time")
            templates = httpx.get(f"{service.url}/cds-services").json()["services"][0]["prefetch"]
            bodies = make_bodies(templates, options.resources)
            size = sum(len(body.text) for body in bodies) / len(bodies) / 1000
            rate, seconds = f"{options.rate:g} requests a second", f"{options.seconds:g} s"
            print(f"{rate} for {seconds}, {size:.0f} kB each; load {os.getloadavg()[0]:.1f}")
            pid = service.process.pid
            load(service.url, pid, bodies, options.rate, min(5.0, options.seconds))
            print(f"{'ms':<12}{'p50':>9}{'p95':>9}{'p99':>9}{'most':>9}{'processor':>11}")
            port = 8971
            process = started_floor(port)
            try:
                address = f"http://127.0.0.1:{port}"
                say("floor", load(address, process.pid, bodies, options.rate, options.seconds))
            finally:
                process.terminate()
                process.wait()
            found = load(service.url, pid, bodies, options.rate, options.seconds)
            say("visit", found)
            met = found.percentile(0.5) <= REACH[0] and found.percentile(0.95) <= REACH[1]
            print(f"reach: p50 {REACH[0]:g}, p95 {REACH[1]:g} ms: {'met' if met else 'not met'}")


if __name__ == "__main__":
    main()
