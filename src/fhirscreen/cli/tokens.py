"""`fhirscreen token`: the API tokens of the service. The store holds their hashes, nobody their secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhirscreen.access.callers import Role
from fhirscreen.access.scopes import read_scope
from fhirscreen.cli.consoles import notices, results
from fhirscreen.cli.options import parse_day
from fhirscreen.cli.tables import table
from fhirscreen.exceptions import UsageError
from fhirscreen.settings.settings import Settings

if TYPE_CHECKING:
    from fhirscreen.store.databases import Database
    from fhirscreen.store.tokens import StoredToken

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and revoke the API tokens by which programs and people ask the service.",
)

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="A file of settings in YAML. Default: FHIRSCREEN_FILE.",
        show_default=False,
    ),
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose it is; the audit trail says it.", show_default=False)],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help="What it allows, like system/ResearchSubject.rs or system/*.rs; may be given again.",
            show_default=False,
        ),
    ] = None,
    role: Annotated[
        Role | None, typer.Option(help="What its bearer is here for.", show_default=False)
    ] = None,
    expires: Annotated[
        date | None,
        typer.Option(
            parser=parse_day,
            metavar="DATE",
            help="The last day on which it is good (UTC). Default: it does not expire.",
            show_default=False,
        ),
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Make a token and print its secret: this once, and never again."""
    from fhirscreen.store.tokens import add_token, list_tokens  # noqa: PLC0415 - no other command needs a database

    scopes = [str(read_scope(each)) for each in scope or ()]
    if not scopes and role is None:
        raise UsageError(
            "the token would allow nothing", expected="--scope or --role", remedy="say what it is for"
        )
    if not name.strip() or not name.isprintable():
        raise UsageError("the token has no name", expected="whose it is")
    now = _now()
    end = datetime.combine(expires + timedelta(days=1), time(), UTC) if expires is not None else None
    if end is not None and end <= now:
        raise UsageError("the token would have expired already", where="--expires", expected="a later day")

    with _database(settings) as database, database.begin() as session:
        if any(each.name == name and _state(each, now) == "good" for each in list_tokens(session)):
            raise UsageError(
                "there is a token of that name",
                expected="a name of its own, so that the audit trail tells them apart",
                remedy="give another name, or revoke the one there is",
            )
        stored, secret = add_token(session, name=name, scopes=scopes, role=role or "", at=now, expires=end)
    notices().print(f"Token {stored.id} of {name}. Its secret is shown this once:", highlight=False)
    typer.echo(secret)


@app.command("list")
def show(settings: SettingsFile = None) -> None:
    """List all tokens, also those that are revoked or expired; no secrets."""
    from fhirscreen.store.tokens import list_tokens  # noqa: PLC0415 - no other command needs a database

    with _database(settings) as database, database.reading() as session:
        found = list_tokens(session)
    if not found:
        notices().print("There are no tokens. `fhirscreen token add` makes one.")
        return
    shown, now = table("id", "name", "allows", "made", "expires", "is", narrow={"id"}), _now()
    for each in found:
        allows = " ".join([*([each.role] if each.role else []), *each.scopes])
        expires = f"{each.expires_at - timedelta(days=1):%Y-%m-%d}" if each.expires_at else ""
        shown.add_row(each.id, each.name, allows, f"{each.created_at:%Y-%m-%d}", expires, _state(each, now))
    results().print(shown)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its id or its name.", show_default=False)],
    settings: SettingsFile = None,
) -> None:
    """End a token at once, and the sessions that were begun with it."""
    from fhirscreen.store.tokens import list_tokens, revoke_token  # noqa: PLC0415 - no other command needs a database

    with _database(settings) as database, database.begin() as session:
        good = [each for each in list_tokens(session) if each.revoked_at is None]
        meant = [each for each in good if token in (each.id, each.name)]
        if not meant:
            raise UsageError(
                "there is no such token to revoke",
                expected="an id or a name of `fhirscreen token list`",
            )
        for each in meant:
            revoke_token(session, each.id, _now())
    for each in meant:
        notices().print(f"Token {each.id} of {each.name} is revoked.", highlight=False)


def _state(token: StoredToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "good"


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _database(settings: Path | None) -> Iterator[Database]:
    from fhirscreen.store.databases import Database  # noqa: PLC0415 - likewise

    database = Database(Settings.from_environment(os.environ, settings).store.get_secret_value())
    try:
        database.migrate()
        yield database
    finally:
        database.close()
