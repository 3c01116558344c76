"""`fhirscreen doctor`: what a server can do and what that costs; what data hold of the mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from fhirscreen.bootstrap import find_whence, make_catalogue, make_client
from fhirscreen.cli.consoles import notices, print_json, progress, results
from fhirscreen.cli.options import Bundles, Json, Ndjson, Server, Site, read_settings
from fhirscreen.cli.tables import table
from fhirscreen.exceptions import UsageError
from fhirscreen.screening.census import Census, LocalCode, grouped
from fhirscreen.screening.diagnoses import Diagnosis, Surveyed, diagnose, survey_files, survey_server
from fhirscreen.screening.drafts import draft_site

_MARKS = {True: "[green]yes[/green]", False: "[red]no[/red]", None: "[yellow]?[/yellow]"}
_ROWS = 8
"""How many unmapped codes of each kind are shown."""

_CALLED = 40


def doctor(
    server: Server = None,
    ndjson: Ndjson = None,
    bundles: Bundles = None,
    mappings: Annotated[
        bool,
        typer.Option("--mappings", help="Read the server's data and count what they hold of the mappings."),
    ] = False,
    site: Site = None,
    limit: Annotated[
        int, typer.Option(min=1, help="With --server --mappings: read at most so many resources of a type.")
    ] = 100_000,
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="Write the draft site file there.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Examine a server or a folder of files: what it can do, what is there. No patient data is printed.

    With --mappings, and always of files: distinct patients with a record of each concept, unmapped local
    codes, units seen, newest data, and a draft site file.
    """
    settings = read_settings()
    whence = find_whence(settings, server, ndjson, bundles)
    surveys = mappings or whence.server is None
    if output is not None and not surveys:
        raise UsageError(
            "a draft site file needs the data to be counted", where="-o", remedy="add --mappings"
        )
    diagnosis = surveyed = None
    if whence.server is not None:
        with make_client(settings, whence.server) as client:
            diagnosis = diagnose(client)
            if surveys:
                catalogue = make_catalogue(settings, site)
                with progress("Reading") as advance:
                    surveyed = survey_server(
                        client, catalogue, limit=limit, progress=lambda _, done, total: advance(done, total)
                    )
    else:
        surveyed = survey_files(whence.lines(), make_catalogue(settings, site))
    draft = draft_site(surveyed.census) if surveyed else None
    if output is not None and draft is not None:
        output.write_text(draft, "utf-8")
        notices().print(f"wrote {output}", markup=False)
    if json:
        print_json(_data(diagnosis, surveyed, draft))
        return
    console = results()
    if diagnosis is not None:
        _show_diagnosis(console, diagnosis)
    if surveyed is not None:
        _show_survey(console, surveyed)
        if output is None and draft is not None:
            console.rule("draft site file", align="left")
            console.print(draft, markup=False, soft_wrap=True, end="")


def _show_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    able = diagnosis.capabilities
    version = f" {able.software_version}" if able.software_version else ""
    console.print(f"[bold]FHIR {able.fhir_version}[/bold], {able.software}{version}")
    smart = diagnosis.smart
    offer = "offers SMART backend services" if smart and smart.token_endpoint else "no SMART configuration"
    console.print(f"{offer}; asked in {diagnosis.traffic.requests} requests\n")
    tried = _table("tried", "", "")
    for probe in diagnosis.probes:
        tried.add_row(probe.what, _MARKS[probe.fine], probe.says)
    console.print(tried)
    lacking = [need for need in diagnosis.needs if not need.met]
    console.print(
        f"It says that it has {len(diagnosis.needs) - len(lacking)} of {len(diagnosis.needs)} needed things."
    )
    if lacking:
        table = _table("lacking", "what that costs")
        for need in lacking:
            table.add_row(need.what, need.cost)
        console.print(table)
    counts = _table("type", "resources")
    for kind, number in diagnosis.counts.items():
        counts.add_row(kind, "not said" if number is None else f"{number}")
    console.print(counts)


def _show_survey(console: Console, surveyed: Surveyed) -> None:
    census = surveyed.census
    for kind in surveyed.cut:
        console.print(f"[yellow]only part of {kind} was read: raise --limit to read on[/yellow]")
    for kind in surveyed.refused:
        console.print(f"[yellow]the server does not give {kind}[/yellow]")
    if surveyed.set_aside or census.unreadable:
        console.print(f"[yellow]{surveyed.set_aside + census.unreadable} resources cannot be read[/yellow]")
    if census.by_reference:
        console.print(
            f"{census.by_reference} medications refer to a drug that is not there, and are not counted here"
        )
    concepts = _table("concept", "patients with a record")
    ranked = sorted(census.patients.items(), key=lambda item: (-len(item[1]), item[0]))
    for id, patients in ranked:
        concepts.add_row(id, str(len(patients)))
    console.print(concepts)
    without = len(census.catalogue.concepts) - len(ranked)
    console.print("Records of any date and whichever cancer: a study counts those of its window and cancer.")
    console.print(f"{without} of {len(census.catalogue.concepts)} concepts have no patient here\n")
    for title, codes in (("unmapped local code", census.local()), ("unmapped code", census.foreign())):
        if codes:
            table = _table("kind", title, "system", "resources", "called")
            shown = 0
            for kind, found in grouped(codes).items():
                for place, (code, times) in enumerate(found[:_ROWS]):
                    called = _shortened(census.display(code))
                    first = "" if place else kind
                    table.add_row(first, code.code, code.system or "none", str(times), called)
                    shown += 1
            console.print(table)
            more = f"and {len(codes) - shown} more; --json has all\n" if len(codes) > shown else ""
            console.print(more)
    units = _table("concept", "unit seen", "values", "comparable")
    for seen, times in sorted(census.units.items()):
        units.add_row(seen.concept, seen.unit or "none", str(times), _MARKS[census.fits(seen)])
    console.print(units)
    newest = _table("type", "resources", "newest")
    for kind, number in sorted(census.resources.items()):
        newest.add_row(kind, str(number), census.newest.get(kind, ""))
    console.print(newest)


def _shortened(text: str) -> str:
    return text if len(text) <= _CALLED else text[: _CALLED - 1] + "…"


def _table(*columns: str) -> Table:
    return table(*columns, numbers=("resources", "patients with a record", "values"))


def _code_data(census: Census, code: LocalCode, times: int) -> dict[str, Any]:
    return {**code._asdict(), "resources": times, "called": census.display(code) or None}


def _data(diagnosis: Diagnosis | None, surveyed: Surveyed | None, draft: str | None) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if diagnosis is not None:
        able = diagnosis.capabilities
        data["server"] = {
            "fhir_version": able.fhir_version,
            "software": able.software,
            "software_version": able.software_version,
            "probes": [{"what": p.what, "fine": p.fine, "says": p.says} for p in diagnosis.probes],
            "lacking": [{"what": n.what, "costs": n.cost} for n in diagnosis.needs if not n.met],
            "counts": diagnosis.counts,
        }
    if surveyed is not None:
        census = surveyed.census
        data["mappings"] = {
            "patients": {id: len(found) for id, found in sorted(census.patients.items())},
            "unmapped_local": [_code_data(census, *each) for each in census.local()],
            "unmapped": [_code_data(census, *each) for each in census.foreign()],
            "units": [
                {**seen._asdict(), "values": times, "comparable": census.fits(seen)}
                for seen, times in sorted(census.units.items())
            ],
            "newest": dict(sorted(census.newest.items())),
            "resources": dict(sorted(census.resources.items())),
            "cut": list(surveyed.cut),
            "refused": list(surveyed.refused),
            "unreadable": surveyed.set_aside + census.unreadable,
            "draft_site": draft,
        }
    return data
