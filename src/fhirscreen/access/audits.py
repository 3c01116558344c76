"""The one seam through which every access to a patient's data is written down, before it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from fhirscreen.store.audits import Action, add_audits
from fhirscreen.store.databases import Database


class Access(NamedTuple):
    """Whose data of which study; a list is of a study and of nobody alone."""

    patient: str | None = None
    base: str | None = None
    study: str | None = None


class Audits:
    """Writes the audit trail."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, posts: bool = False) -> None:
        """`posts`: whether the entries are to be posted to a FHIR server as well."""
        self._database = database
        self._clock = clock
        self._posts = posts

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
        wanted = [access._asdict() for access in dict.fromkeys(accesses)]
        if not wanted:
            return
        at = self._clock()
        with self._database.begin() if session is None else nullcontext(session) as writing:
            add_audits(
                writing,
                wanted,
                at=at,
                who=who,
                action=action,
                what=what,
                outcome=outcome,
                request_id=structlog.contextvars.get_contextvars().get("request_id"),
                due_at=at if self._posts else None,
            )
