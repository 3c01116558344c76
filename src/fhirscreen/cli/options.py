"""Options that several commands share, as types."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from fhirscreen.settings.settings import Settings


def read_settings() -> Settings:
    """The settings of this process. Raises UsageError for a variable that cannot work."""
    return Settings.from_environment(os.environ)


def parse_day(text: str) -> date:
    """An ISO date; typer tells the user where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it like 2026-11-01") from None


Studies = Annotated[
    list[str],
    typer.Argument(
        metavar="STUDY...",
        help="A study file, a folder of them, or the number of a shipped study (NCT06907602).",
        show_default=False,
    ),
]
Server = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Base URL of a FHIR R4 server.", show_default=False),
]
Ndjson = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="A folder with .ndjson and .ndjson.gz files, as Bulk Data writes them.",
        show_default=False,
    ),
]
Bundles = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="A folder with .json files: Bundles of any type, or single resources.",
        show_default=False,
    ),
]
Site = Annotated[
    Path | None,
    typer.Option(
        metavar="SITE.yaml",
        help="A site file: this hospital's local codes, units, complete sources, time zone. "
        "`doctor` drafts one; `demo` is the demo's.",
        show_default=False,
    ),
]
AsOf = Annotated[
    date | None,
    typer.Option(
        parser=parse_day,
        metavar="DATE",
        help="Index date; means the end of that day. Default: today in the site's time zone.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
