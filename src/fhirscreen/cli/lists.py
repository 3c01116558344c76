"""Worklists and attrition as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fhirscreen.cli.tables import table
from fhirscreen.outputs.attrition import Attrition, Cell
from fhirscreen.outputs.wording import GATES, count_patients, say_date, say_day
from fhirscreen.outputs.worklists import Entry, NearMiss, Worklist
from fhirscreen.verdicts.standings import Status

_NUMBERS = ("#", "patients", "failed", "alone", "open", "met", "open beside")


def show_worklist(console: Console, worklist: Worklist, *, most: int | None = None) -> None:
    """A study's candidates, potential candidates and near misses, at most `most` of each."""
    study = worklist.study
    console.print(Text(f"{study.id}  {study.title}", style="bold"))
    if study.banner:
        console.print(Text(study.banner, style="yellow"))
    for criterion in worklist.unread:
        console.print(Text(f"Not mapped, so open for everybody: {criterion.says}", style="yellow"))
    if worklist.unread:
        console.print(
            Text(
                "This study yields no candidate: what is not mapped has to be read by a person.",
                style="yellow",
            )
        )
    for question in worklist.questions:
        if question.answer is None:
            console.print(Text(f"Open question to the investigator: {question.asks}", style="yellow"))
    if worklist.to_ask:
        console.print(Text(f"To ask everybody in person: {'; '.join(worklist.to_ask)}", style="dim"))
    console.print()
    listed = worklist.entries
    _show_candidates(console, [e for e in listed if e.status is Status.CANDIDATE], most)
    _show_potential(console, [e for e in listed if e.status is Status.POTENTIAL_CANDIDATE], most)
    _show_near_misses(console, worklist.near_misses, most)


def _show_candidates(console: Console, entries: Sequence[Entry], most: int | None) -> None:
    console.print(Text(f"Candidates: {count_patients(len(entries))}", style="bold green"))
    if entries:
        table = _table("#", "patient", "diagnosed", "evidence", "next action")
        for entry in entries[:most]:
            table.add_row(*_place(entry), "; ".join(entry.evidence), _action(entry))
        console.print(table)
    _show_rest(console, len(entries), most)


def _show_potential(console: Console, entries: Sequence[Entry], most: int | None) -> None:
    console.print(Text(f"Potential candidates: {count_patients(len(entries))}", style="bold cyan"))
    if entries:
        table = _table("#", "patient", "diagnosed", "what is open", "next action")
        for entry in entries[:most]:
            table.add_row(*_place(entry), _say_open(entry), _action(entry))
        console.print(table)
    _show_rest(console, len(entries), most)


def _show_near_misses(console: Console, misses: Sequence[NearMiss], most: int | None) -> None:
    console.print(Text(f"Near misses: {count_patients(len(misses))}", style="bold magenta"))
    if misses:
        table = _table("patient", "failed alone", "found", "look again", "open beside")
        for miss in misses[:most]:
            again = say_day(miss.look_again) if miss.look_again else ""
            table.add_row(miss.patient, miss.item.says, miss.item.why, again, str(miss.open))
        console.print(table)
    _show_rest(console, len(misses), most)


def show_attrition(console: Console, counts: Attrition) -> None:
    """How many patients each gate and each criterion lost."""
    console.print(Text("Attrition", style="bold"))
    steps = [
        ("patients", counts.patients),
        ("outside the population", counts.outside),
        ("members", counts.members),
        *((f"  {GATES[gate]}", cell) for gate, cell in counts.gates if cell),
        ("screened", counts.screened),
        ("candidates", counts.candidates),
        ("potential candidates", counts.potential),
        ("failed", counts.failed),
        ("  of them near misses", counts.near_misses),
    ]
    funnel = _table("", "patients")
    for name, cell in steps:
        funnel.add_row(name, _say_cell(cell))
    console.print(funnel)
    table = _table("criterion", "", "failed", "alone", "open", "met")
    for loss in counts.criteria:
        cells = (loss.failed, loss.failed_alone, loss.open, loss.met)
        style = "" if loss.failed else "dim"
        table.add_row(loss.criterion.id, loss.criterion.says, *map(_say_cell, cells), style=style)
    console.print(table)
    console.print()


def _place(entry: Entry) -> tuple[str, str, str]:
    partial = "" if entry.complete else " (data not whole)"
    notes = f" ({'; '.join(entry.notes)})" if entry.notes else ""
    return str(entry.rank), f"{entry.patient}{notes}{partial}", say_date(entry.diagnosed)


def _action(entry: Entry) -> str:
    planned = f" (treatment planned for {say_date(entry.planned_start)})" if entry.planned_start else ""
    return entry.action + planned


def _say_open(entry: Entry) -> str:
    return "; ".join(f"{item.criterion}: {item.why}" if item.why else item.says for item in entry.items)


def _say_cell(cell: Cell) -> str:
    return "–" if cell is None else str(cell)


def _show_rest(console: Console, number: int, most: int | None) -> None:
    if most is not None and number > most:
        console.print(f"  and {number - most} more", style="dim")
    console.print()


def _table(*columns: str) -> Table:
    return table(*columns, numbers=_NUMBERS, narrow=("diagnosed", "look again"))
