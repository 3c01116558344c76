"""The screening log as a file: CSV (RFC 4180), for programs and for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from sqlalchemy.orm import Session

from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.screening.logs import COLUMNS, log_rows

_PART = 65_536
"""Bytes of the log that are sent at once."""

_IN_MEMORY = 4_000_000
"""Bytes of the log that are held in memory; a longer one waits in a file that has no name."""

_MARK = "\ufeff"
"""Tells a spreadsheet that the text is UTF-8: else it shows signs for units as nonsense."""


def name_log(study: str) -> str:
    """What the file is called."""
    return f"screening-log-{study}.csv"


def write_log(
    session: Session, catalogue: Catalogue, study: str, *, full: bool, marked: bool = False
) -> IO[bytes]:
    """The log, whole: however slowly it is then fetched, no transaction waits for it.

    `full` as in `log_rows`; `marked` for a spreadsheet. Whoever gets the file closes it.
    """
    spool = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    text = io.TextIOWrapper(spool, "utf-8", newline="", write_through=True)
    text.write(_MARK if marked else "")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(_harmless, row) for row in log_rows(session, study, catalogue, full=full))
    text.detach()
    spool.seek(0)
    return spool


def read_parts(written: IO[bytes]) -> Iterator[bytes]:
    """The file in parts; closes it at its end."""
    with written:
        while part := written.read(_PART):
            yield part


def _harmless(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n") else text
