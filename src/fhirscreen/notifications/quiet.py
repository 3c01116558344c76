"""Hours in which nobody is disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Self
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` on and before `end`, by the clocks of `zone`; over midnight where `end` is the earlier.

    Equal ends: never quiet.
    """

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def read(cls, hours: str, zone: ZoneInfo) -> Self:
        """From hours like `20:00-07:00`."""
        start, _, end = hours.partition("-")
        return cls(time.fromisoformat(start), time.fromisoformat(end), zone)

    def holds(self, at: datetime) -> bool:
        """Whether it is quiet at an instant."""
        now = at.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end
