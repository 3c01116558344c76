"""The one seam through which every access to a patient's data is written down, before it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import Literal, NamedTuple

import structlog
from sqlalchemy.orm import Session

from fhirscreen.access.callers import Caller
from fhirscreen.exceptions import NotAllowed
from fhirscreen.store.audits import Action, add_audits
from fhirscreen.store.databases import Database

Outcome = Literal["0", "4", "8"]
REFUSED: Outcome = "4"
"""Not allowed; 0 is done (FHIR R4, audit-event-outcome)."""
FAILED: Outcome = "8"
"""Somebody was allowed to ask about a patient, and it could not be done, by a fault of ours or a server's."""


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

    def check(self, caller: Caller, need: str, *, changes: bool, what: str) -> None:
        """Raises NotAllowed where somebody may not do what a scope names, and writes down who was refused.

        Of whom, or of which study, is not looked up for who may not ask. Who is not known leaves no entry:
        there is nobody to name, and anybody could fill the store.
        """
        try:
            caller.check(need)
        except NotAllowed:
            self.tell(caller.name, "U" if changes else "R", what, [Access()], outcome=REFUSED)
            raise

    def tell(
        self,
        who: str,
        action: Action,
        what: str,
        accesses: Iterable[Access],
        *,
        outcome: Outcome = "0",
        session: Session | None = None,
    ) -> None:
        """Writes an entry an access, each patient and study once.

        `what` is the route or page, never an address. With a `session` the entries are part of its
        transaction: they stand if what they tell of does. Raises StoreError: then nothing is to be answered.
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
