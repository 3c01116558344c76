"""`fhirscreen screen`: who may fit which study."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from fhirscreen.bootstrap import (
    Absence,
    EngineName,
    find_mappings,
    find_whence,
    held_subjects,
    make_as_of,
    make_catalogue,
    make_client,
    make_engine,
)
from fhirscreen.cli.consoles import notices, print_json, progress, results
from fhirscreen.cli.options import AsOf, Bundles, Json, Ndjson, Server, Site, Studies, read_settings
from fhirscreen.cli.patients import patient_data, show_patient
from fhirscreen.engines.base import Depth
from fhirscreen.exceptions import Incomplete, UsageError
from fhirscreen.outputs.completeness import (
    SET_ASIDE_FILE,
    in_sentence,
    set_aside_places,
    set_aside_reasons,
    set_aside_remedies,
)
from fhirscreen.outputs.runs import check_out
from fhirscreen.outputs.tables import LIMIT, REST, print_run
from fhirscreen.plan.resolve import resolve
from fhirscreen.screening.runs import Run, earlier_subjects
from fhirscreen.screening.runs import screen as screen_plan
from fhirscreen.screening.studies import find_studies


class Rows(StrEnum):
    """Whose verdicts stand in verdicts.csv."""

    ALL = "all"
    SUBJECTS = "subjects"


def screen(
    studies: Studies,
    server: Server = None,
    ndjson: Ndjson = None,
    bundles: Bundles = None,
    engine: Annotated[
        EngineName, typer.Option(help="Where the plan runs; auto: search for a server, memory for files.")
    ] = EngineName.AUTO,
    as_of: AsOf = None,
    site: Site = None,
    absence: Annotated[
        Absence, typer.Option(help="site: silence is no where the site says its sources are complete.")
    ] = Absence.SITE,
    depth: Annotated[
        Depth,
        typer.Option(help="full: every criterion; candidates: up to a patient's first failed one (server)."),
    ] = Depth.FULL,
    patient: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Why one patient is, or is not, on the list.", show_default=False),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The base that the ids of files belong to, if no manifest says.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[
        Rows,
        typer.Option(help="With -o, rows of verdicts.csv: all members, or listed patients and near misses."),
    ] = Rows.ALL,
    json: Json = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="OUT", help="Write the run into this folder.", show_default=False),
    ] = None,
) -> None:
    """Screen patients for studies: candidates, what is open, near misses, attrition.

    Patients come from one of --server, --ndjson, --bundles. Without -o tables are printed and nothing is
    written.
    """
    settings = read_settings()
    if patient is not None and output is not None:
        raise UsageError(
            "--patient explains one patient, and writes no run", where="-o", remedy="leave one of them out"
        )
    if patient is not None:
        patient = patient.removeprefix("Patient/")
    if output is not None:
        check_out(output)
    whence = find_whence(settings, server, ndjson, bundles)
    catalogue = make_catalogue(settings, site, absence)
    plan = resolve(find_studies(studies, find_mappings(settings)), catalogue)
    if whence.server is None and depth is not Depth.FULL:
        raise UsageError(
            "files are read whole, whatever the depth",
            where="--depth",
            expected="full, or a server",
            remedy="leave --depth out, or give --server",
        )
    source = f"server {whence.server}" if whence.server else "files"
    with make_client(settings, whence.server) if whence.server else nullcontext() as client:
        running = make_engine(engine, whence, client)
        with progress("Screening") as advance:
            run = screen_plan(
                plan,
                running,
                make_as_of(as_of, catalogue),
                base=base or whence.base,
                sources=[source],
                depth=depth,
                rows=csv.value,
                patients=None if patient is None else [patient],
                progress=advance,
            )
        if output is not None:
            run.write(output, earlier_subjects(client, plan) if client else held_subjects(running))
    if patient is None:
        show_run(results(), run, json=json, limit=LIMIT if output else None, output=output)
    elif json:
        print_json(patient_data(run, patient))
    else:
        show_patient(results(), run, patient)
    if output is not None:
        say_written(output)
    finish(run, output)


def show_run(
    console: Console, run: Run, *, json: bool, limit: int | None, output: Path | None = None
) -> None:
    """Prints a run: as JSON, or as lists and attrition, at most `limit` rows of each list.

    `output` is where the run is written.
    """
    if json:
        print_json(run.data())
    else:
        rest = REST if output is None else f"{output / 'report.html'} has them all"
        print_run(console, run.worklists, run.attrition, run.describe(), limit=limit, rest=rest)


def say_written(output: Path) -> None:
    """Says on standard error where the run is."""
    notices().print(f"wrote {output}: open {output / 'report.html'}", markup=False, soft_wrap=True)


def finish(run: Run, output: Path | None) -> None:
    """Ends with exit code 5 where something was set aside or not fetched, and says what and what to do.

    What is odd about data that was read is said too, and changes no exit code.
    """
    for remark in run.screened.remarks:
        notices().print(Text("note: ", style="bold").append(in_sentence(remark), style="default"))
        said = f"    expected: {remark.expected}\n    remedy: {remark.remedy}"
        notices().print(Text(said), soft_wrap=True)
    if run.complete:
        return
    for sentence in run.statement():
        notices().print(Text("incomplete: ", style="bold yellow").append(sentence, style="default"))
    remedies, places = set_aside_remedies(run.screened), set_aside_places(run.screened)
    for reason, times in set_aside_reasons(run.screened).items():
        advice = remedies[reason]
        notices().print(Text(f"  {times} set aside: {reason}"))
        said = f"    where: {places[reason]}\n    expected: {advice.expected}\n    remedy: {advice.remedy}"
        notices().print(Text(said), soft_wrap=True)
    if run.screened.set_aside:
        kept = f"{output / SET_ASIDE_FILE} holds each" if output else f"-o OUT keeps each in {SET_ASIDE_FILE}"
        notices().print(Text(f"  {kept}, verbatim, with its place"), soft_wrap=True)
    raise typer.Exit(Incomplete.exit_code)
