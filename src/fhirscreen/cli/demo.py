"""`fhirscreen demo`: both shipped studies over an embedded synthetic cohort; no server, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fhirscreen.bootstrap import demo_engine, find_mappings, make_as_of, make_catalogue
from fhirscreen.cli.consoles import progress, results
from fhirscreen.cli.options import Json
from fhirscreen.cli.screen import finish, say_written, show_run
from fhirscreen.fhir.subjects import FILES_BASE
from fhirscreen.outputs.runs import check_out
from fhirscreen.outputs.tables import LIMIT
from fhirscreen.plan.resolve import resolve
from fhirscreen.screening.runs import screen
from fhirscreen.screening.studies import find_studies
from fhirscreen.settings.settings import Settings

_STUDIES = ("NCT06907602", "NCT06190782")


def demo(
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="OUT", help="Write the run into this folder.", show_default=False),
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="Show the lists whole.")] = False,
    json: Json = False,
) -> None:
    """Screen both shipped studies over an embedded synthetic cohort, as of a fixed date.

    The patients are invented: a few hundred with oesophageal cancer, and with the units, codes, gaps and
    slips that real data have. Nothing of your settings is used.
    """
    from fhirscreen import synthetic  # noqa: PLC0415 - slow to import

    if output is not None:
        check_out(output)
    settings = Settings()
    catalogue = make_catalogue(settings, Path("demo"))
    plan = resolve(find_studies(_STUDIES, find_mappings(settings)), catalogue)
    cohort = synthetic.generate()
    with progress("Screening") as advance:
        run = screen(
            plan,
            demo_engine(cohort),
            make_as_of(cohort.as_of, catalogue),
            base=FILES_BASE,
            sources=["synthetic cohort"],
            progress=advance,
        )
    if output is not None:
        run.write(output)
    show_run(results(), run, json=json, limit=None if whole else LIMIT, output=output)
    if output is not None:
        say_written(output)
    finish(run, output)
