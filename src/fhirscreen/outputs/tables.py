"""Tables for the console: who fits, what is open, near misses, attrition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fhirscreen.criteria.amounts import count_noun
from fhirscreen.outputs.attrition import Attrition
from fhirscreen.outputs.pictures import show
from fhirscreen.outputs.wording import GATES, PRESUMED, STATUSES, count_near_misses, say_date, say_day
from fhirscreen.outputs.worklists import Entry, Worklist
from fhirscreen.verdicts.standings import Status

LIMIT = 15
"""How many rows of a list are printed unless told otherwise; the files hold all of them."""

REST = "write them all with -o"
"""Where the rows are that are not printed, unless told otherwise."""


def print_run(
    console: Console,
    worklists: Sequence[Worklist],
    attrition: Mapping[str, Attrition],
    run: Mapping[str, Any],
    *,
    limit: int | None = LIMIT,
    rest: str = REST,
) -> None:
    """Prints every study's list, near misses and attrition, then the completeness statement.

    `limit`: rows a list at most; None prints all. `rest` says where the others are. `run` is the content of
    `run.json`.
    """
    for worklist in worklists:
        print_study(console, worklist, attrition[worklist.study.id], limit=limit, rest=rest)
    console.print()
    if any(entry.presumed for worklist in worklists for entry in worklist.entries):
        console.print(Text(f"Presumed: {PRESUMED}", "dim"))
    for line in run["completeness"]:
        console.print(Text(line, "" if run["complete"] else "bold yellow"))
    for note in run["notes"]:
        console.print(Text(note, "dim"))


def print_study(
    console: Console,
    worklist: Worklist,
    counts: Attrition,
    *,
    limit: int | None = LIMIT,
    rest: str = REST,
) -> None:
    """Prints one study."""
    study = worklist.study
    console.print()
    console.rule(Text(f"{study.id}  {study.title}", "bold"), align="left")
    if study.banner:
        console.print(Text(study.banner, "yellow"))
    candidates, potential = worklist.number(Status.CANDIDATE), worklist.number(Status.POTENTIAL_CANDIDATE)
    console.print(
        Text.assemble(
            (count_noun(str(candidates), "candidate"), "bold green"),
            ", ",
            (count_noun(str(potential), "potential candidate"), "bold"),
            f", {count_near_misses(len(worklist.near_misses))}"
            f"{' known of' if counts.near_misses is None else ''} among {show(counts.screened)} screened",
        )
    )
    if worklist.to_ask:
        console.print(Text(f"Ask in person: {' · '.join(worklist.to_ask)}", "dim"))
    if worklist.shared:
        console.print(shared_table(worklist))
    for status in (Status.CANDIDATE, Status.POTENTIAL_CANDIDATE):
        if number := worklist.number(status):
            _print_limited(console, list_table(worklist, status, limit), number, limit, rest)
    if worklist.near_misses:
        _print_limited(console, near_miss_table(worklist, limit), len(worklist.near_misses), limit, rest)
    console.print(attrition_table(counts))


def _print_limited(console: Console, table: Table, number: int, limit: int | None, rest: str) -> None:
    console.print(table)
    if limit is not None and number > limit:
        console.print(Text(f"… and {number - limit} more; {rest}", "dim"))


def shared_table(worklist: Worklist) -> Table:
    """What is open for most, each with the letter by which the rows of the list name it."""
    table = _table(f"Open for {worklist.whom}")
    table.add_column("", style="bold", no_wrap=True)
    table.add_column("Open, and why", ratio=3)
    table.add_column(f"Of {worklist.number(Status.POTENTIAL_CANDIDATE)}", justify="right", no_wrap=True)
    table.add_column("Next action", ratio=2)
    for shared in worklist.shared:
        item = shared.item
        said = Text(item.says).append(f": {item.why}" if item.why else "", "dim")
        table.add_row(shared.letter, said, str(shared.number), item.action)
    return table


def list_table(worklist: Worklist, status: Status, limit: int | None = None) -> Table:
    """Candidates with their evidence, or potential ones with what is open; next action; best first."""
    ready = status is Status.CANDIDATE
    table = _table(f"{STATUSES[status]}s")
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("Patient", no_wrap=True)
    table.add_column("Diagnosed", no_wrap=True)
    table.add_column("Evidence" if ready else "Open, and why", ratio=3)
    table.add_column("Presumed", justify="right", no_wrap=True)
    table.add_column("Next action", ratio=2)
    for place, entry in enumerate(worklist.of(status)[:limit], 1):
        table.add_row(
            str(place),
            Text(entry.patient, "bold green" if ready else "bold"),
            say_date(entry.diagnosed),
            _evidence(entry) if ready else _open(entry, worklist.refer(entry)),
            str(entry.presumed or ""),
            worklist.act(entry),
        )
    return table


def _evidence(entry: Entry) -> Text:
    said = Text("; ".join(entry.evidence))
    for note in entry.notes:
        said.append(("\n" if said else "") + note, "yellow")
    return said


def _open(entry: Entry, shared: str) -> Text:
    said = Text()
    for number, item in enumerate(entry.grouped):
        said.append("\n" if number else "")
        said.append(item.says)
        if item.why:
            said.append(f": {item.why}", "dim")
    if shared:
        said.append(("\n" if said else "") + shared, "dim")
    for note in entry.notes:
        said.append(("\n" if said else "") + note, "yellow")
    return said


def near_miss_table(worklist: Worklist, limit: int | None = None) -> Table:
    """Near misses, the earliest date to look again first."""
    table = _table("Near misses")
    table.add_column("Look again", no_wrap=True)
    table.add_column("Patient", no_wrap=True)
    table.add_column("Failed", ratio=1)
    table.add_column("Open", justify="right")
    for near in worklist.near_misses[:limit]:
        failed = Text(near.item.says)
        if near.item.why:
            failed.append(f": {near.item.why}", "dim")
        again = say_day(near.look_again) if near.look_again is not None else "any time"
        table.add_row(again, Text(near.patient, "bold"), failed, str(near.open))
    return table


def attrition_table(counts: Attrition) -> Table:
    """The way of all patients: population, gates, then what each criterion cost."""
    table = _table("Attrition")
    table.add_column("", ratio=1)
    for name in ("Failed", "Only this", "Open"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("Patients looked at", show(counts.patients), style="bold")
    table.add_row("  Outside the population", show(counts.outside))
    for gate, cell in counts.gates:
        if cell != 0:
            table.add_row(f"  {GATES[gate]}", show(cell))
    table.add_row("Screened", show(counts.screened), style="bold")
    for loss in counts.criteria:
        if not loss.criterion.asks and (loss.failed != 0 or loss.open != 0):
            cells = (loss.failed, loss.failed_alone, loss.open)
            table.add_row(f"  {loss.criterion.says}", *(show(cell) if cell != 0 else "" for cell in cells))
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, expand=True)
