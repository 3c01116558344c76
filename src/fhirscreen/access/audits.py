"""The one seam through which every access to a patient's data is written down, before it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from fhirscreen.store.audits import Action, add_audit
from fhirscreen.store.databases import Database


class Access(NamedTuple):
    """Whose data of which study; a list is of a study and of nobody alone."""

    patient: str | None = None
    base: str | None = None
    study: str | None = None


class Audits:
    """Writes the audit trail."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def tell(
        self,
        who: str,
        action: Action,
        what: str,
        accesses: Iterable[Access],
        *,
        outcome: str = "0",
        session: Session | None = None,
    ) -> None:
        """Writes an entry an access, each patient and study once.

        `what` is the route or page, never an address; `outcome` is 0 (done), 4 (refused) or 8 (failed), of
        FHIR's audit-event-outcome. With a `session` the entries are part of its transaction: they stand if
        what they tell of does. Raises StoreError: then nothing is to be answered.
        """
        wanted = dict.fromkeys(accesses)
        if not wanted:
            return
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        with self._database.begin() if session is None else nullcontext(session) as writing:
            for patient, base, study in wanted:
                add_audit(
                    writing,
                    at=self._clock(),
                    who=who,
                    action=action,
                    what=what,
                    patient=patient,
                    base=base,
                    study=study,
                    outcome=outcome,
                    request_id=request_id,
                )
