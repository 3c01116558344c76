"""Renders the manual: `python -m tests.spec.render [FOLDER]` writes docs/manual from the spec tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from fhirscreen.criteria.english import say_sentence
from fhirscreen.criteria.studies import Kind
from tests.lib.engines import ENGINES
from tests.lib.records import number
from tests.spec.contents import CHAPTERS
from tests.spec.describe import describe
from tests.spec.tables import (
    AS_OF,
    ZONE,
    Case,
    Chapter,
    Expected,
    Gated,
    Outcome,
    Outside,
    Standing,
    Table,
    Topic,
    catalogue,
)

FOLDER = Path(__file__).resolve().parents[2] / "docs/manual"
_EXCLUSIONS = Path(__file__).parent / "exclusions.yaml"
_ABOUT = {
    "memory": "Resources from files, evaluated in this process: the reference.",
    "search": "A FHIR server, searched over HTTP. The manual is run against a real HAPI FHIR server.",
}

_PREFACE = f"""\
What a criterion means for the records of a patient. Every table here is a test that runs on every engine:
the records of a few patients, and the verdict that each of them has.

Unless a table says otherwise, the index date is {AS_OF}, the site is in {ZONE} and declares nothing, the
population is everybody, and a patient is a man born on 20 May 1960. Short ids (`o1`) name the records of a
patient; the evidence of a verdict is given by them.""".splitlines()


def pages() -> dict[str, str]:
    """Every page by file name."""
    found = {"README.md": _index()}
    for chapter in CHAPTERS:
        found[f"{chapter.id}.md"] = "\n".join(_chapter(chapter))
    return found


def _index() -> str:
    lines = ["# The manual", "", *_PREFACE, ""]
    for place, chapter in enumerate(CHAPTERS, 1):
        rows = sum(len(table.cases) for topic in chapter.topics for table in topic.tables)
        lines.append(f"{place}. [{chapter.title}]({chapter.id}.md): {chapter.text} ({rows} patients)")
    lines += [
        "",
        "## Engines",
        "",
        "Every engine gives the same verdicts, row by row. What one cannot do is listed:",
        "",
    ]
    exclusions = yaml.safe_load(_EXCLUSIONS.read_text("utf-8"))
    for engine in ENGINES:
        gaps = exclusions.get(engine.name, {})
        lines.append(f"- **{engine.name}**: {_ABOUT[engine.name]}")
        words = (("refused", "not stored"), ("differs", "differs"))
        for kind, word in words:
            for row, reason in gaps.get(kind, {}).items():
                lines.append(f"  - {row}: {word}, {reason}")
        if not any(gaps.get(kind) for kind, _ in words):
            lines.append("  - no gaps")
    return "\n".join([*lines, ""])


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"# {chapter.title}"
    yield ""
    yield chapter.text
    yield ""
    for topic in chapter.topics:
        yield from _topic(topic)


def _topic(topic: Topic) -> Iterator[str]:
    yield f"## {topic.title}"
    yield ""
    yield topic.text
    yield ""
    for table in topic.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.says}"
    yield ""
    yield "```yaml"
    if table.more:
        yield table.more.rstrip()
    yield table.criteria.rstrip()
    yield "```"
    yield ""
    for criterion in table.study().criteria:
        said = say_sentence(criterion.expression, lambda id: catalogue().concept(id).label)
        kind = "Exclusion" if criterion.kind is Kind.EXCLUSION else "Reads"
        yield f"{kind}: {said}."
        yield ""
    for line in _setting(table):
        yield line
        yield ""
    yield "| | patient | records | verdict |"
    yield "|---|---|---|---|"
    for place, each in enumerate(table.cases, 1):
        key = f" (`{each.key}`)" if each.key else ""
        cells = (str(place), _cell(each.says + key), _records(table, each), _cell(outcome(each.expected)))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _setting(table: Table) -> Iterator[str]:
    """What holds for all patients of a table."""
    if table.population:
        yield f"Population: {catalogue().concept(table.population).label}."
    if table.as_of != AS_OF:
        yield f"Index date: {table.as_of}."
    if table.background:
        yield "Everybody has: " + "; ".join(describe(record) for record in number(table.background)) + "."
    if table.site:
        site = yaml.safe_dump(dict(table.site), default_flow_style=True, width=10_000, sort_keys=True).strip()
        yield f"Site: `{site}`"


def _records(table: Table, each: Case) -> str:
    records = number((*table.background, *each.records))
    background = {record["id"] for record in number(table.background)}
    own = [r for r in records if r.get("id") not in background or r["resourceType"] == "Patient"]
    return "<br>".join(_cell(describe(record)) for record in own) or "none"


def outcome(expected: Outcome) -> str:
    """What is expected, in words."""
    match expected:
        case Expected():
            return _verdict(expected)
        case Outside():
            return "not a member"
        case Gated(gate):
            return f"gate: {gate}"
        case Standing():
            return _standing(expected)


def _verdict(expected: Expected) -> str:
    basis = f" ({expected.basis})" if expected.basis not in ("recorded", "missing") else ""
    said = f"**{expected.truth}**{basis}"
    if expected.reason and expected.basis != "presumed":
        said += f", {expected.reason}"
    elif expected.reason:
        said = f"**{expected.truth}** ({expected.basis}: {expected.reason})"
    if expected.evidence:
        said += " by " + " ".join(f"`{id}`" for id in sorted(expected.evidence))
    if shown := " ".join(part for part in (expected.value, expected.unit) if part):
        said += f", shows {shown}"
    return said


def _standing(expected: Standing) -> str:
    said = [f"**{expected.status or 'not listed'}**"]
    lists = {name: getattr(expected, name) for name in ("met", "failed", "open", "ask")}
    said += [f"{name}: {', '.join(ids)}" for name, ids in lists.items() if ids]
    if expected.near_miss:
        said.append(f"near miss: {expected.near_miss}")
    if not expected.complete:
        said.append("never demoted")
    said += expected.notes
    said += [f"{id}: {_verdict(verdict)}" for id, verdict in expected.verdicts.items()]
    return "<br>".join(said)


def _cell(text: str) -> str:
    """Text that cannot break out of a table's cell."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def write(folder: Path) -> None:
    """Writes every page, and removes pages that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for old in folder.glob("*.md"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
