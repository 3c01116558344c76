"""`fhirscreen publish`: writes the lists of a run to a server, as often as one likes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhirscreen.bootstrap import make_catalogue, make_client, read_server
from fhirscreen.cli.consoles import print_json, progress, results
from fhirscreen.cli.options import Json, Server, read_settings
from fhirscreen.cli.tables import table
from fhirscreen.exceptions import UsageError
from fhirscreen.screening.publishing.merges import Fate

if TYPE_CHECKING:
    from fhirscreen.screening.publishing.publish import Published


def publish(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a run.", show_default=False)],
    server: Server = None,
    patient_map: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV with source_patient,target_patient, for a run over the patients of another base.",
            show_default=False,
        ),
    ] = None,
    replace_newer: Annotated[
        bool, typer.Option("--replace-newer", help="Go back to this run where a later one was published.")
    ] = False,
    json: Json = False,
) -> None:
    """Write ResearchStudy, Group, ResearchSubject and List of a run to a server, idempotently.

    A status that a person set is kept. A subject that no longer fits becomes ineligible, with the reason.
    A run as of an earlier day than the one on the server is refused, and nothing is written.
    """
    from fhirscreen.screening.publishing.patient_maps import read_patient_map  # noqa: PLC0415 - slow to import
    from fhirscreen.screening.publishing.publish import publish as publish_release  # noqa: PLC0415
    from fhirscreen.screening.publishing.releases import read_release  # noqa: PLC0415

    settings = read_settings()
    base = server or settings.server
    if base is None:
        raise UsageError("no server is given", where="--server", expected="the base URL of a FHIR R4 server")
    release = read_release(out)
    patients = read_patient_map(patient_map) if patient_map is not None else None
    with make_client(settings, read_server(base)) as client, progress("Publishing") as advance:
        published = publish_release(
            release, client, make_catalogue(settings), patients, advance, replace_newer=replace_newer
        )
    if json:
        print_json(_data(published))
    else:
        _show(published)


def _show(published: Published) -> None:
    console = results()
    counts = table("", *(fate.value for fate in Fate), numbers=[fate.value for fate in Fate])
    for kind, fates in published.fates.items():
        counts.add_row(kind, *(str(fates[fate]) for fate in Fate))
    console.print(counts)
    console.print("kept: the status was set by a person, and stands")
    if published.demoted:
        console.print(
            f"{published.demoted} of the updated no longer fit and are ineligible now, with the reason"
        )
    if published.spared:
        console.print(
            f"{published.spared} earlier subjects are not on the lists and were left as they are: "
            "this run cannot tell that they do not fit"
        )


def _data(published: Published) -> dict[str, object]:
    return {
        "resources": {
            kind: {fate.value: fates[fate] for fate in Fate} for kind, fates in published.fates.items()
        },
        "demoted": published.demoted,
        "spared": published.spared,
    }
