"""Between rows of tables and the frozen dataclasses that the store returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from sqlalchemy import Executable, RowMapping, Select, update
from sqlalchemy.orm import Session

from fhirscreen.store.tables import Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = "sqlite.Insert | postgresql.Insert"
"""An INSERT that can say what is done on a conflict."""

Kind = TypeVar("Kind")
Item = TypeVar("Item")

CHUNK = 500
"""How many values one statement carries: SQLite and PostgreSQL both bound the parameters of a statement."""


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def make(kind: type[Kind], row: RowMapping, **others: Any) -> Kind:
    """The dataclass of a row, by the names of its fields; lists become tuples."""
    found = {name: row[name] for name in _names(cast(Any, kind)) if name not in others}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}, **others)


def _insert(dialect: str, table: Any) -> Upsert:
    # Each is slow to import, and a process has one of them.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as into_sqlite  # noqa: PLC0415

        return into_sqlite(table)
    from sqlalchemy.dialects.postgresql import insert as into_postgresql  # noqa: PLC0415

    return into_postgresql(table)


def insert(session: Session, table: type[Table]) -> Upsert:
    """An INSERT of the session's database."""
    return _insert(session.get_bind().dialect.name, table)


def once_a_dialect(build: Callable[[Upsert], Upsert]) -> Callable[[Session, type[Table]], Upsert]:
    """A statement made from an INSERT by `build`, once for each database: building it takes longer than
    running it. Its values are given as parameters.
    """

    @cache
    def built(dialect: str, table: type[Table]) -> Upsert:
        return build(_insert(dialect, table.__table__))

    def of(session: Session, table: type[Table]) -> Upsert:
        return built(session.get_bind().dialect.name, table)

    return of


def insert_once(session: Session, table: type[Table], **values: Any) -> bool:
    """Inserts a row unless one of the same key stands or is being written; says whether it did.

    Atomic across processes: whoever comes second waits for the first to commit.
    """
    return wrote(session, insert(session, table).values(**values).on_conflict_do_nothing())


def wrote(session: Session, statement: Executable) -> bool:
    """Runs a statement that may write one row, and says whether it did."""
    result = session.connection().execute(statement, execution_options={"preserve_rowcount": True})
    return result.rowcount == 1


def take(session: Session, table: Any, query: Select[str], **values: Any) -> str | None:
    """Writes to the first row whose id a query gives, and gives the id; None where there is none.

    Rows that another process takes at the moment are left to it.
    """
    id = session.scalar(query.limit(1).with_for_update(skip_locked=True))
    if id is not None:
        session.execute(update(table).where(table.id == id).values(**values))
    return id


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """The items in runs of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
