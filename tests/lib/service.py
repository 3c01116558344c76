"""The service for tests: over a store of its own, asked in this process or as one of its own."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from fastapi import APIRouter
from starlette.testclient import TestClient

from fhirscreen.api.app import make_app
from fhirscreen.bootstrap.services import Clock, Service, Transport, make_service, real_network, utc_now
from fhirscreen.settings.settings import Settings
from tests.lib.cli import start_fhirscreen


def settings_for(folder: Path, **given: Any) -> Settings:
    """Settings with a store in `folder`; groups may be given as plain data."""
    return Settings.model_validate({"store": f"sqlite:///{folder / 'store.db'}", "workers": 0} | given)


@contextmanager
def service_for(
    folder: Path, *, clock: Clock = utc_now, transport: Transport = real_network, **given: Any
) -> Iterator[Service]:
    """A service whose background work is not begun."""
    service = make_service(settings_for(folder, **given), clock=clock, transport=transport)
    try:
        yield service
    finally:
        service.close()


HERE = "http://localhost:8000"
"""Where a service without access control is asked in tests: it answers to names of its machine alone."""


@contextmanager
def client_of(service: Service, *more: APIRouter) -> Iterator[TestClient]:
    """Asks the application over a service, which ends with it; errors are answers, as to anybody."""
    with TestClient(make_app(service, *more), base_url=HERE, raise_server_exceptions=False) as client:
        yield client


_PATIENCE = 90.0  # seconds that a start may take where the machine has much else to do


class Serving:
    """`fhirscreen serve` as a process of its own, with everything it logged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self._wait_for_url(_PATIENCE)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def _wait_for_url(self, patience: float) -> str:
        until = time.monotonic() + patience
        while time.monotonic() < until and self.process.poll() is None:
            for event in self.events():
                if event.get("event") == "listening":
                    return str(event["url"])
            time.sleep(0.05)
        raise AssertionError("the service did not start:\n" + "".join(self.lines))

    def events(self) -> list[dict[str, Any]]:
        """What was logged so far. A line that is no JSON fails the test."""
        return [json.loads(line) for line in list(self.lines)]

    def wait_for(self, told: Callable[[dict[str, Any]], bool], patience: float = 30.0) -> dict[str, Any]:
        """The first event that fits, when it comes."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if (found := next((each for each in self.events() if told(each)), None)) is not None:
                return found
            time.sleep(0.05)
        raise AssertionError("no such event:\n" + "".join(self.lines))

    def client(self, **given: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, **given)

    def end(self, patience: float = 40.0) -> int:
        """Asks it to end, and gives its exit code."""
        self.process.terminate()
        code = self.process.wait(patience)
        self._reader.join(5)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def serving(folder: Path, *arguments: str, **environment: str) -> Serving:
    """Starts `fhirscreen serve` on a free port of the loopback, its store in `folder`."""
    variables = {
        "FHIRSCREEN_STORE": f"sqlite:///{folder / 'store.db'}",
        "PYTHONUNBUFFERED": "1",
    } | environment
    return Serving(start_fhirscreen("serve", "--port", "0", *arguments, **variables))
