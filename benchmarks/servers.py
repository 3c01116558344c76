"""A HAPI for benchmarks, on PostgreSQL where that is installed, else in memory (H2); filled with patients."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from fhirscreen.synthetic import generate_many
from fhirscreen.synthetic.cohorts import shared_resources
from fhirscreen.synthetic.writers import bundle
from tests.lib.hapi import Servers

LANES = 4


@contextmanager
def hapi(*, postgres: bool = True, **settings: str | int | bool) -> Iterator[str]:
    """The base URL of an empty HAPI that ends with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhirscreen-bench-")))
        if postgres and (programs := _postgres_programs()) is not None:
            os.environ["HAPI_JDBC_URL"] = stack.enter_context(_database(programs))
            os.environ["HAPI_JDBC_USER"] = "postgres"
        print("database:", os.environ.get("HAPI_JDBC_URL", "H2 in memory"), file=sys.stderr)
        servers = Servers(folder, os.getpid())
        stack.callback(servers.stop)
        yield servers.start(**settings).base


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def _database(programs: Path) -> Iterator[str]:
    """A PostgreSQL of our own on a free port of loopback, without fsync: nothing of it is to be kept."""
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="fhirscreen-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(name: str, *arguments: str) -> None:
        subprocess.run(
            [programs / name, *arguments], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL
        )

    options = f"-p {port} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-A", "trust", "-U", "postgres")
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "hapi")
            yield f"jdbc:postgresql://127.0.0.1:{port}/hapi"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(base: str, patients: int, seed: int = 7) -> int:
    """Loads the shared resources and a stream of patients; returns how many resources that were."""
    started, count = time.perf_counter(), 0

    def post(resources: Iterable[dict[str, Any]]) -> int:
        body = bundle(resources)
        client.post("", json=body).raise_for_status()
        return len(body["entry"])

    with httpx.Client(base_url=base, timeout=300) as client, ThreadPoolExecutor(LANES) as lanes:
        count = post(shared_resources())
        count += sum(lanes.map(post, (resources for _, resources in generate_many(patients, seed))))
    print(f"loaded {count} resources in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return count
