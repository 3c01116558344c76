"""The message of a run: how many subjects are new, gone or other, a study; links, and no patient data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fhirscreen.notifications.quiet import Quiet
from fhirscreen.screening.settlements import held_decisions
from fhirscreen.store.changes import StoredChange, mark_notified, pending
from fhirscreen.store.outbox import newest_message, put_message
from fhirscreen.store.standings import LISTED
from fhirscreen.store.studies import find_study

TYPE = "subjects.changed"
"""What the webhook's `type` says."""

_KEY = "changes "

COUNTS = ("new", "no_longer", "changed", "review_again")
"""What is counted of a study.

`new`: on the list, and were not when people were last told. `no_longer`: the reverse. `changed`: still on
it, with another status or other verdicts. `review_again`: listed, a person had said "not suitable", and what
that rested on has changed.
"""


@dataclass(frozen=True, slots=True)
class Teller:
    """Puts what nobody was told of into the outbox: one message a channel, counted net of what came and went.

    `channels` lead to their targets. `url`: where the service is reached. In quiet hours nothing is put, so
    that their end brings one message and not one a run; nor within `every` of the message before, so that a
    busy day brings few.
    """

    channels: Mapping[str, str]
    site: str
    url: str
    quiet: Quiet | None = None
    every: timedelta = timedelta(0)

    def may_tell(self, session: Session, at: datetime) -> bool:
        """Whether there is somebody to tell, and now is a time for it."""
        if not self.channels or (self.quiet is not None and self.quiet.holds(at)):
            return False
        last = newest_message(session, _KEY) if self.every else None
        return last is None or at - last >= self.every

    def tell(self, session: Session, at: datetime) -> bool:
        """Whether a message was put. Without channels nothing is, and changes stay untold."""
        if not self.may_tell(session, at):
            return False
        changes = pending(session)
        if not changes:
            return False
        mark_notified(session, [change.id for change in changes], at)
        studies = [self._study(session, id, counts) for id, counts in _counted(session, changes).items()]
        if not studies:
            return False
        runs = sorted({change.run for change in changes if change.run is not None})
        body = {
            "type": TYPE,
            "timestamp": at.isoformat(timespec="seconds"),
            "data": {"site": self.site, "runs": runs, "studies": studies},
        }
        for channel, target in sorted(self.channels.items()):
            put_message(session, channel, target, body, at=at, key=f"{_KEY}{changes[-1].id} {channel}")
        return True

    def _study(self, session: Session, id: str, counts: Mapping[str, int]) -> dict[str, Any]:
        stored = find_study(session, id)
        title = str(stored.definition.get("title") or "") if stored is not None else ""
        return {"study": id, "title": " ".join(title.split()), **counts, "url": f"{self.url}/studies/{id}"}


def _counted(session: Session, changes: Sequence[StoredChange]) -> dict[str, dict[str, int]]:
    """The counts of each study of which there is something to tell."""
    held = held_decisions(session, {change.subject for change in changes})
    counted: dict[str, dict[str, int]] = {}
    for first, last in _net(changes):
        if (holds := held.get(last.subject)) is True:
            continue  # a person said no, and nothing that came since bears on it
        name = _kind(first.before, last.after, again=holds is False)
        if name is not None:
            counts = counted.setdefault(last.study, dict.fromkeys(COUNTS, 0))
            counts[name] += 1
    return dict(sorted(counted.items()))


def _net(changes: Iterable[StoredChange]) -> Iterable[tuple[StoredChange, StoredChange]]:
    """The first and the last change of each subject."""
    ends: dict[str, tuple[StoredChange, StoredChange]] = {}
    for change in changes:
        first, _ = ends.get(change.subject, (change, change))
        ends[change.subject] = (first, change)
    return ends.values()


def _kind(before: str | None, after: str | None, *, again: bool) -> str | None:
    was, is_now = before in LISTED, after in LISTED
    if again:
        return "review_again" if is_now else None
    if is_now:
        return "changed" if was else "new"
    return "no_longer" if was else None
