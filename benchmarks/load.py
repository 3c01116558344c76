"""Many clients at once: does the service answer all of them, and does its memory stay flat?

The service runs as a process of its own on loopback, a synthetic cohort screened into its store. Each client
does what clients do, one thing after the other with a pause between: a visit by CDS Hooks, a search for
candidates, a page of a list, the CapabilityStatement. Memory is the process's resident set (Linux, /proc),
read each second; it is flat where the median of the last quarter is at most 5 % above that of the second.

    python -m benchmarks.load [--clients 200] [--seconds 120] [--pause 4]

Reach: 200 clients for two minutes, no error, memory flat. The first quarter warms up: charts of all kinds
have been seen, pools and caches are full.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from fhirscreen import synthetic
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.store import jobs
from fhirscreen.store.databases import Database
from tests.lib.demo import STUDIES
from tests.lib.ehr import charts, resolve
from tests.lib.service import serving

FLAT = 1.05


@dataclass(slots=True)
class Tally:
    """What was answered, and how long it took in milliseconds, by what was asked."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    memory: list[tuple[float, int]] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """Answers that were none, or not of status 200."""
        return sum(times for (_, said), times in self.answers.items() if said != "200")


def calls() -> list[bytes]:
    """Visits of all patients of a small cohort, the prefetch left to be filled in."""
    return [json.dumps([id, resources]).encode() for id, resources in charts().items() if id != "shared"]


def visit(templates: dict[str, str], raw: bytes) -> dict[str, Any]:
    """A call of patient-view about a patient whom nobody has seen yet."""
    id, resources = json.loads(raw)
    fresh = uuid.uuid4().hex[: len(id)].ljust(len(id), "0")
    renamed = json.loads(json.dumps(resolve(templates, resources)).replace(id, fresh))
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"patientId": fresh, "userId": "Practitioner/1"},
        "prefetch": renamed,
    }


async def behave(
    client: httpx.AsyncClient,
    templates: dict[str, str],
    bodies: Sequence[bytes],
    until: float,
    pause: float,
    tally: Tally,
    chance: random.Random,
) -> None:
    """One client until the time is over."""
    await asyncio.sleep(chance.random() * pause)
    while time.monotonic() < until:
        kind = chance.choice(("visit", "visit", "candidates", "page", "metadata"))
        began = time.perf_counter()
        try:
            if kind == "visit":
                body = visit(templates, chance.choice(bodies))
                response = await client.post("/cds-services/trials-patient-view", json=body)
            elif kind == "candidates":
                response = await client.get(
                    "/fhir/ResearchSubject", params={"status": "candidate", "_count": "20"}
                )
            elif kind == "page":
                response = await client.get("/fhir/List", params={"_count": "2"})
            else:
                response = await client.get("/fhir/metadata")
            said = str(response.status_code)
        except httpx.HTTPError as error:
            said = type(error).__name__
        tally.answers[kind, said] += 1
        tally.milliseconds.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(pause * (0.5 + chance.random()))


def resident(process: int) -> int:
    """The resident set of a process, in kilobytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def watch(process: int, began: float, until: float, tally: Tally) -> None:
    """Reads the resident set each second."""
    while time.monotonic() < until:
        size = await asyncio.to_thread(resident, process)
        tally.memory.append((time.monotonic() - began, size))
        await asyncio.sleep(1)


async def load(url: str, process: int, clients: int, seconds: float, pause: float) -> Tally:
    """All clients at once."""
    tally, bodies = Tally(), calls()
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        templates = (await client.get("/cds-services")).json()["services"][0]["prefetch"]
        began = time.monotonic()
        until = began + seconds
        each = [
            behave(client, templates, bodies, until, pause, tally, random.Random(n)) for n in range(clients)
        ]
        await asyncio.gather(watch(process, began, until, tally), *each)
    return tally


def quarter(tally: Tally, number: int, seconds: float) -> float:
    """The median of the resident set in a quarter of the time, in megabytes."""
    within = [size for at, size in tally.memory if number - 1 <= at / seconds * 4 < number]
    return statistics.median(within) / 1000


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--pause", type=float, default=4.0, help="mean seconds between a client's requests")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fhirscreen-bench-") as name:
        folder = Path(name)
        (folder / "export").mkdir()
        synthetic.write_ndjson(synthetic.generate(), folder / "export")
        environment = {
            "FHIRSCREEN_STUDIES": ",".join(STUDIES),
            "FHIRSCREEN_SITE": str(mappings_folder() / "sites" / "demo.yaml"),
            "FHIRSCREEN_FOLDERS__EXPORT": str(folder / "export"),
            "FHIRSCREEN_SOURCE": "export",
            "FHIRSCREEN_CDS__REQUIRED": "false",
            "FHIRSCREEN_LIMITS__REQUESTS_PER_MINUTE": "1000000",
        }
        with serving(folder, **environment) as service:
            database = Database(f"sqlite:///{folder / 'store.db'}")
            with database.begin() as session:
                payload = {"as_of": synthetic.AS_OF.isoformat()}
                jobs.enqueue(session, SCREEN, payload, by="benchmark", at=datetime.now(UTC))
            database.close()
            service.wait_for(lambda event: event.get("event") == "job ends", 120)
            print(f"{options.clients} clients for {options.seconds:g} s; load {os.getloadavg()[0]:.1f}")
            tally = asyncio.run(
                load(service.url, service.process.pid, options.clients, options.seconds, options.pause)
            )
    total = sum(tally.answers.values())
    print(f"{total} requests, {total / options.seconds:.0f} a second, {tally.errors} errors")
    print(f"{'ms':<12}{'p50':>9}{'p95':>9}{'most':>9}   answers")
    for kind, taken in sorted(tally.milliseconds.items()):
        ordered = sorted(taken)
        said = ", ".join(f"{n} × {text}" for (of, text), n in tally.answers.most_common() if of == kind)
        p50, p95 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95))
        print(f"{kind:<12}{p50:>9.1f}{p95:>9.1f}{ordered[-1]:>9.1f}   {said}")
    second, last = quarter(tally, 2, options.seconds), quarter(tally, 4, options.seconds)
    print(
        f"resident set: {second:.0f} MB in the second quarter, {last:.0f} MB in the last: {last / second:.3f}"
    )
    met = tally.errors == 0 and last <= FLAT * second
    print(f"reach: no error, memory at most {FLAT:g} times: {'met' if met else 'not met'}")


if __name__ == "__main__":
    main()
