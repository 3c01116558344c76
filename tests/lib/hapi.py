"""Real HAPI FHIR servers for tests: started once a configuration and shared, loaded, counted, emptied."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.lib.parts import HAPI_JAR

Resource = Mapping[str, Any]
_START_SECONDS = 240
_TRANSACTION = 200
_WRITERS = 4
_READY = re.compile(r"^READY (\S+)", re.MULTILINE)
# HAPI answers an identical search from a cache for a minute.
_HEADERS = {"Cache-Control": "no-cache", "Accept": "application/fhir+json"}
_PATIENT_PATHS = ("subject", "patient", "individual", "beneficiary")
_LAST = frozenset({"Group", "List", "ResearchStudy"})
_REFERS = frozenset({"entry", "enrollment", "member"})


@dataclass(frozen=True)
class Hapi:
    """One running server."""

    base: str

    def client(self) -> httpx.Client:
        """A plain client of the server, that trusts no cache."""
        return httpx.Client(base_url=self.base, headers=_HEADERS, timeout=300)

    def load(self, resources: Iterable[Resource]) -> None:
        """PUT resources under their own ids: what patients refer to first, then a transaction a patient."""
        with self.client() as client, ThreadPoolExecutor(_WRITERS) as writers:
            for wave in _waves(resources):
                # list() raises what a writer raised
                list(writers.map(lambda chunk: _put(client, chunk), wave))

    def count(self, resource_type: str, **parameters: str) -> int:
        """How many resources the server says it has (`_summary=count`)."""
        with self.client() as client:
            answer = client.get(f"/{resource_type}", params={"_summary": "count", **parameters})
            answer.raise_for_status()
            return int(answer.json()["total"])

    def pages(self, resource_type: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """Every resource that paging to the end gives: the plainest client there is, checking nothing."""
        with self.client() as client:
            url = str(httpx.URL(f"{self.base}/{resource_type}", params=parameters))
            while url:
                bundle = client.get(url).raise_for_status().json()
                yield from (entry["resource"] for entry in bundle.get("entry", ()))
                url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")

    def clear(self) -> None:
        """Remove every resource and its history."""
        body = {
            "resourceType": "Parameters",
            "parameter": [{"name": "expungeEverything", "valueBoolean": True}],
        }
        with self.client() as client:
            answer = client.post("/$expunge", json=body)
            if answer.is_error:
                raise RuntimeError(f"HAPI was not emptied: {answer.text[:500]}")


def _put(client: httpx.Client, resources: list[Resource]) -> None:
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in resources
    ]
    answer = client.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})
    if answer.is_error:
        raise RuntimeError(f"HAPI refused a transaction: {answer.text[:500]}")


def _waves(resources: Iterable[Resource]) -> Iterator[list[list[Resource]]]:
    """Transactions in waves, so that what a resource refers to is there before it or comes with it."""
    shared: list[Resource] = []
    linked: list[Resource] = []
    last: list[Resource] = []
    patients: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        if owner := next((resource[path]["reference"] for path in _PATIENT_PATHS if path in resource), None):
            patients[owner].append(resource)
        elif resource["resourceType"] in _LAST and _REFERS & resource.keys():
            last.append(resource)
        elif resource["resourceType"] == "Patient" and "link" in resource:
            linked.append(resource)
        else:
            shared.append(resource)
    others = [r for r in shared if r["resourceType"] != "Patient"]
    yield [others] if others else []
    yield _chunks([r for r in shared if r["resourceType"] == "Patient"])
    yield [linked] if linked else []
    yield list(patients.values())
    yield [last] if last else []


def _chunks(resources: list[Resource]) -> list[list[Resource]]:
    return [resources[i : i + _TRANSACTION] for i in range(0, len(resources), _TRANSACTION)]


class Servers:
    """The HAPI servers of one test session, shared by its workers through a folder.

    `guardian` is the process that the session belongs to: a server ends with it, whatever happens.
    """

    def __init__(self, folder: Path, guardian: int) -> None:
        self._folder = folder
        self._guardian = guardian

    def start(self, **settings: str | int | bool) -> Hapi:
        """The server with these settings (`max_fetch=1000` for `--hapi.max-fetch=1000`), started once."""
        flags = sorted(
            f"--hapi.{name.replace('_', '-')}={str(value).lower() if isinstance(value, bool) else value}"
            for name, value in settings.items()
        )
        key = re.sub(r"[^\w.=-]", "_", "".join(flags)) or "default"
        url = self._folder / f"{key}.url"
        with _locked(self._folder / f"{key}.lock"):
            if not url.exists():
                url.write_text(self._launch(key, flags))
            return Hapi(url.read_text())

    def stop(self) -> None:
        """End the servers that were started here. Their data is in memory alone: nothing is lost by haste."""
        for file in self._folder.glob("*.pid"):
            try:
                os.kill(int(file.read_text()), signal.SIGKILL)
                os.waitpid(int(file.read_text()), 0)
            except (ProcessLookupError, ChildProcessError):
                pass  # gone already, or a worker's child

    def _launch(self, key: str, flags: list[str]) -> str:
        java = shutil.which("java")
        assert java is not None, "tests/conftest.py lets no test come here without java"
        log = self._folder / f"{key}.log"
        command = [java, "-Xmx1500m", "-XX:+UseSerialGC", "-jar", str(HAPI_JAR), "--port=0"]
        # Not a Popen: the server outlives the worker that starts it, and Popen warns of a child left behind.
        pid = os.posix_spawn(
            java,
            [*command, f"--stop-with={self._guardian}", *flags],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        (self._folder / f"{key}.pid").write_text(str(pid))
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if ready := _READY.search(log.read_text() if log.exists() else ""):
                return ready[1]
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                break
            time.sleep(0.2)
        raise RuntimeError(f"HAPI did not start in {_START_SECONDS} s:\n{log.read_text()[-2000:]}")


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
