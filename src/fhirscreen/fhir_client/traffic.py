"""What talking to a server cost: requests, bytes and seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Traffic:
    """Totals of a client. Bytes are those of bodies: headers and TLS are not counted.

    `requests` counts every attempt, `retries` those of them that repeated a failed one; `sent` and
    `received` are bytes on the wire (compressed), `decoded` the received ones unpacked; `seconds` is the
    time from sending to the last byte, summed over requests that may have run at the same moment.
    """

    requests: int = 0
    retries: int = 0
    sent: int = 0
    received: int = 0
    decoded: int = 0
    seconds: float = 0.0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __sub__(self, earlier: Traffic) -> Traffic:
        """The traffic since `earlier`, another reading of the same meter."""
        return Traffic(*(getattr(self, f.name) - getattr(earlier, f.name) for f in fields(self)))


class Meter:
    """Adds up traffic from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading = Traffic()

    def add(self, traffic: Traffic) -> None:
        """Count `traffic` in."""
        with self._lock:
            self._reading += traffic

    @property
    def reading(self) -> Traffic:
        """The totals so far."""
        return self._reading
