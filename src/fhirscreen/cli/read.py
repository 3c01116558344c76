"""`fhirscreen read`: what a trial's eligibility text asks for, as far as it can be understood."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.padding import Padding
from rich.text import Text

from fhirscreen.bootstrap.readers import make_reader
from fhirscreen.bootstrap.terminologies import open_terminology
from fhirscreen.cli.consoles import notices, results
from fhirscreen.cli.options import read_settings
from fhirscreen.criteria.english import say
from fhirscreen.criteria.records import Record
from fhirscreen.criteria.studies import READ_STATUSES, Study
from fhirscreen.criteria.suggestions import Suggestion
from fhirscreen.criteria.wire import format_yaml, load_study, rewrite_yaml, write_study
from fhirscreen.exceptions import UsageError
from fhirscreen.outputs.folders import write_file
from fhirscreen.outputs.readings import render_reading
from fhirscreen.reading import (
    Reader,
    Reading,
    Status,
    What,
    find_cancer,
    make_study,
    read_records,
    update_study,
)
from fhirscreen.reading.wire import write_reading

_STYLES: dict[Status, str] = {
    Status.COMPUTED: "green",
    Status.PARTIAL: "yellow",
    Status.MANUAL: "cyan",
    Status.UNREAD: "red",
}
_CHANGES = {
    What.ADDED: "green",
    What.REMOVED: "red",
    What.REWORDED: "yellow",
    What.READ_ANEW: "cyan",
    What.KEPT: "dim",
    What.LEFT_OUT: "dim",
    What.CONFLICT: "bold red",
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


Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="STUDY.yaml",
        help="Write a study file to check: each criterion with its text, its expression and warnings.",
        show_default=False,
    ),
]
Updated = Annotated[
    Path | None,
    typer.Option(
        "--update",
        metavar="STUDY.yaml",
        help="Bring this study file up to the record, keep what a person wrote, and show what differs.",
        show_default=False,
    ),
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="REPORT.html",
        help="Write the reading as one page: the text with what was understood marked.",
        show_default=False,
    ),
]
Terminology = Annotated[
    bool,
    typer.Option(
        "--terminology",
        help="Ask the server of FHIRSCREEN_TERMINOLOGY too for names that no concept has (SNOMED CT).",
    ),
]


def read(
    sources: Sources,
    json: Json = False,
    output: Output = None,
    update: Updated = None,
    html: Page = None,
    terminology: Terminology = False,
) -> None:
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
    if output is not None and update is not None:
        raise UsageError(
            "both -o and --update",
            expected="a new study file, or one to bring up to date",
            remedy="--update keeps what a person wrote; -o begins anew",
        )
    settings = read_settings()
    with ExitStack() as opened:
        lookups = [opened.enter_context(open_terminology(settings, _warn))] if terminology else []
        reader, catalogue = make_reader(settings, lookups)
        labels = {concept.id: concept.label for concept in catalogue}
        gc.collect()
        gc.freeze()  # the mappings live as long as the process
        gc.set_threshold(50_000, 20, 50)  # reading makes small objects by the thousand, which hold no cycles
        _read(sources, reader, labels, json=json, output=output, update=update, html=html)


def _warn(text: str) -> None:
    notices().print(f"warning: {text}", style="yellow", markup=False)


def _read(
    sources: Sequence[Path],
    reader: Reader,
    labels: Mapping[str, str],
    *,
    json: bool,
    output: Path | None,
    update: Path | None,
    html: Path | None,
) -> None:
    records: Iterable[Record] = (record for path in sources for record in read_records(path))
    if output is not None or update is not None or html is not None:
        record = _only(list(records))
        records = [record]
        if update is not None:
            _update(update, record, reader, json=json)
    for record in records:
        if html is not None:
            write_file(html, render_reading(record, reader.read_record(record), labels))
            notices().print(f"wrote {html}", markup=False)
        if output is not None:
            _begin(output, make_study(record, reader), reader)
        elif update is None and json:
            for reading in reader.read_record(record):
                sys.stdout.write(orjson.dumps(write_reading(record.source, reading)).decode() + "\n")
        elif update is None:
            _show(record, reader.read_record(record))
    sys.stdout.flush()


def _only(records: list[Record]) -> Record:
    if len(records) != 1:
        raise UsageError(
            f"{len(records)} records for one file",
            expected="one record",
            remedy="name one record; `--json` prints any number",
        )
    return records[0]


def _begin(path: Path, study: Study, reader: Reader) -> None:
    """A new study file; never over one that is there, which may hold a person's work."""
    if path.exists():
        raise UsageError(
            "the file is there already",
            where=str(path),
            expected="a name that is free",
            remedy=f"`--update {path}` brings it up to the record and keeps what a person wrote",
        )
    note = (
        f"# Read from {study.id} by rules. Check each criterion against its text before it is used;\n"
        "# what is changed here stays when the record is read again (fhirscreen read --update).\n"
    )
    data = write_study(study)
    write_file(path, _json(data) if path.suffix == ".json" else note + format_yaml(data))
    counts = Counter(each.read.status for each in study.criteria if each.read is not None)
    said = ", ".join(f"{counts[status]} {status}" for status in READ_STATUSES)
    notices().print(f"wrote {path}: {len(study.criteria)} criteria: {said}", markup=False)
    if study.population.cancer is None:
        cancer = find_cancer(study.criteria, reader)
        hint = f" (the criteria speak of `{cancer}`)" if cancer else ""
        notices().print(
            "population: all patients, for neither the record nor a criterion that was understood requires "
            f"one cancer of the mappings; name it in the file{hint}, or each search asks for everybody",
            markup=False,
        )
    notices().print(f"next: check each criterion, then `fhirscreen check {path}`", markup=False)


def _json(data: object) -> str:
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _update(path: Path, record: Record, reader: Reader, *, json: bool) -> None:
    study = load_study(path)
    updated = update_study(study, record, reader)
    if updated.study != study:
        data = write_study(updated.study)
        text = _json(data) if path.suffix == ".json" else rewrite_yaml(path.read_text("utf-8"), data)
        write_file(path, text)
    if json:
        for change in updated.changes:
            sys.stdout.write(orjson.dumps(asdict(change)).decode() + "\n")
        return
    console = results()
    for change in updated.changes:
        console.print(Text(f"{change.what.value:<9} {change.where}", style=_CHANGES[change.what]))
        sides = (("before", change.base), ("file", change.ours), ("now", change.theirs))
        for name, said in sides:
            if said is not None:
                console.print(Padding(Text(f"{name:<7}{said}"), (0, 0, 0, 11), expand=False))
    conflicts = sum(change.what is What.CONFLICT for change in updated.changes)
    console.print(f"{len(updated.changes)} differences, {conflicts} of them conflicts to look at")
    if updated.study == study:
        notices().print(f"{path} is up to its record: left as it is", markup=False)
    else:
        notices().print(f"wrote {path}, version {updated.study.version}", markup=False)


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
    notes += [Text(f"? {_offer(each)}", style="cyan") for each in reading.suggestions]
    if reading.understood is not None:
        notes.insert(0, Text(f"→ {say(reading.understood)}", style="dim"))
    for note in notes:
        console.print(Padding(note, (0, 0, 0, 11), expand=False))


def _offer(suggestion: Suggestion) -> str:
    listed = "; ".join(f"{each.system} {each.code} {each.display}" for each in suggestion.candidates)
    return f"“{suggestion.phrase}” may be {listed} (suggested, not screened with)"
