"""A Loop: one piece of work done again and again in a thread of its own, whatever happens to it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from fhirscreen.exceptions import FhirscreenError

log = structlog.get_logger(__name__)

_SHORTEST, _LONGEST = 1.0, 30.0
"""Seconds until work that raised is begun again, the first time and at most; twice as long each time."""

Troubled = Callable[[str], None]
"""Called with the name of a loop each time that its work raised."""


def nobody_watches(_name: str) -> None:
    """For loops that nobody watches."""


class Loop:
    """Calls `work` from `start` to `stop`; it gives the seconds until it wants to be called again.

    What it raises is logged, an unforeseen exception by its kind and place alone, and counted by `troubled`;
    then it is called again, later each time in a row. Nothing but `stop` ends the loop.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], float],
        *,
        troubled: Troubled = nobody_watches,
        shortest: float = _SHORTEST,
    ) -> None:
        self._name = name
        self._work = work
        self._troubled = troubled
        self._shortest = shortest
        self._in_a_row = 0
        self._closing = threading.Event()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def closing(self) -> bool:
        """Whether it was told to stop: work that takes long looks here."""
        return self._closing.is_set()

    def start(self) -> None:
        """Begins to work, at once."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Has the next turn begin now; one that is at work is followed by another."""
        self._woken.set()

    def pause(self, seconds: float) -> bool:
        """Waits amid work; whether it must end here."""
        return self._closing.wait(seconds)

    def close(self) -> None:
        """Begins no other turn, and does not wait for the one at work."""
        self._closing.set()
        self._woken.set()

    def stop(self, patience: float | None = None) -> bool:
        """Ends after the turn at work, waiting for it `patience` seconds at most; whether it has ended."""
        self.close()
        if self._thread is None:
            return True
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing.is_set():
            seconds = self._turn()
            if seconds > 0:
                self._woken.wait(seconds)
            self._woken.clear()

    def _turn(self) -> float:
        try:
            seconds = self._work()
        except Exception as error:
            self._troubled(self._name)
            seconds = min(self._shortest * 2 ** min(self._in_a_row, 16), _LONGEST)
            self._in_a_row += 1
            if isinstance(error, FhirscreenError):
                log.warning("a loop met trouble", loop=self._name, what=error.what, again_in=seconds)
            else:
                log.exception("a loop failed unexpectedly", loop=self._name, again_in=seconds)
        else:
            self._in_a_row = 0
        return seconds
