"""Messages about the service itself: a job that was given up, a night that did not bring its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fhirscreen.store.jobs import StoredJob
from fhirscreen.store.outbox import put_message

FAILED = "job.failed"
"""A job was given up: nobody tries it again."""
LATE = "nightly.late"
"""The night's run has met trouble for an hour, and is tried again."""
MISSED = "nightly.missed"
"""The night's run did not begin: the service was down, or the run before is not done yet."""

TYPES = (FAILED, LATE, MISSED)
"""What the webhook's `type` says."""

_PATIENCE = timedelta(hours=1)
"""How long the night's run may be in trouble until people are told: a server may be restarted by night."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Puts them into the outbox, one a channel and trouble. `url`: where the service is reached."""

    channels: Mapping[str, str]
    site: str
    url: str

    def tell(
        self, session: Session, job: StoredJob, error: Mapping[str, Any], at: datetime, again: datetime | None
    ) -> None:
        """A job met trouble: it is begun again at `again`, or given up.

        Of jobs that are not the night's, people are told once an hour and kind: news come by the hundred.
        """
        nightly = job.payload.get("cause") == "nightly"
        said = {name: str(error[name]) for name in ("what", "remedy", "since") if error.get(name)}
        about = {"job": job.id, "kind": job.kind, **said}
        if again is None:
            key = job.id if nightly else f"{job.kind} {at:%Y-%m-%d %H}"
            self._put(session, FAILED, f"failed {key}", about, at)
        elif nightly and "since" in said and at - datetime.fromisoformat(said["since"]) >= _PATIENCE:
            self._put(session, LATE, f"late {job.id}", about | {"again": again.isoformat("T", "seconds")}, at)

    def missed(self, session: Session, tick: datetime, at: datetime) -> None:
        """The night's run of `tick` did not begin."""
        when = tick.isoformat("T", "seconds")
        self._put(session, MISSED, f"missed {when}", {"tick": when}, at)

    def _put(self, session: Session, type: str, key: str, about: Mapping[str, Any], at: datetime) -> None:
        data = {"site": self.site, **about, "url": f"{self.url}/runs"}
        body = {"type": type, "timestamp": at.isoformat("T", "seconds"), "data": data}
        for channel, target in sorted(self.channels.items()):
            put_message(session, channel, target, body, at=at, key=f"{key} {channel}")
