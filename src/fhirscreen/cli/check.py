"""`fhirscreen check`: what is wrong with a study, before anybody is screened."""

from __future__ import annotations

import typer
from rich.padding import Padding
from rich.text import Text

from fhirscreen.bootstrap import find_mappings, make_catalogue
from fhirscreen.cli.consoles import print_json, results
from fhirscreen.cli.options import Json, Site, Studies, read_settings
from fhirscreen.criteria.checks import Severity
from fhirscreen.exceptions import BadInput
from fhirscreen.screening.checks import Checked, check_files
from fhirscreen.screening.studies import find_files

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def check(studies: Studies, site: Site = None, json: Json = False) -> None:
    """Check studies: unknown concepts, contradictions, implausible bounds, open questions.

    Ends with exit code 3 where an error keeps a study from being screened; warnings end with 0.
    """
    settings = read_settings()
    files = find_files(studies, find_mappings(settings))
    checked = check_files(files, make_catalogue(settings, site))
    if json:
        print_json([_data(each) for each in checked])
    else:
        for each in checked:
            _show(each)
    if any(each.errors for each in checked):
        raise typer.Exit(BadInput.exit_code)


def _data(checked: Checked) -> dict[str, object]:
    return {
        "file": checked.file,
        "study": checked.study.id if checked.study else None,
        "errors": checked.errors,
        "warnings": checked.warnings,
        "findings": [
            {"severity": lint.severity.value, "where": lint.where, "what": lint.what, "remedy": lint.remedy}
            for lint in checked.lints
        ],
    }


def _show(checked: Checked) -> None:
    console = results()
    study = checked.study
    title = Text(f"{study.id}  {study.title}" if study else checked.file, style="bold")
    console.print(title.append(f"  {checked.file}" if study else "", style="dim"))
    for lint in checked.lints:
        text = Text(f"  {lint.severity.value}", style=_STYLES[lint.severity])
        text.append(f"  {lint.where}: " if lint.where else "  ", style="cyan")
        console.print(text.append(lint.what, style="default"))
        console.print(Padding(Text(f"→ {lint.remedy}", style="dim"), (0, 0, 0, 4), expand=False))
    found = f"{_count(checked.errors, 'error')}, {_count(checked.warnings, 'warning')}"
    sound = f"{len(study.criteria)} criteria; " if study else ""
    console.print(f"  {sound}{found}\n")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
