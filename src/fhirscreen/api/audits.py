"""The one seam through which every access to a patient's data is written down, before it is answered."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from fhirscreen.api.security import Caller
from fhirscreen.bootstrap.services import Service
from fhirscreen.store.audits import Action, add_audit


class Access(NamedTuple):
    """Whose data of which study; a list is of a study and of nobody alone."""

    patient: str | None = None
    base: str | None = None
    study: str | None = None


def tell(
    service: Service,
    caller: Caller,
    action: Action,
    what: str,
    accesses: Iterable[Access],
    *,
    session: Session | None = None,
) -> None:
    """Writes an entry an access, each patient and study once. Raises StoreError: then nothing is answered.

    With a `session` the entries are part of its transaction: they stand if what they tell of does.
    """
    wanted = dict.fromkeys(accesses)
    if not wanted:
        return
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    with service.database.begin() if session is None else nullcontext(session) as writing:
        for patient, base, study in wanted:
            add_audit(
                writing,
                at=service.clock(),
                who=caller.name,
                action=action,
                what=what,
                patient=patient,
                base=base,
                study=study,
                request_id=request_id,
            )
