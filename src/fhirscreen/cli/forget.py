"""`fhirscreen forget`: everything about one patient goes from the store."""

from __future__ import annotations

import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fhirscreen.cli.consoles import notices
from fhirscreen.exceptions import UsageError
from fhirscreen.settings.settings import Settings


def forget(
    patient: Annotated[
        str,
        typer.Argument(
            help="The id of the patient; - reads it from standard input, out of sight of others.",
            show_default=False,
        ),
    ],
    base: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The base URL of the server that the id is of. Default: the only one in the settings.",
            show_default=False,
        ),
    ] = None,
    audits: Annotated[
        bool, typer.Option("--audits", help="Take the patient out of the audit trail too.")
    ] = False,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A file of settings in YAML. Default: FHIRSCREEN_FILE.", show_default=False
        ),
    ] = None,
) -> None:
    """Delete everything that the store holds of one patient.

    The audit trail keeps who looked, unless --audits is given; that something was deleted is written there,
    without the patient. A run finds whoever is still on the FHIR server: record an objection there first.
    """
    from fhirscreen.access.audits import Access, Audits  # noqa: PLC0415 - no other command needs a database
    from fhirscreen.jobs.screenings import SCREEN  # noqa: PLC0415
    from fhirscreen.jobs.updates import UPDATE  # noqa: PLC0415
    from fhirscreen.store.databases import Database  # noqa: PLC0415
    from fhirscreen.store.retention import count_readers, forget_patient  # noqa: PLC0415

    chosen = Settings.from_environment(os.environ, settings)
    id = (sys.stdin.readline() if patient == "-" else patient).strip().removeprefix("Patient/")
    if not id:
        raise UsageError("no patient is named", expected="the id of a patient")
    whose = (base or _only_base(chosen)).rstrip("/")
    sources = [name for name, server in chosen.named_servers.items() if server.url == whose]
    if not sources:
        sources = list(chosen.folders)
    database = Database(chosen.store.get_secret_value())
    try:
        database.migrate()
        trail = Audits(database, lambda: datetime.now(UTC), posts=chosen.audit_server is not None)
        with database.begin() as session:
            counts = forget_patient(session, whose, id, sources=sources, audits=audits)
            who = f"{getpass.getuser()} at the command line"
            trail.tell(who, "D", "forget", [Access(base=whose)], session=session)
            readers = count_readers(session, (SCREEN, UPDATE), sources)
        clean = database.scrub()
    finally:
        database.close()
    if not clean:
        notices().print(
            "Somebody reads the store: its journal (-wal) keeps traces until that ends. Run this again then.",
            highlight=False,
        )
    if readers:
        notices().print(
            f"Screenings under way: {readers}. They may have read this patient before, and store her again: "
            "run this again when they have ended.",
            highlight=False,
        )
    said = ", ".join(f"{number} of {name}" for name, number in counts.items() if number)
    notices().print(f"Deleted: {said or 'nothing; the store held nothing of them'}.", highlight=False)


def _only_base(settings: Settings) -> str:
    bases = {server.url for server in settings.named_servers.values()}
    if len(bases) != 1:
        raise UsageError(
            "it is not clear which server the patient's id is of",
            where="--base",
            expected=", ".join(sorted(bases)) or "the base URL that the lists name",
            remedy="name it: the same id is another patient on another server",
        )
    return bases.pop()
