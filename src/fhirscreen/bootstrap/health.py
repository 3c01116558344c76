"""Whether what the service leans on answers: each check in a thread of its own, with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from threading import Lock
from typing import Any

from fhirscreen.exceptions import FhirscreenError

Probe = Callable[[], bool]
"""Whether a part answers; one that raises does not."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one probe. `seconds` it took, or was waited for."""

    name: str
    ok: bool
    seconds: float
    what: str = ""

    def data(self) -> dict[str, Any]:
        """As it is shown, without addresses."""
        told: dict[str, Any] = {"ok": self.ok, "seconds": round(self.seconds, 3)}
        return told | ({"what": self.what} if self.what else {})


class Health:
    """Probes by name. A probe that hangs is not started twice: it stays one thread, and one failed check.

    `seconds` is how long a check waits; `fresh` how long its answer holds, so that whoever asks every second
    does not ask the FHIR server every second.
    """

    def __init__(
        self, probes: Callable[[], Mapping[str, Probe]], *, seconds: float = 3.0, fresh: float = 5.0
    ) -> None:
        self._probes = probes
        self._seconds = seconds
        self._fresh = fresh
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="health")
        self._running: dict[str, Future[bool]] = {}
        self._known: tuple[float, list[Check]] = (float("-inf"), [])
        self._lock = Lock()

    def check(self) -> list[Check]:
        """Every part, in the order of the names."""
        with self._lock:
            at, known = self._known
            if time.monotonic() - at < self._fresh:
                return known
            began = time.monotonic()
            for name, probe in self._probes().items():
                if name not in self._running or self._running[name].done():
                    self._running[name] = self._pool.submit(probe)
            found = [self._wait(name, future, began) for name, future in sorted(self._running.items())]
            self._known = (time.monotonic(), found)
            return found

    def close(self) -> None:
        """Starts nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _wait(self, name: str, future: Future[bool], began: float) -> Check:
        what = ""
        try:
            ok = future.result(max(0.0, self._seconds - (time.monotonic() - began)))
            what = "" if ok else "does not answer as it should"
        except TooLate:
            ok, what = False, f"no answer within {self._seconds:g} s"
        except FhirscreenError as error:
            ok, what = False, error.what
        except Exception as error:  # noqa: BLE001 - whatever it is, the part does not answer
            ok, what = False, type(error).__name__
        return Check(name, ok, time.monotonic() - began, what)
