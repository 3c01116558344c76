"""A study explained, as a page and as JSON: a summary, then each criterion with its own searches.

What is fetched whole is said once, in the summary, and marked with an asterisk (`Condition*`) in criteria.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fhirscreen.cli.tables import table
from fhirscreen.criteria.amounts import count_noun, say_duration
from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.queries import Query, code_parameter
from fhirscreen.screening.explanations import CriterionExplained, Fetch, StudyExplained
from fhirscreen.values.durations import duration_text

_ENGINES = """\
memory  reads all resources of the files, gathers them by patient and matches codes as it reads: no search.
search  finds the population, then fetches what all criteria need by POST _search, for some members at a
        time and one search a resource type. Codes are sent without their system, which finds any spelling
        of it; where they would leave most of a type, it is fetched whole. Units, components, integers and
        dates are decided here, never by the server. A search that comes short is split until it is whole,
        and what stays short is reported. At --depth candidates the cheapest records come first, and a
        patient's first failed criterion ends it.
duckdb, spark  are not in this version."""
_SHOWN = 3
_MEDICATIONS = "medications"


def show_engines(console: Console) -> None:
    """How each engine runs any study."""
    console.print(Text("How each engine runs it", style="bold"))
    console.print(_ENGINES, markup=False)


def show_study(console: Console, explained: StudyExplained, *, on_server: bool, whole: bool) -> None:
    """The page of one study. `on_server`: a server was asked; `whole`: with every code and expression."""
    study = explained.study
    console.print(Text(f"{study.id}  {study.title}", style="bold"))
    _show_lines(console, list(_summary(explained, on_server=on_server)), width=11)
    console.print(_fetches(explained.fetches, on_server=on_server))
    beside = [f"{query.text} ({query.unfiltered})" for query in explained.beside]
    _show_lines(console, [("" if place else "beside", said) for place, said in enumerate(beside)], width=11)
    console.print()
    for criterion in explained.criteria:
        _show_criterion(console, criterion, whole=whole)


def _summary(explained: StudyExplained, *, on_server: bool) -> Iterator[tuple[str, str]]:
    of = "every patient" if explained.population is None else f"everybody with {explained.population.label}"
    yield "population", of
    for cost in explained.costs:
        yield "", _cost(explained, cost.query, cost.resources, on_server=on_server)
    asked = sum(each.criterion.asks for each in explained.criteria)
    unread = sum(each.criterion.unread for each in explained.criteria)
    searched = sum(bool(each.queries) for each in explained.criteria)
    parts = {
        "decided by records": searched,
        "by the Patient alone": len(explained.criteria) - asked - unread - searched,
        "asked in person": asked,
        "unread, and open for everybody": unread,
    }
    said = ", ".join(f"{number} {what}" for what, number in parts.items() if number)
    yield "criteria", f"{len(explained.criteria)}: {said}"
    questions = sorted({question for each in explained.criteria for question in each.open_questions})
    if questions:
        noun = count_noun(str(len(questions)), "open question")
        yield "waits for", f"{noun} to the investigator: {', '.join(questions)}"


def _cost(explained: StudyExplained, query: Query, resources: int | None, *, on_server: bool) -> str:
    if explained.population is None:
        found = "all patients are members, and are fetched"
        return f"{found}: {_number(explained.patients)} on this server" if on_server else found
    if query.unfiltered:
        found = f"costs every {query.resource} once: {query.unfiltered}, so no search finds them alone"
    else:
        found = f"found by {len(query.codes)} codes of {query.resource}"
    if not on_server:
        return found
    patients = f" of {explained.patients} patients" if explained.patients is not None else ""
    return f"{found}; on this server {_number(resources)} resources{patients}"


def _number(resources: int | None) -> str:
    return "an untold number of" if resources is None else str(resources)


def _fetches(fetches: Sequence[Fetch], *, on_server: bool) -> Table:
    numbers = ("criteria", "on this server")
    columns = ("fetched of members", "how", "criteria", *(numbers[1:] if on_server else ()))
    made = table(*columns, numbers=numbers)
    for name, each in _grouped(fetches):
        how = f"by {each.codes} codes" if each.codes else f"whole: {each.because}"
        made.add_row(name, how, str(each.criteria), *([_counted(each)] if on_server else []))
    return made


def _grouped(fetches: Sequence[Fetch]) -> Iterator[tuple[str, Fetch]]:
    """By the name to show; the types of medications, which are all fetched whole, as one."""
    drugs = [each for each in fetches if each.resource in MEDICATIONS]
    grouped = len(drugs) == len(MEDICATIONS)
    for each in fetches:
        if not grouped or each not in drugs:
            yield each.resource if each.codes else f"{each.resource}*", each
        elif each is drugs[0]:
            told = [drug.every for drug in drugs if drug.every is not None]
            every = sum(told) if len(told) == len(drugs) else None
            because = f"{each.because} ({len(drugs)} types)"
            yield f"{_MEDICATIONS}*", replace(each, because=because, every=every)


def _counted(fetch: Fetch) -> str:
    every = "not told" if fetch.every is None else str(fetch.every)
    return every if fetch.coded is None else f"{fetch.coded} of {every}"


def _show_criterion(console: Console, explained: CriterionExplained, *, whole: bool) -> None:
    criterion = explained.criterion
    title = Text(f"{criterion.kind.value} {criterion.id}", style="bold cyan")
    console.print(title.append(f"  {criterion.says}", style="default"))
    lines = (
        [] if explained.english.casefold() == criterion.says.casefold() else [("reads", explained.english)]
    )
    if whole:
        lines.append(("expression", json.dumps(explained.expression, ensure_ascii=False)))
    lines += _concepts(explained.concepts)
    if explained.open_questions:
        lines.append(("waits for", "the investigator on " + ", ".join(explained.open_questions)))
    shared = _shared(explained.queries)
    if shared:
        lines.append(("fetches", ", ".join(f"{name}*" for name in shared)))
    if not explained.queries:
        lines.append(("fetches", _without(explained)))
    lines += [("lacking", lack) for lack in explained.lacking]
    _show_lines(console, lines, width=10)
    for query in explained.queries:
        if not query.unfiltered:
            # Not wrapped: whoever wants to try a search copies it.
            text = Text(f"  {'search':<10} ", style="dim").append(
                _search(query, whole=whole), style="default"
            )
            console.print(text, soft_wrap=True)
    console.print()


def _show_lines(console: Console, lines: Sequence[tuple[str, str]], *, width: int) -> None:
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(style="dim", width=width)
    grid.add_column()
    for label, text in lines:
        grid.add_row(label, Text(text))
    if lines:
        console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _concepts(concepts: Sequence[Concept]) -> list[tuple[str, str]]:
    """A line for all concepts that have the same windows and say the same by silence."""
    same: dict[str, list[str]] = {}
    for concept in concepts:
        same.setdefault(_describe(concept), []).append(concept.id)
    return [("concept", f"{', '.join(ids)} ({text})") for text, ids in same.items()]


def _shared(queries: Sequence[Query]) -> list[str]:
    """The types that are fetched whole, the four of medications as one."""
    found = {query.resource for query in queries if query.unfiltered}
    if found.issuperset(MEDICATIONS):
        found = (found - set(MEDICATIONS)) | {_MEDICATIONS}
    return sorted(found)


def _without(explained: CriterionExplained) -> str:
    if explained.criterion.asks:
        return "nothing"
    if explained.criterion.unread:
        return "nothing: nobody has mapped this text, so it stays open for everybody"
    return "nothing beside the Patient itself"


def _search(query: Query, *, whole: bool) -> str:
    if whole:
        return query.text
    more = f",… ({len(query.codes)} codes)" if len(query.codes) > _SHOWN else ""
    name = code_parameter(query.resource)
    return f"{query.resource}?{name}={','.join(query.codes[:_SHOWN])}{more}"


def _describe(concept: Concept) -> str:
    decides, shows = concept.windows.decides, concept.windows.shows
    window = "any time" if decides is None else f"decides for {say_duration(duration_text(decides))}"
    if decides is not None and shows is not None and shows != decides:
        window += f", shown for {say_duration(duration_text(shows))}"
    absence = "; silence is no where the site says so" if concept.absence_by_site else ""
    return f"{window}{absence}{', sensitive' if concept.sensitive else ''}"


def study_data(explained: StudyExplained) -> dict[str, Any]:
    """All of it, as JSON data."""
    return {
        "study": explained.study.id,
        "population": explained.population.id if explained.population else "all",
        "population_searches": [
            {**_query_data(cost.query), "resources": cost.resources} for cost in explained.costs
        ],
        "patients": explained.patients,
        "fetched": [
            {
                "type": each.resource,
                "codes": each.codes,
                "whole_type_because": each.because or None,
                "criteria": each.criteria,
                "resources": each.every,
                "resources_with_these_codes": each.coded,
            }
            for each in explained.fetches
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
        "other_searches": [{"search": query.text, "asked": query.unfiltered} for query in explained.beside],
    }


def _query_data(query: Query) -> dict[str, Any]:
    return {"search": query.text, "whole_type_because": query.unfiltered or None}
