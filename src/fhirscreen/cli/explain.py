"""`fhirscreen explain`: the searches behind each criterion, in plain sight."""

from __future__ import annotations

import json as plain_json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from fhirscreen.bootstrap import find_mappings, make_catalogue, make_client, read_server
from fhirscreen.cli.consoles import print_json, results
from fhirscreen.cli.options import Json, Server, Site, Studies, read_settings
from fhirscreen.criteria.amounts import say_duration
from fhirscreen.fhir_client import Client
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.queries import Query
from fhirscreen.plan.resolve import resolve
from fhirscreen.screening.explanations import CriterionExplained, StudyExplained
from fhirscreen.screening.explanations import explain as explain_plan
from fhirscreen.screening.needs import lacks
from fhirscreen.screening.studies import find_studies
from fhirscreen.values.durations import duration_text

_ENGINES = """\
memory  reads all resources of the files, gathers them by patient and matches codes as it reads: no search.
search  finds the population by the searches above, then fetches what the criteria need by POST _search, for
        a part of the members at a time and one search a resource type. Codes are sent without their system,
        which finds any spelling of it. Units, components, integers and dates are decided here, never by the
        server. A search that comes short is split until it is whole, and what stays short is reported.
duckdb, spark  are not in this version."""
_SHOWN = 4


def explain(
    studies: Studies,
    server: Server = None,
    site: Site = None,
    whole: Annotated[bool, typer.Option("--all", help="Show every code of a search.")] = False,
    json: Json = False,
) -> None:
    """Explain studies: each criterion in English, its concepts and its FHIR searches, and what they cost.

    With --server also how many resources find the population, and what that server lacks for a criterion.
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
        print_json([_study_data(each) for each in explained])
        return
    console = results()
    for each in explained:
        _show_study(console, each, whole=whole)
    console.print(Text("How each engine runs it", style="bold"))
    console.print(_ENGINES, markup=False)


def _count(client: Client, query: Query) -> int | None:
    if query.resource not in client.capabilities.types:
        return 0
    return client.count(query.resource, query.parameters)


def _show_study(console: Console, explained: StudyExplained, *, whole: bool) -> None:
    study = explained.study
    console.print(Text(f"{study.id}  {study.title}", style="bold"))
    of = "every patient" if explained.population is None else f"everybody with {explained.population.label}"
    console.print(Text(f"Population: {of}", style="bold cyan"))
    for cost in explained.costs:
        _show_query(console, cost.query, whole=whole)
        if cost.resources is not None:
            console.print(f"    costs {cost.resources} resources on this server", style="yellow")
        elif cost.query.unfiltered or explained.population is None:
            console.print(f"    costs every {cost.query.resource} of the server", style="yellow")
    console.print()
    for criterion in explained.criteria:
        _show_criterion(console, criterion, whole=whole)


def _show_criterion(console: Console, explained: CriterionExplained, *, whole: bool) -> None:
    criterion = explained.criterion
    title = Text(f"{criterion.kind.value} {criterion.id}", style="bold cyan").append(
        f"  {criterion.says}", style="default"
    )
    console.print(title)
    _show_line(console, "reads", explained.english)
    _show_line(console, "expression", plain_json.dumps(explained.expression, ensure_ascii=False))
    for concept in explained.concepts:
        _show_line(console, "concept", _describe(concept))
    for question in explained.open_questions:
        _show_line(console, "waits for", f"the investigator's answer to {question}")
    for query in explained.queries:
        _show_query(console, query, whole=whole)
    if not explained.queries:
        _show_line(console, "searches", _without(explained))
    for lack in explained.lacking:
        console.print(Text(f"  lacking     {lack}", style="yellow"))
    console.print()


def _without(explained: CriterionExplained) -> str:
    if explained.criterion.asks:
        return "none: asked in person"
    if explained.criterion.unread:
        return "none: nobody has mapped this text, so it stays open for everybody"
    return "none beside the Patient itself"


def _show_line(console: Console, label: str, text: str) -> None:
    console.print(Padding(Text(f"{label:<11} ", style="dim").append(text, style="default"), (0, 0, 0, 2)))


def _show_query(console: Console, query: Query, *, whole: bool) -> None:
    text = query.text if whole else _shortened(query)
    # Not wrapped: whoever wants to try a search copies it.
    console.print(Text(f"  {'search':<11} ", style="dim").append(text, style="default"), soft_wrap=True)
    if query.unfiltered:
        _show_line(console, "", f"whole type: {query.unfiltered}")


def _shortened(query: Query) -> str:
    parts = []
    for name, value in query.parameters:
        values = value.split(",")
        more = f",… ({len(values)} values)" if len(values) > _SHOWN else ""
        parts.append(f"{name}={','.join(values[:_SHOWN])}{more}")
    return f"{query.resource}?{'&'.join(parts)}" if parts else query.resource


def _describe(concept: Concept) -> str:
    decides, shows = concept.windows.decides, concept.windows.shows
    window = "any time" if decides is None else f"decides for {say_duration(duration_text(decides))}"
    if decides is not None and shows is not None and shows != decides:
        window += f", shown for {say_duration(duration_text(shows))}"
    absence = "silence is no where the site says so" if concept.absence_by_site else "silence is never no"
    sensitive = ", sensitive" if concept.sensitive else ""
    return f"{concept.id} ({window}; {absence}{sensitive})"


def _study_data(explained: StudyExplained) -> dict[str, Any]:
    return {
        "study": explained.study.id,
        "population": explained.population.id if explained.population else "all",
        "population_searches": [
            {**_query_data(cost.query), "resources": cost.resources} for cost in explained.costs
        ],
        "criteria": [
            {
                "criterion": each.criterion.id,
                "kind": each.criterion.kind.value,
                "says": each.criterion.says,
                "english": each.english,
                "expression": each.expression,
                "concepts": [concept.id for concept in each.concepts],
                "open_questions": list(each.open_questions),
                "searches": [_query_data(query) for query in each.queries],
                "lacking": list(each.lacking),
            }
            for each in explained.criteria
        ],
    }


def _query_data(query: Query) -> dict[str, Any]:
    return {"search": query.text, "whole_type_because": query.unfiltered or None}
