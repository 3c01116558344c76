"""Plain tables: bold heads, no lines."""

from __future__ import annotations

from collections.abc import Collection

from rich.table import Table


def table(*columns: str, numbers: Collection[str] = (), narrow: Collection[str] = ()) -> Table:
    """A table of these columns; those of `numbers` stand to the right, neither they nor `narrow` wrap."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        number = column in numbers
        made.add_column(column, justify="right" if number else "left", no_wrap=number or column in narrow)
    return made
