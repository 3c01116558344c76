"""The README's excerpt of what the demo prints; `python -m tests.lib.readme` puts it there anew."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
CUT = "…"
_BLOCK = re.compile(r"(?<=^```console\n\$ make demo\n).*?(?=^```)", re.MULTILINE | re.DOTALL)
_STUDY = re.compile(r"NCT\d{8} ")
_ROW = re.compile(r"\s+(?:\d+ +|\d.*\d{4} +)esc-\d")
_SHOWN = {"Candidates": 2, "Potential candidates": 4, "Near misses": 1}
_REST = "Attrition"


def demo() -> str:
    """What `fhirscreen demo` prints where there is no terminal."""
    command = [sys.executable, "-m", "fhirscreen", "demo"]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=True, env={}
    ).stdout


def excerpt(printed: str) -> str:
    """The first study's lists, cut short (of open criteria, one row each), and how the second one stands.

    It is to fit on the first screen of the page.
    """
    lines = [line.rstrip() for line in printed.splitlines() if line.strip()]
    starts = [number for number, line in enumerate(lines) if _STUDY.match(line)]
    first, second = lines[starts[0] : lines.index(_REST)], lines[starts[1] :]
    said = [line for line in second if line.startswith("All data")]
    shown = [*_shortened(first), "", *second[: _first_table(second)], CUT, *said]
    return "\n".join(shown) + "\n"


def block(page: str) -> str:
    """What the page shows as the demo's output."""
    found = _BLOCK.search(page)
    assert found is not None, "the README has no block that begins with `$ make demo`"
    return found[0]


def _first_table(lines: Sequence[str]) -> int:
    return next(number for number, line in enumerate(lines) if line in _SHOWN or line.startswith("Open for"))


def _shortened(lines: Sequence[str]) -> Iterator[str]:
    places = [number for number, line in enumerate(lines) if line in _SHOWN]
    yield from lines[: places[0]]
    for start, end in zip(places, [*places[1:], len(lines)], strict=True):
        title, body = lines[start], lines[start + 1 : end]
        rule = next(number for number, line in enumerate(body) if set(line.strip()) == {"─"})
        yield from ("", title, *body[: rule + 1])
        rows = list(_rows(body[rule + 1 :]))
        if title == "Potential candidates":
            firsts = {_asked(row): number for number, row in reversed([*enumerate(rows)])}
            rows = [rows[number] for number in sorted(firsts.values())]
        for row in rows[: _SHOWN[title]]:
            yield from row
        yield CUT


def _rows(lines: Sequence[str]) -> Iterator[list[str]]:
    row: list[str] = []
    for line in lines:
        if _ROW.match(line) or line.startswith(CUT):
            if row:
                yield row
            row = []
        if not line.startswith(CUT):
            row.append(line)
    if row:
        yield row


def _asked(row: Sequence[str]) -> str:
    return row[0][32:60]


if __name__ == "__main__":
    page = README.read_text(encoding="utf-8")
    made = excerpt(demo())
    README.write_text(_BLOCK.sub(lambda _: made, page), encoding="utf-8")
