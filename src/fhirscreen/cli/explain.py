"""`fhirscreen explain`: the searches behind each criterion, in plain sight."""

from __future__ import annotations

from typing import Annotated

import typer

from fhirscreen.bootstrap import find_mappings, make_catalogue, make_client, read_server
from fhirscreen.cli.consoles import print_json, results
from fhirscreen.cli.explanations import show_engines, show_study, study_data
from fhirscreen.cli.options import Json, Server, Site, Studies, read_settings
from fhirscreen.fhir_client import Client
from fhirscreen.plan.queries import Query
from fhirscreen.plan.resolve import resolve
from fhirscreen.screening.explanations import explain as explain_plan
from fhirscreen.screening.needs import lacks
from fhirscreen.screening.studies import find_studies


def explain(
    studies: Studies,
    server: Server = None,
    site: Site = None,
    whole: Annotated[
        bool, typer.Option("--all", help="Show every code of a search, and each criterion's expression.")
    ] = False,
    json: Json = False,
) -> None:
    """Explain studies: what is fetched, then each criterion in English with its concepts and FHIR searches.

    With --server also how that server would run it: how many resources it counts, what finding the
    population costs there, and what the server lacks for a criterion. Patients are not read.
    """
    settings = read_settings()
    catalogue = make_catalogue(settings, site)
    plan = resolve(find_studies(studies, find_mappings(settings)), catalogue)
    if server is None:
        explained = explain_plan(plan)
    else:
        with make_client(settings, read_server(server)) as client:
            able = client.capabilities
            explained = explain_plan(
                plan, count=lambda query: _count(client, query), lacks=lambda query: lacks(able, query)
            )
    if json:
        print_json([study_data(each) for each in explained])
        return
    console = results()
    for each in explained:
        show_study(console, each, on_server=server is not None, whole=whole)
    show_engines(console)


def _count(client: Client, query: Query) -> int | None:
    if query.resource not in client.capabilities.types:
        return 0
    return client.count(query.resource, query.parameters)
