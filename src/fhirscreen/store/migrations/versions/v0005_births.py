"""Verdicts on age keep the age in years, and no date of birth."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

# What the tables of fhirscreen.store.tables were at the time.
VERDICTS = sa.table(
    "verdicts",
    *(sa.column(name, sa.Text()) for name in ("subject", "criterion", "truth", "reason", "value", "unit")),
    sa.column("date", sa.Text()),
    sa.column("evidence", sa.JSON()),
    sa.column("proof", sa.JSON()),
    sa.column("digest", sa.Text()),
)
REVIEWS = sa.table(
    "reviews",
    sa.column("id", sa.Integer()),
    sa.column("subject", sa.Text()),
    sa.column("bears_on", sa.JSON()),
)
YEARS = '%"unit":"a"%'
BATCH = 500

revision = "v0005"
down_revision = "v0004"


def upgrade() -> None:
    """Takes dates of birth out of rows and proofs; a decision that rests on an age rests on it as before."""
    connection = op.get_bind()
    proof = sa.func.replace(sa.cast(VERDICTS.c.proof, sa.Text()), '": "', '":"')
    key = (VERDICTS.c.subject, VERDICTS.c.criterion)
    place = ("", "")
    while rows := connection.execute(
        sa.select(VERDICTS).where(proof.like(YEARS), sa.tuple_(*key) > place).order_by(*key).limit(BATCH)
    ).all():
        place = (rows[-1].subject, rows[-1].criterion)
        for row in rows:
            _strip(connection, row)


def _strip(connection: sa.Connection, row: sa.Row[Any]) -> None:
    date = "" if _is_birth(row.unit, row.evidence) else row.date
    before, after = (_seen(row, each) for each in (row.date, date))
    which = (VERDICTS.c.subject == row.subject) & (VERDICTS.c.criterion == row.criterion)
    # The next run compares with the digest, and writes the verdict anew.
    values = {"date": date, "proof": _without(row.proof), "digest": ""}
    connection.execute(sa.update(VERDICTS).where(which).values(**values))
    if before == after:
        return
    for id, bears_on in connection.execute(
        sa.select(REVIEWS.c.id, REVIEWS.c.bears_on).where(REVIEWS.c.subject == row.subject)
    ).all():
        if bears_on.get(row.criterion) == before:
            rests = {**bears_on, row.criterion: after}
            connection.execute(sa.update(REVIEWS).where(REVIEWS.c.id == id).values(bears_on=rests))


def _is_birth(unit: str, evidence: list[str]) -> bool:
    return unit == "a" and all(each.startswith("Patient/") for each in evidence)


def _without(tree: dict[str, Any]) -> dict[str, Any]:
    """A proof tree, the dates of ages left out."""
    left = dict(tree)
    if _is_birth(tree.get("unit", ""), tree.get("evidence", [])):
        left.pop("date", None)
    if "children" in tree:
        left["children"] = [_without(each) for each in tree["children"]]
    return left


def _seen(row: sa.Row[Any], date: str) -> str:
    """What a decision that rests on the verdict keeps of it."""
    seen = (row.truth, row.reason, row.value, row.unit, date, tuple(row.evidence))
    dumped = json.dumps(seen, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.blake2b(dumped, digest_size=16).hexdigest()
