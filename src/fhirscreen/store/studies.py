"""Studies with their versions, and whether a site recruits for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import write_study
from fhirscreen.exceptions import Conflict
from fhirscreen.mapping.catalogue import digest
from fhirscreen.store.rows import insert, insert_once, make
from fhirscreen.store.tables import CounterRow, RecruitingRow, StudyRow

_COUNTER = "studies"

_COUNTERS = CounterRow.__table__.c
_REVISION = select(_COUNTERS.value).where(_COUNTERS.name == _COUNTER)  # built once: every call asks it


@dataclass(frozen=True, slots=True)
class StoredStudy:
    """One version of a study. `definition` is its JSON (criteria.wire), `text` what was handed in."""

    id: str
    version: int
    digest: str
    definition: dict[str, Any]
    text: str
    written_at: datetime
    written_by: str


@dataclass(frozen=True, slots=True)
class Recruiting:
    """Whether a site recruits for a study.

    `opens` and `closes`: its first and last day, None for no bound. `slots`: how many more subjects it can
    take; None where nobody said.
    """

    study: str
    site: str
    open: bool
    opens: date | None = None
    closes: date | None = None
    slots: int | None = None

    def recruits(self, day: date) -> bool:
        """Whether the site takes a subject on that day."""
        begun = self.opens is None or self.opens <= day
        ended = self.closes is not None and self.closes < day
        return self.open and begun and not ended and self.slots != 0


def revision(session: Session) -> int:
    """A number that grows whenever a study or a site's recruiting changes."""
    return session.connection().execute(_REVISION).scalar() or 0


def _hold(session: Session) -> None:
    """Waits for whoever else writes a study, until the end of the transaction."""
    insert_once(session, CounterRow, name=_COUNTER, value=0)
    session.execute(select(CounterRow.value).where(CounterRow.name == _COUNTER).with_for_update())


def _count(session: Session) -> None:
    session.execute(update(CounterRow).where(CounterRow.name == _COUNTER).values(value=CounterRow.value + 1))


def put_study(
    session: Session, study: Study, *, text: str, by: str, at: datetime, expected: int | None = None
) -> tuple[StoredStudy, bool]:
    """Stores a study as a new version, and says whether it is one: an equal definition is not written again.

    `expected`: the version that the writer read, 0 for none; raises Conflict where it is not the newest.
    """
    _hold(session)
    newest = find_study(session, study.id)
    if expected == 0 and newest is not None:
        raise Conflict(
            f"there is a study {study.id} already",
            where=f"version {newest.version}",
            expected="none of that number",
            remedy="to write over it, read it and send its version",
        )
    if expected is not None and expected != (newest.version if newest else 0):
        raise Conflict(
            f"study {study.id} was changed by someone else",
            where=f"version {newest.version if newest else 0}",
            expected=f"version {expected}",
            remedy="read it again, then write",
        )
    definition = dict(write_study(study))
    mark = digest(definition)
    if newest is not None and newest.digest == mark:
        return newest, False
    stored = StoredStudy(study.id, (newest.version if newest else 0) + 1, mark, definition, text, at, by)
    session.execute(
        insert(session, StudyRow).values(
            id=stored.id,
            version=stored.version,
            digest=mark,
            definition=definition,
            text=text,
            written_at=at,
            written_by=by,
        )
    )
    _count(session)
    return stored, True


def find_study(session: Session, id: str, version: int | None = None) -> StoredStudy | None:
    """A version of a study, by default the newest."""
    query = select(StudyRow.__table__).where(StudyRow.id == id)
    if version is not None:
        query = query.where(StudyRow.version == version)
    row = session.execute(query.order_by(StudyRow.version.desc()).limit(1)).mappings().first()
    return make(StoredStudy, row) if row is not None else None


def list_studies(session: Session) -> list[StoredStudy]:
    """The newest version of each study, by id."""
    newest = select(StudyRow.id, func.max(StudyRow.version).label("version")).group_by(StudyRow.id).subquery()
    query = (
        select(StudyRow.__table__)
        .join(newest, (newest.c.id == StudyRow.id) & (newest.c.version == StudyRow.version))
        .order_by(StudyRow.id)
    )
    return [make(StoredStudy, row) for row in session.execute(query).mappings()]


def list_texts(session: Session) -> set[str]:
    """Every text that was handed in, of every version."""
    return set(session.scalars(select(StudyRow.text)))


def list_versions(session: Session, id: str) -> list[StoredStudy]:
    """All versions of a study, newest first."""
    query = select(StudyRow.__table__).where(StudyRow.id == id).order_by(StudyRow.version.desc())
    return [make(StoredStudy, row) for row in session.execute(query).mappings()]


def set_recruiting(session: Session, recruiting: Recruiting, *, by: str, at: datetime) -> None:
    """Says whether a site recruits for a study; what was said before is replaced."""
    _hold(session)
    said = {
        "open": recruiting.open,
        "opens": recruiting.opens,
        "closes": recruiting.closes,
        "slots": recruiting.slots,
        "written_at": at,
        "written_by": by,
    }
    statement = insert(session, RecruitingRow).values(study=recruiting.study, site=recruiting.site, **said)
    session.execute(statement.on_conflict_do_update(index_elements=["study", "site"], set_=said))
    _count(session)


def find_recruiting(session: Session, site: str) -> dict[str, Recruiting]:
    """What was said about a site, by study."""
    query = select(RecruitingRow.__table__).where(RecruitingRow.site == site).order_by(RecruitingRow.study)
    found = [make(Recruiting, row) for row in session.execute(query).mappings()]
    return {each.study: each for each in found}


def list_open(session: Session, site: str, day: date) -> list[StoredStudy]:
    """The studies that a site recruits for on that day.

    Of a study for which nothing was said, its own status tells: `active` ones are open.
    """
    said = find_recruiting(session, site)
    return [study for study in list_studies(session) if _is_open(study, said, day)]


def _is_open(study: StoredStudy, said: Mapping[str, Recruiting], day: date) -> bool:
    if (recruiting := said.get(study.id)) is not None:
        return recruiting.recruits(day)
    return bool(study.definition.get("status", "active") == "active")
