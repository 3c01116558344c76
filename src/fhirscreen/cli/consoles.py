"""Where output goes: results to standard output, progress and errors to standard error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from fhirscreen.exceptions import FhirscreenError

_WIDTH = 120
_PADDING = re.compile(r"[ \t]+$", re.MULTILINE)

STOPPED_READING = 128 + 13
"""How a program ends that SIGPIPE killed, as shells see it: here too where a pipe's reader stops reading."""


class _Results(Console):
    def print(self, *objects: Any, **options: Any) -> None:
        """Prints; where nobody watches, without the spaces that fill up the cells of a table."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as captured:
            super().print(*objects, **options)
        self.file.write(_PADDING.sub("", captured.get()))

    def on_broken_pipe(self) -> None:
        self.quiet = True
        stop_writing()


def stop_writing() -> NoReturn:
    """Ends the command without a word, where nobody reads standard output any more (`| head`)."""
    with suppress(OSError, ValueError):
        # What is still buffered is written when the process ends, and must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(STOPPED_READING)


def results() -> Console:
    """Standard output. What is no terminal gets lines of a fixed width, so that output is the same."""
    return _Results(width=None if sys.stdout.isatty() else _WIDTH, highlight=False, soft_wrap=False)


def notices() -> Console:
    """Standard error."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else _WIDTH, highlight=False)


def print_json(data: Any) -> None:
    """Plain data as JSON on standard output, and nothing else there."""
    sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


def print_error(error: FhirscreenError) -> None:
    """An error as a person reads it: what, then where, expected and remedy."""
    first, *rest = str(error).split("\n")
    text = Text("error: ", style="bold red").append(first, style="bold default")
    for line in rest:
        text.append("\n" + line, style="default")
    notices().print(text, soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error; call what it gives with the number done and, where known, of all.

    Nothing is shown where standard error is no terminal.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = notices()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
