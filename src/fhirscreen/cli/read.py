"""`fhirscreen read`: what a trial's eligibility text asks for, as far as it can be understood."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.padding import Padding
from rich.text import Text

from fhirscreen.bootstrap import make_reader
from fhirscreen.cli.consoles import results
from fhirscreen.cli.options import read_settings
from fhirscreen.criteria.english import say
from fhirscreen.exceptions import UsageError
from fhirscreen.reading.readings import Reading, Status
from fhirscreen.reading.records import Record, read_records
from fhirscreen.reading.wire import write_reading

_STYLES: dict[Status, str] = {
    Status.COMPUTED: "green",
    Status.PARTIAL: "yellow",
    Status.MANUAL: "cyan",
    Status.UNREAD: "red",
}

Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE...",
        help="A record of ClinicalTrials.gov's API v2 (.json), a text (.txt), or many (.jsonl).",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for each criterion, a line each.")]


def read(sources: Sources, json: Json = False) -> None:
    """Read eligibility criteria: what was understood of each, as which expression, and what was not.

    Nothing is guessed: a criterion is computed only if all of it was understood; what was not is shown.
    """
    for path in sources:
        if not path.is_file():
            raise UsageError(
                "there is no such file",
                where=str(path),
                expected="a .json, .jsonl or .txt file",
                remedy="check the path",
            )
    reader = make_reader(read_settings())
    for path in sources:
        for record in read_records(path):
            readings = reader.read_record(record)
            if json:
                for reading in readings:
                    sys.stdout.write(orjson.dumps(write_reading(record.source, reading)).decode() + "\n")
            else:
                _show(record, readings)
    sys.stdout.flush()


def _show(record: Record, readings: list[Reading]) -> None:
    console = results()
    console.print(Text(f"{record.source}  {record.title or ''}".rstrip(), style="bold"))
    for reading in readings:
        _show_reading(reading)
    counts: Counter[Status] = Counter(r.status for r in readings if r.status is not Status.HEADING)
    said = ", ".join(f"{counts[status]} {status.value}" for status in _STYLES)
    console.print(f"{sum(counts.values())} criteria: {said}\n")


def _show_reading(reading: Reading) -> None:
    console = results()
    text = " ".join(reading.text.split())
    if reading.status is Status.HEADING:
        console.print(Text(text, style="bold"))
        return
    line = Text(f"  {reading.status.value:<9}", style=_STYLES[reading.status])
    line.append(f"{reading.kind.value if reading.kind else '':<10}", style="dim").append(
        text, style="default"
    )
    console.print(line)
    notes = [Text(f"! {warning}", style="yellow") for warning in reading.warnings]
    if reading.expression is not None and reading.status in (Status.COMPUTED, Status.PARTIAL):
        notes.insert(0, Text(f"→ {say(reading.expression)}", style="dim"))
    for note in notes:
        console.print(Padding(note, (0, 0, 0, 11), expand=False))
