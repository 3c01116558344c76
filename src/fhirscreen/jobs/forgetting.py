"""The job that deletes what the retention settings say is too old."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fhirscreen.jobs.tasks import Outcome, Task
from fhirscreen.store.retention import forget, forget_audits

FORGET = "forget"
"""The kind of these jobs; without payload."""

DAILY = "17 3 * * *"
"""When it runs: at night, and not on the hour, when everything else does."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Handles them. `days` for what is known of patients, `audit_days` for the audit trail; None: never.

    Cards stay for `snooze_days` at least: so long they keep a study from being shown again.
    """

    days: int | None
    audit_days: int | None
    snooze_days: int
    clock: Callable[[], datetime]
    after: Callable[[Session], None]
    """What follows once the deletion stands: the journal is emptied of what is gone."""

    def __call__(self, _task: Task) -> Outcome:
        """Gives what is to be deleted, in the transaction that ends the job."""

        def write(session: Session) -> Mapping[str, Any]:
            now = self.clock()
            deleted: dict[str, int] = {}
            if self.days is not None:
                snooze = now - timedelta(days=self.snooze_days)
                deleted = forget(session, now - timedelta(days=self.days), cards_before=snooze)
            if self.audit_days is not None:
                deleted = {**deleted, "audits": forget_audits(session, now - timedelta(days=self.audit_days))}
            self.after(session)
            return {"deleted": deleted}

        return Outcome({}, write)
