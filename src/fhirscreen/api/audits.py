"""What routes tell the audit trail, before they answer."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from fhirscreen.access.audits import FAILED, Access, Outcome
from fhirscreen.api.security import Caller
from fhirscreen.bootstrap.services import Service
from fhirscreen.store.audits import Action

__all__ = ["FAILED", "Access", "Outcome", "tell"]


def tell(
    service: Service,
    caller: Caller,
    action: Action,
    what: str,
    accesses: Iterable[Access],
    *,
    session: Session | None = None,
    outcome: Outcome = "0",
) -> None:
    """Writes an entry an access, each patient and study once. Raises StoreError: then nothing is answered.

    With a `session` the entries are part of its transaction: they stand if what they tell of does.
    """
    service.audits.tell(caller.name, action, what, accesses, outcome=outcome, session=session)
