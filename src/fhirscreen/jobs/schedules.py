"""A Schedule: enqueues a job at each tick of a cron expression, once however many processes run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from cronsim import CronSim
from sqlalchemy.orm import Session

from fhirscreen.loops import Loop, Troubled, nobody_watches
from fhirscreen.store import jobs
from fhirscreen.store.databases import Database

log = structlog.get_logger(__name__)

_LATE = timedelta(hours=12)
"""How late a tick is still made up for: a service that was down at two is not to skip the night."""

_GLANCE = 30.0
"""Seconds between two looks at the clock: a machine may have slept meanwhile."""


Missed = Callable[[Session, datetime, datetime], None]
"""Called with a tick that brings no job, and now: it was long ago, or the job before it is not done yet."""


def nobody_minds(_session: Session, _tick: datetime, _at: datetime) -> None:
    """For schedules whose next tick makes up for it."""


class Schedule:
    """Enqueues jobs of one kind, in a thread of its own between `start` and `stop`.

    The expression is read in the site's time zone (cron, with the day-light rules of Debian's). A tick missed
    by less than twelve hours is made up for, if the schedule has ever ticked.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        expression: str,
        zone: ZoneInfo,
        kind: str,
        payload: Mapping[str, Any],
        *,
        clock: Callable[[], datetime],
        troubled: Troubled = nobody_watches,
        missed: Missed = nobody_minds,
    ) -> None:
        """`missed` is told of a tick that brings no job of its own."""
        self._database = database
        self.name = name
        self._expression = expression
        self._zone = zone
        self._kind = kind
        self._payload = dict(payload)
        self._clock = clock
        self._loop = Loop(f"schedule {name}", self._turn, troubled=troubled)
        self._missed = missed
        self._seen: datetime | None = None

    def start(self) -> None:
        """Begins to wait for the next tick."""
        self._loop.start()

    def stop(self) -> None:
        """Ends the waiting."""
        self._loop.stop()

    def next_tick(self, after: datetime) -> datetime:
        """The first tick after an instant, in UTC."""
        return next(CronSim(self._expression, after.astimezone(self._zone))).astimezone(UTC)

    def last_tick(self, at: datetime) -> datetime:
        """The last tick at or before an instant, in UTC."""
        later = (at + timedelta(seconds=1)).astimezone(self._zone)
        return next(CronSim(self._expression, later, reverse=True)).astimezone(UTC)

    def look(self) -> bool:
        """Enqueues a job for a tick that has come and that nobody has taken; whether it did.

        Raises StoreError.
        """
        now = self._clock()
        last = self.last_tick(now)
        first, self._seen = self._seen is None, self._seen or now
        if last > self._seen:
            due = True
        elif first:
            due = self._ticked_before()
        else:
            due = False
        if due:
            with self._database.begin() as session:
                if jobs.fired(session, self.name, last):
                    self._seen = last
                    if first and now - last >= _LATE:
                        self._missed(session, last, now)
                        return False
                    job = jobs.enqueue(
                        session,
                        self._kind,
                        self._payload,
                        by=f"schedule {self.name}",
                        at=now,
                        key=self.name,
                    )
                    if job.created_at < now:
                        self._missed(session, last, now)
                    log.info("schedule ticks", schedule=self.name)
                    return True
        self._seen = max(last, self._seen)
        return False

    def _ticked_before(self) -> bool:
        with self._database.reading() as session:
            return jobs.last_fired(session, self.name) is not None

    def _turn(self) -> float:
        self.look()
        now = self._clock()
        return max(0.01, min((self.next_tick(now) - now).total_seconds(), _GLANCE))
