"""The reading of a record as one page: its text with what was understood marked, warnings beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise

from fhirscreen.criteria.english import say
from fhirscreen.criteria.records import Record
from fhirscreen.outputs.pages import environment
from fhirscreen.reading.readings import Reading, Status

HUES = 8
"""How many colours the page has; concepts take them in turn, and each mark says its concept besides."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a criterion's text: of a concept (its name and colour), not understood, or neither.

    `suggested`: not understood, and a terminology has codes of that name.
    """

    text: str
    concept: str | None = None
    hue: int = 0
    unread: bool = False
    suggested: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One heading or criterion of the page."""

    reading: Reading
    marks: tuple[Mark, ...]
    english: str | None


def render_reading(record: Record, readings: Sequence[Reading], labels: Mapping[str, str]) -> str:
    """The page as HTML: self-contained, no script. `labels` are the names of concepts by id."""
    hues: dict[str, int] = {}
    for reading in readings:
        for atom in reading.atoms:
            hues.setdefault(atom.concept or atom.name.lower(), len(hues) % HUES)
    counts = Counter(each.status.value for each in readings if each.status is not Status.HEADING)
    return environment().get_template("reading.html").render(
        record=record,
        lines=[_line(each, labels, hues) for each in readings],
        counts={status.value: counts[status.value] for status in Status if status is not Status.HEADING},
        total=sum(counts.values()),
        style=(resources.files("fhirscreen.outputs") / "templates" / "reading.css").read_text("utf-8"),
    )  # fmt: skip


def _line(reading: Reading, labels: Mapping[str, str], hues: Mapping[str, int]) -> Line:
    english = None if reading.understood is None else say(reading.understood)
    return Line(reading, tuple(_marks(reading, labels, hues)), english)


def _marks(reading: Reading, labels: Mapping[str, str], hues: Mapping[str, int]) -> Iterator[Mark]:
    """The text cut at the ends of atoms and of what was not understood; of two atoms the narrower counts."""
    if reading.start is None or reading.end is None:
        yield Mark(reading.text)
        return
    spans = sorted((a for a in reading.atoms if a.start < a.end), key=lambda a: a.end - a.start)
    cuts = {reading.start, reading.end}
    offered = [(each.start, each.end) for each in reading.suggestions]
    cuts.update(at for span in (*((a.start, a.end) for a in spans), *reading.unread, *offered) for at in span)
    ends = sorted(at for at in cuts if reading.start <= at <= reading.end)
    for start, end in pairwise(ends):
        text = reading.text[start - reading.start : end - reading.start]
        atom = next((a for a in spans if a.start <= start and end <= a.end), None)
        if atom is not None:
            name = labels.get(atom.concept or "", atom.concept or f"{atom.name}: no concept")
            yield Mark(text, name, hues[atom.concept or atom.name.lower()])
        else:
            unread, suggested = (
                any(a <= start and end <= b for a, b in s) for s in (reading.unread, offered)
            )
            yield Mark(text, unread=unread, suggested=suggested)
