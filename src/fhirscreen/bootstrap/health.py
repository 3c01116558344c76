"""Whether what the service leans on answers: each check in a thread of its own, with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
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


@dataclass(slots=True)
class _Run:
    """A probe at work, or its last result, by `time.monotonic`."""

    future: Future[bool]
    began: float
    ended: float | None = None


class Health:
    """Probes by name. A probe that hangs is not started twice: it stays one thread, and one failed check.

    `seconds` is how long whoever asks waits; `patience` how long a probe may take that answered before;
    `fresh` how long its answer holds, so that whoever asks every second does not ask the FHIR server every
    second.
    """

    def __init__(
        self,
        probes: Callable[[], Mapping[str, Probe]],
        *,
        seconds: float = 0.8,
        patience: float = 3.0,
        fresh: float = 5.0,
    ) -> None:
        self._probes = probes
        self._seconds = seconds
        self._patience = patience
        self._fresh = fresh
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="health")
        self._runs: dict[str, _Run] = {}
        self._before: dict[str, Check] = {}
        self._lock = Lock()

    def check(self) -> list[Check]:
        """Every part, in the order of the names; within `seconds`."""
        until = time.monotonic() + self._seconds
        with self._lock:
            for name, probe in self._probes().items():
                run, now = self._runs.get(name), time.monotonic()
                if run is None or (run.ended is not None and now - run.ended >= self._fresh):
                    self._begin(name, probe, now)
            runs = sorted(self._runs.items())
        wait([run.future for _, run in runs], max(0.0, until - time.monotonic()))
        return [self._tell(name, run) for name, run in runs]

    def close(self) -> None:
        """Starts nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, name: str, probe: Probe, now: float) -> None:
        run = self._runs[name] = _Run(self._pool.submit(probe), now)

        def end(_: Future[bool]) -> None:
            run.ended = time.monotonic()
            self._before[name] = self._tell(name, run)

        run.future.add_done_callback(end)

    def _tell(self, name: str, run: _Run) -> Check:
        seconds = (run.ended or time.monotonic()) - run.began
        if not run.future.done():
            before = self._before.get(name)
            if before is not None and before.ok and seconds < self._patience:
                return before
            return Check(name, False, seconds, f"no answer within {self._seconds:g} s")
        what = ""
        try:
            ok = run.future.result()
            what = "" if ok else "does not answer as it should"
        except FhirscreenError as error:
            ok, what = False, error.what
        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever it is, the part does not answer
            ok, what = False, type(error).__name__
        return Check(name, ok, seconds, what)
