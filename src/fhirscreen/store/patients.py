"""Whether the store knows a patient at all: of most who come to a visit it does not."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from fhirscreen.store.tables import CardRow, RefusalRow, SubjectRow

_TABLES = (CardRow.__table__, RefusalRow.__table__, SubjectRow.__table__)
_KNOWN = union_all(  # built once: every visit asks it
    *(
        select(literal(1)).where(
            table.c.base == bindparam("base"), table.c.patient.in_(bindparam("patients", expanding=True))
        )
        for table in _TABLES
    )
).limit(1)


def is_known(session: Session, base: str, ids: Collection[str]) -> bool:
    """Whether a patient who stands under these ids is a subject, was shown a card, or refused.

    Where not, nobody can have decided anything about the patient either.
    """
    asked = {"base": base.rstrip("/"), "patients": list(ids)}
    return session.connection().execute(_KNOWN, asked).first() is not None
